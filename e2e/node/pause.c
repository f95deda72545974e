// SPDX-License-Identifier: Apache-2.0
//
// The first process of the node's process namespace, and of each Pod's sandbox: it does nothing but
// bury the orphans that become its children, and ends when it is told to.
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int signal)
{
    (void)signal;
    _exit(0);
}

static void bury(int signal)
{
    (void)signal;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

int main(void)
{
    struct sigaction ends = { .sa_handler = end },
                     buries = { .sa_handler = bury, .sa_flags = SA_NOCLDSTOP };

    if (sigaction(SIGTERM, &ends, NULL) != 0 || sigaction(SIGINT, &ends, NULL) != 0 ||
        sigaction(SIGCHLD, &buries, NULL) != 0)
        return EXIT_FAILURE;
    bury(0);
    for (;;)
        pause();
}
