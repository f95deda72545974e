// SPDX-License-Identifier: Apache-2.0
//
// The kubeconfig format: named clusters, users and contexts, and a current context. Entries of
// several files are looked up in file order, whole entry by whole entry, as kubectl merges them.
// What cannot work is refused here, with the place and what would be right, instead of failing
// later as a 401 or a TLS error: two kinds of credentials, half a key pair, impersonation of
// nobody.
#include "informer/kubeconfig_file.h"

#include "base/writer.h"
#include "informer/kubeconfig_fields.h"

#define CLUSTER_JSON_MAX (64u << 10)

// One section of the format: where its named entries are and where their body is.
struct section {
    const char *list, *body, *kind;
};

static const struct section clusters = { "clusters", "cluster", "cluster" };
static const struct section users = { "users", "user", "user" };
static const struct section contexts = { "contexts", "context", "context" };

static bool has_nul(struct str s)
{
    return s.n && memchr(s.p, '\0', s.n);
}

// The line of a text with a NUL: read on as a C string it would be another one. 0: there is none.
static uint32_t find_nul(const struct yaml_node *n)
{
    uint32_t line = 0;

    if (n->type != YAML_LIST && n->type != YAML_MAP)
        return has_nul(n->text) ? n->line : 0;
    for (uint32_t i = 0; i < n->sub.n && !line; i++)
        line = n->type == YAML_MAP && has_nul(n->sub.keys[i]) ? n->sub.lines[i]
                                                              : find_nul(n->sub.v[i]);
    return line;
}

int kube_file_parse(struct str text, const char *path, struct arena *a, struct kube_file *ret,
                    struct error *e)
{
    struct yaml_reader *reader = yaml_open(text, a);
    struct yaml_node *root = NULL;
    int rc = yaml_next(reader, &root, e);
    const char *kind;
    uint32_t line;

    yaml_close(reader);
    if (rc < 0)
        return error_wrap(e, "%s", path);
    line = root ? find_nul(root) : 0;
    if (line)
        return error_set(e, ERR_INVALID, "%s:%u: holds a NUL character", path, line);
    if (root && root->type == YAML_NULL)
        root = NULL;
    if (root && root->type != YAML_MAP)
        return error_set(e, ERR_INVALID,
                         "%s:%u: is no kubeconfig: has to be a mapping (kind: Config)", path,
                         root->line);
    kind = yaml_str(yaml_get(root, "kind"), "");
    if (*kind && strcmp(kind, "Config"))
        return error_set(e, ERR_INVALID,
                         "%s:%u: is no kubeconfig: kind is '%.40s', has to be 'Config'", path,
                         yaml_get(root, "kind")->line, kind);
    *ret = (struct kube_file){ path, root };
    return 0;
}

bool kube_file_is_empty(const struct kube_file *f)
{
    const struct yaml_node *c = yaml_get(f->root, "clusters"), *x = yaml_get(f->root, "contexts");

    return !(c && c->type == YAML_LIST && c->sub.n) && !(x && x->type == YAML_LIST && x->sub.n);
}

// The entry of that name in one file; a name that is there twice is an error. 1: not there.
static int find_in_file(const struct kube_file *f, const struct section *sec, const char *name,
                        struct kube_scope *ret, struct error *e)
{
    struct kube_scope root = { NULL, f->path, "kubeconfig", f->path, f->root };
    const struct yaml_node *list, *found = NULL;

    if (kube_field_list(&root, sec->list, &list, e) < 0)
        return -1;
    for (uint32_t i = 0; list && i < list->sub.n; i++) {
        const struct yaml_node *item = list->sub.v[i];

        if (item->type != YAML_MAP)
            return kube_field_bad(&root, sec->list, e, "item %u has to be a mapping", i + 1);
        if (strcmp(yaml_str(yaml_get(item, "name"), ""), name))
            continue;
        if (found)
            return error_set(e, ERR_INVALID, "%s:%u: %s '%.80s' is there twice, first in line %u",
                             f->path, item->line, sec->kind, name, found->line);
        found = item;
    }
    if (!found)
        return 1;
    ret->path = f->path;
    ret->kind = sec->kind;
    ret->name = name;
    ret->node = found;
    if (kube_field_map(ret, sec->body, &ret->node, e) < 0)
        return -1;
    return 0;
}

// First file that has it wins. 1: no file has it.
static int find_entry(const struct kube_file *files, size_t n, const struct section *sec,
                      const char *name, struct kube_scope *ret, struct error *e)
{
    for (size_t i = 0; i < n; i++) {
        int rc = find_in_file(&files[i], sec, name, ret, e);

        if (rc <= 0)
            return rc;
    }
    return 1;
}

