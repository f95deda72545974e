// SPDX-License-Identifier: Apache-2.0
#include "apis/test_object.h"
#include "apis/schema.h"

static struct object *pod(const char *name, const char *suffix, const char *node)
{
    char text[2048];
    snprintf(
        text, sizeof(text),
        "{\"metadata\":{\"name\":\"%s\",\"uid\":\"%s\"},\"spec\":{\"nodeName\":\"%s\",\"hostname\":\"%s\",\"volumes\":[{\"name\":\"kube-api-access-%s\",\"projected\":{}}],"
        "\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"volumeMounts\":[{\"name\":\"kube-api-access-%s\",\"mountPath\":\"/x\"}]}]}}",
        name, name, node, name, suffix, suffix);
    return object_from_json(KIND_POD, text);
}

static void pods_of_one_template_share_their_spec(void **state unused_arg)
{
    autoobject struct object *a = pod("a", "x7k2p", "node-1"), *b = pod("b", "q9z4m", "node-2");
    assert_ptr_equal(a->spec, b->spec);
    assert_int_equal(shared_blocks(), 1);
    assert_true(shared_block_bytes() > 0);
    assert_ptr_equal(object_pod_spec(a), object_pod_spec(b));
    assert_string_equal(atom_str(pod_own_node_name(pod_own(pod_of(b)))), "node-2");
    assert_string_equal(pod_own_hostname(pod_own(pod_of(a))), "a");
    assert_false(pod_spec_has_node_name(object_pod_spec(a)));
    const struct volume *v = rlist_record(pod_spec_volumes(object_pod_spec(a)), 0);
    assert_string_equal(volume_name(v), "kube-api-access");
}

static void the_last_pod_frees_the_spec(void **state unused_arg)
{
    struct object *a = pod("a", "x", "n");
    struct object *b = object_ref(a);
    object_unref(a);
    assert_int_equal(shared_blocks(), 1);
    object_unref(b);
    assert_int_equal(shared_blocks(), 0);
    object_unref(NULL);
}

static void a_template_keeps_its_node_name(void **state unused_arg)
{
    autoobject struct object *o = object_from_json(
        KIND_DEPLOYMENT,
        "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"template\":{\"spec\":{\"nodeName\":\"n\",\"volumes\":[{\"name\":\"kube-api-access-abc\"}]}}}}");
    assert_string_equal(atom_str(pod_spec_node_name(object_pod_spec(o))), "n");
    const struct volume *v = rlist_record(pod_spec_volumes(object_pod_spec(o)), 0);
    assert_string_equal(volume_name(v), "kube-api-access-abc");
}

static void cron_jobs_have_a_pod_spec_too(void **state unused_arg)
{
    autoobject struct object *o = object_from_yaml(
        KIND_CRON_JOB,
        "metadata: {name: a}\nspec: {jobTemplate: {spec: {template: {metadata: {labels: {a: b}}, spec: {restartPolicy: Never}}}}}\n");
    assert_int_equal(pod_spec_restart_policy(object_pod_spec(o)), RESTART_POLICY_NEVER);
    assert_string_equal(rmap_get(object_meta_labels(object_template_meta(o)), "a"), "b");
}

static void uids_that_are_no_uuid_are_hashed(void **state unused_arg)
{
    autoobject struct object *a = pod("a", "x", "n"), *b = pod("b", "x", "n"),
                             *c = pod("a", "x", "n");
    assert_true(a->flags & OBJECT_UID_HASHED);
    assert_false(object_same_uid(a, b));
    assert_true(object_same_uid(a, c));
}

static void owner_uids_compare_with_object_uids(void **state unused_arg)
{
    autoobject struct object *owner = object_from_json(
        KIND_REPLICA_SET,
        "{\"metadata\":{\"name\":\"a\",\"uid\":\"01234567-89ab-cdef-0123-456789abcdef\"}}");
    autoobject struct object *o = object_from_json(
        KIND_POD,
        "{\"metadata\":{\"name\":\"p\",\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":\"a\",\"uid\":\"01234567-89AB-cdef-0123-456789abcdef\",\"controller\":true}]}}");
    const struct owner_reference *r =
        rlist_record(object_meta_owner_references(object_meta_of(o)), 0);
    assert_memory_equal(owner_reference_uid(r), owner->uid, 16);
    assert_true(owner_reference_controller(r));
}

static void every_kind_has_a_type_and_a_path(void **state unused_arg)
{
    for (uint32_t i = 0; i < KIND_COUNT; i++) {
        const struct kind *k = kind_get(i);
        autobuf struct buf path = { 0 };
        buf_init(&path, 512);
        assert_int_equal(k->id, i);
        assert_ptr_equal(kind_find(kind_api_version(k), k->kind), k);
        assert_non_null(type_row(k->type, "metadata"));
        assert_int_equal(kind_path(k, NULL, NULL, NULL, &path), 0);
    }
    assert_null(kind_find("v1", "Deployment"));
}

static void paths_are_those_of_the_api_server(void **state unused_arg)
{
    autobuf struct buf p = { 0 };
    buf_init(&p, 512);
    assert_int_equal(kind_path(kind_get(KIND_DEPLOYMENT), "shop", "web", "status", &p), 0);
    assert_string_equal(p.p, "/apis/apps/v1/namespaces/shop/deployments/web/status");
    buf_reset(&p);
    assert_int_equal(kind_path(kind_get(KIND_POD), NULL, NULL, NULL, &p), 0);
    assert_string_equal(p.p, "/api/v1/pods");
    buf_reset(&p);
    assert_int_equal(kind_path(kind_get(KIND_KUBE9_CONFIG), "ignored", "default", NULL, &p), 0);
    assert_string_equal(p.p, "/apis/kube9.io/v1alpha1/kube9configs/default");
}

static void rows_are_complete_and_unique(void **state unused_arg)
{
    const struct type *t;
    for (uint32_t i = 0; (t = type_at(i)); i++) {
        for (uint32_t r = 0; r < t->n; r++) {
            const struct row *row = &t->rows[r];
            if (!row->help || !*row->help)
                fail_msg("%s.%s has no help", t->name, row->name);
            bool own_text =
                t->own && (row->kind == ROW_STR || row->kind == ROW_ATOM || row->kind == ROW_STRS);
            if (own_text && !row->max_len)
                fail_msg("%s.%s has no length", t->name, row->name);
            if (row->kind == ROW_OTHERS && r != t->n - 1u)
                fail_msg("%s: the row of other members must be the last", t->name);
            if (row->opt->map_key && !type_row(row->sub, row->opt->map_key)->opt->required)
                fail_msg("%s.%s: the key of a list map must be required", t->name, row->name);
            for (uint32_t other = 0; other < r; other++) {
                bool split = row->kind == ROW_SPEC && other == r - 1u;
                if (row->kind != ROW_RULE && !split && strcmp(t->rows[other].key, row->key) == 0)
                    fail_msg("%s: two rows for %s", t->name, row->key);
            }
        }
    }
}

RUN(T(pods_of_one_template_share_their_spec), T(the_last_pod_frees_the_spec),
    T(a_template_keeps_its_node_name), T(cron_jobs_have_a_pod_spec_too),
    T(uids_that_are_no_uuid_are_hashed), T(owner_uids_compare_with_object_uids),
    T(every_kind_has_a_type_and_a_path), T(paths_are_those_of_the_api_server),
    T(rows_are_complete_and_unique))
