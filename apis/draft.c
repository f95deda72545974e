// SPDX-License-Identifier: Apache-2.0
// Drafts: one value per row, so that members come out in row order whatever the order of the calls,
// and a text compared with the last one is equal exactly when nothing changed.
#include "apis/draft.h"

#include "base/clock.h"
#include <assert.h>

struct item {
    struct item *next;
    int64_t i;
    const char *key, *s;
    struct draft *sub;
};

struct value {
    bool set;
    int64_t i;
    const char *s;     // text; int-or-string: NULL is the number
    struct draft *sub; // OBJ
    struct item *first, *last;
};

struct draft {
    struct arena *a;
    const struct type *type;
    struct value v[]; // by row
};

struct draft *draft_new(struct arena *a, const struct type *t)
{
    struct draft *d = arena_zalloc(a, sizeof(*d) + t->n * sizeof(d->v[0]));
    d->a = a;
    d->type = t;
    return d;
}

static struct value *value_of(struct draft *d, const struct type *t, uint32_t row)
{
    assert(d->type == t && row < t->n);
    return &d->v[row];
}

static struct item *add_item(struct draft *d, const struct type *t, uint32_t row)
{
    struct value *v = value_of(d, t, row);
    struct item *it = ARENA_NEW(d->a, struct item);
    if (v->last)
        v->last->next = it;
    else
        v->first = it;
    v->last = it;
    v->set = true;
    return it;
}

static const char *copy(struct draft *d, const char *s)
{
    return arena_strdup(d->a, s);
}

void draft_set_int(struct draft *d, const struct type *t, uint32_t row, int64_t i)
{
    struct value *v = value_of(d, t, row);
    v->set = true;
    v->i = i;
}

void draft_set_text(struct draft *d, const struct type *t, uint32_t row, const char *s)
{
    struct value *v = value_of(d, t, row);
    v->set = s != NULL;
    v->s = s ? copy(d, s) : NULL;
}

void draft_set_int_or_string(struct draft *d, const struct type *t, uint32_t row,
                             struct int_or_string is)
{
    struct value *v = value_of(d, t, row);
    v->set = true;
    v->s = is.s ? copy(d, is.s) : NULL;
    v->i = is.i;
}

struct draft *draft_add_draft(struct draft *d, const struct type *t, uint32_t row)
{
    if (t->rows[row].kind == ROW_LIST) {
        struct item *it = add_item(d, t, row);
        return it->sub = draft_new(d->a, t->rows[row].sub);
    }
    struct value *v = value_of(d, t, row);
    if (!v->sub)
        v->sub = draft_new(d->a, t->rows[row].sub);
    v->set = true;
    return v->sub;
}

void draft_add_text(struct draft *d, const struct type *t, uint32_t row, const char *s)
{
    add_item(d, t, row)->s = copy(d, s ? s : "");
}

void draft_add_int(struct draft *d, const struct type *t, uint32_t row, int64_t v)
{
    add_item(d, t, row)->i = v;
}

void draft_add_pair(struct draft *d, const struct type *t, uint32_t row, const char *k,
                    const char *s)
{
    for (struct item *it = value_of(d, t, row)->first; it; it = it->next) {
        if (strcmp(it->key, k) == 0) {
            it->s = copy(d, s ? s : "");
            return;
        }
    }
    struct item *it = add_item(d, t, row);
    it->key = copy(d, k);
    it->s = copy(d, s ? s : "");
}

void draft_drop(struct draft *d, const char *key)
{
    const struct row *row = type_row(d->type, key);
    assert(row);
    d->v[row - d->type->rows] = (struct value){ 0 };
}

// Writing.

static void write_item(const struct row *row, const struct item *it, struct writer *w)
{
    switch (row->kind) {
    case ROW_MAP:
        w_key_str(w, it->key, it->s);
        break;
    case ROW_LIST:
        draft_write(it->sub, w);
        break;
    case ROW_LONGS:
        w_int(w, it->i);
        break;
    case ROW_ENUMS:
        w_str(w, word_text(row->words, (int)it->i));
        break;
    default:
        w_str(w, it->s);
    }
}

static void write_items(const struct row *row, const struct value *v, struct writer *w)
{
    bool map = row->kind == ROW_MAP;
    if (map)
        w_object(w);
    else
        w_list(w);
    for (const struct item *it = v->first; it; it = it->next)
        write_item(row, it, w);
    if (map)
        w_object_end(w);
    else
        w_list_end(w);
}

static void write_value(const struct row *row, const struct value *v, struct writer *w)
{
    char text[TIME_TEXT_MAX];
    w_key(w, row->key);
    switch (row->kind) {
    case ROW_BOOL:
        w_bool(w, v->i);
        break;
    case ROW_INT:
    case ROW_LONG:
        w_int(w, v->i);
        break;
    case ROW_TIME:
        w_str(w, time_format(v->i * USEC_PER_SEC, 0, text));
        break;
    case ROW_ENUM:
        w_str(w, word_text(row->words, (int)v->i));
        break;
    case ROW_INTORSTR:
        if (v->s)
            w_str(w, v->s);
        else
            w_int(w, v->i);
        break;
    case ROW_OBJ:
        draft_write(v->sub, w);
        break;
    case ROW_LIST:
    case ROW_STRS:
    case ROW_ATOMS:
    case ROW_LONGS:
    case ROW_ENUMS:
    case ROW_MAP:
        write_items(row, v, w);
        break;
    default:
        w_str(w, v->s);
    }
}

static void write_members(const struct draft *d, struct writer *w)
{
    for (uint32_t i = 0; i < d->type->n; i++) {
        if (d->v[i].set)
            write_value(&d->type->rows[i], &d->v[i], w);
    }
}

void draft_write(const struct draft *d, struct writer *w)
{
    w_object(w);
    write_members(d, w);
    w_object_end(w);
}

void draft_write_object(const struct draft *d, const struct kind *k, struct writer *w)
{
    assert(d->type == k->type);
    w_object(w);
    w_key_str(w, "apiVersion", kind_api_version(k));
    w_key_str(w, "kind", k->kind);
    write_members(d, w);
    w_object_end(w);
}

bool draft_same(const struct draft *d, const void *rec)
{
    autobuf struct buf a, b;
    struct writer w;
    buf_init(&a, (size_t)4 << 20);
    buf_init(&b, (size_t)4 << 20);
    writer_to_buf(&w, WRITER_JSON, &a);
    draft_write(d, &w);
    if (writer_end(&w))
        return false;
    writer_to_buf(&w, WRITER_JSON, &b);
    record_write(d->type, rec, &w);
    if (writer_end(&w))
        return false;
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}
