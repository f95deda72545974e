// SPDX-License-Identifier: Apache-2.0
// The nesting of documents. JSON puts its separators before each entry. YAML does too (a line break
// and the indentation, so a scalar never ends its line), which makes an empty object or list print
// as {} or [] without looking ahead: its opening prints nothing. Lists under a key are not indented
// further, as kubectl prints them.
#include "base/writer.h"

#include "base/json.h"
#include "base/writer_text.h"
#include <assert.h>
#include <errno.h>

#define YAML_KEY_MAX                                                                               \
    1000 // YAML readers may give up on a "key:" after 1024 characters; longer ones are written "?
         // key"

void writer_init(struct writer *w, enum writer_format f,
                 int (*sink)(void *arg, const char *p, size_t n), void *arg)
{
    w->format = f;
    w->sink = sink;
    w->arg = arg;
    w->depth = 0;
    w->failed = false;
    w->errnum = 0;
    w->after_key = false;
    w->chunk_n = 0;
}

static int sink_buf(void *arg, const char *p, size_t n)
{
    return buf_add(arg, p, n);
}

static int sink_file(void *arg, const char *p, size_t n)
{
    return fwrite(p, 1, n, arg) == n ? 0 : -1;
}

void writer_to_buf(struct writer *w, enum writer_format f, struct buf *out)
{
    writer_init(w, f, sink_buf, out);
}

void writer_to_file(struct writer *w, enum writer_format f, FILE *out)
{
    writer_init(w, f, sink_file, out);
}

static void give(struct writer *w, const char *p, size_t n)
{
    if (w->failed || !n || w->sink(w->arg, p, n) == 0)
        return;
    w->failed = true;
    w->errnum = errno;
}

static void flush(struct writer *w)
{
    give(w, w->chunk, w->chunk_n);
    w->chunk_n = 0;
}

static void put(struct writer *w, const char *p, size_t n)
{
    if (w->chunk_n + n > sizeof(w->chunk))
        flush(w);
    if (w->failed)
        return;
    if (n > sizeof(w->chunk)) {
        give(w, p, n);
        return;
    }
    if (n)
        memcpy(w->chunk + w->chunk_n, p, n);
    w->chunk_n += n;
}

static void put_text(struct writer *w, const char *s)
{
    put(w, s, strlen(s));
}

static void put_for_text(void *arg, const char *p, size_t n)
{
    put(arg, p, n);
}

// Line break and indentation.
static void put_line(struct writer *w, size_t indent)
{
    static const char blanks[] = "                                ";

    put(w, "\n", 1);
    for (; indent > sizeof(blanks) - 1; indent -= sizeof(blanks) - 1)
        put(w, blanks, sizeof(blanks) - 1);
    put(w, blanks, indent);
}

// What stands before the next entry of the innermost level.
static void begin_entry(struct writer *w)
{
    int top = w->depth - 1;
    bool first = w->level[top].n++ == 0;

    if (w->format == WRITER_YAML) {
        if (!first || !w->level[top].inlined)
            put_line(w, w->level[top].indent);
        if (w->level[top].list)
            put_text(w, "- ");
        return;
    }
    if (!first)
        put(w, ",", 1);
    if (w->format == WRITER_JSON_PRETTY)
        put_line(w, (size_t)w->depth * 2);
}

// Takes the place of a value; false when writing has ended.
static bool begin_value(struct writer *w)
{
    if (w->failed)
        return false;
    if (!w->depth)
        return true;
    assert(w->level[w->depth - 1].list || w->after_key);
    if (w->level[w->depth - 1].list)
        begin_entry(w);
    return true;
}

// A scalar or an empty container, which stands on the line of its key.
static void put_inline(struct writer *w, const char *p, size_t n)
{
    if (w->after_key && w->format == WRITER_YAML)
        put(w, " ", 1);
    w->after_key = false;
    put(w, p, n);
}

static void put_value(struct writer *w, const char *p, size_t n)
{
    if (begin_value(w))
        put_inline(w, p, n);
}

