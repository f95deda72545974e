// SPDX-License-Identifier: Apache-2.0
//
// Which credentials a request gets, and when they are read again. A token file is re-read when what
// we have is older than 50 s (the kubelet rotates it well before it ends); a file that cannot be
// read leaves the old token in force. Certificate files are looked at every 5 minutes. A plugin's
// answer serves until it expires or is refused. Static tokens never change.
#include "informer/auth.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "informer/base64.h"
#include "informer/exec_plugin.h"

#include <ctype.h>

#define TOKEN_MAX_AGE    (50 * USEC_PER_SEC)
#define FILES_RECHECK    (5 * USEC_PER_MIN)
#define FILES_RETRY      (10 * USEC_PER_SEC) // after a file that could not be used (half of a rotation)
#define EXEC_LEEWAY      (10 * USEC_PER_SEC) // a credential that ends sooner is renewed
#define EXEC_BACKOFF_MIN USEC_PER_SEC
#define EXEC_BACKOFF_MAX USEC_PER_MIN
#define HEADER_MAX       (2 * KUBE_CREDENTIAL_MAX)

struct auth {
    struct loop *loop;
    const struct kube_config *config;
    const struct auth_events *ev;
    void *arg;
    bool silent;         // no TLS: no credentials leave
    char *header;        // "Authorization: ..."; wiped when replaced
    usec header_at;      // clock_mono when its token was had; -1: none
    struct arena *arena; // impersonation headers
    const char **impersonation;

    struct exec_plugin *plugin;
    bool have_cred;
    struct exec_credential cred; // token moved into header, cert and key into tls
    struct error exec_error;     // why the last run failed
    usec exec_backoff, exec_retry_at;

    struct http_tls tls;   // what is in force
    char *ca, *cert, *key; // owned texts of it, NULL: not from files or plugin
    struct timer recheck;
    bool warned_token, warned_tls;
};

static void wipe(char **p)
{
    if (*p)
        explicit_bzero(*p, strlen(*p));
    free(TAKE(*p));
}

static void warn(struct auth *a, bool *once, const struct error *e)
{
    if (!*once && a->ev->warn)
        a->ev->warn(a->arg, e->text);
    *once = true;
}

static void set_bearer(struct auth *a, struct str token)
{
    wipe(&a->header);
    a->header = xasprintf("Authorization: Bearer " STR_FMT, STR_ARG(token));
    a->header_at = clock_mono();
}

static void set_basic(struct auth *a)
{
    autobuf struct buf b64;
    char *plain = xasprintf("%s:%s", a->config->username ? a->config->username : "",
                            a->config->password ? a->config->password : "");

    buf_init(&b64, HEADER_MAX);
    base64_encode(str_of(plain), &b64);
    a->header = xasprintf("Authorization: Basic %s", b64.p ? b64.p : "");
    if (b64.p)
        explicit_bzero(b64.p, b64.n);
    wipe(&plain);
}

static int token_text(struct str text, const char *path, struct str *ret, struct error *e)
{
    *ret = str_trim(text);
    if (!ret->n)
        return error_set(e, ERR_UNAUTHORIZED, "token file '%s' is empty", path);
    for (size_t i = 0; i < ret->n; i++)
        if (iscntrl((unsigned char)ret->p[i]))
            return error_set(e, ERR_UNAUTHORIZED, "token file '%s' holds more than one line", path);
    return 0;
}

static int read_token_file(struct auth *a, struct error *e)
{
    autoarena struct arena *mem = arena_new(4 * KUBE_CREDENTIAL_MAX);
    struct str text, token;
    int rc;

    if (kube_config_read_file(mem, a->config->token_file, KUBE_CREDENTIAL_MAX, &text, e) < 0) {
        if (e)
            e->code = ERR_UNAUTHORIZED;
        return -1;
    }
    rc = token_text(text, a->config->token_file, &token, e);
    if (rc == 0)
        set_bearer(a, token);
    explicit_bzero((char *)(uintptr_t)text.p, text.n);
    return rc;
}

