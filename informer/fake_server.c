// SPDX-License-Identifier: Apache-2.0
// The connections of the fake API server: every call is answered on a later turn, byte by byte if
// wanted, and can be cut, stalled or timed out at any place. Time is the loop's, so under the fake
// clock hours pass in milliseconds and every run is the same.
#include "informer/fake_server.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "informer/fake_parts.h"

#define BODY_MAX ((size_t)1 << 30)

struct fake_server *fake_server_new(struct loop *l)
{
    struct fake_server *f = xcalloc(1, sizeof(*f));

    f->loop = l;
    f->rv = 1000;
    f->no_watchlist = true;
    list_init(&f->calls);
    list_init(&f->scripts);
    return f;
}

struct loop *fake_server_loop(const struct fake_server *f)
{
    return f->loop;
}

static void script_free(struct fake_script *s)
{
    list_remove(&s->link);
    free(s->method);
    free(s->part);
    free(s->body);
    free(s);
}

void fake_server_forget_log(struct fake_server *f)
{
    for (size_t i = 0; i < f->log_n; i++) {
        free(f->log[i].method);
        free(f->log[i].url);
        free(f->log[i].body);
        free(f->log[i].headers);
    }
    f->log_n = 0;
    LIST_EACH (l, &f->calls) {
        container_of(l, struct fake_call, link)->log = SIZE_MAX;
    }
}

void fake_server_free(struct fake_server *f)
{
    if (!f)
        return;
    LIST_EACH (l, &f->scripts) {
        script_free(container_of(l, struct fake_script, link));
    }
    fake_server_forget_log(f);
    fake_model_fini(f);
    free(f->log);
    free(f);
}

static void call_free(struct fake_call *c)
{
    struct fake_server *f = c->transport->server;

    timer_stop(f->loop, &c->pump);
    timer_stop(f->loop, &c->idle);
    timer_stop(f->loop, &c->deadline);
    timer_stop(f->loop, &c->server_end);
    list_remove(&c->link);
    c->transport->calls--;
    buf_fini(&c->out);
    buf_fini(&c->gathered);
    free(c->accept);
    free(c->content_type);
    free(c->watch.resource);
    free(c->watch.ns);
    free(c);
}

static struct fake_request *log_of(struct fake_call *c)
{
    struct fake_server *f = c->transport->server;

    return c->log < f->log_n ? &f->log[c->log] : NULL;
}

// The call is over before its owner hears of it.
static void finish(struct fake_call *c, enum err code)
{
    static const char *const why = "fake transport";
    struct fake_request *log = log_of(c);
    struct http_events ev = c->ev;
    struct http_response r = c->reply;
    struct buf body = c->gathered;
    struct error e = { 0 };
    void *arg = c->arg;

    if (code != ERR_NONE)
        error_set(&e, code, "%s: %s", why, err_name(code));
    if (log) {
        log->status = r.status;
        log->error = code;
    }
    buf_init(&c->gathered, 0);
    call_free(c);
    ev.on_done(arg, &r, buf_str(&body), &e);
    buf_fini(&body);
}

static int give(struct fake_call *c, const char *p, size_t n)
{
    c->last_byte = clock_mono();
    c->delivered += n;
    if (c->ev.on_data)
        return c->ev.on_data(c->arg, p, n);
    return buf_add(&c->gathered, p, n);
}

// Whoever cuts sees texts whole: only where nothing of them was sent.
static void ask_for_cut(struct fake_call *c)
{
    struct fake_server *f = c->transport->server;
    size_t at = f->cut && !c->torn && !c->cuts && !c->cut_at && (c->out.n || c->ends)
                    ? f->cut(f->cut_arg, c->out.n ? c->out.p : "", c->out.n, c->watch.open)
                    : FAKE_NO_CUT;

    if (at == FAKE_NO_CUT)
        return;
    c->cuts = true;
    c->cut_at = c->delivered + at;
}

