// SPDX-License-Identifier: Apache-2.0
// A merge patch replaces lists as a whole, so only members of objects need a null. Whether a list
// loses an item is asked by the key of its kind: type, name, or the item itself. Lists of findings
// have neither: they are ours as a whole, and apply replaces them.
#include "controller/status_patch.h"

static json_val *key_of_item(json_val *item)
{
    json_val *key = json_get(item, "type");

    if (!yyjson_is_obj(item))
        return item;
    return key ? key : json_get(item, "name");
}

static bool list_has(json_val *list, json_val *key)
{
    yyjson_arr_iter it = yyjson_arr_iter_with(list);
    json_val *item;

    while ((item = yyjson_arr_iter_next(&it))) {
        if (yyjson_equals(key_of_item(item), key))
            return true;
    }
    return false;
}

static bool list_loses(json_val *now, json_val *want)
{
    yyjson_arr_iter it = yyjson_arr_iter_with(now);
    json_val *item;

    while ((item = yyjson_arr_iter_next(&it))) {
        json_val *key = key_of_item(item);

        if (key && !list_has(want, key))
            return true;
    }
    return false;
}

static void write_value(struct writer *w, json_val *v)
{
    struct buf autobuf text = { 0 };

    buf_init(&text, (size_t)1 << 20);
    if (json_write(v, &text) == 0)
        w_json(w, buf_str(&text));
    else
        w_null(w);
}

static void write_members(struct writer *w, json_val *now, json_val *want, bool *ret_loses)
{
    yyjson_obj_iter it = yyjson_obj_iter_with(want);
    json_val *key;

    while ((key = yyjson_obj_iter_next(&it))) {
        struct str name = json_text(key);

        w_keyn(w, name.p, name.n);
        status_patch_write(w, yyjson_obj_getn(now, name.p, name.n), yyjson_obj_iter_get_val(key),
                           ret_loses);
    }
    it = yyjson_obj_iter_with(now);
    while ((key = yyjson_obj_iter_next(&it))) {
        struct str name = json_text(key);

        if (yyjson_obj_getn(want, name.p, name.n))
            continue;
        w_keyn(w, name.p, name.n);
        w_null(w);
        *ret_loses = true;
    }
}

void status_patch_write(struct writer *w, json_val *now, json_val *want, bool *ret_loses)
{
    if (!yyjson_is_obj(want)) {
        *ret_loses = *ret_loses || list_loses(now, want);
        write_value(w, want);
        return;
    }
    w_object(w);
    write_members(w, now, want, ret_loses); // NOLINT(misc-no-recursion): as deep as our own types
    w_object_end(w);
}