static int prepare_token_file(struct auth *a, struct error *e)
{
    struct error why = { 0 };

    if (a->header && a->header_at >= 0 && clock_mono() - a->header_at < TOKEN_MAX_AGE)
        return AUTH_READY;
    if (read_token_file(a, &why) == 0) {
        a->warned_token = false;
        return AUTH_READY;
    }
    if (a->header) { // the old one may serve a while yet; looked for again in 50 s
        warn(a, &a->warned_token, &why);
        a->header_at = clock_mono();
        return AUTH_READY;
    }
    return error_set(e, why.code, "%s", why.text);
}

// Offers new material to the transports; the owned texts move in on success.
static int put_tls(struct auth *a, struct http_tls *tls, bool close_all, struct error *e)
{
    if (a->ev->tls && a->ev->tls(a->arg, tls, close_all, e) < 0)
        return -1;
    a->tls = *tls;
    return 0;
}

// The plugin's certificate replaces the one in force. Running connections used the old one: close.
static int take_certificate(struct auth *a, struct exec_credential *c, struct error *e)
{
    struct http_tls tls = a->tls;

    if (!c->cert || (a->cert && !strcmp(a->cert, c->cert) && !strcmp(a->key, c->key)))
        return 0;
    tls.cert_data = str_of(c->cert);
    tls.key_data = str_of(c->key);
    if (put_tls(a, &tls, true, e) < 0)
        return error_wrap(e, "exec plugin '%s'", a->config->exec->command);
    wipe(&a->cert);
    wipe(&a->key);
    a->cert = TAKE(c->cert);
    a->key = TAKE(c->key);
    return 0;
}

static void exec_failed(struct auth *a, const struct error *e)
{
    a->exec_error = *e;
    a->exec_backoff =
        a->exec_backoff ? MIN(2 * a->exec_backoff, EXEC_BACKOFF_MAX) : EXEC_BACKOFF_MIN;
    a->exec_retry_at = clock_mono() + a->exec_backoff;
}

static void take_credential(struct auth *a, struct exec_credential *c)
{
    struct error e = { 0 };

    if (take_certificate(a, c, &e) < 0) {
        exec_failed(a, &e);
        return;
    }
    wipe(&a->header);
    if (c->token)
        set_bearer(a, str_of(c->token));
    a->header_at = clock_mono();
    a->cred.expires = c->expires;
    a->have_cred = true;
    a->exec_backoff = 0;
    error_clear(&a->exec_error);
}

static void plugin_done(void *arg, struct exec_credential *c, const struct error *e)
{
    struct auth *a = arg;

    a->plugin = NULL;
    if (e->code != ERR_NONE)
        exec_failed(a, e);
    else
        take_credential(a, c);
    if (a->ev->ready)
        a->ev->ready(a->arg);
}

static bool credential_serves(const struct auth *a)
{
    return a->have_cred && (!a->cred.expires || clock_wall() + EXEC_LEEWAY < a->cred.expires);
}

static int prepare_exec(struct auth *a, struct error *e)
{
    struct error why = { 0 };

    if (a->plugin)
        return AUTH_WAIT;
    if (credential_serves(a))
        return AUTH_READY;
    if (a->exec_error.code != ERR_NONE && clock_mono() < a->exec_retry_at)
        return error_set(e, a->exec_error.code, "%s", a->exec_error.text);
    a->plugin = exec_plugin_start(a->loop, a->config, 0, plugin_done, a, &why);
    if (a->plugin)
        return AUTH_WAIT;
    exec_failed(a, &why);
    return error_set(e, why.code, "%s", why.text);
}

// A plugin runs only where nothing else would send an Authorization header.
static bool uses_exec(const struct auth *a)
{
    const struct kube_config *c = a->config;

    return c->exec && !c->token && !c->token_file && !c->username && !c->password;
}

