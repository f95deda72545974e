// SPDX-License-Identifier: Apache-2.0
// Installed as base/banned.h: ours forbids functions of the C library, users have their choice.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
