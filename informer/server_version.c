// SPDX-License-Identifier: Apache-2.0
//
// GET /version. Distributions append to the numbers ("30+", "31-eks-1"): leading digits count.
#include "informer/server_version.h"

#include "base/alloc.h"
#include "base/json.h"
#include "informer/client.h"

struct server_version_call {
    struct client *client;
    struct client_call *call;
    server_version_fn fn;
    void *arg;
};

static int leading_number(const char *s, int *ret)
{
    size_t n = strspn(s, "0123456789");
    int64_t v;

    if (!n || n > 6 || str_i64((struct str){ s, n }, &v) < 0)
        return -1;
    *ret = (int)v;
    return 0;
}

int server_version_parse(struct str json, struct server_version *ret, struct error *e)
{
    autojson struct json_doc doc = { 0 };
    struct server_version v = { 0 };
    json_val *root;

    if (json_parse(json, NULL, &doc, e) < 0)
        return error_wrap(e, "/version");
    root = json_root(&doc);
    if (leading_number(json_str(json_get(root, "major"), ""), &v.major) < 0 ||
        leading_number(json_str(json_get(root, "minor"), ""), &v.minor) < 0)
        return error_set(e, ERR_SERVER, "/version: major and minor are no numbers");
    snprintf(v.git, sizeof(v.git), "%s", json_str(json_get(root, "gitVersion"), ""));
    *ret = v;
    return 0;
}

static void on_done(void *arg, unused_arg const struct http_response *r, struct str body,
                    const struct error *failure)
{
    struct server_version_call *call = arg;
    struct server_version v = { 0 };
    struct error e = *failure;
    server_version_fn fn = call->fn;

    arg = call->arg;
    free(call);
    if (e.code == ERR_NONE && server_version_parse(body, &v, &e) == 0)
        error_clear(&e);
    fn(arg, &v, &e);
}

struct server_version_call *server_version_get(struct client *c, server_version_fn fn, void *arg)
{
    struct client_request r = { .verb = CLIENT_GET, .path = "/version" };
    struct server_version_call *call = xcalloc(1, sizeof(*call));

    *call = (struct server_version_call){ .client = c, .fn = fn, .arg = arg };
    call->call = client_do(c, &r, on_done, call);
    return call;
}

void server_version_cancel(struct server_version_call *v)
{
    if (!v)
        return;
    client_cancel(v->client, v->call);
    free(v);
}
