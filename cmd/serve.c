// SPDX-License-Identifier: Apache-2.0
// `serve`: the operator itself.
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/version.h"
#include "controller/manager.h"

int cmd_serve(const struct args *a)
{
    struct manager_options o = { .kubeconfig = arg_text(a, "kubeconfig"),
                                 .context = arg_text(a, "context"),
                                 .db = arg_text(a, "db"),
                                 .listen = arg_text(a, "listen"),
                                 .namespace = arg_text(a, "namespace"),
                                 .version = version_text() };
    struct error e = { 0 };
    enum log_level level;

    if (log_parse_level(arg_text(a, "log-level"), &level, &e) < 0)
        return command_fail(a, "--log-level", &e);
    log_set_level(level);
    if (manager_run(&o, &e) == 0)
        return EXIT_OK;
    log_error("cannot go on", log_err(&e));
    return err_exit_status(e.code);
}
