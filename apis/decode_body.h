// SPDX-License-Identifier: Apache-2.0
// The decoder, written once against a cursor. The includer defines `cur` (a position in a document) and:
//   enum cur_type cur_type(cur), bool cur_bool(cur), int64_t cur_int(cur), struct str cur_text(cur) (scalars: as written),
//   uint32_t cur_line(cur), uint32_t cur_count(cur), cur cur_get(cur, const char *key, size_t n),
//   struct cur_iter, cur_start(iter *, cur), bool cur_next(iter *, struct str *ret_key, cur *ret).
// Included by decode_json.c and decode_yaml.c, once each.

static int decode_record(struct decoder *d, const struct path *at, const struct type *t, cur c,
                         uint32_t *ret, bool *ret_empty);

static int expect(const struct decoder *d, const struct path *at, cur c, enum cur_type want)
{
    static const char *const names[] = {
        [CUR_BOOL] = "true or false", [CUR_INT] = "a whole number", [CUR_STR] = "a string",
        [CUR_LIST] = "a list",        [CUR_MAP] = "an object",
    };
    if (cur_type(c) == want)
        return 0;
    return decoder_fail(d, at, "must be %s", names[want]);
}

static int expect_text(const struct decoder *d, const struct path *at, const struct row *row, cur c)
{
    enum cur_type t = cur_type(c);
    if (row->opt->number && (t == CUR_INT || t == CUR_DOUBLE))
        return 0;
    return expect(d, at, c, CUR_STR);
}

static int decode_object(struct decoder *d, const struct path *at, const struct row *row, cur c,
                         struct partial *r)
{
    uint32_t place;
    bool empty;
    if (decode_record(d, at, row->sub, c, &place, &empty))
        return -1;
    if (!empty || !row->opt->drop_empty)
        partial_far(r, row->bit, empty ? builder_record(d->b, &(struct partial){ .type = row->sub })
                                       : place);
    return 0;
}

// The interned spec goes to a builder of its own.
static int decode_spec(struct decoder *d, const struct path *at, const struct row *row, cur c)
{
    struct builder *outer = d->b;
    bool empty;
    d->b = &d->spec;
    d->in_spec = d->kind->id == KIND_POD;
    int r = decode_record(d, at, row->sub, c, &d->spec_place, &empty);
    if (!r && empty)
        d->spec_place = builder_record(d->b, &(struct partial){ .type = row->sub });
    d->b = outer;
    d->in_spec = false;
    return r;
}

static bool item_kept(const struct row *row, cur item)
{
    if (!row->opt->keep || cur_type(item) != CUR_MAP)
        return true;
    const struct row *first = &row->sub->rows[0];
    cur c = cur_get(item, first->key, first->key_len);
    return cur_type(c) != CUR_STR || decode_keeps(row->opt->keep, cur_text(c));
}

static int decode_item(struct decoder *d, const struct path *at, const struct row *row, cur c)
{
    uint32_t v = 0;
    int word;
    bool empty;
    switch (row->kind) {
    case ROW_LIST:
        if (!item_kept(row, c))
            return 0;
        if (decode_record(d, at, row->sub, c, &v, &empty))
            return -1;
        if (empty)
            v = builder_record(d->b, &(struct partial){ .type = row->sub });
        break;
    case ROW_LONGS:
        if (expect(d, at, c, CUR_INT))
            return -1;
        v = (uint32_t)(int32_t)MAX(INT32_MIN, MIN(INT32_MAX, cur_int(c)));
        break;
    case ROW_ENUMS:
        if (expect(d, at, c, CUR_STR) || decode_word(d, at, row, cur_text(c), &word))
            return -1;
        v = (uint32_t)word;
        break;
    default:
        if (expect_text(d, at, row, c) || decode_text_item(d, at, row, cur_text(c), &v))
            return -1;
    }
    decoder_push(d, v);
    return 0;
}

static int decode_list(struct decoder *d, const struct path *at, const struct row *row, cur c,
                       struct partial *r)
{
    if (expect(d, at, c, CUR_LIST))
        return -1;
    if (d->limits && cur_count(c) > row->max_items)
        return decoder_fail(d, at, "has %u items, %u are allowed", cur_count(c), row->max_items);
    uint32_t base = d->work_n, i = 0;
    struct cur_iter it;
    struct str key;
    cur item;
    for (cur_start(&it, c); cur_next(&it, &key, &item); i++) {
        struct path here = { .up = at, .index = i, .line = cur_line(item) };
        if (decode_item(d, &here, row, item))
            return -1;
    }
    uint32_t n = d->work_n - base;
    bool far = row->kind == ROW_LIST || row->kind == ROW_STRS;
    if (decode_list_rules(d, at, row, d->work + base, n))
        return -1;
    if (n || i == 0)
        partial_far(r, row->bit, builder_list(d->b, d->work + base, n, 1, far));
    d->work_n = base;
    return 0;
}