static void write_node(struct writer *w, const struct yaml_node *n)
{
    switch (n->type) {
    case YAML_NULL:
        w_null(w);
        break;
    case YAML_BOOL:
        w_bool(w, n->b);
        break;
    case YAML_INT:
        w_int(w, n->i);
        break;
    case YAML_DOUBLE:
        w_double(w, n->d);
        break;
    case YAML_STR:
        w_strn(w, n->text.p, n->text.n);
        break;
    case YAML_LIST:
        w_list(w);
        for (uint32_t i = 0; i < n->sub.n; i++)
            write_node(w, n->sub.v[i]);
        w_list_end(w);
        break;
    case YAML_MAP:
        w_object(w);
        for (uint32_t i = 0; i < n->sub.n; i++) {
            w_keyn(w, n->sub.keys[i].p, n->sub.keys[i].n);
            write_node(w, n->sub.v[i]);
        }
        w_object_end(w);
        break;
    }
}

// The extension that is handed to exec plugins as spec.cluster.config.
static int read_cluster_config(const struct kube_scope *s, struct str *ret, struct error *e)
{
    const struct yaml_node *list, *config = NULL;
    autobuf struct buf json = { 0 };
    struct writer w;

    if (kube_field_list(s, "extensions", &list, e) < 0)
        return -1;
    for (uint32_t i = 0; list && i < list->sub.n; i++)
        if (!strcmp(yaml_str(yaml_get(list->sub.v[i], "name"), ""),
                    "client.authentication.k8s.io/exec"))
            config = yaml_get(list->sub.v[i], "extension");
    buf_init(&json, CLUSTER_JSON_MAX);
    if (!config)
        return 0;
    writer_to_buf(&w, WRITER_JSON, &json);
    write_node(&w, config);
    if (writer_end(&w) < 0)
        return kube_field_bad(s, "extensions", e, "the exec extension is longer than %u bytes",
                              CLUSTER_JSON_MAX);
    *ret = str_of(arena_strndup(s->a, json.p, json.n));
    return 0;
}

static int check_server(const struct kube_scope *s, struct kube_config *c, struct error *e)
{
    const char *host;
    size_t n;
    char *copy;

    if (!c->server)
        return kube_field_bad(s, "server", e, "is missing (https://HOST:PORT)");
    host = str_starts(c->server, "https://")  ? c->server + 8
           : str_starts(c->server, "http://") ? c->server + 7
                                              : NULL;
    if (!host || !*host || *host == '/' || strpbrk(host, " @?#"))
        return kube_field_bad(s, "server", e, "has to be https://HOST:PORT");
    copy = arena_strdup(s->a, c->server);
    for (n = strlen(copy); n && copy[n - 1] == '/'; n--)
        copy[n - 1] = '\0';
    c->server = copy;
    return 0;
}

static int check_cluster(const struct kube_scope *s, const struct kube_config *c, struct error *e)
{
    static const char *const schemes[] = { "http://", "https://", "socks5://", "socks5h://" };

    if (c->insecure && (c->ca_file || c->ca_data.p))
        return kube_field_bad(s, "insecure-skip-tls-verify", e,
                              "cannot be together with certificate-authority; remove one of them");
    if (!c->proxy_url)
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
        if (str_starts(c->proxy_url, schemes[i]))
            return 0;
    return kube_field_bad(s, "proxy-url", e, "has to start with http://, https:// or socks5://");
}

static int read_cluster(const struct kube_scope *s, struct kube_config *c, struct error *e)
{
    if (kube_field_str(s, "server", &c->server, e) < 0 ||
        kube_field_str(s, "tls-server-name", &c->tls_server_name, e) < 0 ||
        kube_field_str(s, "proxy-url", &c->proxy_url, e) < 0 ||
        kube_field_bool(s, "insecure-skip-tls-verify", &c->insecure, e) < 0 ||
        kube_field_bool(s, "disable-compression", &c->no_compression, e) < 0 ||
        kube_field_path(s, "certificate-authority", &c->ca_file, e) < 0 ||
        kube_field_pem(s, "certificate-authority-data", &c->ca_data, e) < 0)
        return -1;
    if (c->ca_data.p)
        c->ca_file = NULL; // the data wins
    if (check_server(s, c, e) < 0)
        return -1;
    return check_cluster(s, c, e);
}