static uint16_t indent_for(const struct writer *w, bool list)
{
    uint16_t outer = w->depth ? w->level[w->depth - 1].indent : 0;

    if (!w->depth || (w->after_key && list))
        return outer;
    return (uint16_t)(outer + 2);
}

static void open_level(struct writer *w, bool list)
{
    uint16_t indent;

    if (!begin_value(w))
        return;
    if (w->depth == WRITER_DEPTH_MAX) {
        w->failed = true;
        return;
    }
    indent = indent_for(w, list);
    w->level[w->depth].list = list;
    w->level[w->depth].n = 0;
    w->level[w->depth].indent = indent;
    w->level[w->depth].inlined = !w->after_key;
    w->depth++;
    w->after_key = false;
    if (w->format != WRITER_YAML)
        put(w, list ? "[" : "{", 1);
}

static void close_level(struct writer *w, bool list)
{
    int top = w->depth - 1;

    if (w->failed)
        return;
    assert(w->depth > 0 && w->level[top].list == list && !w->after_key);
    w->depth--;
    if (w->format != WRITER_YAML) {
        if (w->format == WRITER_JSON_PRETTY && w->level[top].n)
            put_line(w, (size_t)w->depth * 2);
        put(w, list ? "]" : "}", 1);
    } else if (!w->level[top].n) {
        w->after_key = !w->level[top].inlined;
        put_inline(w, list ? "[]" : "{}", 2);
    }
}

void w_object(struct writer *w)
{
    open_level(w, false);
}

void w_object_end(struct writer *w)
{
    close_level(w, false);
}

void w_list(struct writer *w)
{
    open_level(w, true);
}

void w_list_end(struct writer *w)
{
    close_level(w, true);
}

static void put_yaml_key(struct writer *w, struct str key)
{
    bool plain = text_yaml_style(key) == TEXT_PLAIN;
    bool is_long = key.n > YAML_KEY_MAX / (plain ? 1 : 6); // an escape has six characters

    if (is_long)
        put_text(w, "? ");
    if (plain)
        put(w, key.p, key.n);
    else
        text_quote(key, true, put_for_text, w);
    if (is_long)
        put_line(w, w->level[w->depth - 1].indent);
    put(w, ":", 1);
}

static void key_n(struct writer *w, struct str key)
{
    if (w->failed)
        return;
    assert(w->depth && !w->level[w->depth - 1].list && !w->after_key);
    begin_entry(w);
    if (w->format == WRITER_YAML) {
        put_yaml_key(w, key);
    } else {
        text_quote(key, false, put_for_text, w);
        put_text(w, w->format == WRITER_JSON_PRETTY ? ": " : ":");
    }
    w->after_key = true;
}

void w_key(struct writer *w, const char *key)
{
    key_n(w, str_of(key));
}

void w_keyn(struct writer *w, const char *key, size_t n)
{
    key_n(w, (struct str){ key, n });
}

static void put_literal(struct writer *w, struct str s)
{
    size_t indent = (w->depth ? w->level[w->depth - 1].indent : 0) + 2u;
    bool ends = s.n && s.p[s.n - 1] == '\n';
    const char *keep = ends && s.n > 1 && s.p[s.n - 2] == '\n' ? "+" : "";
    struct str rest = { s.p, ends ? s.n - 1 : s.n };

    put_text(w, "|");
    put_text(w, ends ? keep : "-");
    while (true) {
        const char *at = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;
        size_t n = at ? (size_t)(at - rest.p) : rest.n;

        put_line(w, n ? indent : 0);
        put(w, rest.p, n);
        if (!at)
            return;
        rest = (struct str){ at + 1, rest.n - n - 1 };
    }
}

void w_str(struct writer *w, const char *s)
{
    if (s)
        w_strn(w, s, strlen(s));
    else
        w_null(w);
}

