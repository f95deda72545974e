// SPDX-License-Identifier: Apache-2.0
//
// The answer of a credential plugin: one ExecCredential. It is a secret as a whole, so that errors
// name members and never quote them.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "informer/exec_plugin.h"

#include <ctype.h>

static void wipe(char **p)
{
    if (*p)
        explicit_bzero(*p, strlen(*p));
    free(TAKE(*p));
}

void exec_credential_fini(struct exec_credential *c)
{
    wipe(&c->token);
    wipe(&c->cert);
    wipe(&c->key);
    c->expires = 0;
}

static bool is_header_text(const char *s)
{
    for (; *s; s++)
        if (iscntrl((unsigned char)*s))
            return false;
    return true;
}

// A copy of a string member; *ret NULL when absent or empty.
static int take_text(json_val *status, const char *key, char **ret, struct error *e)
{
    json_val *v = json_get(status, key);
    struct str text = json_text(v);

    if (v && !yyjson_is_null(v) && !text.p)
        return error_set(e, ERR_INVALID, "status.%s has to be a string", key);
    if (text.n && memchr(text.p, '\0', text.n))
        return error_set(e, ERR_INVALID, "status.%s holds a NUL", key);
    if (text.n)
        *ret = xstrndup(text.p, text.n);
    return 0;
}

static int take_expiry(json_val *status, usec *ret, struct error *e)
{
    json_val *v = json_get(status, "expirationTimestamp");
    struct str text = json_text(v);

    if (!v || yyjson_is_null(v))
        return 0;
    if (!text.p || time_parse(text, ret, NULL) < 0)
        return error_set(e, ERR_INVALID, "status.expirationTimestamp has to be an RFC 3339 time");
    return 0;
}

static int take_status(json_val *status, struct exec_credential *c, struct error *e)
{
    if (!status || yyjson_is_null(status))
        return error_set(e, ERR_INVALID, "it has no status");
    if (take_text(status, "token", &c->token, e) < 0 ||
        take_text(status, "clientCertificateData", &c->cert, e) < 0 ||
        take_text(status, "clientKeyData", &c->key, e) < 0 ||
        take_expiry(status, &c->expires, e) < 0)
        return -1;
    if (!c->cert != !c->key)
        return error_set(e, ERR_INVALID,
                         "status has to hold clientCertificateData and clientKeyData, or neither");
    if (!c->token && !c->cert)
        return error_set(e, ERR_INVALID, "status holds neither a token nor a client certificate");
    if (c->token && !is_header_text(c->token))
        return error_set(e, ERR_INVALID, "status.token holds control characters");
    return 0;
}

int exec_credential_parse(struct str text, const char *api_version, struct exec_credential *ret,
                          struct error *e)
{
    autojson struct json_doc doc = { 0 };
    struct exec_credential c = { 0 };
    json_val *root;

    if (json_parse(text, NULL, &doc, NULL) < 0)
        return error_set(e, ERR_INVALID, "its output is no JSON");
    root = json_root(&doc);
    if (strcmp(json_str(json_get(root, "kind"), ""), "ExecCredential"))
        return error_set(e, ERR_INVALID, "its output is no ExecCredential (kind)");
    if (strcmp(json_str(json_get(root, "apiVersion"), ""), api_version))
        return error_set(e, ERR_INVALID, "its output has another apiVersion than '%.80s'",
                         api_version);
    if (take_status(json_get(root, "status"), &c, e) < 0) {
        exec_credential_fini(&c);
        return -1;
    }
    *ret = c;
    return 0;
}
