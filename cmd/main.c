// SPDX-License-Identifier: Apache-2.0
// A closed pipe or connection is an error of its write, not the end of the process.
#include "cmd/cli.h"

#include <signal.h>

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    return cli_run(argc, argv);
}
