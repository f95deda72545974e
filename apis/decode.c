// SPDX-License-Identifier: Apache-2.0
// Decoding, the part that is the same for JSON and YAML: limits, texts, errors with a JSON path,
// the finished block. Objects of built-in kinds are read leniently: limits of the rows hold for our
// kinds alone, for the server is the judge of the others; but a value of a wrong type is an error
// everywhere, because what is read from it would be wrong.
#include "apis/decode.h"

#include "apis/limits.h"
#include "apis/record.h"
#include "apis/shared.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/utf8.h"
#include <stdarg.h>

void decoder_init(struct decoder *d, const struct kind *k, struct decode_options o, struct error *e)
{
    builder_init(&d->own);
    builder_init(&d->spec);
    d->options = o;
    d->kind = k;
    d->b = &d->own;
    d->in_spec = false;
    d->limits = k->own && (o.validate || o.strict);
    d->spec_place = d->name_place = 0;
    d->known_spec = NULL;
    d->spec_value = NULL;
    d->cut_n = 0;
    d->work = d->work_room;
    d->work_n = 0;
    d->work_cap = DECODER_WORK;
    d->e = e;
}

void decoder_fini(struct decoder *d)
{
    builder_fini(&d->own);
    builder_fini(&d->spec);
    if (d->work != d->work_room)
        free(d->work);
}

void decoder_work_grow(struct decoder *d)
{
    uint32_t *bigger = xmalloc(2 * (size_t)d->work_cap * sizeof(*bigger));
    memcpy(bigger, d->work, d->work_n * sizeof(*bigger));
    if (d->work != d->work_room)
        free(d->work);
    d->work = bigger;
    d->work_cap *= 2;
}

// "spec.containers[2].env", root first. Keys that are no plain words are quoted, and cut.
static void path_text(const struct path *at, struct buf *out)
{
    if (!at)
        return;
    path_text(at->up, out);
    if (!at->key.p) {
        if (at->up)
            buf_addf(out, "[%u]", at->index);
        return;
    }
    bool plain = at->key.n > 0;
    for (size_t i = 0; i < at->key.n && plain; i++)
        plain = strchr("./[]\"", at->key.p[i]) == NULL && at->key.p[i] > ' ';
    size_t n = utf8_cut(at->key.p, at->key.n, 64);
    if (!plain)
        buf_addf(out, "[\"%.*s\"]", (int)n, at->key.p);
    else
        buf_addf(out, "%s%.*s", out->n ? "." : "", (int)n, at->key.p);
}

int decoder_fail(const struct decoder *d, const struct path *at, const char *fmt, ...)
{
    autobuf struct buf text = { 0 };
    buf_init(&text, 2 * ERROR_TEXT_MAX);
    path_text(at, &text);
    if (text.n)
        buf_adds(&text, " ");
    va_list ap;
    va_start(ap, fmt);
    buf_vaddf(&text, fmt, ap);
    va_end(ap);
    uint32_t line = 0;
    for (; at && !line; at = at->up)
        line = at->line;
    if (line)
        return error_set(d->e, ERR_INVALID, "line %u: %s", line, text.p ? text.p : "too long");
    return error_set(d->e, ERR_INVALID, "%s", text.p ? text.p : "too long");
}

static int check_text(const struct decoder *d, const struct path *at, const struct row *row,
                      struct str s)
{
    if (!d->limits)
        return 0;
    char why[LIMITS_TEXT_MAX];
    if (limits_text(row, s, why))
        return decoder_fail(d, at, "%s", why);
    return 0;
}

static uint32_t add_text(struct decoder *d, const struct row *row, struct str s)
{
    if (row->opt->cut && s.n > row->max_len)
        s.n = utf8_cut(s.p, s.n, row->max_len);
    if (row->opt->api_access && d->in_spec && object_is_api_access(s)) {
        if (d->cut_n < SPEC_MEMO_CUT)
            d->cut[d->cut_n] = s.p;
        d->cut_n++;
        s.n = OBJECT_API_ACCESS;
    }
    return builder_text(d->b, s);
}

// The atoms met last. Documents of one list repeat the same few words, so most are found here for
// the price of one comparison instead of a keyed hash. Each thread has its own.
#define MEMO    256u
#define KEY_MAX 1024u // of a map; label keys have 317
static _Thread_local atom memo[MEMO];

