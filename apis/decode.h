// SPDX-License-Identifier: Apache-2.0
// The state of decoding one object, shared by the two back ends (decode_json.c, decode_yaml.c), and
// the steps that do not depend on the form of the document. Only apis/ includes this.
#pragma once

#include "apis/builder.h"
#include "apis/object.h"
#include "apis/schema.h"
#include "apis/spec_memo.h"

struct path { // where we are; text is made only when something is wrong
    const struct path *up;
    struct str key; // p NULL: an index
    uint32_t index;
    uint32_t line; // 0 when unknown
};

#define DECODER_WORK 512u

struct decoder {
    struct decode_options options;
    const struct kind *kind;
    struct builder own, spec; // the object's block; the interned spec
    struct builder *b;        // the one in use
    bool in_spec;             // inside a Pod's spec: its own members are elsewhere
    bool limits;              // our kinds: lengths, ranges, patterns, required members
    uint32_t spec_place;      // of the spec's record; 0 while there is none
    uint32_t name_place;
    struct shared_block *known_spec; // of options.memo, when it has this spec; borrowed
    json_val *spec_value;            // the Pod spec that was looked at last; NULL without memo
    const struct type *spec_type;
    const char *cut[SPEC_MEMO_CUT]; // texts of the spec that lost their generated part
    uint32_t cut_n;                 // may be more than there is room for
    uint32_t *work;                 // stack of list elements
    uint32_t work_n, work_cap;
    uint32_t work_room[DECODER_WORK];
    struct error *e;
};

void decoder_init(struct decoder *d, const struct kind *k, struct decode_options o,
                  struct error *e);
void decoder_fini(struct decoder *d);
int decoder_fail(const struct decoder *d, const struct path *at, const char *fmt, ...)
    printf_like(3, 4); // -1

void decoder_work_grow(struct decoder *d);

static inline void decoder_push(struct decoder *d, uint32_t v)
{
    if (d->work_n == d->work_cap)
        decoder_work_grow(d);
    d->work[d->work_n++] = v;
}

// One text into its row. Limits are checked here.
int decode_text(struct decoder *d, const struct path *at, const struct row *row, struct str s,
                struct partial *r);
int decode_text_item(struct decoder *d, const struct path *at, const struct row *row, struct str s,
                     uint32_t *ret);
int decode_integer(struct decoder *d, const struct path *at, const struct row *row, int64_t v,
                   struct partial *r);
int decode_word(struct decoder *d, const struct path *at, const struct row *row, struct str s,
                int *ret);
atom decode_atom(const struct row *row, struct str s); // cut to the row's length
atom decode_key(struct str s);
bool decode_keeps(const char *list, struct str key); // row option keep
int decode_required(const struct decoder *d, const struct path *at, const struct partial *r);
int decode_list_rules(const struct decoder *d, const struct path *at, const struct row *row,
                      const uint32_t *v, uint32_t n);

void uid_parse(struct str text, uint8_t ret[16], bool *ret_hashed);

struct header { // what lives in struct object
    struct str name, ns, uid, rv;
    uint32_t line;
};

int decode_header(struct decoder *d, const struct header *h);
int decode_finish(struct decoder *d, const struct header *h, struct object **ret);
