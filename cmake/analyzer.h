// SPDX-License-Identifier: Apache-2.0
//
// Put in front of every file by cmake/tidy.sh: what the analyzer cannot see across files, namely that
// the error functions return -1. Without it every output set "unless it failed" looks unset.
#pragma once

#include "base/error.h"

#define error_set(...) __extension__({ (error_set)(__VA_ARGS__); -1; })
#define error_errno(...) __extension__({ (error_errno)(__VA_ARGS__); -1; })
#define error_wrap(...) __extension__({ (error_wrap)(__VA_ARGS__); -1; })

// The decoder's own, in the two files that include its body.
#ifdef ANALYZE_DECODER
#    include "apis/decode.h"
#    define decoder_fail(...) __extension__({ (decoder_fail)(__VA_ARGS__); -1; })
#endif
