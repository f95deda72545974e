// SPDX-License-Identifier: Apache-2.0
//
// One run of a credential plugin. The child gets /dev/null as stdin (we are a daemon: nobody can
// answer it), its own process group so that a hung helper of it dies too, and a clean signal mask.
// Its end is an event of a pidfd; what is still in the pipes then is read, and a grandchild that
// keeps them open is not waited for. Output is a secret: it is wiped, and only stderr's last line
// is quoted.
#include "informer/exec_plugin.h"

#include "base/alloc.h"
#include "base/writer.h"
#include "informer/base64.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define STDERR_MAX 4096
#define INFO_MAX   (2u << 20) // KUBERNETES_EXEC_INFO: the CA and the exec extension

struct exec_plugin {
    struct loop *loop;
    const struct kube_exec *exec;
    exec_plugin_fn fn;
    void *arg;
    pid_t pid;
    int pidfd, out_fd, err_fd; // -1: closed
    struct buf out, err;
    struct timer timeout;
    bool timed_out, too_long;
};

static void wipe_buf(struct buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->cap);
    buf_fini(b);
}

// spec.cluster: what a plugin needs to talk to the same cluster.
static void write_cluster(struct writer *w, const struct kube_config *c, struct str ca)
{
    autobuf struct buf b64;

    w_key_object(w, "cluster");
    w_key_str(w, "server", c->server);
    if (c->tls_server_name)
        w_key_str(w, "tls-server-name", c->tls_server_name);
    if (c->insecure)
        w_key_bool(w, "insecure-skip-tls-verify", true);
    buf_init(&b64, INFO_MAX);
    if (ca.p) {
        base64_encode(ca, &b64);
        w_key(w, "certificate-authority-data");
        w_strn(w, b64.p ? b64.p : "", b64.n);
    }
    if (c->proxy_url)
        w_key_str(w, "proxy-url", c->proxy_url);
    if (c->no_compression)
        w_key_bool(w, "disable-compression", true);
    if (c->exec->cluster_config.p) {
        w_key(w, "config");
        w_json(w, c->exec->cluster_config);
    }
    w_object_end(w);
}

// "KUBERNETES_EXEC_INFO={...}"
static int make_info(const struct kube_config *c, struct buf *out, struct error *e)
{
    autoarena struct arena *a = arena_new(2 * KUBE_CREDENTIAL_MAX);
    struct str ca = c->ca_data;
    struct writer w;

    if (c->exec->provide_cluster_info && !ca.p && c->ca_file &&
        kube_config_read_file(a, c->ca_file, KUBE_CREDENTIAL_MAX, &ca, e) < 0)
        return -1;
    buf_adds(out, "KUBERNETES_EXEC_INFO=");
    writer_to_buf(&w, WRITER_JSON, out);
    w_object(&w);
    w_key_str(&w, "apiVersion", c->exec->api_version);
    w_key_str(&w, "kind", "ExecCredential");
    w_key_object(&w, "spec");
    w_key_bool(&w, "interactive", false);
    if (c->exec->provide_cluster_info)
        write_cluster(&w, c, ca);
    w_object_end(&w);
    w_object_end(&w);
    if (writer_end(&w) < 0)
        return error_set(e, ERR_TOO_BIG, "KUBERNETES_EXEC_INFO is longer than %u bytes", INFO_MAX);
    return 0;
}

static bool is_replaced(const char *entry, const struct kube_exec *x)
{
    if (str_starts(entry, "KUBERNETES_EXEC_INFO="))
        return true;
    for (size_t i = 0; i < x->n_env; i++) {
        size_t n = strlen(x->env[i].name);

        if (!strncmp(entry, x->env[i].name, n) && entry[n] == '=')
            return true;
    }
    return false;
}

// Our environment with the plugin's on top. The array and the plugin's entries live in the arena.
static char **make_env(struct arena *a, const struct kube_exec *x, const char *info)
{
    size_t have = 0, n = 0;
    char **env;

    while (environ[have])
        have++;
    env = ARENA_ARRAY(a, char *, have + x->n_env + 2);
    for (size_t i = 0; i < have; i++)
        if (!is_replaced(environ[i], x))
            env[n++] = environ[i];
    for (size_t i = 0; i < x->n_env; i++)
        env[n++] = arena_printf(a, "%s=%s", x->env[i].name, x->env[i].value);
    env[n] = arena_strdup(a, info);
    return env;
}

