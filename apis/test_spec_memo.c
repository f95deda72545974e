// SPDX-License-Identifier: Apache-2.0
// Blocks are interned by content, so that "decoded the same" is one comparison of pointers.
#include "apis/shared.h"
#include "apis/spec_memo.h"
#include "apis/test_object.h"
#include "base/alloc.h"

static const char model[] =
    "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"nodeName\":\"n\",\"hostname\":\"h\",\"volumes\":[{\"name\":"
    "\"kube-api-access-x7k2p\",\"projected\":{\"defaultMode\":420}},{\"name\":\"d\",\"emptyDir\":{}}],"
    "\"containers\":[{\"name\":\"c\",\"image\":\"i:1\",\"args\":[\"kube-api-access-abcde\",\"--n=1.5\"],"
    "\"volumeMounts\":[{\"name\":\"kube-api-access-x7k2p\",\"mountPath\":\"/x\"}],"
    "\"securityContext\":{\"privileged\":false,\"runAsUser\":10}}],\"hostNetwork\":true}}";

static struct object *decode(struct spec_memo *memo, enum kind_id kind, const char *text, size_t n)
{
    autojson struct json_doc doc = { 0 };
    struct object *o = NULL;

    if (json_parse((struct str){ text, n }, NULL, &doc, NULL) < 0 ||
        object_decode(kind_get(kind), json_root(&doc), (struct decode_options){ .memo = memo }, &o,
                      NULL) < 0)
        return NULL;
    return o;
}

static bool knows(const struct spec_memo *memo, const char *text, size_t n)
{
    autojson struct json_doc doc = { 0 };
    json_val *spec;

    if (json_parse((struct str){ text, n }, NULL, &doc, NULL) < 0)
        return false;
    spec = json_get(json_root(&doc), "spec");
    return spec && spec_memo_find(memo, spec);
}

// The model with the first `from` of it replaced.
static char *changed(const char *from, const char *to)
{
    const char *at = strstr(model, from);

    assert_non_null(at);
    return xasprintf("%.*s%s%s", (int)(at - model), model, to, at + strlen(from));
}

static void only_what_does_not_count_may_differ(void **state unused_arg)
{
    static const struct {
        const char *from, *to;
        bool known;
    } rows[] = {
        {"{\"metadata\"",          "{\"metadata\"",                         true },
        { "\"name\":\"p\"",        "\"name\":\"another\"",                  true },
        { "\"nodeName\":\"n\"",    "\"nodeName\":\"node-2\"",               true },
        { "\"hostname\":\"h\"",    "\"hostname\":null",                     true },
        { "access-x7k2p\",\"p",    "access-somethinglonger\",\"p",          true },
        { "access-x7k2p\",\"m",    "access-q\",\"m",                        true },
        { "access-x7k2p\",\"m",    "access-\",\"m",                         false}, // a whole name
        { "access-x7k2p\",\"m",    "acces-x7k2p\",\"m",                     false},
        { "access-abcde",          "access-abcdf",                          false}, // of no volume
        { "\"nodeName\":\"n\",",   "",                                      false},
        { "\"nodeName\":\"n\"",    "\"nodeName\":\"n\",\"nodeName\":\"n\"", false},
        { "\"privileged\":false",  "\"privileged\":true",                   false},
        { "\"runAsUser\":10",      "\"runAsUser\":11",                      false},
        { "\"runAsUser\":10",      "\"runAsUser\":10.0",                    false},
        { "\"i:1\"",               "\"i:2\"",                               false},
        { "\"hostNetwork\"",       "\"hostNetworl\"",                       false},
        { "\"hostNetwork\":true",  "\"hostNetwork\":true,\"hostPID\":true", false},
        { ",\"hostNetwork\":true", "",                                      false},
        { "[{\"name\":\"c\",",     "[{\"name\":\"b\"},{\"name\":\"c\",",    false},
        { "\"emptyDir\":{}",       "\"emptyDir\":[]",                       false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct spec_memo *memo = spec_memo_new();
        autofree char *text = changed(rows[i].from, rows[i].to);
        autoobject struct object *first = decode(memo, KIND_POD, model, strlen(model));
        bool known = knows(memo, text, strlen(text));
        autoobject struct object *o = decode(memo, KIND_POD, text, strlen(text));
        autoobject struct object *plain = decode(NULL, KIND_POD, text, strlen(text));

        if (known != rows[i].known)
            fail_msg("%s", text);
        assert_non_null(first);
        assert_true(!o == !plain);
        assert_true(!o || o->spec == plain->spec);
        assert_true(!known || o->spec == first->spec);
        spec_memo_free(memo);
    }
    assert_int_equal(shared_blocks(), 0);
}

static void what_is_the_pods_own_is_read_all_the_same(void **state unused_arg)
{
    struct spec_memo *memo = spec_memo_new();
    autofree char *text = changed("\"nodeName\":\"n\"", "\"nodeName\":\"node-2\"");
    autoobject struct object *first = decode(memo, KIND_POD, model, strlen(model));
    autoobject struct object *o = decode(memo, KIND_POD, text, strlen(text));

    assert_string_equal(atom_str(pod_own_node_name(pod_own(pod_of(first)))), "n");
    assert_string_equal(atom_str(pod_own_node_name(pod_own(pod_of(o)))), "node-2");
    spec_memo_free(memo);
}

// One memo for a long list of Pods that are the model but for a few bytes.
static void a_list_is_decoded_as_without_it(void **state unused_arg)
{
    static const char letters[] = "0{}[]\",:\\ntfeax-12.u";
    struct spec_memo *memo = spec_memo_new();
    uint32_t seed = 7, decoded = 0, known = 0;
    char text[sizeof(model)];
    size_t n = sizeof(model) - 1;

    for (int round = 0; round < 60000; round++) {
        memcpy(text, model, sizeof(text));
        for (uint32_t changes = (uint32_t)round % 4; changes; changes--) {
            seed = seed * 1664525 + 1013904223;
            text[(seed >> 8) % n] = letters[(seed >> 3) % (sizeof(letters) - 1)];
        }
        known += knows(memo, text, n);

        autoobject struct object *o = decode(memo, KIND_POD, text, n);
        autoobject struct object *plain = decode(NULL, KIND_POD, text, n);

        decoded += o != NULL;
        assert_true(!o == !plain);
        if (o && o->spec != plain->spec)
            fail_msg("%s", text);
        assert_int_equal(o ? object_bytes(o) : 0, plain ? object_bytes(plain) : 0);
    }
    assert_in_range(decoded, 20000, 59999);
    assert_in_range(known, 1000, decoded - 1000);
    spec_memo_free(memo);
    assert_int_equal(shared_blocks(), 0);
}

static void of_two_specs_in_one_pod_the_last_counts(void **state unused_arg)
{
    static const char a[] = "{\"hostIPC\":true}", b[] = "{\"hostPID\":true}";
    const char *const orders[][2] = {
        {a,  b},
        { b, a},
        { b, b},
        { a, a},
        { a, b}
    };
    struct spec_memo *memo = spec_memo_new();

    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        autofree char *text = xasprintf("{\"metadata\":{\"name\":\"p\"},\"spec\":%s,\"spec\":%s}",
                                        orders[i][0], orders[i][1]);
        autoobject struct object *o = decode(memo, KIND_POD, text, strlen(text));

        assert_int_equal(pod_spec_host_ipc(object_pod_spec(o)), orders[i][1] == a);
        assert_int_equal(pod_spec_host_pid(object_pod_spec(o)), orders[i][1] == b);
    }
    spec_memo_free(memo);
}

