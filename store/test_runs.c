// SPDX-License-Identifier: Apache-2.0
// Runs and their results: written once, written twice, rolled back; read with filters, in order, in
// pages.
#include "base/test.h"

#include "base/alloc.h"
#include "store/fake_store.h"
#include "store/filter.h"

#include <malloc.h>
#include <stdlib.h>

static struct fake_dir d;
static struct store *s;
static struct arena *a;
static struct error e;

static int setup(void **state unused_arg)
{
    e = (struct error){ 0 };
    fake_dir_make(&d);
    a = arena_new((size_t)1 << 20);
    s = store_open(d.db, NULL, &e);
    return s ? 0 : -1;
}

static int teardown(void **state unused_arg)
{
    store_close(s);
    arena_free(a);
    fake_dir_remove(&d);
    return 0;
}

#define LIST(...)                                                                                  \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

struct seen {
    struct buf text; // one line per row
    int64_t n, total;
    int64_t stop_at;
};

static int see(void *arg, const struct finding_row *f)
{
    struct seen *seen = arg;

    buf_addf(&seen->text, "%s %s %s %s %s/%s\n", f->run_name, f->severity, f->status, f->check_id,
             f->ns ? f->ns : "-", f->name ? f->name : "-");
    seen->n++;
    return seen->n == seen->stop_at ? -1 : 0;
}

static struct seen find(struct finding_query q)
{
    struct seen seen = { 0 };

    buf_init(&seen.text, (size_t)16 << 20);
    if (store_finding_each(s, &q, see, &seen, &seen.total, &e) != 0)
        seen.n = -1;
    return seen;
}

static int64_t found(struct finding_query q)
{
    struct seen seen = find(q);

    buf_fini(&seen.text);
    return seen.n;
}

static void a_run_reads_back_as_it_was_written(void **state unused_arg)
{
    struct run_row got;

    fake_run_put(s, &(struct fake_run){ .number = 3, .findings = 9 });
    assert_int_equal(store_run_get(s, "default-3", a, &got, &e), 0);
    assert_string_equal(got.uid, "run-3");
    assert_string_equal(got.phase, "Completed");
    assert_string_equal(got.grade, "B");
    assert_int_equal(got.score, 63);
    assert_int_equal(got.failing, 27);
    assert_int_equal(got.requested, FAKE_START + 3 * USEC_PER_DAY);
    assert_int_equal(got.started, got.requested + USEC_PER_SEC);
    assert_int_equal(got.n_pillars, 6);
    assert_string_equal(got.pillars[5].name, "sustainability");
    assert_int_equal(got.pillars[5].score, 55);
    assert_null(got.message);
    assert_int_equal(store_run_get(s, "run-4", a, &got, &e), 1);
}

static void a_run_without_verdict_has_no_score(void **state unused_arg)
{
    struct run_row got;

    fake_run_put(s, &(struct fake_run){ .number = 1, .failed = true });
    assert_int_equal(store_run_get(s, "run-1", a, &got, &e), 0);
    assert_int_equal(got.score, -1);
    assert_null(got.grade);
    assert_int_equal(got.n_pillars, 0);
}

static void the_latest_run_is_the_newest_with_a_result(void **state unused_arg)
{
    struct run_row got;

    assert_int_equal(store_run_get(s, "latest", a, &got, &e), 1);
    fake_run_put(s, &(struct fake_run){ .number = 2, .findings = 1 });
    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 1 });
    fake_run_put(s, &(struct fake_run){ .number = 5, .failed = true });
    assert_int_equal(store_run_get(s, "latest", a, &got, &e), 0);
    assert_string_equal(got.uid, "run-2");
}

static void the_same_run_twice_gives_the_same_rows_and_ids(void **state unused_arg)
{
    struct finding_row before, after;
    struct seen first, second;

    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 120 });
    first = find((struct finding_query){ .run = "run-1" });
    assert_int_equal(store_finding_get(s, "fnd_1-456-1", a, &before, &e), 0);
    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 120 });
    second = find((struct finding_query){ .run = "run-1" });
    assert_int_equal(second.total, 120);
    assert_string_equal(first.text.p, second.text.p);
    assert_int_equal(store_finding_get(s, "fnd_1-456-1", a, &after, &e), 0);
    assert_string_equal(before.check_id, after.check_id);
    assert_string_equal(before.name, after.name);
    buf_fini(&first.text);
    buf_fini(&second.text);
}

static int64_t count(const char *sql)
{
    return fake_store_count(&d, sql);
}

