// SPDX-License-Identifier: Apache-2.0
//
// One table from (reason, HTTP code) to our error classes. The server's reason decides where it is
// known, the code where it is not: proxies answer without a Status, old servers with code 0, and
// 410 has no reason of its own in some versions. The message is bounded and printable, because it
// ends in conditions and logs.
#include "informer/status_error.h"

#include <ctype.h>

#define STATUS_BODY_MAX (256u << 10) // of an error body that is looked into

struct reason_row {
    const char *reason;
    int http;
    enum err code;
};

// The first row of a code is its meaning without a reason.
static const struct reason_row reasons[] = {
    {"BadRequest",             400, ERR_INVALID       },
    { "Unauthorized",          401, ERR_UNAUTHORIZED  },
    { "Forbidden",             403, ERR_DENIED        },
    { "NotFound",              404, ERR_NOT_FOUND     },
    { "MethodNotAllowed",      405, ERR_INVALID       },
    { "NotAcceptable",         406, ERR_INVALID       },
    { "Conflict",              409, ERR_CONFLICT      },
    { "AlreadyExists",         409, ERR_ALREADY_EXISTS},
    { "Expired",               410, ERR_GONE          },
    { "Gone",                  410, ERR_GONE          },
    { "RequestEntityTooLarge", 413, ERR_TOO_BIG       },
    { "UnsupportedMediaType",  415, ERR_INVALID       },
    { "Invalid",               422, ERR_UNPROCESSABLE },
    { "TooManyRequests",       429, ERR_LIMIT         },
    { "InternalError",         500, ERR_SERVER        },
    { "ServerTimeout",         500, ERR_TIMEOUT       },
    { "ServiceUnavailable",    503, ERR_UNAVAILABLE   },
    { "Timeout",               504, ERR_TIMEOUT       },
    { "StorageReadError",      500, ERR_SERVER        },
};

static enum err class_of_reason(const char *reason)
{
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        if (!strcmp(reasons[i].reason, reason))
            return reasons[i].code;
    return ERR_NONE;
}

static enum err class_of_http(const char *method, int http)
{
    if (http == 409 && !strcmp(method, "POST"))
        return ERR_ALREADY_EXISTS;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        if (reasons[i].http == http)
            return reasons[i].code;
    return http >= 500 || http < 400 ? ERR_SERVER : ERR_INVALID;
}

static int http_of_class(enum err code)
{
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        if (reasons[i].code == code)
            return reasons[i].http;
    return 0;
}

// A list or watch from a resourceVersion that the server has not reached yet (E3). Older
// servers say so in words only, of the cause or of the whole.
static bool is_too_large_rv(json_val *status)
{
    json_val *causes = json_path(status, "details.causes");
    const char *message = json_str(json_get(status, "message"), "");
    static const char words[] = "Too large resource version";
    size_t i, max;
    json_val *cause;

    yyjson_arr_foreach (causes, i, max, cause) {
        if (!strcmp(json_str(json_get(cause, "reason"), ""), "ResourceVersionTooLarge") ||
            strstr(json_str(json_get(cause, "message"), ""), words))
            return true;
    }
    return strstr(message, words) != NULL;
}

// One line of printable text: control characters become blanks.
static void set_text(struct error *e, enum err code, const char *text)
{
    error_set(e, code, "%s", text);
    if (!e)
        return;
    for (char *p = e->text; *p; p++)
        if (iscntrl((unsigned char)*p))
            *p = ' ';
}

static usec retry_after_of(json_val *status)
{
    int64_t s = json_int(json_path(status, "details.retryAfterSeconds"), 0);

    return s > 0 && s <= 86400 ? s * USEC_PER_SEC : 0;
}

// Fills e from a Status; http is the answer's own code, 0 for a watch line.
static int from_status(json_val *status, const char *method, int http, struct error *e)
{
    const char *reason = json_str(json_get(status, "reason"), "");
    const char *message = json_str(json_get(status, "message"), "");
    int64_t said = json_int(json_get(status, "code"), 0);
    enum err code = class_of_reason(reason);
    char text[64];

    if (said >= 400 && said < 600)
        http = (int)said;
    if (code == ERR_NONE)
        code = class_of_http(method, http);
    if (code == ERR_TIMEOUT && is_too_large_rv(status))
        code = ERR_TOO_LARGE_RV;
    if (http < 400)
        http = http_of_class(code);
    snprintf(text, sizeof(text), "API server answered %d %.40s", http, reason);
    set_text(e, code, *message ? message : text);
    if (e) {
        e->http = http;
        e->retry_after = retry_after_of(status);
    }
    return -1;
}

static bool is_status(json_val *v)
{
    return !strcmp(json_str(json_get(v, "kind"), ""), "Status") &&
           !strcmp(json_str(json_get(v, "apiVersion"), "v1"), "v1");
}

static bool is_failure(json_val *status)
{
    return strcmp(json_str(json_get(status, "status"), ""), "Success") != 0;
}

// An answer that is not from the API server's own code: a proxy's page, a plain text.
static int from_plain(const char *method, const struct http_response *r, struct str body,
                      struct error *e)
{
    struct str text = str_trim(body);
    char line[200];
    size_t n = MIN(text.n, sizeof(line) - 1);

    if (n)
        memcpy(line, text.p, n);
    line[n] = '\0';
    if (n && line[0] != '<' && !memchr(line, '\0', n)) {
        char all[260];

        snprintf(all, sizeof(all), "API server answered %d: %s", r->status, line);
        set_text(e, class_of_http(method, r->status), all);
    } else {
        error_set(e, class_of_http(method, r->status), "API server answered %d", r->status);
    }
    return -1;
}

int status_error_http(const char *method, const struct http_response *r, struct str body,
                      struct error *e)
{
    bool ok = r->status >= 200 && r->status < 300;
    autojson struct json_doc doc = { 0 };
    int rc;

    // A success is looked into only when it may be a Status: it is small and says so early.
    if (ok && (body.n > 4096 || !body.p || !memmem(body.p, body.n, "\"Status\"", 8)))
        return 0;
    if (!body.n || body.n > STATUS_BODY_MAX || json_parse(body, NULL, &doc, NULL) < 0 ||
        !is_status(json_root(&doc))) {
        if (ok)
            return 0;
        rc = from_plain(method, r, body, e);
    } else {
        if (ok && !is_failure(json_root(&doc)))
            return 0;
        rc = from_status(json_root(&doc), method, r->status, e);
    }
    if (e && !e->http)
        e->http = r->status;
    if (e && r->retry_after)
        e->retry_after = r->retry_after;
    return rc;
}

int status_error_json(json_val *status, struct error *e)
{
    if (!is_status(status))
        return error_set(e, ERR_SERVER, "API server sent an error that is no Status");
    return from_status(status, "GET", 0, e);
}

int status_error_text(struct str status, struct error *e)
{
    autojson struct json_doc doc = { 0 };

    if (json_parse(status, NULL, &doc, NULL) < 0)
        return error_set(e, ERR_SERVER, "API server sent an error that is no JSON");
    return status_error_json(json_root(&doc), e);
}