// Gives the next chunk; false when the call is gone or came to its end.
static bool deliver(struct fake_call *c)
{
    size_t chunk = c->chunk ? c->chunk : c->transport->server->chunk;
    size_t n = chunk ? MIN(chunk, c->out.n) : c->out.n;
    autofree char *piece = NULL;
    bool cut;
    int rc = 0;

    ask_for_cut(c);
    cut = (c->cuts || c->cut_at) && c->delivered + n >= c->cut_at;
    if (cut)
        n = c->cut_at - c->delivered;
    c->torn = n < c->out.n;
    if (n) {
        // A copy of exactly this size, so that ASan sees who reads past it.
        piece = xmalloc(n);
        memcpy(piece, c->out.p, n);
        buf_drop(&c->out, n);
        c->in_callback = true;
        rc = give(c, piece, n);
        c->in_callback = false;
        if (c->dead) {
            call_free(c);
            return false;
        }
    }
    if (rc < 0 || cut) {
        finish(c, rc < 0 ? ERR_INVALID : ERR_IO);
        return false;
    }
    if (!c->out.n && c->ends) {
        finish(c, c->error);
        return false;
    }
    return true;
}

static void pump_due(void *arg)
{
    struct fake_call *c = arg;
    struct fake_server *f = c->transport->server;

    if (!c->handled) {
        c->handled = true;
        fake_model_answer(f, c);
        return;
    }
    if (f->silent && c->watch.open)
        return;
    if (!c->headers_sent && !c->reply.status) {
        finish(c, c->error);
        return;
    }
    if (!c->headers_sent && f->cut && f->cut(f->cut_arg, NULL, 0, c->watch.open) != FAKE_NO_CUT) {
        c->reply.status = 0;
        finish(c, ERR_IO);
        return;
    }
    if (!c->headers_sent) {
        c->headers_sent = true;
        c->last_byte = clock_mono();
        c->in_callback = true;
        if (c->ev.on_headers)
            c->ev.on_headers(c->arg, &c->reply);
        c->in_callback = false;
        if (c->dead) {
            call_free(c);
            return;
        }
    }
    if (deliver(c) && c->out.n)
        timer_start(f->loop, &c->pump, c->gap);
}

void fake_call_kick(struct fake_call *c)
{
    if (!timer_running(&c->pump))
        timer_start(c->transport->server->loop, &c->pump, 0);
}

void fake_reply_add(struct fake_call *c, const char *p, size_t n)
{
    buf_add(&c->out, p, n);
}

void fake_reply_status(struct fake_call *c, int status)
{
    c->reply.status = status;
    c->reply.retry_after = c->retry_after;
}

static void idle_due(void *arg)
{
    struct fake_call *c = arg;
    usec quiet = clock_mono() - c->last_byte;

    if (quiet >= c->idle_timeout)
        finish(c, ERR_TIMEOUT);
    else
        timer_start(c->transport->server->loop, &c->idle, c->idle_timeout - quiet);
}

static void deadline_due(void *arg)
{
    finish(arg, ERR_TIMEOUT);
}

static void server_end_due(void *arg)
{
    struct fake_call *c = arg;

    if (c->watch.open) {
        fake_model_watch_timeout(c);
        return;
    }
    c->ends = true;
    fake_call_kick(c);
}

static bool matches(const struct fake_script *s, const struct fake_request *r)
{
    return (!s->method || strcmp(s->method, r->method) == 0) && strstr(r->url, s->part);
}