static void what_a_run_says_again_is_kept_once_and_read_from_each(void **state unused_arg)
{
    struct finding_row one, two;

    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 120 });
    fake_run_put(s, &(struct fake_run){ .number = 2, .findings = 120 });
    fake_run_put(s, &(struct fake_run){ .number = 3, .findings = 121 });
    assert_int_equal(count("SELECT count(*) FROM results"), 121);
    assert_int_equal(count("SELECT count(*) FROM assessments"), 361);
    assert_int_equal(count("SELECT count(DISTINCT id) FROM assessments"), 361);
    assert_int_equal(found((struct finding_query){ .run = "run-2" }), 120);
    assert_int_equal(found((struct finding_query){ .run = "run-3" }), 121);
    assert_int_equal(found((struct finding_query){ .run = "all" }), 361);
    assert_int_equal(store_finding_get(s, "fnd_1-456-1", a, &one, &e), 0);
    assert_int_equal(store_finding_get(s, "fnd_3-456-1", a, &two, &e), 0);
    assert_string_equal(one.name, two.name);
    assert_string_equal(one.run_uid, "run-1");
    assert_string_equal(two.run_uid, "run-3");
    assert_string_equal(two.id, "fnd_3-456-1");
    assert_int_equal(two.assessed - one.assessed, 2 * USEC_PER_DAY);
}

// Each word of a row is part of what it says.
static void a_finding_that_differs_in_one_word_is_another_row(void **state unused_arg)
{
    struct finding_row f = { .check_id = "a.b",
                             .check_name = "A",
                             .pillar = "security",
                             .severity = "high",
                             .status = "skipped",
                             .reason = "exempted",
                             .kind = "Pod",
                             .ns = "x",
                             .name = "y",
                             .container = "c",
                             .path = "p",
                             .message = "m",
                             .remediation = "r",
                             .fingerprint = "f",
                             .exempted_by = "b",
                             .exempted_why = "w",
                             .count = 1 };
    const char **const words[] = { &f.check_name,  &f.severity,    &f.status,      &f.reason,
                                   &f.kind,        &f.ns,          &f.name,        &f.container,
                                   &f.path,        &f.message,     &f.remediation, &f.fingerprint,
                                   &f.exempted_by, &f.exempted_why };
    int64_t *const numbers[] = { &f.count, &f.exempted_until };
    char uid[16];

    for (size_t i = 0; i <= ARRAY_SIZE(words) + ARRAY_SIZE(numbers); i++) {
        struct run_row r = fake_run_row(uid, "n");

        snprintf(uid, sizeof(uid), "u%zu", i);
        assert_int_equal(store_run_begin(s, &r, &e), 0);
        assert_int_equal(store_run_finding(s, &f, &e), 0);
        assert_int_equal(store_run_commit(s, &r, &e), 0);
        assert_int_equal(count("SELECT count(*) FROM results"), (int64_t)i + 1);
        if (i < ARRAY_SIZE(words))
            *words[i] = words[i] == &f.severity ? "low" : words[i] == &f.status ? "failing" : "z";
        else if (i < ARRAY_SIZE(words) + ARRAY_SIZE(numbers))
            ++*numbers[i - ARRAY_SIZE(words)];
    }
}

static void rows_of_an_earlier_attempt_go_when_they_are_not_written_again(void **state unused_arg)
{
    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 120 });
    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 30 });
    assert_int_equal(found((struct finding_query){ .run = "run-1" }), 30);
}

static void a_finding_met_twice_is_one_row_with_the_worst_words(void **state unused_arg)
{
    struct run_row r = fake_run_row("u", "n");
    struct finding_row f = { .check_id = "a.b",
                             .check_name = "A",
                             .pillar = "security",
                             .severity = "high",
                             .status = "warning",
                             .kind = "Pod",
                             .ns = "x",
                             .name = "y",
                             .message = "old",
                             .count = 1 };
    struct finding_row got;

    assert_int_equal(store_run_begin(s, &r, &e), 0);
    assert_int_equal(store_run_finding(s, &f, &e), 0);
    f.status = "failing";
    f.message = "new";
    f.check_name = "A renamed";
    assert_int_equal(store_run_finding(s, &f, &e), 0);
    assert_int_equal(store_run_commit(s, &r, &e), 0);
    assert_int_equal(found((struct finding_query){ .run = "all" }), 1);
    assert_int_equal(store_finding_get(s, "fnd_1-69-1", a, &got, &e), 1);
    assert_int_equal(store_finding_get(s, "fnd_1-68-1", a, &got, &e), 0);
    assert_string_equal(got.message, "new");
    assert_string_equal(got.status, "failing");
    assert_string_equal(got.check_name, "A renamed");
    assert_int_equal(got.assessed, FAKE_START);
}