static int read_impersonation(const struct kube_scope *s, struct kube_config *c, struct error *e)
{
    const struct yaml_node *extra;

    if (kube_field_str(s, "as", &c->as, e) < 0 || kube_field_str(s, "as-uid", &c->as_uid, e) < 0 ||
        kube_field_strs(s, "as-groups", &c->as_groups, &c->n_as_groups, e) < 0 ||
        kube_field_map(s, "as-user-extra", &extra, e) < 0)
        return -1;
    if (extra && extra->sub.n) {
        struct kube_scope sub = *s;

        sub.node = extra;
        c->as_extra = ARENA_ARRAY(s->a, struct kube_extra, extra->sub.n);
        for (uint32_t i = 0; i < extra->sub.n; i++) {
            struct kube_extra *x = &c->as_extra[c->n_as_extra++];

            x->key = arena_strndup(s->a, extra->sub.keys[i].p, extra->sub.keys[i].n);
            if (kube_field_strs(&sub, x->key, &x->values, &x->n, e) < 0)
                return -1;
        }
    }
    if (!c->as && (c->as_uid || c->n_as_groups || c->n_as_extra))
        return kube_field_bad(s, "as", e,
                              "is missing, but as-uid, as-groups or as-user-extra is given");
    return 0;
}

static int read_exec_env(const struct kube_scope *s, struct kube_exec *x, struct error *e)
{
    const struct yaml_node *list;

    if (kube_field_list(s, "env", &list, e) < 0)
        return -1;
    if (!list)
        return 0;
    x->env = ARENA_ARRAY(s->a, struct kube_pair, list->sub.n);
    for (uint32_t i = 0; i < list->sub.n; i++) {
        struct kube_scope item = { s->a, s->path, s->kind, s->name, list->sub.v[i] };
        struct kube_pair *p = &x->env[x->n_env++];

        if (item.node->type != YAML_MAP)
            return kube_field_bad(s, "env", e, "item %u has to be {name, value}", i + 1);
        p->value = "";
        if (kube_field_str(&item, "name", &p->name, e) < 0 ||
            kube_field_str(&item, "value", &p->value, e) < 0)
            return -1;
        if (!p->name || strchr(p->name, '='))
            return kube_field_bad(s, "env", e, "item %u needs a name without '='", i + 1);
    }
    return 0;
}

static int read_exec_mode(const struct kube_scope *s, struct kube_exec *x, struct error *e)
{
    static const char *const words[] = { "Never", "IfAvailable", "Always" };
    const char *mode = NULL;

    if (kube_field_str(s, "interactiveMode", &mode, e) < 0)
        return -1;
    if (!mode && str_ends(x->api_version, "/v1"))
        return kube_field_bad(s, "interactiveMode", e,
                              "is missing (Never, IfAvailable or Always; v1 requires it)");
    x->interactive = EXEC_IF_AVAILABLE;
    if (!mode)
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (!strcmp(words[i], mode)) {
            x->interactive = (enum exec_interactive)i;
            return 0;
        }
    return kube_field_bad(s, "interactiveMode", e, "has to be Never, IfAvailable or Always");
}

static int read_exec(const struct kube_scope *user, struct kube_config *c, struct error *e)
{
    struct kube_scope s = *user;
    struct kube_exec *x;

    if (kube_field_map(user, "exec", &s.node, e) < 0)
        return -1;
    if (!s.node)
        return 0;
    x = ARENA_NEW(s.a, struct kube_exec);
    if (kube_field_str(&s, "command", &x->command, e) < 0 ||
        kube_field_str(&s, "apiVersion", &x->api_version, e) < 0 ||
        kube_field_strs(&s, "args", &x->args, &x->n_args, e) < 0 ||
        kube_field_bool(&s, "provideClusterInfo", &x->provide_cluster_info, e) < 0 ||
        read_exec_env(&s, x, e) < 0)
        return -1;
    x->install_hint = yaml_str(yaml_get(s.node, "installHint"), NULL); // may have several lines
    if (x->install_hint)
        x->install_hint = arena_strdup(s.a, x->install_hint);
    if (!x->command)
        return kube_field_bad(&s, "command", e, "is missing (the plugin's program)");
    if (strchr(x->command, '/'))
        x->command = kube_field_resolve(s.a, s.path, x->command);
    if (!x->api_version || (strcmp(x->api_version, "client.authentication.k8s.io/v1") &&
                            strcmp(x->api_version, "client.authentication.k8s.io/v1beta1")))
        return kube_field_bad(&s, "apiVersion", e,
                              "of exec has to be client.authentication.k8s.io/v1 or /v1beta1");
    c->exec = x;
    return read_exec_mode(&s, x, e);
}

