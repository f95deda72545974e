// SPDX-License-Identifier: Apache-2.0
// A token that has expired, or pages of two versions, need no second list here: what was seen was
// there a moment ago.
#include "informer/list_once.h"

#include "base/alloc.h"
#include "informer/client.h"
#include "informer/split.h"
#include "informer/watcher_url.h"

#define PAGE      500
#define LIST_IDLE (70 * USEC_PER_SEC)

struct list_once {
    struct list_once_options o;
    struct json_pool *pool;
    struct split_list split;
    struct error broken; // why we ended the stream ourselves
    struct client_call *call;
    char *cont; // NULL: the first page
};

static int on_item(void *arg, struct str text, struct error *e)
{
    struct list_once *l = arg;
    struct json_doc doc;

    if (json_parse(text, l->pool, &doc, e) < 0)
        return error_wrap(e, "list item");
    l->o.item(l->o.arg, json_root(&doc));
    return 0;
}

static int on_data(void *arg, const char *p, size_t n)
{
    struct list_once *l = arg;

    return split_list_push(&l->split, p, n, &l->broken) ? -1 : 0;
}

static void on_done(void *arg, const struct http_response *r, struct str body,
                    const struct error *e);

static const struct http_events events = { .on_data = on_data, .on_done = on_done };

static void start_page(struct list_once *l)
{
    struct list_parameters p = {
        .rv = "", .cont = l->cont ? l->cont : "", .limit = PAGE, .labels = l->o.labels
    };
    autofree char *url = watcher_list_url(l->o.kind, &p);
    struct client_stream_request req = {
        .path_and_query = url,
        .idle_timeout = LIST_IDLE,
        .gzip = true,
        .accept = watcher_accept(l->o.kind->metadata_only, true),
    };

    error_clear(&l->broken);
    split_list_fini(&l->split);
    split_list_init(&l->split, SPLIT_OBJECT_MAX, on_item, l);
    l->call = client_stream(l->o.client, &req, &events, l);
}

static void free_list(struct list_once *l)
{
    split_list_fini(&l->split);
    json_pool_free(l->pool);
    free(l->cont);
    free(l);
}

static void finish(struct list_once *l, const struct error *e)
{
    struct list_once_options o = l->o;

    free_list(l);
    o.done(o.arg, e);
}

static void on_done(void *arg, const struct http_response *r, struct str body unused_arg,
                    const struct error *e)
{
    struct list_once *l = arg;
    struct split_list_end end = { 0 };
    struct error err = l->broken.code != ERR_NONE ? l->broken : *e;
    int rc = err.code == ERR_NONE ? split_list_finish(&l->split, &end, &err) : -1;

    l->call = NULL;
    if (rc == 0 && end.is_status) {
        rc = -1;
        if (client_status_error(r, split_list_document(&l->split), &err) == 0)
            error_set(&err, ERR_INVALID, "list: the server answered with a Status");
    }
    if (rc < 0 || !*end.cont) {
        finish(l, &err);
        return;
    }
    free(l->cont);
    l->cont = xstrdup(end.cont);
    start_page(l);
}

struct list_once *list_once_start(const struct list_once_options *o)
{
    struct list_once *l = xcalloc(1, sizeof(*l));

    l->o = *o;
    l->pool = json_pool_new(SPLIT_OBJECT_MAX * 16);
    start_page(l);
    return l;
}

void list_once_cancel(struct list_once *l)
{
    if (!l)
        return;
    client_cancel(l->o.client, l->call);
    free_list(l);
}
