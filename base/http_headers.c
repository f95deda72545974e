// SPDX-License-Identifier: Apache-2.0
// Response headers. Warnings are those of RFC 7234 5.5 with code 299, the only one that Kubernetes
// sends (KEP-1693): 299 - "text", several of them separated by commas or on lines of their own.
#include "base/http_headers.h"

#include "base/alloc.h"

#include <strings.h>

void http_headers_init(struct http_headers *h)
{
    *h = (struct http_headers){ 0 };
}

void http_headers_fini(struct http_headers *h)
{
    free(h->warning);
    h->warning = NULL;
}

static bool name_is(struct str name, const char *want)
{
    return name.n == strlen(want) && strncasecmp(name.p, want, name.n) == 0;
}

static void skip(struct str *s, size_t n)
{
    s->p += n;
    s->n -= n;
}

// "HTTP/1.1 200 OK" and "HTTP/2 200"
static int status_of(struct str line)
{
    int status = 0;

    while (line.n && *line.p != ' ')
        skip(&line, 1);
    line = str_trim(line);
    for (size_t i = 0; i < 3; i++) {
        if (i >= line.n || line.p[i] < '0' || line.p[i] > '9')
            return 0;
        status = status * 10 + (line.p[i] - '0');
    }
    return status;
}

usec http_retry_after(struct str value)
{
    int64_t seconds;

    if (str_i64(str_trim(value), &seconds) < 0 || seconds < 0)
        return 0;
    if (seconds == 0)
        return HTTP_RETRY_AT_ONCE;
    return MIN(seconds, HTTP_RETRY_AFTER_MAX / USEC_PER_SEC) * USEC_PER_SEC;
}

// Takes a quoted string off *s, without quotes, escapes and control characters.
static bool take_quoted(struct str *s, struct buf *ret)
{
    if (!s->n || *s->p != '"')
        return false;
    for (skip(s, 1); s->n && *s->p != '"'; skip(s, 1)) {
        if (*s->p == '\\' && s->n > 1)
            skip(s, 1);
        buf_addc(ret, (unsigned char)*s->p < ' ' || *s->p == 0x7f ? ' ' : *s->p);
    }
    if (!s->n)
        return false;
    skip(s, 1);
    return true;
}

static bool take_word(struct str *s, struct str *ret)
{
    *s = str_trim(*s);
    *ret = (struct str){ s->p, 0 };
    while (s->n && *s->p != ' ' && *s->p != ',' && *s->p != '"') {
        skip(s, 1);
        ret->n++;
    }
    *s = str_trim(*s);
    return ret->n > 0;
}

static void add_warning(struct http_headers *h, struct str text)
{
    size_t have = h->warning ? strlen(h->warning) : 0;
    char *joined;

    if (!text.n || have + 2 + text.n > HTTP_WARNING_MAX)
        return;
    joined = have ? xasprintf("%s; " STR_FMT, h->warning, STR_ARG(text)) : xstrndup(text.p, text.n);
    free(h->warning);
    h->warning = joined;
}

// One "code agent "text" ["date"]"; false when the rest cannot be understood.
static bool take_warning(struct http_headers *h, struct str *s)
{
    struct str code, agent;
    autobuf struct buf text, date;
    bool ok;

    buf_init(&text, HTTP_WARNING_MAX);
    buf_init(&date, HTTP_WARNING_MAX);
    ok = take_word(s, &code) && take_word(s, &agent) && take_quoted(s, &text);
    if (!ok)
        return false;
    if (str_eq(code, "299") && !text.failed)
        add_warning(h, buf_str(&text));
    *s = str_trim(*s);
    take_quoted(s, &date);
    *s = str_trim(*s);
    if (!s->n || *s->p != ',')
        return false;
    skip(s, 1);
    return true;
}

static void header(struct http_headers *h, struct str name, struct str value)
{
    if (name_is(name, "content-type")) {
        size_t n = value.n < sizeof(h->content_type) ? value.n : 0;

        if (n)
            memcpy(h->content_type, value.p, n);
        h->content_type[n] = '\0';
    } else if (name_is(name, "retry-after")) {
        h->retry_after = http_retry_after(value);
    } else if (name_is(name, "warning")) {
        while (take_warning(h, &value))
            ;
    }
}

void http_headers_line(struct http_headers *h, struct str line)
{
    struct str rest, name;

    if (line.n >= 5 && memcmp(line.p, "HTTP/", 5) == 0) {
        http_headers_fini(h);
        http_headers_init(h);
        h->status = status_of(line);
        return;
    }
    if (h->complete)
        return;
    rest = str_trim(line);
    if (!rest.n) {
        h->complete = h->status >= 200;
        return;
    }
    if (memchr(rest.p, ':', rest.n) && str_split(&rest, ':', &name))
        header(h, str_trim(name), str_trim(rest));
}