int auth_prepare(struct auth *a, struct error *e)
{
    if (a->silent)
        return AUTH_READY;
    if (a->config->token_file)
        return prepare_token_file(a, e);
    if (uses_exec(a))
        return prepare_exec(a, e);
    return AUTH_READY;
}

const char *auth_header(const struct auth *a)
{
    return a->header;
}

const char *const *auth_impersonation(const struct auth *a)
{
    return a->impersonation;
}

const struct http_tls *auth_tls(const struct auth *a)
{
    return &a->tls;
}

void auth_describe(const struct auth *a, struct buf *out)
{
    const struct kube_config *c = a->config;

    if (a->silent)
        buf_adds(out, "anonymous access (no credentials are sent without TLS)");
    else if (c->token_file)
        buf_addf(out, "the token of file '%s'", c->token_file);
    else if (c->token)
        buf_addf(out, "the token in %s", c->source);
    else if (c->username || c->password)
        buf_addf(out, "user name and password in %s", c->source);
    else if (c->exec)
        buf_addf(out, "the credentials that exec plugin '%s' gave", c->exec->command);
    else if (a->tls.cert_data.p)
        buf_addf(out, "the client certificate in %s", c->source);
    else
        buf_addf(out, "anonymous access (no user in %s)", c->source);
}

bool auth_rejected(struct auth *a, usec started)
{
    if (a->silent || (!a->config->token_file && !uses_exec(a)))
        return false;
    if (a->header_at >= 0 && a->header_at <= started) {
        if (a->config->token_file)
            wipe(&a->header);
        a->header_at = -1;
        a->have_cred = false;
    }
    return true;
}

static void add_impersonation(struct auth *a, size_t *n, const char *name, const char *value)
{
    if (value)
        a->impersonation[(*n)++] = arena_printf(a->arena, "Impersonate-%s: %s", name, value);
}