// Written anew without the exemption the row has none, and it goes with its row.
static void a_finding_tells_who_accepted_it_as_long_as_somebody_does(void **state unused_arg)
{
    struct run_row r = fake_run_row("u", "n");
    struct finding_row f = { .check_id = "a.b",
                             .check_name = "A",
                             .pillar = "security",
                             .severity = "high",
                             .status = "skipped",
                             .reason = "exempted",
                             .kind = "Pod",
                             .ns = "x",
                             .name = "y",
                             .exempted_by = "mesh",
                             .exempted_why = "it's known",
                             .exempted_until = FAKE_START,
                             .count = 1 };
    struct finding_row got;

    assert_int_equal(store_run_begin(s, &r, &e), 0);
    assert_int_equal(store_run_finding(s, &f, &e), 0);
    assert_int_equal(store_run_commit(s, &r, &e), 0);
    assert_int_equal(store_finding_get(s, "fnd_1-100-1", a, &got, &e), 0);
    assert_string_equal(got.exempted_by, "mesh");
    assert_string_equal(got.exempted_why, "it's known");
    assert_int_equal(got.exempted_until, FAKE_START);
    f.exempted_by = NULL;
    f.status = "failing";
    assert_int_equal(store_run_begin(s, &r, &e), 0);
    assert_int_equal(store_run_finding(s, &f, &e), 0);
    assert_int_equal(store_run_commit(s, &r, &e), 0);
    assert_int_equal(store_finding_get(s, "fnd_1-100-1", a, &got, &e), 1);
    assert_int_equal(store_finding_get(s, "fnd_1-68-1", a, &got, &e), 0);
    assert_null(got.exempted_by);
    assert_int_equal(got.exempted_until, 0);
}

static void
rows_of_a_whole_check_stand_beside_each_other_and_beside_its_objects(void **state unused_arg)
{
    struct run_row r = fake_run_row("u", "n");
    struct finding_row f = {
        .check_id = "a.b", .check_name = "A", .pillar = "security", .severity = "high", .count = 1
    };
    static const char *const statuses[] = { "passing", "skipped", "failing" };

    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(store_run_begin(s, &r, &e), 0);
        for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
            f.status = statuses[i];
            f.kind = f.name = i == 2 ? "Pod" : NULL;
            assert_int_equal(store_run_finding(s, &f, &e), 0);
        }
        assert_int_equal(store_run_commit(s, &r, &e), 0);
        assert_int_equal(found((struct finding_query){ .run = "all" }), 3);
        assert_int_equal(found((struct finding_query){ .run = "all", .statuses = LIST("skipped") }),
                         1);
    }
}

static void a_rollback_leaves_nothing(void **state unused_arg)
{
    struct run_row r = fake_run_row("u", "n");
    struct finding_row f = { .check_id = "a.b",
                             .check_name = "A",
                             .pillar = "security",
                             .severity = "high",
                             .status = "failing",
                             .count = 1 };
    struct run_row got;

    assert_int_equal(store_run_finding(s, &f, &e), -1);
    assert_int_equal(store_run_commit(s, &r, &e), -1);
    assert_int_equal(store_run_begin(s, &r, &e), 0);
    assert_int_equal(store_run_begin(s, &r, NULL), -1);
    assert_int_equal(store_run_finding(s, &f, &e), 0);
    store_run_rollback(s);
    store_run_rollback(s);
    assert_int_equal(store_run_get(s, "u", a, &got, &e), 1);
    assert_int_equal(found((struct finding_query){ .run = "all" }), 0);
    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 1 });
}

static void an_unknown_word_is_refused_not_stored(void **state unused_arg)
{
    struct run_row r = fake_run_row("u", "n");
    struct finding_row f = { .check_id = "a.b",
                             .check_name = "A",
                             .pillar = "security",
                             .severity = "urgent",
                             .status = "failing",
                             .count = 1 };

    assert_int_equal(store_run_begin(s, &r, &e), 0);
    assert_int_equal(store_run_finding(s, &f, &e), -1);
    assert_int_equal(e.code, ERR_BUG);
    store_run_rollback(s);
}

// Filters