void w_strn(struct writer *w, const char *s, size_t n)
{
    struct str text = { n ? s : "", n };
    enum text_style style = TEXT_QUOTED;

    if (!begin_value(w))
        return;
    put_inline(w, "", 0);
    if (w->format == WRITER_YAML)
        style = text_yaml_style(text);
    if (style == TEXT_PLAIN)
        put(w, text.p, text.n);
    else if (style == TEXT_LITERAL)
        put_literal(w, text);
    else
        text_quote(text, w->format == WRITER_YAML, put_for_text, w);
}

void w_int(struct writer *w, int64_t v)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%" PRId64, v);

    put_value(w, text, (size_t)n);
}

void w_double(struct writer *w, double v)
{
    char text[DOUBLE_TEXT_MAX];

    text_double(v, text);
    put_value(w, text, strlen(text));
}

void w_bool(struct writer *w, bool v)
{
    put_value(w, v ? "true" : "false", v ? 4 : 5);
}

void w_null(struct writer *w)
{
    put_value(w, "null", 4);
}

static void put_json_scalar(struct writer *w, yyjson_val *v)
{
    if (yyjson_is_str(v))
        w_strn(w, yyjson_get_str(v), yyjson_get_len(v));
    else if (yyjson_is_raw(v))
        put_value(w, yyjson_get_raw(v), yyjson_get_len(v));
    else if (yyjson_is_bool(v))
        w_bool(w, yyjson_get_bool(v));
    else
        w_null(w);
}

struct open_container {
    yyjson_val *v;
    yyjson_val *next; // child, or key in an object
    size_t left;
};

// Opens v if it is a container and gives whether it is.
static bool open_json(struct writer *w, yyjson_val *v, struct open_container *ret)
{
    if (!yyjson_is_ctn(v)) {
        put_json_scalar(w, v);
        return false;
    }
    open_level(w, yyjson_is_arr(v));
    *ret = (struct open_container){ v, unsafe_yyjson_get_first(v), unsafe_yyjson_get_len(v) };
    return true;
}

// Prints what lies below root; each turn opens, continues or closes a container.
static void put_json(struct writer *w, yyjson_val *root)
{
    struct open_container open[WRITER_DEPTH_MAX + 1];
    int n = open_json(w, root, &open[0]) ? 1 : 0;

    while (n && !w->failed) {
        struct open_container *top = &open[n - 1];
        yyjson_val *v = top->next;

        if (!top->left) {
            close_level(w, yyjson_is_arr(top->v));
            n--;
            continue;
        }
        if (yyjson_is_obj(top->v)) {
            key_n(w, json_text(v));
            v = unsafe_yyjson_get_next(v);
        }
        top->left--;
        top->next = unsafe_yyjson_get_next(v);
        if (open_json(w, v, &open[n]))
            n++;
    }
}

void w_json(struct writer *w, struct str raw)
{
    // Numbers stay text: 1.0, 1e3 and integers beyond 64 bits come out as they went in.
    yyjson_doc *doc;

    if (w->failed)
        return;
    doc = yyjson_read(raw.p, raw.n, YYJSON_READ_NUMBER_AS_RAW);
    if (doc)
        put_json(w, yyjson_doc_get_root(doc));
    else
        w->failed = true;
    yyjson_doc_free(doc);
}

int writer_end(struct writer *w)
{
    if (w->depth || w->after_key)
        w->failed = true;
    if (w->format != WRITER_JSON)
        put(w, "\n", 1);
    flush(w);
    if (w->errnum)
        errno = w->errnum; // what the caller did in between has another
    return w->failed ? -1 : 0;
}

void w_key_str(struct writer *w, const char *key, const char *s)
{
    w_key(w, key);
    w_str(w, s);
}

void w_key_int(struct writer *w, const char *key, int64_t v)
{
    w_key(w, key);
    w_int(w, v);
}

void w_key_bool(struct writer *w, const char *key, bool v)
{
    w_key(w, key);
    w_bool(w, v);
}

void w_key_object(struct writer *w, const char *key)
{
    w_key(w, key);
    w_object(w);
}

void w_key_list(struct writer *w, const char *key)
{
    w_key(w, key);
    w_list(w);
}
