// SPDX-License-Identifier: Apache-2.0
// The decoder over JSON values: the path of every object that the API server sends.
#include "apis/argument.h"
#include "apis/cursor.h"
#include "apis/decode.h"
#include "apis/types.h"

typedef json_val *cur;

struct cur_iter {
    yyjson_val *at;
    size_t left;
    bool map;
};

static inline enum cur_type cur_type(cur c)
{
    switch (yyjson_get_type(c)) {
    case YYJSON_TYPE_BOOL:
        return CUR_BOOL;
    case YYJSON_TYPE_NUM:
        if (yyjson_is_real(c) || (yyjson_is_uint(c) && yyjson_get_uint(c) > INT64_MAX))
            return CUR_DOUBLE;
        return CUR_INT;
    case YYJSON_TYPE_STR:
        return CUR_STR;
    case YYJSON_TYPE_ARR:
        return CUR_LIST;
    case YYJSON_TYPE_OBJ:
        return CUR_MAP;
    default:
        return CUR_NULL;
    }
}

static inline bool cur_bool(cur c)
{
    return unsafe_yyjson_get_bool(c);
}

static inline int64_t cur_int(cur c)
{
    return unsafe_yyjson_get_sint(c);
}

static inline struct str cur_string(cur c)
{
    return json_text(c);
}

static inline uint32_t cur_line(unused_arg cur c)
{
    return 0;
}

static inline uint32_t cur_count(cur c)
{
    return (uint32_t)unsafe_yyjson_get_len(c);
}

static inline cur cur_get(cur c, const char *key, size_t n)
{
    return yyjson_obj_getn(c, key, n);
}

static inline void cur_start(struct cur_iter *it, cur c)
{
    it->left = unsafe_yyjson_get_len(c);
    it->at = unsafe_yyjson_get_first(c);
    it->map = unsafe_yyjson_is_obj(c);
}

static inline bool cur_next(struct cur_iter *it, struct str *ret_key, cur *ret)
{
    if (!it->left--)
        return false;
    if (it->map) {
        *ret_key = (struct str){ unsafe_yyjson_get_str(it->at), unsafe_yyjson_get_len(it->at) };
        it->at++;
    }
    *ret = it->at;
    it->at = unsafe_yyjson_get_next(it->at);
    return true;
}

// Numbers are written the shortest way (quantities given as numbers). The text lives until the next
// call.
static struct str number_text(cur c, char *room, size_t n)
{
    int len = yyjson_is_real(c)   ? snprintf(room, n, "%.17g", unsafe_yyjson_get_real(c))
              : yyjson_is_uint(c) ? snprintf(room, n, "%" PRIu64, yyjson_get_uint(c))
                                  : snprintf(room, n, "%" PRId64, yyjson_get_sint(c));
    return (struct str){ room, (size_t)len };
}

#define cur_text(c)                                                                                \
    (unsafe_yyjson_is_str(c) ? (struct str){ unsafe_yyjson_get_str(c), unsafe_yyjson_get_len(c) }  \
                             : number_text(c, (char[40]){ 0 }, 40))

static inline struct shared_block *cur_known_spec(struct decoder *d, const struct row *row, cur c)
{
    const struct decode_options *o = &d->options;

    if (!o->memo || d->kind->id != KIND_POD || o->strict || o->validate)
        return NULL;
    d->spec_value = c;
    d->spec_type = row->sub;
    return spec_memo_find(o->memo, c);
}

#include "apis/decode_body.inc"

static void keep_spec(const struct decoder *d, const struct object *o)
{
    if (d->spec_value && !d->known_spec && o->spec && d->cut_n <= SPEC_MEMO_CUT)
        spec_memo_keep(d->options.memo, d->spec_type, d->spec_value, d->cut, d->cut_n, o->spec);
}

int object_decode(const struct kind *k, json_val *v, struct decode_options o, struct object **ret,
                  struct error *e)
{
    struct decoder d;
    decoder_init(&d, k, o, e);
    int r = decode_root(&d, v, ret);
    if (!r)
        keep_spec(&d, *ret);
    decoder_fini(&d);
    return r;
}
