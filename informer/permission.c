// SPDX-License-Identifier: Apache-2.0
//
// Asking what we may do. A start asks some seventy questions: sixteen at a time, verb by verb. An
// answer that cannot be had is asked for again with back-off and changes nothing until then.
// Reviews are no writes to the cluster: they are not subject to the fence.
#include "informer/permission.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/writer.h"
#include "informer/client.h"

#define REVIEWS     "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
#define BODY_MAX    (8u << 10)
#define ASKING_MAX  16
#define BACKOFF_MIN USEC_PER_SEC
#define BACKOFF_MAX (30 * USEC_PER_SEC)

struct permission {
    struct list link;  // of all, in the order asked
    struct list queue; // waiting to be asked; empty when not
    struct permissions *all;
    char *verbs, *group, *resource, *ns, *name;
    permission_fn fn;
    void *arg;
    enum permission_state state;
    bool tell;  // the answer is waited for, even an unchanged one
    bool again; // asked for while a review of it was running
    struct client_call *call;
    size_t at; // the verb that is asked
    bool denied[PERMISSION_VERBS_MAX];
};

struct permissions {
    struct loop *loop;
    struct client *client;
    void (*changed)(void *arg);
    void *arg;
    struct list list, queue;
    size_t asking;
    struct timer work, recheck;
    usec backoff;
    usec recheck_in; // grows from PERMISSION_RECHECK_FIRST to PERMISSION_RECHECK
};

static void on_work(void *arg);
static void on_recheck(void *arg);

struct permissions *permissions_new(struct loop *l, struct client *c, void (*changed)(void *arg),
                                    void *arg)
{
    struct permissions *p = xcalloc(1, sizeof(*p));

    *p = (struct permissions){ .loop = l, .client = c, .changed = changed, .arg = arg };
    list_init(&p->list);
    list_init(&p->queue);
    timer_init(&p->work, "permissions", on_work, p);
    timer_init(&p->recheck, "permissions recheck", on_recheck, p);
    return p;
}

void permission_remove(struct permission *m)
{
    struct permissions *p;

    if (!m)
        return;
    p = m->all;
    if (m->call) {
        client_cancel(p->client, m->call);
        p->asking--;
        timer_start(p->loop, &p->work, 0);
    }
    list_remove(&m->link);
    list_remove(&m->queue);
    free(m->verbs);
    free(m->group);
    free(m->resource);
    free(m->ns);
    free(m->name);
    free(m);
}

void permissions_free(struct permissions *p)
{
    if (!p)
        return;
    LIST_EACH (it, &p->list)
        permission_remove(container_of(it, struct permission, link));
    timer_stop(p->loop, &p->work);
    timer_stop(p->loop, &p->recheck);
    free(p);
}

static void enqueue(struct permission *m)
{
    struct permissions *p = m->all;

    if (m->call)
        m->again = true;
    else if (list_empty(&m->queue))
        list_append(&p->queue, &m->queue);
    if (!timer_running(&p->work))
        timer_start(p->loop, &p->work, 0);
}

struct permission *permission_add(struct permissions *p, const struct permission_query *q,
                                  permission_fn fn, void *arg)
{
    struct permission *m = xcalloc(1, sizeof(*m));

    *m = (struct permission){ .all = p, .fn = fn, .arg = arg, .tell = true };
    m->verbs = xstrdup(q->verbs);
    m->group = xstrdup(q->group ? q->group : "");
    m->resource = xstrdup(q->resource);
    m->ns = xstrdup(q->ns);
    m->name = xstrdup(q->name);
    list_init(&m->queue);
    list_append(&p->list, &m->link);
    enqueue(m);
    return m;
}

void permission_ask(struct permission *m)
{
    m->tell = true;
    enqueue(m);
}

enum permission_state permission_state(const struct permission *m)
{
    return m->state;
}

// The i-th verb of "list,watch"; false beyond the last.
static bool verb_at(const struct permission *m, size_t i, struct str *ret)
{
    struct str rest = str_of(m->verbs);

    if (i >= PERMISSION_VERBS_MAX)
        return false;
    for (size_t at = 0; str_split(&rest, ',', ret); at++)
        if (at == i)
            return true;
    return false;
}

static void write_attribute(struct writer *w, const char *key, struct str value)
{
    if (!value.n)
        return;
    w_key(w, key);
    w_strn(w, value.p, value.n);
}

int permission_review(const struct permission_query *q, struct str verb, struct buf *out)
{
    struct str rest = str_of(q->resource), resource = { 0 };
    struct writer w;

    if (!str_split(&rest, '/', &resource))
        resource = str_of(q->resource);
    writer_to_buf(&w, WRITER_JSON, out);
    w_object(&w);
    w_key_str(&w, "apiVersion", "authorization.k8s.io/v1");
    w_key_str(&w, "kind", "SelfSubjectAccessReview");
    w_key_object(&w, "spec");
    w_key_object(&w, "resourceAttributes");
    write_attribute(&w, "verb", verb);
    write_attribute(&w, "group", str_of(q->group));
    write_attribute(&w, "resource", resource);
    write_attribute(&w, "subresource", rest);
    write_attribute(&w, "namespace", str_of(q->ns));
    write_attribute(&w, "name", str_of(q->name));
    w_object_end(&w);
    w_object_end(&w);
    w_object_end(&w);
    return writer_end(&w);
}

