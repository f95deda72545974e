// SPDX-License-Identifier: Apache-2.0
//
// Which configuration is in force, and where it comes from. The order is that of controller-runtime
// programs, so that one KUBECONFIG means the same cluster to kubectl and to us. Files that a
// configuration names are opened here once, so that a wrong path is one clear line at start.
#include "informer/kubeconfig.h"

#include "informer/kubeconfig_file.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FILES_MAX   64           // of $KUBECONFIG
#define PARSE_ARENA (768u << 20) // bounded by the files' sizes and the YAML reader's node limit
#define KEEP_ARENA  (256u << 20)

int kube_config_read_file(struct arena *a, const char *path, size_t max, struct str *ret,
                          struct error *e)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    autobuf struct buf text = { 0 };
    char chunk[16384];
    ssize_t n;

    buf_init(&text, max + 1);
    if (fd < 0)
        return error_errno(e, errno, "open '%s'", path);
    while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(e, errno, "read '%s'", path);
        if (text.n + (size_t)n > max || buf_add(&text, chunk, (size_t)n) < 0)
            return error_set(e, ERR_TOO_BIG, "'%s' is longer than %zu bytes", path, max);
    }
    *ret = (struct str){ arena_strndup(a, text.p ? text.p : "", text.n), text.n };
    return 0;
}

static void warn(const struct kube_config_options *o, const char *text)
{
    if (o->warn)
        o->warn(o->arg, text);
}

// Reads one file into `files`. 1: it does not exist.
static int add_file(const char *path, struct arena *a, struct kube_file *files, size_t *n,
                    struct error *e)
{
    struct str text = { 0 };

    if (access(path, F_OK) < 0 && errno == ENOENT) {
        error_set(e, ERR_NOT_FOUND, "open '%s': no such file", path);
        return 1;
    }
    if (kube_config_read_file(a, path, KUBE_CONFIG_MAX, &text, e) < 0)
        return -1;
    if (*n == FILES_MAX)
        return error_set(e, ERR_INVALID, "KUBECONFIG names more than %d files", FILES_MAX);
    if (kube_file_parse(text, path, a, &files[*n], e) < 0)
        return -1;
    (*n)++;
    return 0;
}

// The colon list of $KUBECONFIG; files that do not exist are skipped.
static int add_env_files(const char *list, struct arena *a, struct kube_file *files, size_t *n,
                         struct error *e)
{
    struct str rest = str_of(list), piece;

    while (str_split(&rest, ':', &piece)) {
        if (!piece.n)
            continue;
        if (add_file(arena_strndup(a, piece.p, piece.n), a, files, n, e) < 0)
            return error_wrap(e, "KUBECONFIG");
    }
    return 0;
}

static bool all_empty(const struct kube_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!kube_file_is_empty(&files[i]))
            return false;
    return true;
}

static int check_file(const char *what, const char *path, const char *source, struct error *e)
{
    autoclose int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (!path || fd >= 0)
        return 0;
    return error_set(e, ERR_INVALID, "%s: %s: cannot open '%s': %s", source, what, path,
                     strerror(errno));
}

static int check_files(const struct kube_config *c, struct error *e)
{
    if (check_file("certificate-authority", c->ca_file, c->source, e) < 0 ||
        check_file("client-certificate", c->cert_file, c->source, e) < 0 ||
        check_file("client-key", c->key_file, c->source, e) < 0)
        return -1;
    return c->token ? 0 : check_file("tokenFile", c->token_file, c->source, e);
}

static int resolve(const struct kube_config_options *o, const struct kube_file *files, size_t n,
                   struct kube_config *ret, struct error *e)
{
    ret->source = arena_strdup(ret->arena, files[0].path);
    if (kube_files_resolve(files, n, o->context, ret, e) < 0 || check_files(ret, e) < 0)
        return -1;
    if (ret->insecure)
        warn(o, "insecure-skip-tls-verify is set: the API server's certificate is not verified");
    if (str_starts(ret->server, "http://"))
        warn(o, "the API server is reached without TLS: no credentials are sent");
    return 0;
}

static void read_namespace(struct kube_config *c, const char *dir)
{
    const char *env = getenv("POD_NAMESPACE");
    const char *path = arena_printf(c->arena, "%s/namespace", dir);
    struct str text = { 0 }, line;

    c->ns = "default";
    if (env && *env) {
        c->ns = arena_strdup(c->arena, env);
    } else if (kube_config_read_file(c->arena, path, 256, &text, NULL) == 0) {
        line = str_trim(text);
        if (line.n)
            c->ns = arena_strndup(c->arena, line.p, line.n);
    }
}