static void questions_for_objects_count_what_they_list_in_all_runs(void **state unused_arg)
{
    const struct finding_query questions[] = {
        {.run = "all",                 .ns = "team-3"          },
        { .run = "all",                .name = "workload-00001", .limit = 2 },
        { .run = "all",                           .ns = "team-0",                                       .name = "workload-00000", .offset = 3 },
        { .run = "all",    .name = "workload-00002",.since = FAKE_START + 2 * USEC_PER_DAY },
        { .run = "all",                .name = "workload-00002",             .statuses = LIST("failing") },
        { .run = "run-2",                           .ns = "team-5"                                      },
        { .run = "all", .name = "nobody"           },
    };
    // Rows of 60, 80 and 100 findings: i / 40 names the workload, i % 7 the team, i % 3 == 2 warns.
    static const int64_t totals[] = { 9 + 11 + 14, 20 + 40 + 40, 6 * 3, 20, 13, 11, 0 };

    for (int i = 1; i <= 3; i++)
        fake_run_put(s, &(struct fake_run){ .number = i, .findings = 40 + 20 * i });
    for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
        const struct finding_query *q = &questions[i];
        struct seen seen = find(*q);

        assert_int_equal(seen.total, totals[i]);
        assert_int_equal(seen.n, q->limit ? MIN(q->limit, totals[i]) : totals[i] - q->offset);
        buf_fini(&seen.text);
    }
}

static void filters_narrow_and_combine(void **state unused_arg)
{
    int64_t all, critical, failing, both, security;

    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 240 });
    all = found((struct finding_query){ .run = "run-1" });
    critical = found((struct finding_query){ .run = "run-1", .severities = LIST("critical") });
    failing = found((struct finding_query){ .run = "run-1", .statuses = LIST("failing") });
    both = found((struct finding_query){
        .run = "run-1", .severities = LIST("critical", "high"), .statuses = LIST("failing") });
    security =
        found((struct finding_query){ .run = "run-1", .pillars = LIST("security", "reliability") });
    assert_int_equal(all, 240);
    assert_int_equal(critical, 60);
    assert_int_equal(failing, 160);
    assert_int_equal(both, 80);
    assert_int_equal(security, 84);
    assert_int_equal(found((struct finding_query){
                         .run = "run-1", .checks = LIST("pillar.check-03", "pillar.check-04") }),
                     12);
    assert_int_equal(found((struct finding_query){ .run = "run-1", .kinds = LIST("Pod") }), 0);
    assert_int_equal(found((struct finding_query){ .run = "run-1",
                                                   .kinds = LIST("Pod", "Deployment"),
                                                   .ns = "team-0",
                                                   .name = "workload-00000" }),
                     6);
    assert_int_equal(found((struct finding_query){ .run = "run-1", .severities = LIST("urgent") }),
                     0);
    assert_int_equal(found((struct finding_query){ .run = "run-9" }), -1);
}

static void values_never_become_sql(void **state unused_arg)
{
    static const char *const attacks[] = {
        "x' OR '1'='1", "x'); DROP TABLE results; --", "x\") OR 1=1 --", "?1", "%", "*", "",
        "\xff\xfe"
    };

    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 40 });
    for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
        const char *v = attacks[i];

        assert_int_equal(found((struct finding_query){ .run = "all", .ns = v }), 0);
        assert_int_equal(found((struct finding_query){ .run = "all", .name = v }), 0);
        assert_int_equal(found((struct finding_query){ .run = "all", .kinds = LIST(v) }), 0);
        assert_int_equal(found((struct finding_query){ .run = "all", .pillars = LIST(v) }), 0);
        assert_int_equal(found((struct finding_query){ .run = "all", .checks = LIST(v) }), 0);
        assert_int_equal(found((struct finding_query){ .run = "all", .severities = LIST(v) }), 0);
        assert_int_equal(found((struct finding_query){ .run = v }), -1);
    }
    assert_int_equal(found((struct finding_query){ .run = "all" }), 40);
}

static void since_is_inclusive_and_until_is_not(void **state unused_arg)
{
    usec second = FAKE_START + 2 * USEC_PER_DAY + USEC_PER_SEC; // start of run 2

    for (int i = 1; i <= 3; i++)
        fake_run_put(s, &(struct fake_run){ .number = i, .findings = 10 });
    assert_int_equal(found((struct finding_query){ .run = "all", .since = second }), 20);
    assert_int_equal(found((struct finding_query){ .run = "all", .since = second + USEC_PER_MSEC }),
                     10);
    assert_int_equal(found((struct finding_query){ .run = "all", .until = second }), 10);
    assert_int_equal(
        found((struct finding_query){ .run = "all", .since = second, .until = second }), 0);
    assert_int_equal(found((struct finding_query){
                         .run = "all", .since = second, .until = second + USEC_PER_MSEC }),
                     10);
}