static atom intern(struct str s)
{
    if (!s.n || s.n > 64)
        return atom_intern(s.p, s.n);
    uint32_t print = KEY_PRINT(s.p, s.n);
    atom *place = &memo[(print ^ print >> 8 ^ print >> 17 ^ print >> 23) % MEMO];
    struct str old = atom_view(*place);
    if (old.n != s.n || memcmp(old.p, s.p, s.n) != 0)
        *place = atom_intern(s.p, s.n);
    return *place;
}

atom decode_atom(const struct row *row, struct str s)
{
    if (s.n > row->max_len)
        s.n = utf8_cut(s.p, s.n, row->max_len);
    return intern(s);
}

atom decode_key(struct str s)
{
    if (s.n > KEY_MAX)
        s.n = utf8_cut(s.p, s.n, KEY_MAX);
    return intern(s);
}

static int add_time(const struct decoder *d, const struct path *at, const struct row *row,
                    struct str s, struct partial *r)
{
    usec t;
    struct error why;
    if (time_parse(s, &t, &why))
        return decoder_fail(d, at, "%s", why.text);
    int64_t seconds = t / USEC_PER_SEC;
    partial_value(r, row->bit, (uint32_t)MAX(0, MIN((int64_t)UINT32_MAX, seconds)));
    return 0;
}

int decode_text(struct decoder *d, const struct path *at, const struct row *row, struct str s,
                struct partial *r)
{
    if (check_text(d, at, row, s))
        return -1;
    uint8_t uid[16];
    bool hashed;
    switch (row->kind) {
    case ROW_TIME:
        return add_time(d, at, row, s, r);
    case ROW_ATOM:
        partial_value(r, row->bit, decode_atom(row, s));
        return 0;
    case ROW_UID:
        uid_parse(s, uid, &hashed);
        partial_far(r, row->bit, builder_bytes(d->b, uid, sizeof(uid)));
        return 0;
    default:
        partial_far(r, row->bit, add_text(d, row, s));
        return 0;
    }
}

int decode_text_item(struct decoder *d, const struct path *at, const struct row *row, struct str s,
                     uint32_t *ret)
{
    if (check_text(d, at, row, s))
        return -1;
    *ret = row->kind == ROW_ATOMS ? decode_atom(row, s) : add_text(d, row, s);
    return 0;
}

int decode_integer(struct decoder *d, const struct path *at, const struct row *row, int64_t v,
                   struct partial *r)
{
    if (row->kind != ROW_LONG && (v < INT32_MIN || v > INT32_MAX))
        return decoder_fail(d, at, "is out of range");
    if (d->limits && row->opt->max > row->opt->min && (v < row->opt->min || v > row->opt->max))
        return decoder_fail(d, at, "must be %" PRId64 " to %" PRId64, row->opt->min, row->opt->max);
    if (v == 0 && row->opt->drop_zero)
        return 0;
    if (row->kind == ROW_INT)
        partial_value(r, row->bit, (uint32_t)(int32_t)v);
    else
        partial_long(r, d->b, row->bit, v);
    return 0;
}

int decode_word(struct decoder *d, const struct path *at, const struct row *row, struct str s,
                int *ret)
{
    *ret = word_find(row->words, s);
    if (*ret != WORD_OTHER || !d->limits)
        return 0;
    char why[LIMITS_TEXT_MAX];
    limits_words(row->words, why);
    return decoder_fail(d, at, "%s", why);
}

bool decode_keeps(const char *list, struct str key)
{
    struct str rest = str_of(list), item;
    while (str_split(&rest, ',', &item)) {
        bool prefix = item.n && item.p[item.n - 1] == '*';
        size_t n = item.n - prefix;
        if ((prefix ? key.n >= n : key.n == n) && memcmp(item.p, key.p, n) == 0)
            return true;
    }
    return false;
}

int decode_required(const struct decoder *d, const struct path *at, const struct partial *r)
{
    for (uint32_t i = 0; i < r->type->n; i++) {
        const struct row *row = &r->type->rows[i];
        if (!row->opt->required)
            continue;
        uint32_t bits = row->kind == ROW_ENUM ? 15 : 1;
        if (r->bitmap[row->bit / 32] >> (row->bit % 32) & bits)
            continue;
        struct path here = { .up = at, .key = str_of(row->key) };
        return decoder_fail(d, &here, "is required");
    }
    return 0;
}

