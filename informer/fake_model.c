// SPDX-License-Identifier: Apache-2.0
// The answers of the fake API server's model: what a real one says to the same request, as far as
// our client and its tests can tell.
#include "base/alloc.h"
#include "base/clock.h"
#include "informer/fake_parts.h"
#include "informer/fake_request.h"

#define TOO_LARGE_WAIT (3 * USEC_PER_SEC)

// An answer's body as the server sends it: whole, then the end.
static void reply(struct fake_call *c, int status, const char *body)
{
    fake_reply_status(c, status);
    fake_reply_add(c, body, strlen(body));
    c->ends = true;
    fake_call_kick(c);
}

static void reply_status(struct fake_call *c, int code, const char *reason, const char *message,
                         const char *more)
{
    autofree char *body = xasprintf(
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
        "\"message\":\"%s\",\"reason\":\"%s\",\"code\":%d%s}",
        message, reason, code, more);

    reply(c, code, body);
}

void fake_model_error(struct fake_call *c, int code, const char *reason, const char *message)
{
    reply_status(c, code, reason, message, "");
}

static bool in_rules(const struct fake_rule *rules, size_t n, const char *verb, const char *plural)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rules[i].plural, plural) == 0 && strcmp(rules[i].verb, verb) == 0)
            return true;
    return false;
}

static void set_rule(struct fake_rule *rules, size_t *n, const struct fake_rule *rule, bool on)
{
    size_t i = 0;

    while (i < *n && memcmp(&rules[i], rule, sizeof(*rule)) != 0)
        i++;
    if (on && i == *n && *n < 32)
        rules[(*n)++] = *rule;
    else if (!on && i < *n)
        rules[i] = rules[--*n];
}

static struct fake_rule make_rule(const char *verb, const char *plural)
{
    struct fake_rule r = { 0 };

    snprintf(r.verb, sizeof(r.verb), "%s", verb);
    snprintf(r.plural, sizeof(r.plural), "%s", plural);
    return r;
}

void fake_server_allow(struct fake_server *f, const char *verb, const char *plural, bool allowed)
{
    struct fake_rule r = make_rule(verb, plural);

    set_rule(f->denied, &f->denied_n, &r, !allowed);
}

void fake_server_serve(struct fake_server *f, const char *plural, bool served)
{
    struct fake_rule r = make_rule("", plural);

    set_rule(f->unserved, &f->unserved_n, &r, !served);
}

static void page_free(struct fake_page *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->items[i]);
    free(p->items);
    free(p->kind);
    free(p->api_version);
    free(p);
}

void fake_server_compact(struct fake_server *f)
{
    f->compacted = f->rv;
    for (size_t i = 0; i < f->page_n; i++) {
        if (f->pages[i])
            page_free(f->pages[i]);
        f->pages[i] = NULL;
    }
}

// Both forms of "gone" occur in turn: an HTTP status, and 200 with one ERROR line.
static void answer_gone(struct fake_server *f, struct fake_call *c, bool watch)
{
    if (!watch || f->gone_count++ % 2) {
        fake_model_error(c, 410, "Expired", "too old resource version");
        return;
    }
    reply(c, 200,
          "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\","
          "\"metadata\":{},\"status\":\"Failure\",\"message\":\"too old resource version\","
          "\"reason\":\"Expired\",\"code\":410}}\n");
}

static void answer_too_large(struct fake_call *c)
{
    c->retry_after = USEC_PER_SEC;
    reply_status(c, 504, "Timeout", "Too large resource version",
                 ",\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\",\"message\":"
                 "\"Too large resource version\"}],\"retryAfterSeconds\":1}");
    timer_start(c->transport->server->loop, &c->pump, TOO_LARGE_WAIT);
}

// Another order, and the last item twice: a client may rely on neither.
static void shuffle(struct fake_server *f, struct fake_page *p)
{
    uint64_t z = f->shuffle;

    if (!z || p->n < 2)
        return;
    for (size_t i = p->n - 1; i > 0; i--) {
        char *item = p->items[i];
        size_t with;

        z = z * 6364136223846793005u + 1442695040888963407u;
        with = (size_t)(z >> 33) % (i + 1);
        p->items[i] = p->items[with];
        p->items[with] = item;
    }
    p->items[p->n] = xstrdup(p->items[p->n - 1]);
    p->n++;
    f->shuffle = z | 1;
    f->shuffled++;
}

