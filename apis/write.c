// SPDX-License-Identifier: Apache-2.0
// Records as documents: the inverse of decoding, driven by the same rows. What was dropped at
// decoding (texts that may be secrets, shared specs, members without a row) is not there to be
// written.
#include "apis/rlist.h"
#include "apis/schema.h"
#include "apis/types.h"
#include "base/clock.h"
#include "base/writer.h"

static void write_uid(const uint8_t uid[16], struct writer *w)
{
    struct object o = { 0 };
    char text[UID_TEXT_MAX];
    memcpy(o.uid, uid, sizeof(o.uid));
    w_str(w, object_uid_text(&o, text));
}

static void write_list(const struct row *row, struct rlist l, struct writer *w)
{
    w_list(w);
    for (uint32_t i = 0; i < l.n; i++) {
        switch (row->kind) {
        case ROW_LIST:
            record_write(row->sub, rlist_record(l, i), w);
            break;
        case ROW_STRS:
            w_str(w, rlist_record(l, i));
            break;
        case ROW_ATOMS:
            w_str(w, atom_str(l.v[i]));
            break;
        case ROW_ENUMS:
            w_str(w, word_text(row->words, (int)l.v[i]));
            break;
        default:
            w_int(w, rlist_number(l, i));
        }
    }
    w_list_end(w);
}

static void write_map(struct rlist m, struct writer *w)
{
    w_object(w);
    FOR_EACH_PAIR (k, v, m) {
        w_key_str(w, k, v);
    }
    w_object_end(w);
}

static void write_int_or_string(const uint32_t *slot, struct writer *w)
{
    struct int_or_string v = rec_int_or_string(slot);
    if (v.s)
        w_str(w, v.s);
    else
        w_int(w, v.i);
}

static void write_slot(const struct row *row, const uint32_t *slot, struct writer *w)
{
    char text[TIME_TEXT_MAX];
    w_key(w, row->key);
    switch (row->kind) {
    case ROW_INT:
        w_int(w, (int32_t)*slot);
        break;
    case ROW_LONG:
        w_int(w, rec_long(slot, 0));
        break;
    case ROW_TIME:
        w_str(w, time_format((usec)*slot * USEC_PER_SEC, 0, text));
        break;
    case ROW_ATOM:
        w_str(w, atom_str(*slot));
        break;
    case ROW_UID:
        write_uid(rec_at(slot), w);
        break;
    case ROW_INTORSTR:
        write_int_or_string(slot, w);
        break;
    case ROW_OBJ:
        record_write(row->sub, rec_at(slot), w);
        break;
    case ROW_MAP:
        write_map(rec_list(slot), w);
        break;
    case ROW_LIST:
    case ROW_STRS:
    case ROW_ATOMS:
    case ROW_LONGS:
    case ROW_ENUMS:
        write_list(row, rec_list(slot), w);
        break;
    default:
        w_str(w, rec_at(slot));
    }
}

static void write_row(const struct type *t, const struct row *row, const void *rec,
                      struct writer *w)
{
    int word;
    const uint32_t *slot;
    switch (row->kind) {
    case ROW_BOOL:
        if (rec_flag(rec, row->bit))
            w_key_bool(w, row->key, rec_flag(rec, row->bit) == 3);
        return;
    case ROW_ENUM:
        word = rec_word(rec, row->bit);
        if (word && word != WORD_OTHER)
            w_key_str(w, row->key, word_text(row->words, word));
        return;
    case ROW_PRESENT:
    case ROW_OTHERS:
    case ROW_CREDENTIAL:
    case ROW_CREDENTIALS:
    case ROW_ARGS:
    case ROW_SPEC:
    case ROW_HEADER:
    case ROW_RULE:
        return;
    default:
        slot = rec_slot(rec, row->bit, t->bitmap);
        if (slot)
            write_slot(row, slot, w);
    }
}

static void write_rows(const struct type *t, const void *rec, struct writer *w)
{
    for (uint32_t i = 0; i < t->n; i++)
        write_row(t, &t->rows[i], rec, w);
}

void record_write(const struct type *t, const void *rec, struct writer *w)
{
    w_object(w);
    write_rows(t, rec, w);
    w_object_end(w);
}

static void write_meta(const struct object *o, struct writer *w)
{
    char text[UID_TEXT_MAX];
    static const uint8_t no_uid[16];
    w_key_object(w, "metadata");
    w_key_str(w, "name", object_name(o));
    if (o->ns)
        w_key_str(w, "namespace", object_namespace(o));
    if (memcmp(o->uid, no_uid, sizeof(no_uid)) != 0 && !(o->flags & OBJECT_UID_HASHED))
        w_key_str(w, "uid", object_uid_text(o, text));
    if (o->rv) {
        snprintf(text, sizeof(text), "%" PRIu64, o->rv);
        w_key_str(w, "resourceVersion", text);
    }
    write_rows(&type_object_meta, object_meta_of(o), w);
    w_object_end(w);
}

void object_write(const struct object *o, struct writer *w)
{
    const struct kind *k = kind_get(o->kind);
    const struct type *t = o->flags & OBJECT_METADATA_ONLY ? &type_partial_object : k->type;
    w_object(w);
    w_key_str(w, "apiVersion", kind_api_version(k));
    w_key_str(w, "kind", k->kind);
    write_meta(o, w);
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->rows[i].sub != &type_object_meta)
            write_row(t, &t->rows[i], o->record, w);
    }
    w_object_end(w);
}
