// SPDX-License-Identifier: Apache-2.0
// The program's version (project() of CMakeLists.txt) and the version of the CLI's documents.
#pragma once

#define CLI_CONTRACT 1

const char *version_text(void); // "0.1.0"