static struct fake_page *collect(struct fake_server *f, const struct fake_request_parts *q,
                                 const struct fake_call *c)
{
    bool metadata = strstr(c->accept, "as=PartialObjectMetadata") != NULL;
    struct fake_page *p = xcalloc(1, sizeof(*p));

    p->rv = fake_view_rv(f, q->resource);
    p->kind = metadata ? xstrdup("PartialObjectMetadataList") : xasprintf("%sList", q->kind);
    p->api_version = metadata ? xstrdup("meta.k8s.io/v1") : xstrdup(q->api_version);
    if (p->rv != f->rv) {
        p->n = fake_view_collect(
            f, &(struct fake_view_list){ q->resource, q->ns, metadata, q->custom, p->rv },
            &p->items);
        return p;
    }
    p->items = xcalloc(f->object_n + 1, sizeof(*p->items));
    for (size_t i = 0; i < f->object_n; i++) {
        const struct fake_object *o = f->objects[i];

        if (strcmp(o->resource, q->resource) == 0 && (!*q->ns || strcmp(o->ns, q->ns) == 0))
            p->items[p->n++] = fake_render(o, metadata, q->custom);
    }
    shuffle(f, p);
    return p;
}

// The items from p->next on, at most limit; the pages that are left stay for the token.
// A token names the list and the place in it, so that it may be used again.
#define TOKEN_PLACES 1000000

static void answer_page(struct fake_call *c, struct fake_page *p, size_t limit, size_t list)
{
    size_t end = limit ? MIN(p->n, p->next + limit) : p->n;
    struct buf b;

    buf_init(&b, (size_t)1 << 30);
    buf_addf(&b,
             "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":\"%" PRIu64
             "\"",
             p->kind, p->api_version, p->rv);
    if (end < p->n)
        buf_addf(&b, ",\"continue\":\"%zu\",\"remainingItemCount\":%zu", list * TOKEN_PLACES + end,
                 p->n - end);
    buf_adds(&b, "},\"items\":[");
    for (size_t i = p->next; i < end; i++)
        buf_addf(&b, "%s%s", i > p->next ? "," : "", p->items[i]);
    buf_adds(&b, "]}\n");
    p->next = end;
    reply(c, 200, b.p);
    buf_fini(&b);
}

static void answer_continue(struct fake_server *f, struct fake_call *c,
                            const struct fake_request_parts *q)
{
    int64_t token = -1;
    size_t list;

    if (str_i64(str_of(q->cont), &token) < 0 || token < 0 ||
        (list = (size_t)token / TOKEN_PLACES) >= f->page_n || !f->pages[list]) {
        answer_gone(f, c, false);
        return;
    }
    f->pages[list]->next = (size_t)token % TOKEN_PLACES;
    answer_page(c, f->pages[list], q->limit, list);
}

static void answer_list(struct fake_server *f, struct fake_call *c,
                        const struct fake_request_parts *q)
{
    struct fake_page *p;

    if (*q->cont) {
        answer_continue(f, c, q);
        return;
    }
    if (q->rv > f->rv) {
        answer_too_large(c);
        return;
    }
    p = collect(f, q, c);
    answer_page(c, p, q->limit, f->page_n);
    if (p->next == p->n) {
        page_free(p);
        return;
    }
    f->pages = xrealloc(f->pages, (f->page_n + 1) * sizeof(struct fake_page *));
    f->pages[f->page_n++] = p;
}

static void send_initial_events(struct fake_server *f, struct fake_call *c,
                                const struct fake_request_parts *q)
{
    for (size_t i = 0; i < f->object_n; i++) {
        struct fake_object *o = f->objects[i];
        struct fake_event ev = { o->resource, o->ns, o->name, "ADDED", NULL, o->rv };

        if (strcmp(o->resource, q->resource) != 0)
            continue;
        ev.json = fake_render(o, false, true);
        fake_watch_send(c, &ev);
        free(ev.json);
    }
    fake_bookmark_send(c, f->rv, true);
    c->watch.rv = f->rv;
}

static void answer_watch(struct fake_server *f, struct fake_call *c,
                         const struct fake_request_parts *q)
{
    if (q->initial_events && f->no_watchlist) {
        fake_model_error(c, 422, "Invalid",
                         "sendInitialEvents is forbidden for watch unless the WatchList feature "
                         "gate is enabled");
        return;
    }
    if (!q->initial_events && q->rv < f->compacted) {
        answer_gone(f, c, true);
        return;
    }
    fake_reply_status(c, 200);
    c->watch = (struct fake_watch){
        .open = true,
        .resource = xstrdup(q->resource),
        .ns = xstrdup(q->ns),
        .rv = q->rv,
        .metadata_only = strstr(c->accept, "as=PartialObjectMetadata") != NULL,
    };
    if (q->timeout)
        timer_start(f->loop, &c->server_end, q->timeout);
    if (q->initial_events)
        send_initial_events(f, c, q);
    for (size_t i = 0; !q->initial_events && i < f->event_n; i++) {
        if (f->events[i].rv <= q->rv)
            continue;
        if (f->events[i].rv > fake_view_rv(f, q->resource))
            break;
        fake_watch_send(c, &f->events[i]);
        c->watch.rv = MAX(c->watch.rv, f->events[i].rv);
    }
    fake_call_kick(c);
}

