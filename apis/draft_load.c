// SPDX-License-Identifier: Apache-2.0
// A draft that starts as a copy of a record: read a status, change one member, write it back.
#include "apis/draft.h"
#include "apis/rlist.h"

static void load_list(struct draft *d, const struct type *t, uint32_t i, struct rlist l);

static void load_into(struct draft *d, const struct type *t, const void *rec);

static void load_slot(struct draft *d, const struct type *t, uint32_t i, const uint32_t *slot)
{
    const struct row *row = &t->rows[i];
    struct object holder = { 0 };
    char text[UID_TEXT_MAX];
    switch (row->kind) {
    case ROW_INT:
        draft_set_int(d, t, i, (int32_t)*slot);
        break;
    case ROW_LONG:
        draft_set_int(d, t, i, rec_long(slot, 0));
        break;
    case ROW_TIME:
        draft_set_int(d, t, i, *slot);
        break;
    case ROW_ATOM:
        draft_set_text(d, t, i, atom_str(*slot));
        break;
    case ROW_UID:
        memcpy(holder.uid, rec_at(slot), sizeof(holder.uid));
        draft_set_text(d, t, i, object_uid_text(&holder, text));
        break;
    case ROW_INTORSTR:
        draft_set_int_or_string(d, t, i, rec_int_or_string(slot));
        break;
    case ROW_OBJ:
        load_into(draft_add_draft(d, t, i), row->sub, rec_at(slot));
        break;
    case ROW_STR:
    case ROW_DURATION:
        draft_set_text(d, t, i, rec_at(slot));
        break;
    default:
        load_list(d, t, i, rec_list(slot));
    }
}

static void load_list(struct draft *d, const struct type *t, uint32_t i, struct rlist l)
{
    const struct row *row = &t->rows[i];
    for (uint32_t k = 0; k < l.n; k++) {
        switch (row->kind) {
        case ROW_LIST:
            load_into(draft_add_draft(d, t, i), row->sub, rlist_record(l, k));
            break;
        case ROW_STRS:
            draft_add_text(d, t, i, rlist_record(l, k));
            break;
        case ROW_ATOMS:
            draft_add_text(d, t, i, atom_str(l.v[k]));
            break;
        case ROW_MAP:
            draft_add_pair(d, t, i, rmap_key(l, k), rmap_value(l, k));
            break;
        case ROW_LONGS:
        case ROW_ENUMS:
            draft_add_int(d, t, i, rlist_number(l, k));
            break;
        default:
            break; // classes of texts cannot be written
        }
    }
}

static void load_into(struct draft *d, const struct type *t, const void *rec)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const struct row *row = &t->rows[i];
        const uint32_t *slot;
        switch (row->kind) {
        case ROW_BOOL:
            if (rec_flag(rec, row->bit))
                draft_set_int(d, t, i, rec_flag(rec, row->bit) == 3);
            break;
        case ROW_ENUM:
            if (rec_word(rec, row->bit))
                draft_set_int(d, t, i, rec_word(rec, row->bit));
            break;
        case ROW_PRESENT:
        case ROW_OTHERS:
        case ROW_CREDENTIAL:
        case ROW_SPEC:
        case ROW_HEADER:
        case ROW_RULE:
            break;
        default:
            slot = rec_slot(rec, row->bit, t->bitmap);
            if (slot)
                load_slot(d, t, i, slot);
        }
    }
}

struct draft *draft_load(struct arena *a, const struct type *t, const void *rec)
{
    struct draft *d = draft_new(a, t);
    load_into(d, t, rec);
    return d;
}
