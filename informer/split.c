// SPDX-License-Identifier: Apache-2.0
// Cutting streams. A list of 10,000 Pods is 28 MB of which no part but the current item may be in
// memory, and finding the end of an item must cost little beside decoding it (base/json_span.h).
// Everything outside the items is small and goes byte by byte into `head`, which is then an
// ordinary document with an empty list. Whether an item is JSON at all is for its decoder to say;
// here only its end is found.
#include "informer/split.h"

#include "base/alloc.h"
#include "base/json.h"

#define HEAD_MAX  ((size_t)1 << 20)
#define PART_KEEP ((size_t)64 << 10)
#define NO_MATCH  0xff

void split_lines_init(struct split_lines *s, size_t max_object, split_fn line, void *arg)
{
    *s = (struct split_lines){ .line = line, .arg = arg };
    buf_init(&s->part, max_object);
}

void split_lines_fini(struct split_lines *s)
{
    buf_fini(&s->part);
}

static int too_big(struct error *e, const char *what, size_t max)
{
    return error_set(e, ERR_TOO_BIG, "%s of more than %zu bytes", what, max);
}

// One whole line: directly from the input when nothing of it came before.
static int emit_line(struct split_lines *s, const char *p, size_t n, struct error *e)
{
    struct str text = { p, n };
    int rc;

    if (s->part.n) {
        if (buf_add(&s->part, p, n) < 0)
            return too_big(e, "watch line", s->part.max);
        text = buf_str(&s->part);
    }
    if (text.n > s->part.max)
        return too_big(e, "watch line", s->part.max);
    rc = str_trim(text).n ? s->line(s->arg, text, e) : 0;
    buf_reset(&s->part);
    buf_shrink(&s->part, PART_KEEP);
    return rc;
}

int split_lines_push(struct split_lines *s, const char *p, size_t n, struct error *e)
{
    const char *end;

    while (n && (end = memchr(p, '\n', n))) {
        int rc = emit_line(s, p, (size_t)(end - p), e);

        if (rc)
            return rc;
        n -= (size_t)(end - p) + 1;
        p = end + 1;
    }
    if (buf_add(&s->part, p, n) < 0)
        return too_big(e, "watch line", s->part.max);
    return 0;
}

void split_list_init(struct split_list *s, size_t max_object, split_fn item, void *arg)
{
    *s = (struct split_list){ .item = item, .arg = arg, .max_object = max_object };
    buf_init(&s->head, MIN(max_object, HEAD_MAX));
    buf_init(&s->part, max_object);
}

void split_list_fini(struct split_list *s)
{
    buf_fini(&s->head);
    buf_fini(&s->part);
    free(TAKE(s->cont));
}

// Takes bytes of the current item; how many in *ret_used.
static int take_item(struct split_list *s, const char *p, size_t n, size_t *ret_used,
                     struct error *e)
{
    size_t end = json_span_end(&s->span, p, n);
    struct str text = { p, end };
    int rc;

    *ret_used = end ? end : n;
    if (s->part.n || !end) {
        if (buf_add(&s->part, p, *ret_used) < 0)
            return too_big(e, "list item", s->max_object);
        text = buf_str(&s->part);
    }
    if (!end)
        return 0;
    s->phase = SPLIT_BETWEEN;
    if (text.n > s->max_object)
        return too_big(e, "list item", s->max_object);
    rc = s->item(s->arg, text, e);
    buf_reset(&s->part);
    buf_shrink(&s->part, PART_KEEP);
    return rc;
}

static int take_between(struct split_list *s, char c, size_t *ret_used, struct error *e)
{
    *ret_used = 1;
    switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case ',':
        return 0;
    case ']':
        s->phase = SPLIT_ENVELOPE;
        s->depth = 1;
        return buf_addc(&s->head, c) < 0 ? too_big(e, "list document", s->head.max) : 0;
    case '{':
        s->phase = SPLIT_ITEM;
        s->span = (struct json_span){ 0 };
        *ret_used = 0;
        return 0;
    default:
        return error_set(e, ERR_INVALID, "list: an item is not an object");
    }
}