static bool bookmark_due(const struct fake_server *f, const struct fake_call *c)
{
    return c->watch.open && fake_view_rv(f, c->watch.resource) > c->watch.rv;
}

void fake_server_bookmark(struct fake_server *f)
{
    LIST_EACH (l, &f->calls) {
        struct fake_call *c = container_of(l, struct fake_call, link);

        if (!bookmark_due(f, c))
            continue;
        c->watch.rv = fake_view_rv(f, c->watch.resource);
        fake_bookmark_send(c, c->watch.rv, false);
    }
}

void fake_model_watch_timeout(struct fake_call *c)
{
    struct fake_server *f = c->transport->server;

    if (!c->watch.open || f->silent)
        return;
    if (bookmark_due(f, c))
        fake_bookmark_send(c, fake_view_rv(f, c->watch.resource), false);
    c->watch.open = false;
    c->ends = true;
    fake_call_kick(c);
}

static void answer_object(struct fake_call *c, int status, const struct fake_object *o)
{
    autofree char *text = fake_render(o, false, true);

    reply(c, status, text);
}

static void answer_review(struct fake_server *f, struct fake_call *c, json_val *body)
{
    json_val *what = json_path(body, "spec.resourceAttributes");
    const char *verb = json_str(json_get(what, "verb"), "");
    const char *plural = json_str(json_get(what, "resource"), "");
    autofree char *text = xasprintf(
        "{\"kind\":\"SelfSubjectAccessReview\",\"apiVersion\":\"authorization.k8s.io/v1\","
        "\"metadata\":{},\"spec\":{},\"status\":{\"allowed\":%s}}",
        in_rules(f->denied, f->denied_n, verb, plural) ? "false" : "true");

    reply(c, 201, text);
}

static void answer_create(struct fake_server *f, struct fake_call *c,
                          const struct fake_request_parts *q, json_val *body)
{
    const char *name = json_str(json_path(body, "metadata.name"), "");

    if (strcmp(q->resource, "authorization.k8s.io/selfsubjectaccessreviews") == 0)
        answer_review(f, c, body);
    else if (!*name)
        fake_model_error(c, 422, "Invalid", "metadata.name is required");
    else if (fake_find(f, q->resource, q->ns, name))
        fake_model_error(c, 409, "AlreadyExists", "the object already exists");
    else
        answer_object(c, 201, fake_store(f, q->resource, body, q->custom ? FAKE_MAIN : FAKE_ALL));
}

// The preconditions of a write: a version or uid that is named has to be the one that is there.
static bool precondition_holds(const struct fake_object *o, json_val *meta)
{
    json_val *is = json_get(json_root(&o->doc), "metadata");
    const char *rv = json_str(json_get(is, "resourceVersion"), "");
    const char *uid = json_str(json_get(is, "uid"), "");

    return strcmp(json_str(json_get(meta, "resourceVersion"), rv), rv) == 0 &&
           strcmp(json_str(json_get(meta, "uid"), uid), uid) == 0;
}

static enum fake_part part_of(const struct fake_request_parts *q)
{
    if (strcmp(q->subresource, "status") == 0)
        return FAKE_STATUS;
    return q->custom ? FAKE_MAIN : FAKE_ALL;
}

static void answer_delete(struct fake_server *f, struct fake_call *c, struct fake_object *o,
                          json_val *options)
{
    if (!precondition_holds(o, json_get(options, "preconditions"))) {
        fake_model_error(c, 409, "Conflict", "the precondition does not hold");
        return;
    }
    fake_remove(f, o);
    reply(c, 200,
          "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\"}");
}

// Apply by the only manager of a status: what it does not name any more is gone. Merge patches
// leave it.
static json_val *base_of(struct fake_call *c, const struct fake_request_parts *q,
                         const struct fake_object *o, yyjson_mut_doc *doc, struct json_doc *ret)
{
    autofree char *text = NULL;
    yyjson_mut_val *root = yyjson_val_mut_copy(doc, json_root(&o->doc));

    if (!strstr(c->content_type, "apply-patch") || part_of(q) != FAKE_STATUS)
        return json_root(&o->doc);
    yyjson_mut_obj_remove_key(root, "status");
    text = yyjson_mut_val_write(root, 0, NULL);
    return json_parse(str_of(text), NULL, ret, NULL) == 0 ? json_root(ret) : NULL;
}