static void pages_cover_the_list_without_gap_or_overlap(void **state unused_arg)
{
    struct seen all;
    struct buf pages;

    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 100 });
    fake_run_put(s, &(struct fake_run){ .number = 2, .findings = 55 });
    all = find((struct finding_query){ .run = "all" });
    buf_init(&pages, (size_t)1 << 20);
    for (int64_t at = 0; at < 155; at += 20) {
        struct seen page = find((struct finding_query){ .run = "all", .limit = 20, .offset = at });

        assert_int_equal(page.total, 155);
        assert_int_equal(page.n, MIN(20, 155 - at));
        buf_add(&pages, page.text.p, page.text.n);
        buf_fini(&page.text);
    }
    assert_string_equal(all.text.p, pages.p);
    assert_int_equal(found((struct finding_query){ .run = "all", .limit = 5, .offset = 1000 }), 0);
    buf_fini(&all.text);
    buf_fini(&pages);
}

static int check_order(void *arg, const struct finding_row *f)
{
    static const char order[] = "critical high medium low ";
    int *last = arg, now = (int)(strstr(order, f->severity) - order) +
                           (strcmp(f->status, "passing") == 0 ? 1000 : 0) +
                           (strcmp(f->status, "skipped") == 0 ? 2000 : 0);

    assert_true(now >= *last);
    *last = now;
    return 0;
}

static void problems_come_first_and_the_worst_of_them_at_the_top(void **state unused_arg)
{
    struct run_row r = fake_run_row("u", "n");
    static const char *const severities[] = { "low", "critical", "medium", "high" };
    static const char *const statuses[] = { "skipped", "passing", "warning", "error", "failing" };
    int last = -1;
    int64_t total;

    assert_int_equal(store_run_begin(s, &r, &e), 0);
    for (int i = 0; i < 20; i++) {
        char id[16];

        snprintf(id, sizeof(id), "c%d", i);
        assert_int_equal(store_run_finding(s,
                                           &(struct finding_row){ .check_id = id,
                                                                  .check_name = "c",
                                                                  .pillar = "security",
                                                                  .count = 1,
                                                                  .severity = severities[i % 4],
                                                                  .status = statuses[i % 5] },
                                           &e),
                         0);
    }
    assert_int_equal(store_run_commit(s, &r, &e), 0);
    assert_int_equal(store_finding_each(s, &(struct finding_query){ .run = "u" }, check_order,
                                        &last, &total, &e),
                     0);
    assert_int_equal(total, 20);
    assert_int_equal(last, 2000 + 21);
}

static void the_caller_can_stop_a_list(void **state unused_arg)
{
    struct seen seen = { .stop_at = 3 };

    buf_init(&seen.text, 1000);
    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 10 });
    assert_int_equal(
        store_finding_each(s, &(struct finding_query){ .run = "all" }, see, &seen, &seen.total, &e),
        0);
    assert_int_equal(seen.n, 3);
    buf_fini(&seen.text);
    fake_run_put(s, &(struct fake_run){ .number = 2, .findings = 10 });
}

static void only_our_ids_name_a_finding(void **state unused_arg)
{
    static const char *const others[] = {
        "2",
        "fnd_",
        "fnd_2",
        "fnd_1-132",
        "fnd_1-132-2",
        "fnd_1-133-1",
        "fnd_2-132-1",
        "fnd_1-132-1 ",
        "fnd_1- 132-1",
        "fnd_1-132-1 OR 1=1",
        "fnd_+1-132-1",
        "fnd_01-132-1",
        "fnd_1-132--1",
        "fnd_1-99999999999-1",
        "fnd_1-131-17179869185",
        "fnd_99999999999999999999-132-1",
    };
    struct finding_row f;

    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 3 });
    assert_int_equal(store_finding_get(s, "fnd_1-132-1", a, &f, &e), 0);
    assert_string_equal(f.id, "fnd_1-132-1");
    assert_string_equal(f.run_uid, "run-1");
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_int_equal(store_finding_get(s, others[i], a, &f, &e), 1);
}

// Runs and history

static int collect_run(void *arg, const struct run_row *r)
{
    buf_addf(arg, "%s:%zu ", r->uid, r->n_pillars);
    return 0;
}

