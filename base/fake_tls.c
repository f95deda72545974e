// SPDX-License-Identifier: Apache-2.0
// The HTTPS server of the tests. It is forked, so that it can be killed in the middle of everything
// and its memory does not show in measurements of the client.
#include "base/fake_tls.h"

#include "base/alloc.h"

#include <libwebsockets.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char make_certs[] =
    "set -e\n"
    "cd \"$1\"\n"
    "new_key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }\n"
    "for ca in ca other-ca; do\n"
    "  new_key $ca\n"
    "  openssl req -x509 -new -key $ca.key -subj /CN=$ca -days 30 -out $ca\n"
    "done\n"
    "issue() {\n"
    "  new_key $1\n"
    "  echo \"subjectAltName=$2\" >$1.ext\n"
    "  openssl req -new -key $1.key -subj /CN=$1 -out $1.csr\n"
    "  openssl x509 -req -in $1.csr -CA ca -CAkey ca.key -CAcreateserial -days $3"
    "    -extfile $1.ext -out $1\n"
    "}\n"
    "issue ip IP:127.0.0.1 30\n"
    "issue name DNS:cluster.test 30\n"
    "issue old IP:127.0.0.1 -1\n"
    "issue alice DNS:alice 30\n"
    "issue bob DNS:bob 30\n";

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fake_tls: %s\n", what);
    abort();
}

static void run_shell(const char *script, const char *arg)
{
    int status = -1;
    pid_t pid;

    fflush(NULL); // or the child writes what is buffered once more
    pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout))
            _exit(126);
        execl("/bin/sh", "sh", "-c", script, "sh", arg, (char *)NULL);
        _exit(127);
    }
    must(waitpid(pid, &status, 0) == pid && status == 0, "the shell script failed (openssl?)");
}

void fake_certs_make(struct fake_certs *c)
{
    snprintf(c->dir, sizeof(c->dir), "/tmp/k9-certs-XXXXXX");
    must(mkdtemp(c->dir) != NULL, "mkdtemp");
    run_shell(make_certs, c->dir);
}

void fake_certs_remove(struct fake_certs *c)
{
    run_shell("rm -r \"$1\"", c->dir);
}

char *fake_certs_path(const struct fake_certs *c, const char *file)
{
    return xasprintf("%s/%s", c->dir, file);
}

static int connections; // of the child

static int answer(struct lws *wsi, const char *path)
{
    unsigned char out[LWS_PRE + 1024];
    unsigned char *start = out + LWS_PRE, *p = start, *end = out + sizeof(out) - 1;
    bool found = !strcmp(path, "/hello") || !strcmp(path, "/who") || !strcmp(path, "/watch");

    if (lws_add_http_common_headers(wsi, found ? 200 : 404, "text/plain",
                                    LWS_ILLEGAL_HTTP_CONTENT_LEN, &p, end) ||
        lws_finalize_write_http_header(wsi, start, &p, end))
        return -1;
    lws_callback_on_writable(wsi);
    return 0;
}

static size_t describe(struct lws *wsi, char *out, size_t max)
{
    struct lws *net = lws_get_network_wsi(wsi);
    union lws_tls_cert_info_results info;
    char host[128] = "", client[128] = "";

    if (lws_hdr_copy(wsi, host, sizeof(host), WSI_TOKEN_HTTP_COLON_AUTHORITY) <= 0 &&
        lws_hdr_copy(wsi, host, sizeof(host), WSI_TOKEN_HOST) <= 0)
        host[0] = '\0';
    if (!lws_tls_peer_cert_info(net, LWS_TLS_CERT_INFO_COMMON_NAME, &info, sizeof(info.ns.name)))
        snprintf(client, sizeof(client), "%s", info.ns.name);
    return (size_t)snprintf(out, max, "host=%s connections=%d h2=%d client=%s\n", host, connections,
                            net != wsi, client);
}

struct session {
    char path[16];
    bool said;
};

static int say(struct lws *wsi, struct session *s)
{
    unsigned char out[LWS_PRE + 512];
    char *text = (char *)out + LWS_PRE;
    bool watch = !strcmp(s->path, "/watch");
    size_t n;

    if (s->said)
        return 0;
    s->said = true;
    if (!strcmp(s->path, "/who"))
        n = describe(wsi, text, 512);
    else
        n = (size_t)snprintf(text, 512, "%s\n", watch ? "event" : "hello");
    if (lws_write(wsi, (unsigned char *)text, n, watch ? LWS_WRITE_HTTP : LWS_WRITE_HTTP_FINAL) < 0)
        return -1;
    if (watch) {
        lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
        return 0;
    }
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t unused_arg len)
{
    struct session *s = user;

    switch (reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        connections++;
        return 0;
    case LWS_CALLBACK_HTTP:
        snprintf(s->path, sizeof(s->path), "%s", (const char *)in);
        s->said = false;
        return answer(wsi, s->path);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return say(wsi, s);
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, len);
    }
}

static const struct lws_protocols protocols[] = {
    {.name = "http",                                   .callback = on_lws, .per_session_data_size = sizeof(struct session) },
    { 0},
};

static no_return void serve(const struct fake_certs *c, const struct fake_tls_options *o, int tell)
{
    autofree char *cert = fake_certs_path(c, o->cert), *key = xasprintf("%s.key", cert);
    autofree char *ca = fake_certs_path(c, "ca");
    struct lws_context_creation_info info = {
        .protocols = protocols,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .iface = "127.0.0.1",
        .fd_limit_per_thread = 128,
        .ssl_cert_filepath = cert,
        .ssl_private_key_filepath = key,
        .alpn = o->no_http2 ? "http/1.1" : "h2,http/1.1",
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
    };
    struct lws_context *lws;
    int port;

    if (o->want_client) {
        info.options |= LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT;
        info.ssl_ca_filepath = ca;
    }
    lws_set_log_level(0, NULL);
    lws = lws_create_context(&info);
    port = lws ? lws_get_vhost_listen_port(lws_get_vhost_by_name(lws, "default")) : 0;
    if (write(tell, &port, sizeof(port)) != (ssize_t)sizeof(port) || !port)
        _exit(1);
    while (lws_service(lws, 0) >= 0)
        ;
    _exit(0);
}

void fake_tls_start(struct fake_tls *s, const struct fake_certs *c,
                    const struct fake_tls_options *o)
{
    int fd[2];

    must(pipe(fd) == 0, "pipe");
    fflush(NULL);
    s->pid = fork();
    must(s->pid >= 0, "fork");
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(c, o, fd[1]);
    }
    close(fd[1]);
    must(read(fd[0], &s->port, sizeof(s->port)) == (ssize_t)sizeof(s->port) && s->port,
         "the server did not start");
    close(fd[0]);
}

void fake_tls_kill(struct fake_tls *s)
{
    if (s->pid <= 0)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}