// Words of a command line: what each looks like.
static int decode_args(struct decoder *d, const struct path *at, const struct row *row, cur c,
                       struct partial *r)
{
    if (expect(d, at, c, CUR_LIST))
        return -1;
    uint32_t base = d->work_n, i = 0;
    bool after_flag = false;
    struct cur_iter it;
    struct str key;
    cur item;
    for (cur_start(&it, c); cur_next(&it, &key, &item); i++) {
        struct path here = { .up = at, .index = i, .line = cur_line(item) };
        if (expect(d, &here, item, CUR_STR))
            return -1;
        decoder_push(d, credential_of_arg(cur_text(item), &after_flag));
    }
    partial_far(r, row->bit, builder_list(d->b, d->work + base, d->work_n - base, 1, 0));
    d->work_n = base;
    return 0;
}

static int decode_pair(struct decoder *d, const struct path *at, const struct row *row,
                       struct str key, cur c)
{
    uint32_t v;
    if (row->kind == ROW_CREDENTIALS) {
        if (expect(d, at, c, CUR_STR))
            return -1;
        decoder_push(d, builder_text(d->b, key));
        decoder_push(d, credential_of_document(cur_text(c)));
        return 0;
    }
    if (row->opt->keep && !decode_keeps(row->opt->keep, key))
        return 0;
    if (cur_type(c) == CUR_NULL) // a null value is the empty text, as Go reads it
        v = builder_text(d->b, str_of(""));
    else if (expect_text(d, at, row, c) || decode_text_item(d, at, row, cur_text(c), &v))
        return -1;
    decoder_push(d, atom_intern(key.p, key.n));
    decoder_push(d, v);
    return 0;
}

static int decode_map(struct decoder *d, const struct path *at, const struct row *row, cur c,
                      struct partial *r)
{
    if (expect(d, at, c, CUR_MAP))
        return -1;
    if (d->limits && cur_count(c) > row->max_items)
        return decoder_fail(d, at, "has %u members, %u are allowed", cur_count(c), row->max_items);
    uint32_t base = d->work_n;
    struct cur_iter it;
    struct str key;
    cur v;
    for (cur_start(&it, c); cur_next(&it, &key, &v);) {
        struct path here = { .up = at, .key = key, .line = cur_line(v) };
        if (decode_pair(d, &here, row, key, v))
            return -1;
    }
    uint32_t n = (d->work_n - base) / 2;
    if (n || !row->opt->keep)
        partial_far(r, row->bit, builder_list(d->b, d->work + base, n, 2,
                                              row->kind == ROW_CREDENTIALS ? 1 : 2));
    d->work_n = base;
    return 0;
}

static int decode_int_or_string(struct decoder *d, const struct path *at, const struct row *row,
                                cur c, struct partial *r)
{
    if (cur_type(c) == CUR_STR) {
        partial_tagged(r, row->bit, builder_text(d->b, cur_text(c)));
        return 0;
    }
    if (cur_type(c) != CUR_INT)
        return decoder_fail(d, at, "must be a whole number or a string");
    return decode_integer(d, at, row, cur_int(c), r);
}

static int decode_scalar(struct decoder *d, const struct path *at, const struct row *row, cur c,
                         struct partial *r)
{
    int word;
    switch (row->kind) {
    case ROW_BOOL:
        if (expect(d, at, c, CUR_BOOL))
            return -1;
        partial_flag(r, row->bit, cur_bool(c));
        return 0;
    case ROW_INT:
    case ROW_LONG:
        return expect(d, at, c, CUR_INT) ? -1 : decode_integer(d, at, row, cur_int(c), r);
    case ROW_ENUM:
        if (expect(d, at, c, CUR_STR) || decode_word(d, at, row, cur_text(c), &word))
            return -1;
        partial_word(r, row->bit, word);
        return 0;
    case ROW_CREDENTIAL:
        if (expect(d, at, c, CUR_STR))
            return -1;
        partial_word(r, row->bit, credential_of_value(cur_text(c)));
        return 0;
    default:
        return expect_text(d, at, row, c) ? -1 : decode_text(d, at, row, cur_text(c), r);
    }
}

static int decode_member(struct decoder *d, const struct path *at, const struct row *row, cur c,
                         struct partial *r)
{
    switch (row->kind) {
    case ROW_PRESENT:
        partial_flag(r, row->bit, true);
        return 0;
    case ROW_OBJ:
        return decode_object(d, at, row, c, r);
    case ROW_SPEC:
        return decode_spec(d, at, row, c);
    case ROW_LIST:
    case ROW_STRS:
    case ROW_ATOMS:
    case ROW_LONGS:
    case ROW_ENUMS:
        return decode_list(d, at, row, c, r);
    case ROW_ARGS:
        return decode_args(d, at, row, c, r);
    case ROW_MAP:
    case ROW_CREDENTIALS:
        return decode_map(d, at, row, c, r);
    case ROW_INTORSTR:
        return decode_int_or_string(d, at, row, c, r);
    case ROW_HEADER:
        return 0;
    default:
        return decode_scalar(d, at, row, c, r);
    }
}

