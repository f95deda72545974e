// SPDX-License-Identifier: Apache-2.0
// Files as a snapshot: which are read, what becomes of each document, and where things stand.
#include "base/alloc.h"
#include "base/test.h"
#include "cmd/fake_tree.h"
#include "cmd/manifests.h"

#include <sys/stat.h>
#include <unistd.h>

static struct fake_tree tree;
static struct manifests *m;

static int begin(void **state unused_arg)
{
    fake_tree_init(&tree);
    return 0;
}

static int end(void **state unused_arg)
{
    manifests_free(m);
    m = NULL;
    fake_tree_fini(&tree);
    return 0;
}

static void read_with(const char *path, int threads)
{
    const char *paths[] = { path };

    manifests_free(m);
    m = manifests_read(
        &(struct manifests_options){ .paths = paths, .n_paths = 1, .threads = threads });
}

static void read_tree(void)
{
    read_with(tree.dir, 0);
}

static const struct manifest_counts *counts(void)
{
    return &manifests_totals(m)->counts;
}

static size_t problems(void)
{
    size_t n;

    manifests_problems(m, &n);
    return n;
}

static size_t remarks(void)
{
    size_t n;

    manifests_remarks(m, &n);
    return n;
}

// Some problem is of that file (its end), in that line, and has these words.
static void assert_problem(const char *file, uint32_t line, const char *words)
{
    size_t n;
    const struct manifest_problem *p = manifests_problems(m, &n);

    for (size_t i = 0; i < n; i++)
        if (str_ends(p[i].file, file) && p[i].line == line && strstr(p[i].text, words))
            return;
    for (size_t i = 0; i < n; i++)
        print_message("%s:%u: %s\n", p[i].file, p[i].line, p[i].text);
    fail_msg("no problem '%s' of %s:%u", words, file, line);
}

static const struct object *find(enum kind_id kind, const char *name)
{
    const struct snapshot *s = manifests_snapshot(m);

    for (uint32_t i = 0; i < s->n[kind]; i++)
        if (strcmp(object_name(s->objects[kind][i]), name) == 0)
            return s->objects[kind][i];
    fail_msg("no %s %s", kind_get(kind)->kind, name);
    return NULL;
}

static void assert_place(enum kind_id kind, const char *name, const char *path, const char *file,
                         uint32_t line)
{
    uint32_t at;
    const char *in = manifests_place(m, find(kind, name), path, &at);

    if (!str_ends(in, file) || at != line)
        fail_msg("%s of %s is at %s:%u, not %s:%u", path, name, in, at, file, line);
}

#define POD(name) "apiVersion: v1\nkind: Pod\nmetadata:\n  name: " name "\n"

static void files_are_read_by_their_endings_and_hidden_ones_are_not(void **state unused_arg)
{
    fake_tree_put(&tree, "a.yaml", POD("a"));
    fake_tree_put(&tree, "b.yml", POD("b"));
    fake_tree_put(&tree, "c.json",
                  "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"c\"}}");
    fake_tree_put(&tree, "d/e/f.yaml", POD("f"));
    fake_tree_put(&tree, "README.md", POD("no"));
    fake_tree_put(&tree, ".hidden.yaml", POD("no"));
    fake_tree_put(&tree, ".git/x.yaml", POD("no"));
    read_tree();
    assert_int_equal(counts()->objects, 4);
    assert_int_equal(manifests_totals(m)->files, 4);
    assert_int_equal(problems(), 0);
    find(KIND_POD, "f");
}

static void a_file_is_read_once_however_it_is_reached(void **state unused_arg)
{
    char *dir = xstrdup(tree.dir);
    char *file = xasprintf("%s/a.yaml", tree.dir), *link = xasprintf("%s/z", tree.dir);
    const char *paths[] = { file, dir, link };

    fake_tree_put(&tree, "a.yaml", POD("a"));
    assert_int_equal(symlink(".", fake_tree_path(&tree, "loop")), 0);
    assert_int_equal(symlink("..", fake_tree_path(&tree, "d/up")), 0);
    assert_int_equal(symlink("a.yaml", fake_tree_path(&tree, "b.yaml")), 0);
    assert_int_equal(symlink(tree.dir, fake_tree_path(&tree, "z")), 0);
    m = manifests_read(&(struct manifests_options){ .paths = paths, .n_paths = 3 });
    assert_int_equal(manifests_totals(m)->files, 1);
    assert_int_equal(problems(), 0);
    assert_int_equal(remarks(), 0);
    free(dir);
    free(file);
    free(link);
}

