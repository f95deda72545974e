// SPDX-License-Identifier: Apache-2.0
// yyjson keeps the values of a document in one row, each before its children, and the tag of a
// value is its type and length; so two documents with the same row of tags, texts and numbers are
// the same document.
#include "apis/spec_memo.h"

#include "apis/shared.h"
#include "base/alloc.h"

#define VALUES_MAX ((size_t)4096)
#define TEXT_MAX   ((size_t)64 << 10)
#define OWN_MAX    8

enum way { // how a value is compared
    BY_TAG,
    BY_TEXT,
    BY_NUMBER,
    BY_START, // of a generated name
    NOT_AT_ALL,
};

struct value {
    uint64_t tag;
    uint64_t number; // of BY_TEXT: its place
    enum way way;
};

struct spec_memo {
    struct shared_block *block; // owned; NULL: nothing is kept
    struct value *v;            // owned
    size_t n, cap;
    struct buf text;
};

struct spec_memo *spec_memo_new(void)
{
    struct spec_memo *m = xcalloc(1, sizeof(*m));

    buf_init(&m->text, TEXT_MAX);
    return m;
}

static void forget(struct spec_memo *m)
{
    shared_release(TAKE(m->block));
    buf_reset(&m->text);
    m->n = 0;
}

void spec_memo_free(struct spec_memo *m)
{
    if (!m)
        return;
    forget(m);
    buf_fini(&m->text);
    free(m->v);
    free(m);
}

static bool same_value(const struct spec_memo *m, const struct value *kept, json_val *v)
{
    if (kept->way == BY_START)
        return unsafe_yyjson_is_str(v) && object_is_api_access(json_text(v));
    if (kept->tag != v->tag)
        return false;
    if (kept->way == BY_NUMBER)
        return kept->number == v->uni.u64;
    return kept->way == BY_TAG || memcmp(m->text.p + kept->number, unsafe_yyjson_get_str(v),
                                         unsafe_yyjson_get_len(v)) == 0;
}

struct shared_block *spec_memo_find(const struct spec_memo *m, json_val *v)
{
    json_val *end = unsafe_yyjson_get_next(v);

    for (size_t i = 0; i < m->n; i++) {
        if (v >= end)
            return NULL;
        if (m->v[i].way == NOT_AT_ALL) {
            v = unsafe_yyjson_get_next(v);
            continue;
        }
        if (!same_value(m, &m->v[i], v))
            return NULL;
        v++;
    }
    return v == end ? m->block : NULL;
}

static struct value *push(struct spec_memo *m)
{
    if (m->n == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 256;
        m->v = xrealloc(m->v, m->cap * sizeof(*m->v));
    }
    return &m->v[m->n++];
}

static bool has_text(const char *const *texts, uint32_t n, const char *p)
{
    for (uint32_t i = 0; i < n; i++)
        if (texts[i] == p)
            return true;
    return false;
}

static struct value value_of(struct spec_memo *m, json_val *v, bool cut)
{
    struct value to = { .tag = v->tag };

    if (unsafe_yyjson_is_num(v)) {
        to.way = BY_NUMBER;
        to.number = v->uni.u64;
    } else if (unsafe_yyjson_is_str(v) && cut) {
        to.way = BY_START;
    } else if (unsafe_yyjson_is_str(v)) {
        to.way = BY_TEXT;
        to.number = m->text.n;
        buf_add(&m->text, unsafe_yyjson_get_str(v), unsafe_yyjson_get_len(v));
    }
    return to;
}

// The values of what is the Pod's own; how many.
static size_t own_values(const struct type *t, json_val *spec, json_val *ret[OWN_MAX])
{
    size_t n = 0;

    for (uint32_t i = 0; i < t->n && n < OWN_MAX; i++) {
        ret[n] = t->rows[i].opt->per_pod ? json_get(spec, t->rows[i].key) : NULL;
        n += ret[n] != NULL;
    }
    return n;
}

static bool is_own(json_val *const own[OWN_MAX], size_t n, json_val *v)
{
    for (size_t i = 0; i < n; i++)
        if (own[i] == v)
            return true;
    return false;
}

void spec_memo_keep(struct spec_memo *m, const struct type *t, json_val *v, const char *const *cut,
                    uint32_t n, struct shared_block *block)
{
    json_val *end = unsafe_yyjson_get_next(v), *own[OWN_MAX];
    size_t own_n = own_values(t, v, own);

    forget(m);
    while (v < end && m->n < VALUES_MAX) {
        if (is_own(own, own_n, v)) {
            *push(m) = (struct value){ .way = NOT_AT_ALL };
            v = unsafe_yyjson_get_next(v);
        } else {
            bool is_cut = unsafe_yyjson_is_str(v) && has_text(cut, n, unsafe_yyjson_get_str(v));

            *push(m) = value_of(m, v, is_cut);
            v++;
        }
    }
    if (v < end || m->text.failed)
        forget(m);
    else
        m->block = shared_ref(block);
}