static void answer_patch(struct fake_server *f, struct fake_call *c,
                         const struct fake_request_parts *q, struct fake_object *o, json_val *patch)
{
    autojson struct json_doc merged = { 0 };
    autojson struct json_doc base = { 0 };
    autofree char *text = NULL;
    yyjson_mut_doc *doc;

    if (strstr(c->content_type, "json-patch")) {
        fake_model_error(c, 415, "UnsupportedMediaType", "the fake server knows no JSON patch");
        return;
    }
    if (!patch) {
        fake_model_error(c, 400, "BadRequest", "the patch has no body");
        return;
    }
    if (!precondition_holds(o, json_get(patch, "metadata"))) {
        fake_model_error(c, 409, "Conflict", "the object has been modified");
        return;
    }
    doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_doc_set_root(doc, yyjson_merge_patch(doc, base_of(c, q, o, doc, &base), patch));
    text = yyjson_mut_write(doc, 0, NULL);
    yyjson_mut_doc_free(doc);
    if (json_parse(str_of(text), NULL, &merged, NULL) < 0)
        fake_model_error(c, 400, "BadRequest", "the patch is not an object");
    else
        answer_object(c, 200, fake_store(f, q->resource, json_root(&merged), part_of(q)));
}

static void answer_named(struct fake_server *f, struct fake_call *c,
                         const struct fake_request_parts *q, json_val *body)
{
    struct fake_object *o = fake_find(f, q->resource, q->ns, q->name);
    bool apply = strstr(c->content_type, "apply-patch") != NULL;

    if (!o && apply && !*q->subresource && !json_path(body, "metadata.uid"))
        answer_object(c, 201, fake_store(f, q->resource, body, q->custom ? FAKE_MAIN : FAKE_ALL));
    else if (!o && apply && json_path(body, "metadata.uid"))
        fake_model_error(c, 409, "Conflict", "uid mismatch: the object does not exist");
    else if (!o)
        fake_model_error(c, 404, "NotFound", "the object was not found");
    else if (strcmp(q->verb, "get") == 0)
        answer_object(c, 200, o);
    else if (strcmp(q->verb, "delete") == 0)
        answer_delete(f, c, o, body);
    else if (strcmp(q->verb, "patch") == 0)
        answer_patch(f, c, q, o, body);
    else if (!precondition_holds(o, json_get(body, "metadata")))
        fake_model_error(c, 409, "Conflict", "the object has been modified");
    else
        answer_object(c, 200, fake_store(f, q->resource, body, part_of(q)));
}

static void dispatch(struct fake_server *f, struct fake_call *c, const struct fake_request_parts *q,
                     json_val *body)
{
    const char *plural = strchr(q->resource, '/') + 1;

    if (in_rules(f->denied, f->denied_n, q->verb, plural))
        fake_model_error(c, 403, "Forbidden", "the user cannot do this");
    else if (in_rules(f->unserved, f->unserved_n, "", plural))
        fake_model_error(c, 404, "NotFound", "the server could not find the requested resource");
    else if (*q->name)
        answer_named(f, c, q, body);
    else if (strcmp(q->verb, "create") == 0)
        answer_create(f, c, q, body);
    else if (strcmp(q->verb, "watch") == 0)
        answer_watch(f, c, q);
    else if (strcmp(q->verb, "list") == 0)
        answer_list(f, c, q);
    else
        fake_model_error(c, 405, "MethodNotAllowed", "not on a collection");
}

void fake_model_answer(struct fake_server *f, struct fake_call *c)
{
    const struct fake_request *r = &f->log[c->log];
    struct fake_request_parts q;
    autojson struct json_doc body = { 0 };

    if (c->log >= f->log_n) {
        fake_model_error(c, 500, "InternalError", "the log was forgotten before the answer");
        return;
    }
    if (strcmp(r->url, "/version") == 0) {
        reply(c, 200, "{\"major\":\"1\",\"minor\":\"36\",\"gitVersion\":\"v1.36.3\"}");
        return;
    }
    if (*r->body && json_parse(str_of(r->body), NULL, &body, NULL) < 0) {
        fake_model_error(c, 400, "BadRequest", "the body is not JSON");
        return;
    }
    if (!fake_request_parse(r, &q)) {
        fake_model_error(c, 404, "NotFound", "404 page not found");
        return;
    }
    dispatch(f, c, &q, body.doc ? json_root(&body) : NULL);
    fake_request_fini(&q);
}