static void lists_and_streams_are_many_objects(void **state unused_arg)
{
    fake_tree_put(&tree, "stream.yaml", "---\n" POD("a") "---\n# nothing\n---\n" POD("b") "...\n");
    fake_tree_put(&tree, "list.yaml",
                  "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n"
                  "  metadata:\n    name: c\n- apiVersion: v1\n  kind: List\n  items:\n"
                  "  - {apiVersion: v1, kind: Pod, metadata: {name: d}}\n");
    fake_tree_put(&tree, "typed.json",
                  "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[\n"
                  "{\"metadata\":{\"name\":\"e\"}},\n{\"metadata\":{\"name\":\"f\"},\n\"spec\":\n"
                  "{\"hostPID\":true}}]}\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\n"
                  "\"metadata\":{\"name\":\"g\"}}");
    read_tree();
    assert_int_equal(problems(), 0);
    assert_int_equal(counts()->objects, 7);
    assert_place(KIND_POD, "b", "", "stream.yaml", 9);
    assert_place(KIND_POD, "c", "metadata.name", "list.yaml", 7);
    assert_place(KIND_POD, "d", "metadata.name", "list.yaml", 11);
    assert_place(KIND_POD, "f", "spec.hostPID", "typed.json", 5);
    assert_place(KIND_POD, "g", "metadata.name", "typed.json", 7);
}

static void anchors_and_merges_are_followed(void **state unused_arg)
{
    fake_tree_put(&tree, "a.yaml",
                  POD("a") "spec:\n  containers:\n  - &base\n    name: x\n    image: i:1\n"
                           "  - <<: *base\n    name: y\n");
    read_tree();
    assert_int_equal(problems(), 0);
    assert_place(KIND_POD, "a", "spec.containers[1].name", "a.yaml", 11);
    assert_place(KIND_POD, "a", "spec.containers[1].image", "a.yaml", 9);
}

static void what_is_no_object_of_ours_is_counted(void **state unused_arg)
{
    fake_tree_put(&tree, "values.yaml", "image:\n  tag: 1\n");
    fake_tree_put(&tree, "kustomization.yaml", "resources: [a.yaml]\n");
    fake_tree_put(&tree, "k2.yaml",
                  "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n");
    fake_tree_put(&tree, "package.json", "[1, 2]");
    fake_tree_put(&tree, "cr.yaml", "apiVersion: example.com/v1\nkind: Pod\nmetadata: {name: x}\n");
    fake_tree_put(&tree, "bad.yaml", "apiVersion: v2\nkind: Pod\nmetadata: {name: x}\n");
    fake_tree_put(&tree, "number.yaml", "apiVersion: 1\nkind: Pod\n");
    fake_tree_put(&tree, "pod.yaml", POD("a"));
    read_tree();
    assert_int_equal(problems(), 0);
    assert_int_equal(counts()->objects, 1);
    assert_int_equal(counts()->unknown, 2);
    assert_int_equal(counts()->foreign, 5);
}