// Fills the call from the first script that matches.
static bool take_script(struct fake_server *f, struct fake_call *c, usec *ret_delay)
{
    LIST_EACH (l, &f->scripts) {
        struct fake_script *s = container_of(l, struct fake_script, link);
        const struct fake_reply *r = &s->r;

        if (!matches(s, log_of(c)))
            continue;
        *ret_delay = r->delay;
        c->handled = true;
        log_of(c)->scripted = true;
        c->reply.status = r->error != ERR_NONE && !r->status ? 0 : r->status ? r->status : 200;
        c->reply.retry_after = r->retry_after;
        c->error = r->error;
        c->gap = r->gap;
        c->chunk = r->chunk;
        c->cut_at = r->cut_at;
        c->ends = !r->stay_open && !r->lasts;
        if (r->lasts)
            timer_start(f->loop, &c->server_end, r->delay + r->lasts);
        fake_reply_add(c, s->body, strlen(s->body));
        if (--s->left == 0)
            script_free(s);
        return true;
    }
    return false;
}

static char *header_value(const char *const *headers, const char *name)
{
    size_t n = strlen(name);

    for (; headers && *headers; headers++)
        if (strncasecmp(*headers, name, n) == 0 && (*headers)[n] == ':')
            return xstrdup(*headers + n + 1 + strspn(*headers + n + 1, " "));
    return xstrdup("");
}

static size_t log_request(struct fake_server *f, const struct http_request *req)
{
    struct fake_request *r;
    struct buf b;

    if (f->log_n == f->log_cap) {
        f->log_cap = f->log_cap ? 2 * f->log_cap : 64;
        f->log = xrealloc(f->log, f->log_cap * sizeof(*f->log));
    }
    r = &f->log[f->log_n];
    *r = (struct fake_request){ .at = clock_mono() };
    r->method = xstrdup(req->method);
    r->url = xstrdup(str_starts(req->url, FAKE_SERVER_URL) ? req->url + strlen(FAKE_SERVER_URL)
                                                           : req->url);
    r->body = xstrndup(req->body.p ? req->body.p : "", req->body.n);
    buf_init(&b, BODY_MAX);
    for (const char *const *h = req->headers; h && *h; h++)
        buf_addf(&b, "%s\n", *h);
    r->headers = buf_take(&b);
    return f->log_n++;
}

static struct http_call *fake_start(struct transport *t, const struct http_request *req,
                                    const struct http_events *ev, void *arg)
{
    struct fake_transport *ft = container_of(t, struct fake_transport, base);
    struct fake_server *f = ft->server;
    struct fake_call *c = xcalloc(1, sizeof(*c));
    usec delay = 0;

    c->transport = ft;
    c->ev = *ev;
    c->arg = arg;
    c->reply = (struct http_response){ .content_type = "application/json", .warning = "" };
    c->idle_timeout = req->idle_timeout;
    c->last_byte = clock_mono();
    c->accept = header_value(req->headers, "Accept");
    c->content_type = header_value(req->headers, "Content-Type");
    buf_init(&c->out, BODY_MAX);
    buf_init(&c->gathered, req->max_body ? req->max_body : (size_t)4 << 20);
    timer_init(&c->pump, "fake call", pump_due, c);
    timer_init(&c->idle, "fake idle", idle_due, c);
    timer_init(&c->deadline, "fake deadline", deadline_due, c);
    timer_init(&c->server_end, "fake watch end", server_end_due, c);
    list_append(&f->calls, &c->link);
    ft->calls++;
    c->log = log_request(f, req);
    if (f->is_down) {
        c->handled = c->ends = true;
        c->error = ERR_REFUSED;
    } else {
        take_script(f, c, &delay);
    }
    timer_start(f->loop, &c->pump, delay);
    if (c->idle_timeout)
        timer_start(f->loop, &c->idle, c->idle_timeout);
    if (req->timeout)
        timer_start(f->loop, &c->deadline, req->timeout);
    return (struct http_call *)(void *)c;
}

static void fake_cancel(struct transport *t, struct http_call *call)
{
    struct fake_call *c = (struct fake_call *)(void *)call;

    (void)t;
    if (!c)
        return;
    if (c->in_callback)
        c->dead = true;
    else
        call_free(c);
}

