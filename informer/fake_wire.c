// SPDX-License-Identifier: Apache-2.0
//
// Each request is kept as it was sent and gets one answer, by a timer. The time limits of the
// request are kept as libcurl keeps them: a whole-call timeout ends it with ERR_TIMEOUT.
#include "informer/fake_wire.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/list.h"
#include "informer/client.h"

#define REQUESTS_MAX 4096

struct wire_line { // one transport
    struct transport t;
    struct fake_wire *wire;
};

struct http_call {
    struct list link;
    struct fake_wire *wire;
    struct wire_answer answer;
    struct http_events ev;
    void *arg;
    struct timer timer;
    bool times_out;
};

struct fake_wire {
    struct loop *loop;
    wire_fn answer;
    void *arg;
    struct list running;
    size_t n;

    struct {
        struct wire_request r;
        usec at;
    } log[REQUESTS_MAX];
};

static void call_free(struct http_call *c)
{
    timer_stop(c->wire->loop, &c->timer);
    list_remove(&c->link);
    free(c);
}

static void finish(struct http_call *c, enum err code)
{
    struct http_call copy = *c;
    struct error e = { 0 };
    struct http_response r = {
        .status = code == ERR_NONE || c->answer.status ? c->answer.status : 0,
        .content_type = "application/json",
        .warning = c->answer.warning ? c->answer.warning : "",
        .retry_after = c->answer.retry_after,
    };

    if (code != ERR_NONE)
        error_set(&e, code, "fake transport error");
    else if (!r.status)
        r.status = 200;
    call_free(c);
    copy.ev.on_done(copy.arg, &r, copy.ev.on_data ? str_of("") : str_of(copy.answer.body), &e);
}

static void on_timer(void *arg)
{
    struct http_call *c = arg;
    struct wire_answer *a = &c->answer;
    struct http_response r = { .content_type = "application/json", .warning = "" };

    if (c->times_out) {
        a->status = 0;
        finish(c, ERR_TIMEOUT);
        return;
    }
    if (a->error != ERR_NONE && !a->status) {
        finish(c, a->error);
        return;
    }
    r.status = a->status ? a->status : 200;
    if (c->ev.on_headers)
        c->ev.on_headers(c->arg, &r);
    if (c->ev.on_data && a->body[0] && c->ev.on_data(c->arg, a->body, strlen(a->body)) < 0)
        finish(c, ERR_INVALID);
    else if (!a->open)
        finish(c, a->error);
}

static char *join(const char *const *headers)
{
    autobuf struct buf b = { 0 };

    buf_init(&b, 1u << 20);
    for (; headers && *headers; headers++)
        buf_addf(&b, "%s\n", *headers);
    return buf_take(&b);
}

static struct http_call *line_start(struct transport *t, const struct http_request *req,
                                    const struct http_events *ev, void *arg)
{
    struct fake_wire *w = container_of(t, struct wire_line, t)->wire;
    struct http_call *c = xcalloc(1, sizeof(*c));
    struct wire_request *r = &w->log[w->n].r;

    *c = (struct http_call){ .wire = w, .ev = *ev, .arg = arg };
    *r = (struct wire_request){
        .method = xstrdup(req->method),
        .url = xstrdup(req->url),
        .headers = join(req->headers),
        .body = xstrndup(req->body.p ? req->body.p : "", req->body.n),
        .timeout = req->timeout,
        .idle_timeout = req->idle_timeout,
        .index = w->n,
    };
    w->log[w->n].at = clock_mono();
    if (++w->n == REQUESTS_MAX)
        abort();
    w->answer(w->arg, r, &c->answer);
    list_append(&w->running, &c->link);
    timer_init(&c->timer, "fake wire", on_timer, c);
    c->times_out = req->timeout && (c->answer.hang || c->answer.delay > req->timeout);
    if (c->times_out)
        timer_start(w->loop, &c->timer, req->timeout);
    else if (!c->answer.hang)
        timer_start(w->loop, &c->timer, c->answer.delay);
    return c;
}

static void line_cancel(unused_arg struct transport *t, struct http_call *c)
{
    call_free(c);
}

static void line_free(struct transport *t)
{
    free(container_of(t, struct wire_line, t));
}

struct fake_wire *fake_wire_new(struct loop *l, wire_fn answer, void *arg)
{
    struct fake_wire *w = xcalloc(1, sizeof(*w));

    w->loop = l;
    w->answer = answer;
    w->arg = arg;
    list_init(&w->running);
    return w;
}

void fake_wire_free(struct fake_wire *w)
{
    for (size_t i = 0; i < w->n; i++) {
        free((char *)(uintptr_t)w->log[i].r.method);
        free((char *)(uintptr_t)w->log[i].r.url);
        free((char *)(uintptr_t)w->log[i].r.headers);
        free((char *)(uintptr_t)w->log[i].r.body);
    }
    free(w);
}

static struct transport *factory(void *arg, unused_arg struct loop *l,
                                 unused_arg const struct http_options *o,
                                 unused_arg struct error *e)
{
    struct wire_line *line = xcalloc(1, sizeof(*line));

    line->wire = arg;
    line->t = (struct transport){ line_start, line_cancel, line_free };
    return &line->t;
}

void fake_wire_use(struct fake_wire *w, struct client_options *o)
{
    o->transport = factory;
    o->arg = w;
}

size_t fake_wire_count(const struct fake_wire *w)
{
    return w->n;
}

size_t fake_wire_running(const struct fake_wire *w)
{
    size_t n = 0;

    LIST_EACH (it, &w->running)
        n++;
    return n;
}

const struct wire_request *fake_wire_request(const struct fake_wire *w, size_t i)
{
    return &w->log[i].r;
}

usec fake_wire_at(const struct fake_wire *w, size_t i)
{
    return w->log[i].at;
}

bool fake_wire_has_header(const struct fake_wire *w, size_t i, const char *line)
{
    struct str rest = str_of(w->log[i].r.headers), got;

    while (str_split(&rest, '\n', &got))
        if (str_eq(got, line))
            return true;
    return false;
}