static void envelope_string(struct split_list *s, char c)
{
    static const char word[] = "items";

    if (s->escaped) {
        s->escaped = false;
        s->matched = NO_MATCH;
    } else if (c == '"') {
        s->in_string = false;
        s->is_items = s->matched == sizeof(word) - 1;
    } else {
        s->escaped = c == '\\';
        s->matched =
            s->matched < sizeof(word) - 1 && c == word[s->matched] ? s->matched + 1 : NO_MATCH;
    }
}

// One byte outside the items.
static void envelope_byte(struct split_list *s, char c)
{
    switch (c) {
    case '"':
        s->in_string = true;
        s->matched = 0;
        break;
    case ':':
        s->want_items = s->depth == 1 && s->is_items;
        break;
    case ',':
        s->want_items = false;
        break;
    case '{':
    case '[':
        s->depth++;
        break;
    case '}':
    case ']':
        s->depth -= s->depth > 0;
        break;
    default:
        break;
    }
}

// Copies bytes of the document around the items until the list of items opens.
static int take_envelope(struct split_list *s, const char *p, size_t n, size_t *ret_used,
                         struct error *e)
{
    bool opened = false;
    size_t i = 0;

    while (i < n && !opened) {
        char c = p[i++];

        opened = !s->in_string && c == '[' && s->want_items && s->depth == 1;
        if (s->in_string)
            envelope_string(s, c);
        else if (!opened)
            envelope_byte(s, c);
    }
    *ret_used = i;
    if (buf_add(&s->head, p, i) < 0)
        return too_big(e, "list document", s->head.max);
    if (!opened)
        return 0;
    if (s->seen_items)
        return error_set(e, ERR_INVALID, "list: 'items' is given twice");
    s->seen_items = true;
    s->want_items = s->is_items = false;
    s->phase = SPLIT_BETWEEN;
    return 0;
}

int split_list_push(struct split_list *s, const char *p, size_t n, struct error *e)
{
    while (n) {
        size_t used = 0;
        int rc;

        if (s->phase == SPLIT_ITEM)
            rc = take_item(s, p, n, &used, e);
        else if (s->phase == SPLIT_BETWEEN)
            rc = take_between(s, *p, &used, e);
        else
            rc = take_envelope(s, p, n, &used, e);
        if (rc)
            return rc;
        p += used;
        n -= used;
    }
    return 0;
}

struct str split_list_document(const struct split_list *s)
{
    return buf_str(&s->head);
}

static int read_document(struct split_list *s, json_val *root, struct split_list_end *ret,
                         struct error *e)
{
    const char *kind = json_str(json_get(root, "kind"), "");
    json_val *meta = json_get(root, "metadata");
    struct str rv = json_text(json_get(meta, "resourceVersion"));

    ret->is_status = strcmp(kind, "Status") == 0;
    if (ret->is_status)
        return 0;
    if (strcmp(kind, "Table") == 0)
        return error_set(e, ERR_INVALID, "list: the server answered with a Table");
    if (!json_get(root, "items"))
        return error_set(e, ERR_INVALID, "list: a '%.64s' has no items", kind);
    if (!rv.n || rv.n >= sizeof(ret->rv) || str_eq(rv, "0")) // a watch from 0 begins anywhere
        return error_set(e, ERR_INVALID, "list: no resourceVersion");
    memcpy(ret->rv, rv.p, rv.n);
    ret->remaining = json_int(json_get(meta, "remainingItemCount"), -1);
    free(s->cont);
    s->cont = xstrdup(json_str(json_get(meta, "continue"), ""));
    ret->cont = s->cont;
    return 0;
}

int split_list_finish(struct split_list *s, struct split_list_end *ret, struct error *e)
{
    struct split_list_end end = { .cont = "", .remaining = -1 };
    autojson struct json_doc doc = { 0 };

    if (s->phase != SPLIT_ENVELOPE || s->depth || s->in_string || !s->head.n)
        return error_set(e, ERR_IO, "list: the document ends early");
    if (json_parse(buf_str(&s->head), NULL, &doc, e) < 0)
        return error_wrap(e, "list");
    if (read_document(s, json_root(&doc), &end, e) < 0)
        return -1;
    *ret = end;
    return 0;
}