// One key of as-user-extra: lower case and percent-encoded in the header's name.
static void add_extra(struct auth *a, size_t *n, const struct kube_extra *x)
{
    autofree char *key = xstrdup(x->key);
    autofree char *escaped = NULL;
    autofree char *name = NULL;

    for (char *p = key; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    escaped = http_escape(key);
    name = xasprintf("Extra-%s", escaped);
    for (size_t i = 0; i < x->n; i++)
        add_impersonation(a, n, name, x->values[i]);
}

static void make_impersonation(struct auth *a)
{
    const struct kube_config *c = a->config;
    size_t n = 0, extras = 0;

    for (size_t i = 0; i < c->n_as_extra; i++)
        extras += c->as_extra[i].n;
    a->impersonation = ARENA_ARRAY(a->arena, const char *, 4 + c->n_as_groups + extras);
    add_impersonation(a, &n, "User", c->as);
    add_impersonation(a, &n, "Uid", c->as_uid);
    for (size_t i = 0; i < c->n_as_groups; i++)
        add_impersonation(a, &n, "Group", c->as_groups[i]);
    for (size_t i = 0; i < c->n_as_extra; i++)
        add_extra(a, &n, &c->as_extra[i]);
}

// A PEM file's text; NULL path gives NULL. An empty or foreign file is an error.
static int read_pem(const char *path, const char *what, char **ret, struct error *e)
{
    autoarena struct arena *mem = arena_new(4 * KUBE_CREDENTIAL_MAX);
    struct str text;

    *ret = NULL;
    if (!path)
        return 0;
    if (kube_config_read_file(mem, path, KUBE_CREDENTIAL_MAX, &text, e) < 0)
        return error_wrap(e, "%s", what);
    if (!memmem(text.p, text.n, "-----BEGIN ", 11))
        return error_set(e, ERR_INVALID, "%s: '%s' holds no PEM (-----BEGIN ...)", what, path);
    *ret = xstrndup(text.p, text.n);
    explicit_bzero((char *)(uintptr_t)text.p, text.n);
    return 0;
}

struct pem_files { // what the files hold now; NULL: not configured
    char *ca, *cert, *key;
};

static int read_pems(const struct kube_config *c, struct pem_files *ret, struct error *e)
{
    if (read_pem(c->ca_file, "certificate-authority", &ret->ca, e) < 0 ||
        read_pem(c->cert_file, "client-certificate", &ret->cert, e) < 0)
        return -1;
    return read_pem(c->key_file, "client-key", &ret->key, e);
}

static bool is_new(const char *text, const char *have)
{
    return text && (!have || strcmp(text, have) != 0);
}

static void replace(char **have, char **text)
{
    if (!*text)
        return;
    wipe(have);
    *have = TAKE(*text);
}

// Puts what changed in force: at birth at once, later if the transports take it.
static int put_pems(struct auth *a, struct pem_files *f, bool birth, struct error *e)
{
    bool new_cert = is_new(f->cert, a->cert) || is_new(f->key, a->key);
    struct http_tls tls = a->tls;

    if (!new_cert && !is_new(f->ca, a->ca))
        return 0;
    if (f->ca)
        tls.ca_data = str_of(f->ca);
    if (f->cert)
        tls.cert_data = str_of(f->cert);
    if (f->key)
        tls.key_data = str_of(f->key);
    if (birth)
        a->tls = tls;
    else if (put_tls(a, &tls, new_cert, e) < 0)
        return -1;
    replace(&a->ca, &f->ca);
    replace(&a->cert, &f->cert);
    replace(&a->key, &f->key);
    return 0;
}

static int reload(struct auth *a, bool birth, struct error *e)
{
    struct pem_files f = { 0 };
    int rc = read_pems(a->config, &f, e);

    if (rc == 0)
        rc = put_pems(a, &f, birth, e);
    wipe(&f.ca);
    wipe(&f.cert);
    wipe(&f.key);
    return rc;
}

static void on_recheck(void *arg)
{
    struct auth *a = arg;
    struct error e = { 0 };

    if (reload(a, false, &e) < 0) {
        warn(a, &a->warned_tls, &e);
        timer_start(a->loop, &a->recheck, FILES_RETRY);
        return;
    }
    a->warned_tls = false;
    timer_start(a->loop, &a->recheck, FILES_RECHECK);
}

// First contents: data of the config, else files.
static int first_tls(struct auth *a, struct error *e)
{
    const struct kube_config *c = a->config;

    a->tls = (struct http_tls){
        .ca_data = c->ca_data,
        .cert_data = c->cert_data,
        .key_data = c->key_data,
        .server_name = c->tls_server_name,
        .insecure = c->insecure,
    };
    if (reload(a, true, e) < 0)
        return error_wrap(e, "%s", c->source);
    if (c->ca_file || c->cert_file || c->key_file)
        timer_start(a->loop, &a->recheck, FILES_RECHECK);
    return 0;
}

struct auth *auth_new(struct loop *l, const struct kube_config *config,
                      const struct auth_events *ev, void *arg, struct error *e)
{
    struct auth *a = xcalloc(1, sizeof(*a));

    *a = (struct auth){ .loop = l, .config = config, .ev = ev, .arg = arg, .header_at = -1 };
    a->silent = !str_starts(config->server, "https://");
    a->arena = arena_new(16u << 20);
    timer_init(&a->recheck, "certificate files", on_recheck, a);
    make_impersonation(a);
    if (!a->silent && config->token)
        set_bearer(a, str_of(config->token));
    else if (!a->silent && (config->username || config->password))
        set_basic(a);
    if (config->token_file)
        a->header_at =
            -1; // read the file at the first request; the token given beside it is second best
    if (first_tls(a, e) < 0) {
        auth_free(a);
        return NULL;
    }
    return a;
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    timer_stop(a->loop, &a->recheck);
    exec_plugin_cancel(a->plugin);
    exec_credential_fini(&a->cred);
    wipe(&a->header);
    free(a->ca);
    wipe(&a->cert);
    wipe(&a->key);
    arena_free(a->arena);
    free(a);
}