static void former_versions_are_read_and_remembered(void **state unused_arg)
{
    const struct snapshot *s;

    fake_tree_put(
        &tree, "a.yaml",
        "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: i}\n---\n"
        "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: p}\n---\n"
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n");
    read_tree();
    s = manifests_snapshot(m);
    assert_int_equal(counts()->objects, 3);
    assert_string_equal(snapshot_api_version(s, find(KIND_INGRESS, "i")), "extensions/v1beta1");
    assert_string_equal(snapshot_api_version(s, find(KIND_POD_DISRUPTION_BUDGET, "p")),
                        "policy/v1beta1");
    assert_string_equal(snapshot_api_version(s, find(KIND_DEPLOYMENT, "d")), "apps/v1");
}

static void objects_without_a_namespace_get_one(void **state unused_arg)
{
    const char *paths[] = { tree.dir };

    fake_tree_put(&tree, "a.yaml",
                  POD("a") "---\n" POD("b") "  namespace: own\n---\napiVersion: v1\n"
                                            "kind: Namespace\nmetadata: {name: n, namespace: x}\n");
    read_tree();
    assert_string_equal(object_namespace(find(KIND_POD, "a")), "default");
    assert_true(find(KIND_POD, "a")->flags & OBJECT_NAMESPACE_IMPLIED);
    assert_string_equal(object_namespace(find(KIND_POD, "b")), "own");
    assert_false(find(KIND_POD, "b")->flags & OBJECT_NAMESPACE_IMPLIED);
    assert_string_equal(object_namespace(find(KIND_NAMESPACE, "n")), "");
    manifests_free(m);
    m = manifests_read(&(struct manifests_options){ .paths = paths, .n_paths = 1, .ns = "prod" });
    assert_string_equal(object_namespace(find(KIND_POD, "a")), "prod");
}

static void an_object_given_twice_is_judged_once(void **state unused_arg)
{
    const struct manifest_problem *r;
    size_t n;

    fake_tree_put(&tree, "a.yaml", POD("a"));
    fake_tree_put(&tree, "b.yaml", "# one\n" POD("a") "  namespace: default\n");
    fake_tree_put(&tree, "job.yaml",
                  "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: j-}\n---\n"
                  "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: j-}\n");
    read_tree();
    assert_int_equal(manifests_snapshot(m)->n[KIND_POD], 1);
    assert_int_equal(manifests_snapshot(m)->n[KIND_JOB], 2);
    assert_int_equal(problems(), 0);
    r = manifests_remarks(m, &n);
    assert_int_equal(n, 1);
    assert_true(str_ends(r->file, "b.yaml"));
    assert_int_equal(r->line, 2);
    assert_non_null(strstr(r->text, "Pod default/a is given twice"));
    assert_true(str_ends(r->text, "/a.yaml:1"));
}

static void a_broken_document_costs_no_other_file_or_object(void **state unused_arg)
{
    fake_tree_put(&tree, "a.yaml", POD("a") "---\nkind: [\n");
    fake_tree_put(&tree, "b.yaml", POD("b") "spec:\n  containers: none\n---\n" POD("c"));
    fake_tree_put(&tree, "c.json", "{\"apiVersion\": \"v1\",\n\"kind\" \"Pod\"}");
    fake_tree_put(&tree, "d.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  labels: {}\n");
    fake_tree_put(&tree, "e.yaml",
                  "\xfd\xfe"
                  "a\0b");
    read_tree();
    assert_problem("a.yaml", 7, "did not find");
    assert_problem("b.yaml", 6, "spec.containers must be a list");
    assert_problem("c.json", 2, "unexpected character");
    assert_problem("d.yaml", 1, "metadata.name is missing");
    assert_problem("e.yaml", 0, "byte 0: ");
    assert_int_equal(problems(), 5);
    assert_int_equal(counts()->objects, 2);
    find(KIND_POD, "a");
    find(KIND_POD, "c");
}

static void templates_of_charts_are_told_once(void **state unused_arg)
{
    size_t n;

    fake_tree_put(&tree, "shop/Chart.yaml", "apiVersion: v2\nname: shop\n");
    fake_tree_put(&tree, "shop/values.yaml", "a: 1\n");
    fake_tree_put(&tree, "shop/templates/a.yaml", "kind: {{ .Values.kind }}\n");
    fake_tree_put(&tree, "shop/templates/deep/b.yaml", "kind: {{ .Values.kind }}\n");
    fake_tree_put(&tree, "shop/templates/plain.yaml", POD("plain"));
    fake_tree_put(&tree, "shop/charts/db/Chart.yaml", "apiVersion: v2\nname: db\n");
    fake_tree_put(&tree, "shop/charts/db/templates/c.yaml", "{{- if .Values.x }}\n{{- end }}\n");
    fake_tree_put(&tree, "tool/Chart.yaml", "apiVersion: v2\nname: tool\n");
    fake_tree_put(&tree, "tool/templates/d.yaml", "{{ include }}\n");
    fake_tree_put(&tree, "rules.yaml", POD("rule") "  annotations: {a: \"{{ $labels.x }}\"}\n");
    fake_tree_put(&tree, "other.yaml", "a: {{ x }}\nb: {{ y }\n");
    read_tree();
    manifests_problems(m, &n);
    assert_problem("/shop", 0, "and 3 of its templates are no YAML yet: helm template /tmp/");
    assert_problem("/tool", 0, "and 1 of its templates");
    assert_problem("other.yaml", 1, "a template has to be rendered first");
    assert_int_equal(n, 3);
    assert_int_equal(manifests_totals(m)->templates, 4);
    assert_int_equal(counts()->objects, 2);
    read_with(fake_tree_path(&tree, "tool/templates"), 0);
    assert_problem("/tool", 0, "and 1 of its templates");
}

static void what_cannot_be_a_manifest_is_said(void **state unused_arg)
{
    char huge[512];

    fake_tree_put(&tree, "pod.yaml", POD("a"));
    assert_int_equal(mkfifo(fake_tree_path(&tree, "pipe.yaml"), 0600), 0);
    assert_int_equal(symlink("nowhere", fake_tree_path(&tree, "gone.yaml")), 0);
    assert_int_equal(symlink("gone", fake_tree_path(&tree, "gone")), 0); // no manifest by its name
    fake_tree_put(&tree, "huge.yaml", "");
    snprintf(huge, sizeof(huge), "%s", fake_tree_path(&tree, "huge.yaml"));
    assert_int_equal(truncate(huge, 100000000), 0);
    read_tree();
    assert_problem("pipe.yaml", 0, "is a pipe, not a file or directory; '-' reads from stdin");
    assert_problem("gone.yaml", 0, "cannot be read: No such file");
    assert_problem("huge.yaml", 0, "is larger than 64 MiB (100000000 bytes): split it");
    assert_int_equal(problems(), 3);
    assert_int_equal(counts()->objects, 1);
    read_with("/dev/null", 0);
    assert_problem("/dev/null", 0, "is a device");
    read_with("/nowhere/at/all", 0);
    assert_problem("/nowhere/at/all", 0, "cannot be read: No such file");
    read_with("", 0);
    assert_problem("", 0, "cannot be read: No such file");
}

static void nothing_to_judge_is_a_problem(void **state unused_arg)
{
    read_tree();
    assert_problem(tree.dir, 0, "holds no *.yaml, *.yml or *.json file");
    fake_tree_put(&tree, "a.yaml", "a: 1\n---\nb: 2\n");
    fake_tree_put(&tree, "b.yaml", "");
    read_tree();
    assert_problem(tree.dir, 0,
                   "no object that can be judged in 2 files (0 of other kinds, 2 other documents)");
}

static void bombs_end_in_an_error(void **state unused_arg)
{
    autobuf struct buf text = { 0 };

    buf_init(&text, (size_t)16 << 20);
    buf_adds(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 9; i++)
        buf_addf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i,
                 i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    fake_tree_put(&tree, "bomb.yaml", text.p);
    buf_reset(&text);
    for (int i = 0; i < 100000; i++)
        buf_addc(&text, '[');
    fake_tree_put(&tree, "deep.yaml", text.p);
    fake_tree_put(&tree, "deep.json", text.p);
    buf_reset(&text);
    buf_adds(&text, POD("wide") "  labels:\n");
    for (uint32_t i = 0; i < YAML_LINES_MAX; i++)
        buf_addf(&text, "    l%u: a\n", i);
    fake_tree_put(&tree, "wide.yaml", text.p);
    read_tree();
    assert_problem("bomb.yaml", 7, "more than 2000000 values");
    assert_problem("deep.yaml", 1, "deeper than 64 levels");
    assert_problem("deep.json", 1, "unexpected end of data");
    assert_problem("wide.yaml", 1, "the object has more than 262144 members");
    assert_int_equal(counts()->objects, 0);
}

// What a run with one thread finds, in order.
static void write_down(struct buf *out)
{
    const struct snapshot *s = manifests_snapshot(m);
    size_t n;
    const struct manifest_problem *p = manifests_problems(m, &n);
    uint32_t line;

    for (size_t i = 0; i < n; i++)
        buf_addf(out, "%s:%u: %s\n", p[i].file, p[i].line, p[i].text);
    for (int k = 0; k < KIND_COUNT; k++) {
        for (uint32_t i = 0; i < s->n[k]; i++) {
            const struct object *o = s->objects[k][i];
            const char *file = manifests_place(m, o, "metadata.name", &line);

            buf_addf(out, "%s %s %s:%u\n", kind_get((enum kind_id)k)->kind, object_name(o), file,
                     line);
        }
    }
}

static void the_number_of_threads_does_not_show(void **state unused_arg)
{
    autobuf struct buf one = { 0 }, many = { 0 };

    for (int i = 0; i < 120; i++) {
        char name[32], text[512];

        snprintf(name, sizeof(name), "d%d/f%d.yaml", i % 7, i);
        snprintf(text, sizeof(text),
                 POD("p%d") "  labels: {l%d: a}\n---\n%s\n---\n" POD("q%d") "---\n" POD("again"), i,
                 i, i % 9 ? "{}" : "kind: Pod\napiVersion: v1", i);
        fake_tree_put(&tree, name, text);
    }
    buf_init(&one, (size_t)1 << 20);
    buf_init(&many, (size_t)1 << 20);
    read_with(tree.dir, 1);
    write_down(&one);
    assert_int_equal(counts()->objects, 360);
    assert_int_equal(problems(), 14);
    assert_int_equal(remarks(), 119);
    for (int i = 0; i < 3; i++) {
        buf_reset(&many);
        read_with(tree.dir, 4);
        write_down(&many);
        assert_string_equal(one.p, many.p);
    }
}

#define M(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
RUN(M(files_are_read_by_their_endings_and_hidden_ones_are_not),
    M(a_file_is_read_once_however_it_is_reached), M(lists_and_streams_are_many_objects),
    M(anchors_and_merges_are_followed), M(what_is_no_object_of_ours_is_counted),
    M(former_versions_are_read_and_remembered), M(objects_without_a_namespace_get_one),
    M(an_object_given_twice_is_judged_once), M(a_broken_document_costs_no_other_file_or_object),
    M(templates_of_charts_are_told_once), M(what_cannot_be_a_manifest_is_said),
    M(nothing_to_judge_is_a_problem), M(bombs_end_in_an_error),
    M(the_number_of_threads_does_not_show))
