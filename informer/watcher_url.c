// SPDX-License-Identifier: Apache-2.0
// URLs of lists and watches. The server refuses resourceVersion together with a continue token,
// and resourceVersionMatch on a watch without sendInitialEvents, so what is sent depends on what
// the request is.
#include "informer/watcher_url.h"

#include "base/alloc.h"
#include "base/http.h"
#include "base/str.h"
#include "informer/watcher.h"
#include <assert.h>

#define URL_MAX ((size_t)16 << 10) // continue tokens hold a key and a version

static void add_path(struct buf *b, const struct kind *k, const char *first)
{
    int rc;

    buf_init(b, URL_MAX);
    rc = kind_path(k, NULL, NULL, NULL, b);
    assert(rc == 0);
    buf_addf(b, "?%s", first);
}

static void add_escaped(struct buf *b, const char *name, const char *value)
{
    autofree char *text = http_escape(value);

    buf_addf(b, "&%s=%s", name, text);
}

char *watcher_list_url(const struct kind *k, const struct list_parameters *p)
{
    struct buf b;

    add_path(&b, k, "watch=false");
    if (p->limit)
        buf_addf(&b, "&limit=%zu", p->limit);
    if (p->labels)
        add_escaped(&b, "labelSelector", p->labels);
    if (*p->cont)
        add_escaped(&b, "continue", p->cont);
    else if (*p->rv)
        add_escaped(&b, "resourceVersion", p->rv);
    return buf_take(&b);
}

char *watcher_watch_url(const struct kind *k, const struct watch_parameters *p)
{
    struct buf b;

    add_path(&b, k, "watch=true&allowWatchBookmarks=true");
    if (p->initial_events)
        buf_adds(&b, "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
    if (*p->rv)
        add_escaped(&b, "resourceVersion", p->rv);
    buf_addf(&b, "&timeoutSeconds=%u", p->timeout);
    return buf_take(&b);
}

const char *watcher_accept(bool metadata_only, bool list)
{
    if (!metadata_only)
        return "application/json";
    return list ? "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,"
                  "application/json"
                : "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
}

static bool is_canonical(const char *rv)
{
    return *rv >= '1' && *rv <= '9' && rv[strspn(rv, "0123456789")] == '\0';
}

int rv_compare(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    int order;

    if (strcmp(a, b) == 0)
        return 0;
    if (!is_canonical(a) || !is_canonical(b))
        return RV_UNORDERED;
    if (n != m)
        return n < m ? -1 : 1;
    order = memcmp(a, b, n);
    return order < 0 ? -1 : 1;
}
