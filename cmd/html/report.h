// SPDX-License-Identifier: Apache-2.0
// The files of this folder as text, made by cmake/embed.cmake.
#pragma once

extern const char html_report_css[];
extern const char html_report_js[];