// posix_spawnp with pipes as stdout and stderr; returns its error number.
static int spawn(struct exec_plugin *p, char **argv, char **env, int out, int err)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    int rc;

    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    posix_spawn_file_actions_adddup2(&files, err, 2);
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                        POSIX_SPAWN_SETPGROUP);
    rc = posix_spawnp(&p->pid, p->exec->command, &files, &attr, argv, env);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    return rc;
}

static int not_started(const struct kube_exec *x, int errnum, struct error *e)
{
    error_errno(e, errnum, "exec plugin '%s' cannot be started", x->command);
    if (e)
        e->code = ERR_UNAUTHORIZED;
    if (e && errnum == ENOENT && x->install_hint) {
        struct str hint = str_trim(str_of(x->install_hint));
        size_t n = strlen(e->text);

        snprintf(e->text + n, sizeof(e->text) - n, "; " STR_FMT, (int)MIN(hint.n, 200), hint.p);
        for (char *t = e->text; *t; t++)
            if (iscntrl((unsigned char)*t))
                *t = ' ';
    }
    return -1;
}

// Makes pipes and child; on success the read ends are p's.
static int start_child(struct exec_plugin *p, const struct kube_config *c, struct error *e)
{
    autoarena struct arena *a = arena_new(64u << 20);
    autobuf struct buf info = { 0 };
    char **argv = ARENA_ARRAY(a, char *, p->exec->n_args + 2);
    autoclose int out = -1;
    autoclose int err = -1;
    int pipe_out[2], pipe_err[2], rc;

    buf_init(&info, INFO_MAX);
    if (make_info(c, &info, e) < 0)
        return -1;
    argv[0] = arena_strdup(a, p->exec->command);
    for (size_t i = 0; i < p->exec->n_args; i++)
        argv[i + 1] = arena_strdup(a, p->exec->args[i]);
    if (pipe2(pipe_out, O_CLOEXEC) < 0)
        return error_errno(e, errno, "exec plugin: pipe");
    p->out_fd = pipe_out[0];
    out = pipe_out[1];
    if (pipe2(pipe_err, O_CLOEXEC) < 0)
        return error_errno(e, errno, "exec plugin: pipe");
    p->err_fd = pipe_err[0];
    err = pipe_err[1];
    rc = spawn(p, argv, make_env(a, p->exec, info.p), out, err);
    if (rc) {
        p->pid = 0;
        return not_started(p->exec, rc, e);
    }
    p->pidfd = pidfd_open(p->pid, 0);
    return p->pidfd < 0 ? error_errno(e, errno, "exec plugin: pidfd_open") : 0;
}

static void close_watched(struct exec_plugin *p, int *fd)
{
    if (*fd < 0)
        return;
    loop_io_remove(p->loop, *fd);
    close(*fd);
    *fd = -1;
}

static void plugin_free(struct exec_plugin *p)
{
    timer_stop(p->loop, &p->timeout);
    close_watched(p, &p->out_fd);
    close_watched(p, &p->err_fd);
    close_watched(p, &p->pidfd);
    wipe_buf(&p->out);
    wipe_buf(&p->err);
    free(p);
}