static void fake_free(struct transport *t)
{
    struct fake_transport *ft = container_of(t, struct fake_transport, base);

    LIST_EACH (l, &ft->server->calls) {
        struct fake_call *c = container_of(l, struct fake_call, link);

        if (c->transport == ft)
            call_free(c);
    }
    free(ft);
}

struct transport *fake_server_transport(struct fake_server *f)
{
    struct fake_transport *ft = xcalloc(1, sizeof(*ft));

    ft->base = (struct transport){ fake_start, fake_cancel, fake_free };
    ft->server = f;
    return &ft->base;
}

size_t fake_server_requests(const struct fake_server *f)
{
    return f->log_n;
}

const struct fake_request *fake_server_request(const struct fake_server *f, size_t i)
{
    return &f->log[i];
}

size_t fake_server_count(const struct fake_server *f, const char *method, const char *part)
{
    size_t n = 0;

    for (size_t i = 0; i < f->log_n; i++)
        n += (!method || strcmp(f->log[i].method, method) == 0) &&
             (!part || strstr(f->log[i].url, part));
    return n;
}

size_t fake_server_open_calls(const struct fake_server *f)
{
    size_t n = 0;

    for (const struct list *l = f->calls.next; l != &f->calls; l = l->next)
        n++;
    return n;
}

void fake_server_script(struct fake_server *f, const char *method, const char *url_part,
                        const struct fake_reply *r)
{
    struct fake_script *s = xcalloc(1, sizeof(*s));

    s->method = method ? xstrdup(method) : NULL;
    s->part = xstrdup(url_part);
    s->body = xstrdup(r->body ? r->body : "");
    s->r = *r;
    s->left = r->times ? r->times : 1;
    list_append(&f->scripts, &s->link);
}

size_t fake_server_scripts_left(const struct fake_server *f)
{
    size_t n = 0;

    for (const struct list *l = f->scripts.next; l != &f->scripts; l = l->next)
        n += container_of(l, const struct fake_script, link)->left;
    return n;
}

// Ends calls on the next turn; a call that is inside a callback now ends after it.
static void end_calls(struct fake_server *f, bool watches_only, enum err code)
{
    LIST_EACH (l, &f->calls) {
        struct fake_call *c = container_of(l, struct fake_call, link);

        if (watches_only && !c->watch.open)
            continue;
        if (code != ERR_NONE)
            buf_reset(&c->out);
        c->handled = c->ends = true;
        c->watch.open = false;
        c->error = code;
        fake_call_kick(c);
    }
}

void fake_server_down(struct fake_server *f, bool down)
{
    f->is_down = down;
    if (down)
        end_calls(f, false, ERR_IO);
}

void fake_server_cut_watches(struct fake_server *f, bool clean)
{
    end_calls(f, true, clean ? ERR_NONE : ERR_IO);
}

void fake_server_silence(struct fake_server *f, bool on)
{
    f->silent = on;
    if (on)
        return;
    LIST_EACH (l, &f->calls) {
        fake_call_kick(container_of(l, struct fake_call, link));
    }
}

void fake_server_chunk(struct fake_server *f, size_t bytes)
{
    f->chunk = bytes;
}

void fake_server_no_watchlist(struct fake_server *f, bool refuse)
{
    f->no_watchlist = refuse;
}

size_t fake_server_inject(struct fake_server *f, const char *line)
{
    size_t n = 0;

    LIST_EACH (l, &f->calls) {
        struct fake_call *c = container_of(l, struct fake_call, link);

        if (!c->watch.open)
            continue;
        fake_reply_add(c, line, strlen(line));
        fake_call_kick(c);
        n++;
    }
    return n;
}

void fake_server_cut_by(struct fake_server *f, fake_cut_fn cut, void *arg)
{
    f->cut = cut;
    f->cut_arg = arg;
}

void fake_server_shuffle(struct fake_server *f, uint64_t seed)
{
    f->shuffle = seed;
}

size_t fake_server_shuffled(const struct fake_server *f)
{
    return f->shuffled;
}