static void runs_are_listed_newest_first_with_filters_and_pages(void **state unused_arg)
{
    struct buf autobuf out = { 0 };
    int64_t total;

    buf_init(&out, 4096);
    for (int i = 1; i <= 4; i++)
        fake_run_put(s, &(struct fake_run){ .number = i, .failed = i == 3 });
    assert_int_equal(store_run_each(s, &(struct run_query){ 0 }, collect_run, &out, &total, &e), 0);
    assert_string_equal(out.p, "run-4:6 run-3:0 run-2:6 run-1:6 ");
    buf_reset(&out);
    assert_int_equal(
        store_run_each(
            s,
            &(struct run_query){ .phases = LIST("Completed", "Partial"), .limit = 1, .offset = 1 },
            collect_run, &out, &total, &e),
        0);
    assert_string_equal(out.p, "run-2:6 ");
    assert_int_equal(total, 3);
    buf_reset(&out);
    assert_int_equal(store_run_each(s,
                                    &(struct run_query){ .since = FAKE_START + 2 * USEC_PER_DAY,
                                                         .until = FAKE_START + 4 * USEC_PER_DAY },
                                    collect_run, &out, &total, &e),
                     0);
    assert_string_equal(out.p, "run-3:0 run-2:6 ");
}

static int collect_history(void *arg, const struct history_row *h)
{
    buf_addf(arg, "%s %s %d; ", h->run_uid, h->pillar, h->score);
    return 0;
}

static void the_history_has_a_row_per_pillar_and_run_once(void **state unused_arg)
{
    struct buf autobuf out = { 0 };
    int64_t total;

    buf_init(&out, 4096);
    fake_run_put(s, &(struct fake_run){ .number = 1 });
    fake_run_put(s, &(struct fake_run){ .number = 2 });
    fake_run_put(s, &(struct fake_run){ .number = 2 });
    assert_int_equal(
        store_history_each(s,
                           &(struct history_query){ .pillars = LIST("security", "sustainability") },
                           collect_history, &out, &total, &e),
        0);
    assert_string_equal(
        out.p,
        "run-2 security 50; run-2 sustainability 55; run-1 security 50; run-1 sustainability 55; ");
    assert_int_equal(store_history_each(s, &(struct history_query){ .limit = 1 }, collect_history,
                                        &out, &total, &e),
                     0);
    assert_int_equal(total, 12);
}

// Size

static int forget(void *arg, const struct finding_row *f)
{
    size_t *peak = arg;

    *peak = MAX(*peak, mallinfo2().uordblks);
    return f->id[0] == 'f' ? 0 : -1;
}

static void eighty_thousand_findings_stream_through_little_memory(void **state unused_arg)
{
    size_t before, peak = 0;
    int64_t total = 0;

    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 80000 });
    before = mallinfo2().uordblks;
    assert_int_equal(store_finding_each(s, &(struct finding_query){ .run = "latest" }, forget,
                                        &peak, &total, &e),
                     0);
    assert_int_equal(total, 80000);
    if (peak > before + ((size_t)3 << 20))
        fail_msg("%zu bytes more while reading", peak - before);
}

#define ST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
RUN(ST(a_run_reads_back_as_it_was_written), ST(a_run_without_verdict_has_no_score),
    ST(the_latest_run_is_the_newest_with_a_result),
    ST(the_same_run_twice_gives_the_same_rows_and_ids),
    ST(what_a_run_says_again_is_kept_once_and_read_from_each),
    ST(a_finding_that_differs_in_one_word_is_another_row),
    ST(rows_of_an_earlier_attempt_go_when_they_are_not_written_again),
    ST(a_finding_met_twice_is_one_row_with_the_worst_words),
    ST(a_finding_tells_who_accepted_it_as_long_as_somebody_does),
    ST(rows_of_a_whole_check_stand_beside_each_other_and_beside_its_objects),
    ST(a_rollback_leaves_nothing), ST(an_unknown_word_is_refused_not_stored),
    ST(questions_for_objects_count_what_they_list_in_all_runs), ST(filters_narrow_and_combine),
    ST(values_never_become_sql), ST(since_is_inclusive_and_until_is_not),
    ST(pages_cover_the_list_without_gap_or_overlap),
    ST(problems_come_first_and_the_worst_of_them_at_the_top), ST(the_caller_can_stop_a_list),
    ST(only_our_ids_name_a_finding), ST(runs_are_listed_newest_first_with_filters_and_pages),
    ST(the_history_has_a_row_per_pillar_and_run_once),
    ST(eighty_thousand_findings_stream_through_little_memory))