// Reads what is there. Beyond the limit the child is killed: the answer is a small document.
static void drain(struct exec_plugin *p, int *fd, struct buf *into, bool keep_last)
{
    char chunk[4096];
    ssize_t n;

    while (*fd >= 0 && (n = read(*fd, chunk, sizeof(chunk))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return; // EAGAIN
        if (keep_last && into->n + (size_t)n > into->max)
            buf_reset(into);
        if (buf_add(into, chunk, (size_t)n) < 0 && !keep_last) {
            p->too_long = true;
            kill(-p->pid, SIGKILL);
        }
    }
    explicit_bzero(chunk, sizeof(chunk));
    close_watched(p, fd);
}

static void on_out(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
    struct exec_plugin *p = arg;

    drain(p, &p->out_fd, &p->out, false);
}

static void on_err(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
    struct exec_plugin *p = arg;

    drain(p, &p->err_fd, &p->err, true);
}

// The last line of stderr, printable and short: most plugins say there what to do.
static const char *last_words(const struct exec_plugin *p, char *ret, size_t size)
{
    struct str rest = str_trim(buf_str(&p->err)), line = { 0 };

    while (rest.n && str_split(&rest, '\n', &line))
        ;
    snprintf(ret, size, "%s" STR_FMT, line.n ? ": " : "", (int)MIN(line.n, size - 3),
             line.p ? line.p : "");
    for (char *t = ret; *t; t++)
        if (iscntrl((unsigned char)*t))
            *t = ' ';
    return ret;
}

static int judge(struct exec_plugin *p, int status, struct exec_credential *ret, struct error *e)
{
    const char *command = p->exec->command;
    char words[200];

    if (p->timed_out)
        return error_set(e, ERR_TIMEOUT, "exec plugin '%s' did not end in time", command);
    if (p->too_long)
        return error_set(e, ERR_UNAUTHORIZED, "exec plugin '%s' wrote more than %u bytes", command,
                         EXEC_OUTPUT_MAX);
    if (WIFSIGNALED(status))
        return error_set(e, ERR_UNAUTHORIZED, "exec plugin '%s' was ended by signal %d", command,
                         WTERMSIG(status));
    if (WEXITSTATUS(status))
        return error_set(e, ERR_UNAUTHORIZED, "exec plugin '%s' failed with exit status %d%s",
                         command, WEXITSTATUS(status), last_words(p, words, sizeof(words)));
    if (exec_credential_parse(buf_str(&p->out), p->exec->api_version, ret, e) < 0) {
        error_wrap(e, "exec plugin '%s'", command);
        if (e)
            e->code = ERR_UNAUTHORIZED;
        return -1;
    }
    return 0;
}

static void on_exit_event(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
    struct exec_plugin *p = arg;
    struct exec_credential c = { 0 };
    struct error e = { 0 };
    exec_plugin_fn fn = p->fn;
    void *fn_arg = p->arg;
    int status = 0;

    if (waitpid(p->pid, &status, WNOHANG) == 0)
        return;
    drain(p, &p->out_fd, &p->out, false);
    drain(p, &p->err_fd, &p->err, true);
    if (judge(p, status, &c, &e) == 0)
        error_clear(&e);
    plugin_free(p);
    fn(fn_arg, &c, &e);
    exec_credential_fini(&c);
}

static void on_timeout(void *arg)
{
    struct exec_plugin *p = arg;

    p->timed_out = true;
    kill(-p->pid, SIGKILL); // its end is an event of the pidfd
}

static int watch_child(struct exec_plugin *p, struct error *e)
{
    fcntl(p->out_fd, F_SETFL, O_NONBLOCK);
    fcntl(p->err_fd, F_SETFL, O_NONBLOCK);
    if (loop_io(p->loop, p->out_fd, EPOLLIN, on_out, p, e) < 0 ||
        loop_io(p->loop, p->err_fd, EPOLLIN, on_err, p, e) < 0)
        return -1;
    return loop_io(p->loop, p->pidfd, EPOLLIN, on_exit_event, p, e);
}

static void kill_and_reap(struct exec_plugin *p)
{
    if (p->pid <= 0)
        return;
    kill(-p->pid, SIGKILL);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

struct exec_plugin *exec_plugin_start(struct loop *l, const struct kube_config *config,
                                      usec timeout, exec_plugin_fn fn, void *arg, struct error *e)
{
    struct exec_plugin *p;

    if (config->exec->interactive == EXEC_ALWAYS) {
        error_set(
            e, ERR_UNAUTHORIZED,
            "exec plugin '%s' has interactiveMode Always, but there is no terminal; log in by "
            "other means (a ServiceAccount token, a certificate)",
            config->exec->command);
        return NULL;
    }
    p = xcalloc(1, sizeof(*p));
    *p = (struct exec_plugin){ .loop = l, .exec = config->exec, .fn = fn, .arg = arg };
    p->pidfd = p->out_fd = p->err_fd = -1;
    buf_init(&p->out, EXEC_OUTPUT_MAX);
    buf_init(&p->err, STDERR_MAX);
    timer_init(&p->timeout, "exec plugin", on_timeout, p);
    if (start_child(p, config, e) < 0 || watch_child(p, e) < 0) {
        kill_and_reap(p);
        plugin_free(p);
        return NULL;
    }
    timer_start(l, &p->timeout, timeout ? timeout : EXEC_TIMEOUT);
    return p;
}

void exec_plugin_cancel(struct exec_plugin *p)
{
    if (!p)
        return;
    kill_and_reap(p);
    plugin_free(p);
}