// The row of a key. Documents of the API server come in the order of the rows, so the search starts where it last ended.
static inline const struct row *find_row(const struct type *t, struct str key, uint32_t *hint)
{
    const struct row *rows = t->rows;
    uint32_t n = t->n;
    for (uint32_t i = *hint; i < n; i++) {
        if (rows[i].key_len == key.n && memcmp(rows[i].key, key.p, key.n) == 0) {
            *hint = i + 1;
            return &rows[i];
        }
    }
    for (uint32_t i = 0; i < *hint; i++) {
        if (rows[i].key_len == key.n && memcmp(rows[i].key, key.p, key.n) == 0) {
            *hint = i + 1;
            return &rows[i];
        }
    }
    return NULL;
}

static int decode_unknown(const struct decoder *d, const struct path *at, struct partial *r)
{
    const struct row *last = &r->type->rows[r->type->n - 1];
    if (last->kind == ROW_OTHERS)
        partial_flag(r, last->bit, true);
    else if (d->options.strict && r->type->own)
        return decoder_fail(d, at, "unknown member");
    return 0;
}

// One member may feed two rows: a Pod's spec is split into its own part and the shared one.
static int decode_rows(struct decoder *d, const struct path *at, const struct row *row, cur c,
                       struct partial *r)
{
    if (row->opt->per_pod && d->in_spec)
        return 0;
    if (decode_member(d, at, row, c, r))
        return -1;
    const struct row *end = r->type->rows + r->type->n;
    if (row->kind == ROW_OBJ && row + 1 < end && row[1].kind == ROW_SPEC)
        return strcmp(row->key, row[1].key) == 0 ? decode_member(d, at, row + 1, c, r) : 0;
    return 0;
}

static int decode_record(struct decoder *d, const struct path *at, const struct type *t, cur c,
                         uint32_t *ret, bool *ret_empty)
{
    if (expect(d, at, c, CUR_MAP))
        return -1;
    struct partial r;
    partial_init(&r, t);
    uint32_t hint = 0;
    uint64_t seen = 0;
    struct cur_iter it;
    struct str key;
    cur v;
    for (cur_start(&it, c); cur_next(&it, &key, &v);) {
        struct path here = { .up = at, .key = key, .line = cur_line(v) };
        const struct row *row = find_row(t, key, &hint);
        if (row && d->options.strict) {
            uint64_t bit = 1ull << ((row - t->rows) & 63);
            if (seen & bit)
                return decoder_fail(d, &here, "is given twice");
            seen |= bit;
        }
        if (cur_type(v) == CUR_NULL && row)
            continue;
        if (row ? decode_rows(d, &here, row, v, &r) : decode_unknown(d, &here, &r))
            return -1;
    }
    if (d->limits && decode_required(d, at, &r))
        return -1;
    *ret_empty = partial_empty(&r);
    if (!*ret_empty)
        *ret = builder_record(d->b, &r);
    return 0;
}

static int header_text(const struct decoder *d, const struct path *at, cur meta, const char *key,
                       struct str *ret)
{
    cur c = cur_get(meta, key, strlen(key));
    struct path here = { .up = at, .key = str_of(key), .line = cur_line(c) };
    *ret = (struct str){ NULL, 0 };
    if (cur_type(c) == CUR_NULL)
        return 0;
    if (expect(d, &here, c, CUR_STR))
        return -1;
    *ret = cur_text(c);
    if (memchr(ret->p, 0, ret->n))
        return decoder_fail(d, &here, "holds a NUL character");
    return 0;
}

static int decode_root(struct decoder *d, cur c, struct object **ret)
{
    struct path root = { .line = cur_line(c) }, at = { .up = &root, .key = str_of("metadata") };
    struct header h = { .line = cur_line(c) };
    if (expect(d, &root, c, CUR_MAP))
        return -1;
    cur meta = cur_get(c, "metadata", 8);
    if (cur_type(meta) == CUR_NULL)
        return decoder_fail(d, &at, "is missing");
    if (expect(d, &at, meta, CUR_MAP) || header_text(d, &at, meta, "name", &h.name) ||
        header_text(d, &at, meta, "namespace", &h.ns) || header_text(d, &at, meta, "uid", &h.uid) ||
        header_text(d, &at, meta, "resourceVersion", &h.rv) || decode_header(d, &h))
        return -1;
    const struct type *t = d->kind->metadata_only ? &type_partial_object : d->kind->type;
    uint32_t place;
    bool empty;
    if (decode_record(d, NULL, t, c, &place, &empty))
        return -1;
    if (empty)
        builder_record(d->b, &(struct partial){ .type = t });
    return decode_finish(d, &h, ret);
}