// A new denial may be about to pass: an API server that has just started denies everything until
// it knows its roles. One that lasts is somebody's decision.
static void recheck_if_missing(struct permissions *p, bool is_new)
{
    if (is_new)
        p->recheck_in = PERMISSION_RECHECK_FIRST;
    if (permissions_missing(p) && (is_new || !timer_running(&p->recheck)))
        timer_start(p->loop, &p->recheck, p->recheck_in);
}

// All verbs of m have an answer. The callbacks may remove m: nothing of it is touched after them.
static void answered(struct permissions *p, struct permission *m)
{
    enum permission_state was = m->state, is;
    permission_fn fn = m->fn;
    void *arg = m->arg;
    bool tell = m->tell;

    m->state = PERMISSION_ALLOWED;
    for (size_t i = 0; i < m->at; i++)
        if (m->denied[i])
            m->state = PERMISSION_DENIED;
    m->tell = m->again; // who asked meanwhile gets a fresh answer too
    p->asking--;
    if (m->again || !list_empty(&p->queue))
        timer_start(p->loop, &p->work, 0);
    if (m->again)
        list_append(&p->queue, &m->queue);
    m->again = false;
    is = m->state;
    recheck_if_missing(p, is == PERMISSION_DENIED && was != is);
    if (fn && (tell || was != is))
        fn(arg, is);
    if (p->changed && was != is)
        p->changed(p->arg);
}

static void ask_next_verb(struct permission *m);

static void on_review(void *arg, unused_arg const struct http_response *r, struct str body,
                      const struct error *e)
{
    struct permission *m = arg;
    struct permissions *p = m->all;
    autojson struct json_doc doc = { 0 };
    bool refused = e->code == ERR_DENIED || e->code == ERR_NOT_FOUND;

    m->call = NULL;
    if (!refused && (e->code != ERR_NONE || json_parse(body, NULL, &doc, NULL) < 0)) {
        p->asking--;
        list_append(&p->queue, &m->queue);
        p->backoff = p->backoff ? MIN(2 * p->backoff, BACKOFF_MAX) : BACKOFF_MIN;
        timer_start(p->loop, &p->work, p->backoff);
        return;
    }
    p->backoff = 0;
    // Who may not even ask may do nothing that we could rely on.
    m->denied[m->at++] = refused || !json_bool(json_path(json_root(&doc), "status.allowed"), false);
    ask_next_verb(m);
}

static void ask_next_verb(struct permission *m)
{
    struct client_request r = { .verb = CLIENT_CREATE, .path = REVIEWS, .unfenced = true };
    struct permission_query q = {
        .group = m->group, .resource = m->resource, .ns = m->ns, .name = m->name
    };
    autobuf struct buf body = { 0 };
    struct str verb;

    buf_init(&body, BODY_MAX);
    for (; verb_at(m, m->at, &verb); buf_reset(&body)) {
        if (permission_review(&q, verb, &body) == 0) {
            r.body = buf_str(&body);
            m->call = client_do(m->all->client, &r, on_review, m);
            return;
        }
        m->denied[m->at++] = true; // names longer than the API allows
    }
    answered(m->all, m);
}

static void on_work(void *arg)
{
    struct permissions *p = arg;

    while (p->asking < ASKING_MAX && !list_empty(&p->queue)) {
        struct permission *m = container_of(p->queue.next, struct permission, queue);

        list_remove(&m->queue);
        m->at = 0;
        p->asking++;
        ask_next_verb(m);
    }
}

static void on_recheck(void *arg)
{
    struct permissions *p = arg;

    LIST_EACH (it, &p->list) {
        struct permission *m = container_of(it, struct permission, link);

        if (m->state == PERMISSION_DENIED)
            enqueue(m);
    }
    p->recheck_in = MIN(2 * p->recheck_in, PERMISSION_RECHECK);
    recheck_if_missing(p, false);
}

size_t permissions_missing(const struct permissions *p)
{
    size_t n = 0;

    LIST_EACH (it, &p->list)
        n += container_of(it, struct permission, link)->state == PERMISSION_DENIED;
    return n;
}

bool permissions_known(const struct permissions *p)
{
    LIST_EACH (it, &p->list)
        if (container_of(it, struct permission, link)->state == PERMISSION_UNKNOWN)
            return false;
    return true;
}

// "list, watch deployments.apps/web in shop"
static void add_missing(const struct permission *m, struct buf *out)
{
    const char *comma = "";
    struct str verb;

    for (size_t i = 0; verb_at(m, i, &verb); i++) {
        if (!m->denied[i])
            continue;
        buf_addf(out, "%s" STR_FMT, comma, STR_ARG(verb));
        comma = ", ";
    }
    buf_addf(out, " %s%s%s", m->resource, *m->group ? "." : "", m->group);
    if (m->name)
        buf_addf(out, "/%s", m->name);
    if (m->ns)
        buf_addf(out, " in %s", m->ns);
}

void permissions_missing_text(const struct permissions *p, struct buf *out)
{
    const char *sep = "";

    LIST_EACH (it, &p->list) {
        const struct permission *m = container_of(it, struct permission, link);

        if (m->state != PERMISSION_DENIED)
            continue;
        buf_adds(out, sep);
        add_missing(m, out);
        sep = "; ";
    }
}
