// SPDX-License-Identifier: Apache-2.0
// The decoder over YAML nodes: manifests. Lines in errors and in objects are those of the file.
#include "apis/argument.h"
#include "apis/cursor.h"
#include "apis/decode.h"
#include "apis/types.h"

typedef const struct yaml_node *cur;

struct cur_iter {
    cur c;
    uint32_t i;
};

static inline enum cur_type cur_type(cur c)
{
    static const enum cur_type types[] = {
        [YAML_NULL] = CUR_NULL,     [YAML_BOOL] = CUR_BOOL, [YAML_INT] = CUR_INT,
        [YAML_DOUBLE] = CUR_DOUBLE, [YAML_STR] = CUR_STR,   [YAML_LIST] = CUR_LIST,
        [YAML_MAP] = CUR_MAP,
    };

    return c ? types[c->type] : CUR_NULL;
}

static inline bool cur_bool(cur c)
{
    return c->b;
}

static inline int64_t cur_int(cur c)
{
    return c->i;
}

static inline struct str cur_text(cur c)
{
    return c->text;
}

static inline struct str cur_string(cur c)
{
    return c->text;
}

static inline uint32_t cur_line(cur c)
{
    return c ? c->line : 0;
}

static inline uint32_t cur_count(cur c)
{
    return c->sub.n;
}

static inline cur cur_get(cur c, const char *key, size_t n)
{
    for (uint32_t i = 0; i < c->sub.n; i++) {
        if (c->sub.keys[i].n == n && memcmp(c->sub.keys[i].p, key, n) == 0)
            return c->sub.v[i];
    }
    return NULL;
}

static inline void cur_start(struct cur_iter *it, cur c)
{
    *it = (struct cur_iter){ .c = c };
}

static inline bool cur_next(struct cur_iter *it, struct str *ret_key, cur *ret)
{
    if (it->i >= it->c->sub.n)
        return false;
    if (it->c->type == YAML_MAP)
        *ret_key = it->c->sub.keys[it->i];
    *ret = it->c->sub.v[it->i++];
    return true;
}

static inline struct shared_block *
cur_known_spec(unused_arg struct decoder *d, unused_arg const struct row *row, unused_arg cur c)
{
    return NULL;
}

#include "apis/decode_body.inc"

int object_decode_yaml(const struct kind *k, const struct yaml_node *v, struct decode_options o,
                       struct object **ret, struct error *e)
{
    struct decoder d;
    decoder_init(&d, k, o, e);
    int r = decode_root(&d, v, ret);
    decoder_fini(&d);
    return r;
}
