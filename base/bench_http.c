// SPDX-License-Identifier: Apache-2.0
// Memory of idle watches: resident and private bytes of this process before and after n watches
// were opened through one transport, over HTTP/2 and over HTTP/1.1.
//   bench_http gzip|plain URL CAFILE TOKENFILE
// reads one answer, throws it away and prints the CPU time in ms and the bytes: what transport
// costs of a list.
#include "base/alloc.h"
#include "base/fake_tls.h"
#include "base/http.h"

#include <malloc.h>

#define WATCHES_MAX 20 // libwebsockets allows 24 streams on a connection

struct watches {
    struct loop *l;
    struct transport *t;
    char *url;
    size_t open, failed;
};

static int on_data(void *arg, unused_arg const char *p, unused_arg size_t n)
{
    struct watches *w = arg;

    w->open++;
    return 0;
}

static void on_done(void *arg, unused_arg const struct http_response *r, unused_arg struct str body,
                    const struct error *e)
{
    struct watches *w = arg;

    w->failed++;
    fprintf(stderr, "bench_http: %s\n", e->text);
}

static const struct http_events events = { .on_data = on_data, .on_done = on_done };

struct memory {
    long rss, dirty; // kB
};

static struct memory memory_now(void)
{
    struct memory m = { 0 };
    char line[256];
    FILE *f;

    malloc_trim(0);
    f = fopen("/proc/self/smaps_rollup", "r");
    while (f && fgets(line, sizeof(line), f)) {
        if (!strncmp(line, "Rss:", 4))
            m.rss = strtol(line + 4, NULL, 10);
        if (!strncmp(line, "Private_Dirty:", 14))
            m.dirty = strtol(line + 14, NULL, 10);
    }
    if (f)
        fclose(f);
    return m;
}

static void open_watches(struct watches *w, size_t want)
{
    struct http_request req = { .method = "GET", .url = w->url, .idle_timeout = USEC_PER_MIN };
    struct error e;

    while (w->open < want && !w->failed) {
        size_t before = w->open;

        http_start(w->t, &req, &events, w);
        while (w->open == before && !w->failed)
            if (loop_turn(w->l, USEC_PER_SEC, &e) < 0)
                abort();
    }
}

static void run(struct loop *l, const struct fake_certs *certs, bool no_http2)
{
    autofree char *ca = fake_certs_path(certs, "ca");
    struct http_options o = { .tls.ca_file = ca, .no_http2 = no_http2 };
    struct fake_tls_options so = { .cert = "ip" };
    struct fake_tls s;
    struct error e = { 0 };
    struct watches w = { .l = l };
    struct memory m0, m1, m2;

    fake_tls_start(&s, certs, &so);
    w.url = xasprintf("https://127.0.0.1:%d/watch", s.port);
    m0 = memory_now();
    w.t = http_curl_new(l, &o, &e);
    open_watches(&w, 1);
    m1 = memory_now();
    open_watches(&w, WATCHES_MAX);
    m2 = memory_now();
    printf("%s: first watch with its connection +%ld kB rss, +%ld kB dirty; each further watch "
           "+%.1f kB rss, +%.1f kB dirty; total rss %ld kB, dirty %ld kB; connections %d\n",
           no_http2 ? "HTTP/1.1" : "HTTP/2", m1.rss - m0.rss, m1.dirty - m0.dirty,
           (double)(m2.rss - m1.rss) / (WATCHES_MAX - 1),
           (double)(m2.dirty - m1.dirty) / (WATCHES_MAX - 1), m2.rss, m2.dirty,
           (int)http_curl_stats(w.t).connections);
    transport_free(w.t);
    fake_tls_kill(&s);
    free(w.url);
}

struct reading {
    size_t bytes;
    bool done;
};

static int on_piece(void *arg, unused_arg const char *p, size_t n)
{
    struct reading *r = arg;

    r->bytes += n;
    return 0;
}

static void on_end(void *arg, const struct http_response *res, unused_arg struct str body,
                   const struct error *e)
{
    struct reading *r = arg;

    if (e->code != ERR_NONE || res->status != 200) {
        fprintf(stderr, "bench_http: %d %s\n", res->status, e->text);
        exit(1);
    }
    r->done = true;
}

static double cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static char *bearer(const char *file)
{
    char token[8192] = "";
    FILE *f = fopen(file, "r");

    if (!f || !fgets(token, sizeof(token), f)) {
        fprintf(stderr, "bench_http: no token in %s\n", file);
        exit(1);
    }
    fclose(f);
    token[strcspn(token, "\r\n")] = '\0';
    return xasprintf("Authorization: Bearer %s", token);
}

static int read_away(struct loop *l, char **argv)
{
    static const struct http_events reading = { .on_data = on_piece, .on_done = on_end };
    struct http_options o = { .tls.ca_file = argv[3] };
    autofree char *token = bearer(argv[4]);
    const char *headers[] = { "Accept: application/json", token, NULL };
    struct http_request req = { .method = "GET",
                                .url = argv[2],
                                .headers = headers,
                                .accept_gzip = strcmp(argv[1], "gzip") == 0,
                                .timeout = USEC_PER_MIN };
    struct reading r = { 0 };
    struct error e = { 0 };
    struct transport *t = http_curl_new(l, &o, &e);
    double start = cpu_ms();

    if (!t) {
        fprintf(stderr, "bench_http: %s\n", e.text);
        return 1;
    }
    http_start(t, &req, &reading, &r);
    while (!r.done)
        if (loop_turn(l, USEC_PER_SEC, &e) < 0)
            abort();
    printf("%.1f %zu\n", cpu_ms() - start, r.bytes);
    transport_free(t);
    loop_free(l);
    return 0;
}

int main(int argc, char **argv)
{
    struct fake_certs certs;
    struct error e;
    struct loop *l = loop_new(&e);

    if (argc == 5)
        return read_away(l, argv);
    fake_certs_make(&certs);
    run(l, &certs, false);
    run(l, &certs, true);
    loop_free(l);
    fake_certs_remove(&certs);
    return 0;
}
