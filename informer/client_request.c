// SPDX-License-Identifier: Apache-2.0
//
// Verbs to HTTP: method, URL with its parameters, media type, body. One row per verb. Here is also
// the one rule that protects people's deletions: an apply to a main resource creates what is not
// there, so without metadata.uid (the server then answers Conflict instead of creating) it has to
// be said that creating is meant (DESIGN §5).
#include "base/alloc.h"
#include "base/json.h"
#include "base/writer.h"
#include "informer/client_call.h"

#define BODY_MAX (4u << 20) // more than etcd takes

struct verb_row {
    const char *method, *verb, *type_header;
    bool fields; // it writes fields: fieldManager and fieldValidation apply
};

static const struct verb_row verbs[] = {
    [CLIENT_GET] = {"GET",     "GET",    NULL,                                         false},
    [CLIENT_CREATE] = { "POST",   "CREATE", "Content-Type: application/json",             true },
    [CLIENT_UPDATE] = { "PUT",    "UPDATE", "Content-Type: application/json",             true },
    [CLIENT_MERGE] = { "PATCH",  "PATCH",  "Content-Type: application/merge-patch+json", true },
    [CLIENT_JSON_PATCH] = { "PATCH",  "PATCH",  "Content-Type: application/json-patch+json",  true },
    [CLIENT_APPLY] = { "PATCH",  "APPLY",  "Content-Type: application/apply-patch+yaml", true },
    [CLIENT_DELETE] = { "DELETE", "DELETE", "Content-Type: application/json",             false},
};

// Next piece of a path; false at its end or at the query.
static bool next_segment(const char **at, struct str *ret)
{
    while (**at == '/')
        (*at)++;
    *ret = (struct str){ *at, strcspn(*at, "/?") };
    *at += ret->n;
    return ret->n > 0;
}

// Does an object path end in a subresource? "/api/v1/...", "/apis/GROUP/VERSION/...", then
// [namespaces/NS/]PLURAL/NAME[/SUBRESOURCE]. A Namespace's own path looks like the prefix.
static bool has_subresource(const char *path)
{
    struct str s, first = { 0 };
    size_t n = 0;

    if (!next_segment(&path, &s))
        return false;
    for (size_t skip = str_eq(s, "apis") ? 2 : 1; skip; skip--)
        if (!next_segment(&path, &s))
            return false;
    while (next_segment(&path, &s))
        if (n++ == 0)
            first = s;
    return str_eq(first, "namespaces") && n > 3 ? n > 4 : n > 2;
}

// The uid of an apply's body; the server refuses to create an object that carries one.
static int check_apply(const struct client_request *r, struct error *e)
{
    autojson struct json_doc doc = { 0 };

    if (r->may_create || has_subresource(r->path))
        return 0;
    if (json_parse(r->body, NULL, &doc, NULL) < 0 ||
        !*json_str(json_path(json_root(&doc), "metadata.uid"), ""))
        return error_set(e, ERR_BUG,
                         "apply to %s without metadata.uid could bring a deleted object back",
                         r->path);
    return 0;
}

static void add_param(struct buf *url, const char *name, const char *value)
{
    autofree char *escaped = http_escape(value);

    buf_addf(url, "%c%s=%s", memchr(url->p, '?', url->n) ? '&' : '?', name, escaped);
}

static char *make_url(const struct client *c, const struct client_request *r)
{
    const struct verb_row *row = &verbs[r->verb];
    autobuf struct buf url = { 0 };

    buf_init(&url, 64u << 10);
    buf_addf(&url, "%s%s", c->options.config->server, r->path);
    if (r->query && *r->query)
        buf_addf(&url, "%c%s", strchr(r->path, '?') ? '&' : '?', r->query);
    if (row->fields)
        add_param(&url, "fieldManager", r->field_manager ? r->field_manager : c->field_manager);
    if (row->fields && !r->lenient)
        add_param(&url, "fieldValidation", "Strict");
    if (r->verb == CLIENT_APPLY && r->force)
        add_param(&url, "force", "true");
    if (row->fields && r->dry_run)
        add_param(&url, "dryRun", "All");
    return buf_take(&url);
}

static void write_delete_options(const struct client_request *r, struct buf *out)
{
    static const char *const words[] = {
        [PROPAGATION_BACKGROUND] = "Background",
        [PROPAGATION_FOREGROUND] = "Foreground",
        [PROPAGATION_ORPHAN] = "Orphan",
    };
    struct writer w;

    writer_to_buf(&w, WRITER_JSON, out);
    w_object(&w);
    w_key_str(&w, "kind", "DeleteOptions");
    w_key_str(&w, "apiVersion", "v1");
    if (r->uid || r->rv) {
        w_key_object(&w, "preconditions");
        if (r->uid)
            w_key_str(&w, "uid", r->uid);
        if (r->rv)
            w_key_str(&w, "resourceVersion", r->rv);
        w_object_end(&w);
    }
    if (r->propagation != PROPAGATION_DEFAULT)
        w_key_str(&w, "propagationPolicy", words[r->propagation]);
    if (r->dry_run) {
        w_key_list(&w, "dryRun");
        w_str(&w, "All");
        w_list_end(&w);
    }
    w_object_end(&w);
    if (writer_end(&w) < 0)
        out->failed = true;
}

int client_request_ask(const struct client *c, const struct client_request *r,
                       struct client_ask *ret, struct error *e)
{
    const struct verb_row *row = &verbs[r->verb];

    *ret = (struct client_ask){
        .method = row->method,
        .verb = row->verb,
        .url = make_url(c, r),
        .accept_header = "Accept: application/json",
        .type_header = row->type_header,
        .write = r->verb != CLIENT_GET,
        .unfenced = r->unfenced,
        .gzip = r->verb == CLIENT_GET && !c->options.config->no_compression,
    };
    if (r->agent_suffix)
        ret->agent_header = xasprintf("User-Agent: %s%s", c->user_agent, r->agent_suffix);
    buf_init(&ret->body, BODY_MAX);
    if (r->verb == CLIENT_DELETE)
        write_delete_options(r, &ret->body);
    else if (row->fields)
        buf_add(&ret->body, r->body.p, r->body.n);
    if (ret->body.failed)
        return error_set(e, ERR_TOO_BIG, "%s %s: the body is longer than %u bytes", row->method,
                         r->path, BODY_MAX);
    return r->verb == CLIENT_APPLY ? check_apply(r, e) : 0;
}

void client_stream_ask(const struct client *c, const struct client_stream_request *r,
                       struct client_ask *ret)
{
    *ret = (struct client_ask){
        .method = "GET",
        .verb = "GET",
        .url = xasprintf("%s%s", c->options.config->server, r->path_and_query),
        .gzip = r->gzip && !c->options.config->no_compression,
        .busy = r->busy,
        .stream = true,
        .timeout = r->timeout,
        .idle_timeout = r->idle_timeout,
    };
    ret->owned_accept = xasprintf("Accept: %s", r->accept ? r->accept : "application/json");
    ret->accept_header = ret->owned_accept;
    buf_init(&ret->body, 0);
}

void client_ask_fini(struct client_ask *a)
{
    free(a->url);
    free(a->owned_accept);
    free(a->agent_header);
    buf_fini(&a->body);
}