static int check_user(const struct kube_scope *s, const struct kube_config *c, struct error *e)
{
    bool token = c->token || c->token_file, basic = c->username || c->password;
    bool cert = c->cert_file || c->cert_data.p, key = c->key_file || c->key_data.p;

    if (yaml_get(s->node, "auth-provider"))
        return kube_field_bad(s, "auth-provider", e,
                              "was removed from Kubernetes clients in 1.26; use exec instead");
    if (token && basic)
        return kube_field_bad(s, "token", e,
                              "and username/password are both given; keep one of them");
    if (cert != key)
        return kube_field_bad(
            s, cert ? "client-key" : "client-certificate", e,
            "is missing; a client certificate needs its key and the other way round");
    return 0;
}

static int read_user(const struct kube_scope *s, struct kube_config *c, struct error *e)
{
    if (kube_field_path(s, "client-certificate", &c->cert_file, e) < 0 ||
        kube_field_pem(s, "client-certificate-data", &c->cert_data, e) < 0 ||
        kube_field_path(s, "client-key", &c->key_file, e) < 0 ||
        kube_field_pem(s, "client-key-data", &c->key_data, e) < 0 ||
        kube_field_str(s, "token", &c->token, e) < 0 ||
        kube_field_path(s, "tokenFile", &c->token_file, e) < 0 ||
        kube_field_str(s, "username", &c->username, e) < 0 ||
        kube_field_str(s, "password", &c->password, e) < 0 || read_impersonation(s, c, e) < 0 ||
        read_exec(s, c, e) < 0)
        return -1;
    if (c->cert_data.p)
        c->cert_file = NULL;
    if (c->key_data.p)
        c->key_file = NULL;
    return check_user(s, c, e);
}

static const char *current_context(const struct kube_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *name = yaml_str(yaml_get(files[i].root, "current-context"), "");

        if (*name)
            return name;
    }
    return NULL;
}

// "a, b, c": what could have been meant.
static void add_context_names(const struct kube_file *files, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct yaml_node *list = yaml_get(files[i].root, "contexts");

        for (uint32_t j = 0; list && list->type == YAML_LIST && j < list->sub.n; j++)
            buf_addf(out, "%s%s", out->n ? ", " : "",
                     yaml_str(yaml_get(list->sub.v[j], "name"), "?"));
    }
}

static int no_context(const struct kube_file *files, size_t n, const char *name, struct error *e)
{
    autobuf struct buf names = { 0 };

    buf_init(&names, 200);
    add_context_names(files, n, &names);
    if (!name)
        return error_set(
            e, ERR_INVALID,
            "%s: current-context is not set; set it by `kubectl config use-context` (%s)",
            files[0].path, names.p ? names.p : "no contexts");
    return error_set(e, ERR_INVALID, "%s: context '%.80s' does not exist; there is: %s",
                     files[0].path, name, names.p ? names.p : "none");
}

// Follows the context's reference to a cluster or user.
static int follow(const struct kube_file *files, size_t n, const struct section *sec,
                  const struct kube_scope *context, struct kube_scope *ret, struct error *e)
{
    const char *name = NULL;
    int rc;

    if (kube_field_str(context, sec->kind, &name, e) < 0)
        return -1;
    if (!name)
        return kube_field_bad(context, sec->kind, e, "is missing");
    rc = find_entry(files, n, sec, name, ret, e);
    if (rc > 0)
        return kube_field_bad(context, sec->kind, e, "there is no %s '%.80s'", sec->kind, name);
    return rc;
}

int kube_files_resolve(const struct kube_file *files, size_t n, const char *context,
                       struct kube_config *ret, struct error *e)
{
    const char *name = context && *context ? context : current_context(files, n);
    struct kube_scope at = { .a = ret->arena }, cluster = at, user = at;
    int rc = name ? find_entry(files, n, &contexts, name, &at, e) : 1;

    if (rc > 0)
        return no_context(files, n, name, e);
    if (rc < 0)
        return -1;
    ret->context = arena_strdup(ret->arena, name);
    ret->ns = "default";
    if (kube_field_str(&at, "namespace", &ret->ns, e) < 0 ||
        follow(files, n, &clusters, &at, &cluster, e) < 0 || read_cluster(&cluster, ret, e) < 0)
        return -1;
    // A context without a user is anonymous access.
    if (*yaml_str(yaml_get(at.node, "user"), "") && follow(files, n, &users, &at, &user, e) < 0)
        return -1;
    if (read_user(&user, ret, e) < 0)
        return -1;
    if (ret->exec && ret->exec->provide_cluster_info)
        return read_cluster_config(&cluster, &ret->exec->cluster_config, e);
    return 0;
}
