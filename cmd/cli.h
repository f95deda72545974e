// SPDX-License-Identifier: Apache-2.0
// The whole program behind main: words in, document on stdout, one error line on stderr, exit
// status out.
#pragma once

int cli_run(int argc, char **argv);
