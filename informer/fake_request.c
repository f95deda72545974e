// SPDX-License-Identifier: Apache-2.0
// Paths and queries of the Kubernetes API, as far as the fake server needs them.
#include "informer/fake_request.h"

#include "apis/kinds.h"
#include "base/alloc.h"
#include "base/str.h"

static char *unescape(struct str s)
{
    char *out = xstrndup(s.p ? s.p : "", s.n), *to = out;

    for (const char *p = out; *p; p++) {
        char hex[3] = { 0 };

        if (*p != '%' || !p[1] || !p[2]) {
            *to++ = *p;
            continue;
        }
        hex[0] = p[1];
        hex[1] = p[2];
        *to++ = (char)strtol(hex, NULL, 16);
        p += 2;
    }
    *to = '\0';
    return out;
}

static int64_t number(const char *s)
{
    int64_t n = 0;

    return str_i64(str_of(s), &n) == 0 ? n : 0;
}

static void read_query(struct str query, struct fake_request_parts *q)
{
    struct str pair, key;

    while (str_split(&query, '&', &pair)) {
        autofree char *value = NULL;

        if (!str_split(&pair, '=', &key))
            continue;
        value = unescape(pair);
        if (str_eq(key, "watch") && strcmp(value, "true") == 0)
            q->verb = "watch";
        else if (str_eq(key, "resourceVersion"))
            q->rv = (uint64_t)number(value);
        else if (str_eq(key, "limit"))
            q->limit = (size_t)number(value);
        else if (str_eq(key, "timeoutSeconds"))
            q->timeout = number(value) * USEC_PER_SEC;
        else if (str_eq(key, "sendInitialEvents"))
            q->initial_events = strcmp(value, "true") == 0;
        else if (str_eq(key, "continue"))
            q->cont = TAKE(value);
    }
}

static const char *verb_of(const char *method, bool named)
{
    if (strcmp(method, "GET") == 0)
        return named ? "get" : "list";
    if (strcmp(method, "POST") == 0)
        return "create";
    if (strcmp(method, "PUT") == 0)
        return "update";
    return strcmp(method, "PATCH") == 0 ? "patch" : "delete";
}

static const struct kind *kind_of_resource(const char *api_version, struct str plural)
{
    for (int k = 0; k < KIND_COUNT; k++)
        if (str_eq(plural, kind_get((enum kind_id)k)->plural) &&
            strcmp(kind_api_version(kind_get((enum kind_id)k)), api_version) == 0)
            return kind_get((enum kind_id)k);
    return NULL;
}

static char *text_of(struct str s)
{
    return xstrndup(s.p ? s.p : "", s.n);
}

// "/api/v1/..." or "/apis/GROUP/VERSION/...": what follows the version, and api_version.
static bool read_version(struct str *path, struct str *ret_group, char **ret_api_version)
{
    struct str empty, root, version;

    if (!str_split(path, '/', &empty) || !str_split(path, '/', &root))
        return false;
    *ret_group = (struct str){ "", 0 };
    if (str_eq(root, "apis") && !str_split(path, '/', ret_group))
        return false;
    if (!str_split(path, '/', &version))
        return false;
    *ret_api_version = ret_group->n
                           ? xasprintf(STR_FMT "/" STR_FMT, STR_ARG(*ret_group), STR_ARG(version))
                           : text_of(version);
    return true;
}

bool fake_request_parse(const struct fake_request *r, struct fake_request_parts *ret)
{
    struct str query = str_of(r->url), path = { 0 }, group = { 0 };
    struct str ns = { 0 }, plural = { 0 }, name = { 0 }, sub = { 0 };
    struct fake_request_parts q = { 0 };
    const struct kind *k;

    str_split(&query, '?', &path);
    if (!read_version(&path, &group, &q.api_version))
        return false;
    str_split(&path, '/', &plural);
    // "namespaces/NS/pods" is a collection, "namespaces/NS" an object.
    if (str_eq(plural, "namespaces") && memchr(path.p ? path.p : "", '/', path.n)) {
        str_split(&path, '/', &ns);
        str_split(&path, '/', &plural);
    }
    str_split(&path, '/', &name);
    str_split(&path, '/', &sub);
    k = kind_of_resource(q.api_version, plural);
    q.resource = xasprintf(STR_FMT "/" STR_FMT, STR_ARG(group), STR_ARG(plural));
    q.ns = text_of(ns);
    q.name = text_of(name);
    q.subresource = text_of(sub);
    q.kind = xstrdup(k ? k->kind : "");
    q.custom = k && k->own;
    q.verb = verb_of(r->method, name.n > 0);
    read_query(query, &q);
    if (!q.cont)
        q.cont = xstrdup("");
    *ret = q;
    return true;
}

void fake_request_fini(struct fake_request_parts *q)
{
    free(q->resource);
    free(q->ns);
    free(q->name);
    free(q->subresource);
    free(q->api_version);
    free(q->kind);
    free(q->cont);
}