// The key of an item for comparing: its text.
static const char *item_key(const struct decoder *d, const struct row *row, uint32_t v)
{
    const uint8_t *at = d->b->p + d->b->cap - v;
    if (row->kind == ROW_STRS)
        return (const char *)at;
    if (row->kind == ROW_ATOMS)
        return atom_str(v);
    if (row->kind == ROW_ENUMS)
        return word_text(row->words, (int)v);
    const struct row *key = type_row(row->sub, row->opt->map_key);
    if (key->kind == ROW_ENUM)
        return word_text(key->words, rec_word(at, key->bit));
    const uint32_t *slot = rec_slot(at, key->bit, row->sub->bitmap);
    if (!slot)
        return "";
    return key->kind == ROW_ATOM ? atom_str(*slot) : rec_at(slot);
}

int decode_list_rules(const struct decoder *d, const struct path *at, const struct row *row,
                      const uint32_t *v, uint32_t n)
{
    if (!d->limits || (!row->opt->set && !row->opt->map_key) || d->b->failed)
        return 0;
    for (uint32_t i = 1; i < n; i++) {
        const char *key = item_key(d, row, v[i]);
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(key, item_key(d, row, v[j])) == 0)
                return decoder_fail(d, at, "has '%.64s' twice", key);
        }
    }
    return 0;
}

// The value of a hexadecimal digit plus one; 0 for any other character.
static const uint8_t hex_digit[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static bool uuid_parse(struct str s, uint8_t ret[16])
{
    static const uint8_t byte_at[16] = {
        0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34
    };
    if (s.n != 36 || s.p[8] != '-' || s.p[13] != '-' || s.p[18] != '-' || s.p[23] != '-')
        return false;
    for (uint32_t i = 0; i < 16; i++) {
        uint8_t high = hex_digit[(uint8_t)s.p[byte_at[i]]];
        uint8_t low = hex_digit[(uint8_t)s.p[byte_at[i] + 1]];
        if (!high || !low)
            return false;
        ret[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    return true;
}

void uid_parse(struct str text, uint8_t ret[16], bool *ret_hashed)
{
    *ret_hashed = text.n && !uuid_parse(text, ret);
    if (text.n && !*ret_hashed)
        return;
    memset(ret, 0, 16);
    if (!text.n)
        return;
    uint64_t h[2] = { hash64_stable(text.p, text.n), 0 };
    h[1] = hash64_stable(h, sizeof(h[0])) ^ hash64_stable(text.p, text.n - 1);
    memcpy(ret, h, sizeof(h));
}

int decode_header(struct decoder *d, const struct header *h)
{
    struct path root = { .line = h->line }, meta = { .up = &root, .key = str_of("metadata") };
    struct path at = { .up = &meta, .key = str_of("name") };
    if (!h->name.n)
        return decoder_fail(d, &at, "is missing");
    if (h->name.n > 1024)
        return decoder_fail(d, &at, "is too long");
    d->name_place = builder_text(&d->own, h->name);
    return 0;
}

static uint64_t parse_rv(struct str s)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || v > (UINT64_MAX - 9) / 10)
            return 0;
        v = v * 10 + (uint64_t)(s.p[i] - '0');
    }
    return v;
}

int decode_finish(struct decoder *d, const struct header *h, struct object **ret)
{
    if (d->own.failed || d->spec.failed)
        return error_set(d->e, ERR_TOO_BIG, "the object is too large");
    size_t size = sizeof(struct object) + d->own.used;
    struct object *o = xmalloc(size);
    bool hashed;
    *o = (struct object){ .refs = 1, .size = (uint32_t)size, .kind = (uint16_t)d->kind->id };
    o->ns = intern(h->ns);
    o->name = (uint32_t)size - d->name_place;
    o->line = h->line;
    o->rv = parse_rv(h->rv);
    uid_parse(h->uid, o->uid, &hashed);
    o->flags = (uint16_t)((hashed ? OBJECT_UID_HASHED : 0) |
                          (d->kind->metadata_only ? OBJECT_METADATA_ONLY : 0));
    memcpy(o->record, builder_start(&d->own), d->own.used);
    if (d->options.same_spec)
        o->spec = shared_ref(d->options.same_spec->spec);
    else if (d->known_spec)
        o->spec = shared_ref(d->known_spec);
    else if (d->spec_place)
        o->spec = shared_intern(builder_start(&d->spec), d->spec.used);
    *ret = o;
    return 0;
}