// 1: not in a cluster.
static int in_cluster(const struct kube_config_options *o, struct kube_config *c, struct error *e)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
    const char *dir = o->sa_dir ? o->sa_dir : KUBE_SA_DIR;
    struct str token = { 0 };

    if (!host || !*host || !port || !*port)
        return 1;
    c->source = "in-cluster";
    c->in_cluster = true;
    c->server = strchr(host, ':') && *host != '['
                    ? arena_printf(c->arena, "https://[%s]:%s", host, port)
                    : arena_printf(c->arena, "https://%s:%s", host, port);
    c->token_file = arena_printf(c->arena, "%s/token", dir);
    c->ca_file = arena_printf(c->arena, "%s/ca.crt", dir);
    if (kube_config_read_file(c->arena, c->token_file, KUBE_CREDENTIAL_MAX, &token, e) < 0)
        return error_wrap(e, "in-cluster: the Pod has no ServiceAccount token (is "
                             "automountServiceAccountToken off?)");
    if (token.p)
        explicit_bzero((char *)(uintptr_t)token.p, token.n);
    if (access(c->ca_file, R_OK) < 0) {
        c->ca_file = NULL;
        warn(o, "in-cluster: no ca.crt beside the token; the system's root certificates are used");
    }
    read_namespace(c, dir);
    return 0;
}

// 1: there is none, or it is empty.
static int in_home(const struct kube_config_options *o, struct arena *parse,
                   struct kube_config *ret, struct error *e)
{
    struct kube_file *file = ARENA_ARRAY(parse, struct kube_file, 1);
    const char *home = getenv("HOME");
    size_t n = 0;

    if (home && *home &&
        add_file(arena_printf(parse, "%s/.kube/config", home), parse, file, &n, e) < 0)
        return -1;
    return all_empty(file, n) ? 1 : resolve(o, file, n, ret, e);
}

static int look_around(const struct kube_config_options *o, struct arena *parse,
                       struct kube_config *ret, struct error *e)
{
    int rc = o->home_first ? in_home(o, parse, ret, e) : in_cluster(o, ret, e);

    if (rc == 1)
        rc = o->home_first ? in_cluster(o, ret, e) : in_home(o, parse, ret, e);
    if (rc <= 0)
        return rc;
    return error_set(
        e, ERR_NOT_FOUND,
        "no cluster to talk to: give --kubeconfig FILE, set KUBECONFIG, or run in a Pod "
        "with a ServiceAccount (~/.kube/config is missing or empty)");
}

// The sources in their order. Without --kubeconfig an empty or missing one gives way to the next.
static int load(const struct kube_config_options *o, struct arena *parse, struct kube_config *ret,
                struct error *e)
{
    struct kube_file *files = ARENA_ARRAY(parse, struct kube_file, FILES_MAX);
    const char *env = getenv("KUBECONFIG");
    size_t n = 0;

    if (o->kubeconfig && *o->kubeconfig) {
        if (add_file(o->kubeconfig, parse, files, &n, e) != 0)
            return error_wrap(e, "--kubeconfig");
        return resolve(o, files, n, ret, e);
    }
    if (env && *env && add_env_files(env, parse, files, &n, e) < 0)
        return -1;
    return all_empty(files, n) ? look_around(o, parse, ret, e) : resolve(o, files, n, ret, e);
}

int kube_config_load(const struct kube_config_options *o, struct kube_config *ret, struct error *e)
{
    autoarena struct arena *parse = arena_new(PARSE_ARENA);
    struct kube_config c = { .arena = arena_new(KEEP_ARENA) };

    if (load(o, parse, &c, e) < 0) {
        arena_free(c.arena);
        return -1;
    }
    *ret = c;
    return 0;
}

int kube_config_parse(struct str text, const char *path, const char *context,
                      struct kube_config *ret, struct error *e)
{
    autoarena struct arena *parse = arena_new(PARSE_ARENA);
    struct kube_config c = { .arena = arena_new(KEEP_ARENA) };
    struct kube_file file;
    int rc = text.n > KUBE_CONFIG_MAX
                 ? error_set(e, ERR_TOO_BIG, "%s is longer than %u bytes", path, KUBE_CONFIG_MAX)
                 : kube_file_parse(text, path, parse, &file, e);

    c.source = arena_strdup(c.arena, path);
    if (rc < 0 || kube_files_resolve(&file, 1, context, &c, e) < 0) {
        arena_free(c.arena);
        return -1;
    }
    *ret = c;
    return 0;
}

void kube_config_fini(struct kube_config *c)
{
    arena_free(c->arena);
    *c = (struct kube_config){ 0 };
}
