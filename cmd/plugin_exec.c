// SPDX-License-Identifier: Apache-2.0
// kubectl as a child. It has our terminal, so that Ctrl-C reaches it as well; we wait for its end
// and tell how it ended.
#include "cmd/plugin.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

int plugin_no_kubectl(int errnum, const char *name, struct error *e)
{
    if (errnum == ENOENT)
        return error_set(e, ERR_NOT_FOUND,
                         "%s is not in PATH: queries run in the operator's Pod by `kubectl exec`; "
                         "install kubectl, or put its folder into PATH",
                         name);
    return error_errno(e, errnum, "%s cannot be started", name);
}

// The loop has signals blocked, and we ignore two while we wait; the child does neither.
static int spawn(char **words, pid_t *ret)
{
    posix_spawnattr_t attr;
    sigset_t none, all;
    int rc;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = posix_spawnp(ret, words[0], NULL, &attr, words, environ);
    posix_spawnattr_destroy(&attr);
    return rc;
}

static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return EXIT_FAILED;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int plugin_exec(char **words, struct error *e)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
    pid_t pid;
    int rc;

    fflush(stdout);
    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    rc = spawn(words, &pid);
    if (rc)
        rc = plugin_no_kubectl(rc, words[0], e);
    else
        rc = wait_for(pid);
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    return rc;
}