// COUNT mounts of that name.
static char *with_mounts(uint32_t count, const char *name)
{
    struct buf b;

    buf_init(&b, (size_t)1 << 20);
    buf_adds(&b, "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"volumeMounts\":[");
    for (uint32_t i = 0; i < count; i++)
        buf_addf(&b, "%s{\"name\":\"%s\"}", i ? "," : "", name);
    buf_adds(&b, "]}]}}");
    return b.p;
}

static void what_is_too_large_is_not_kept(void **state unused_arg)
{
    static const struct {
        uint32_t mounts;
        const char *name;
        bool kept;
    } rows[] = {
        {16,    "kube-api-access-1",                                           true },
        { 17,   "kube-api-access-1",                                           false},
        { 1300, "a",                                                           true },
        { 1400, "a",                                                           false}, // values
        { 1300, "a name of more than fifty bytes, which a volume cannot have", false}, // text
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct spec_memo *memo = spec_memo_new();
        autofree char *text = with_mounts(rows[i].mounts, rows[i].name);
        autoobject struct object *o = decode(memo, KIND_POD, text, strlen(text));

        assert_non_null(o);
        assert_int_equal(knows(memo, text, strlen(text)), rows[i].kept);
        spec_memo_free(memo);
    }
    assert_int_equal(shared_blocks(), 0);
}

static void only_pods_are_remembered(void **state unused_arg)
{
    static const char text[] =
        "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"template\":{\"spec\":{\"hostPID\":true}}}}";
    struct spec_memo *memo = spec_memo_new();
    autoobject struct object *o = decode(memo, KIND_DEPLOYMENT, text, strlen(text));

    assert_true(pod_spec_host_pid(object_pod_spec(o)));
    assert_false(knows(memo, text, strlen(text)));
    spec_memo_free(memo);
    spec_memo_free(NULL);
}

RUN(T(only_what_does_not_count_may_differ), T(what_is_the_pods_own_is_read_all_the_same),
    T(a_list_is_decoded_as_without_it), T(of_two_specs_in_one_pod_the_last_counts),
    T(what_is_too_large_is_not_kept), T(only_pods_are_remembered))
