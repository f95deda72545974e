// SPDX-License-Identifier: Apache-2.0
// The picture of now: unchanged reports are not written, changed ones replace their rows, and what
// is gone goes; and a file of the schema before has an empty picture.
#include "base/test.h"

#include "base/alloc.h"
#include "store/fake_store.h"
#include "store/migrations.h"
#include "store/store_internal.h"
#include "store/vulnerabilities.h"

#include <stdlib.h>
#include <unistd.h>

static struct fake_dir d;
static struct store *s;

static int setup(void **state unused_arg)
{
    struct error e = { 0 };

    fake_dir_make(&d);
    s = store_open(d.db, NULL, &e);
    return s ? 0 : -1;
}

static int teardown(void **state unused_arg)
{
    store_close(s);
    fake_dir_remove(&d);
    return 0;
}

struct report {
    const char *uid, *version;
    int n; // vulnerabilities, of severities in turn
};

static int put_one(const struct report *r, struct error *e)
{
    struct scan_row scan = { .uid = r->uid,
                             .version = r->version,
                             .kind = "ReplicaSet",
                             .ns = "shop",
                             .name = "cart-1",
                             .container = "app",
                             .image = "registry/cart:1",
                             .digest = "",
                             .scanned = FAKE_START };
    int rc = store_scan_put(s, &scan, e);

    for (int i = 0; rc == 1 && i < r->n; i++) {
        char id[32];
        struct vulnerability_row v = { .id = id,
                                       .severity = (enum vulnerability_severity)(
                                           i % VULNERABILITY_SEVERITIES),
                                       .package = "openssl",
                                       .installed = "1.0",
                                       .fixed = i % 2 ? "" : "1.1" };

        snprintf(id, sizeof(id), "CVE-2026-%04d", i);
        if (store_vulnerability_put(s, &v, e) < 0)
            return -1;
    }
    return rc;
}

// How many of the reports were written.
static int round_of(const struct report *v, size_t n)
{
    struct error e = { 0 };
    int written = 0;

    assert_int_equal(store_begin(s, &e), 0);
    assert_int_equal(store_scans_begin(s, &e), 0);
    for (size_t i = 0; i < n; i++) {
        int rc = put_one(&v[i], &e);

        if (rc < 0)
            fail_msg("%s", e.text);
        written += rc;
    }
    assert_int_equal(store_scans_end(s, &e), 0);
    assert_int_equal(store_commit(s, &e), 0);
    return written;
}

static int note(void *arg, const struct vulnerability_row *r)
{
    buf_addf(arg, "%s %s %s %s>%s %s %s/%s\n", vulnerability_severity_name(r->severity), r->id,
             r->package, r->installed, r->fixed, r->scan.image, r->scan.ns, r->scan.name);
    return 0;
}

static int64_t ask(struct vulnerability_query q, struct buf *out)
{
    struct error e = { 0 };
    int64_t total;

    buf_init(out, 1 << 20);
    buf_adds(out, "");
    if (store_vulnerability_each(s, &q, note, out, &total, &e) != 0)
        fail_msg("%s", e.text);
    return total;
}

static int64_t total(void)
{
    struct buf autobuf out = { 0 };

    return ask((struct vulnerability_query){ 0 }, &out);
}

static void only_what_changed_is_written_and_what_is_gone_goes(void **state unused_arg)
{
    const struct report both[] = {
        {"a",  "1", 3},
        { "b", "1", 2}
    };
    const struct report changed[] = {
        {"a",  "2", 1},
        { "b", "1", 2}
    };

    assert_int_equal(round_of(both, 2), 2);
    assert_int_equal(total(), 5);
    assert_int_equal(round_of(both, 2), 0);
    assert_int_equal(total(), 5);
    assert_int_equal(round_of(changed, 2), 1);
    assert_int_equal(total(), 3);
    assert_int_equal(round_of(changed, 1), 0);
    assert_int_equal(total(), 1);
    assert_int_equal(round_of(NULL, 0), 0);
    assert_int_equal(total(), 0);
}

static void a_round_that_is_rolled_back_changes_nothing(void **state unused_arg)
{
    const struct report before = { "a", "1", 4 };
    struct error e = { 0 };

    round_of(&before, 1);
    assert_int_equal(store_begin(s, &e), 0);
    assert_int_equal(store_scans_begin(s, &e), 0);
    assert_int_equal(store_scans_end(s, &e), 0);
    store_rollback(s);
    assert_int_equal(total(), 4);
}

static void the_worst_come_first_and_every_filter_narrows(void **state unused_arg)
{
    static const char *const severe[] = { "critical", "HIGH", NULL }, *const ids[] = {
        "CVE-2026-0003", NULL
    };
    const struct report r = { "a", "1", 6 };
    struct buf autobuf out = { 0 };

    round_of(&r, 1);
    assert_int_equal(ask((struct vulnerability_query){ 0 }, &out), 6);
    assert_true(str_starts(out.p,
                           "critical CVE-2026-0000 openssl 1.0>1.1 registry/cart:1 shop/cart-1\n"
                           "critical CVE-2026-0005 openssl 1.0> "));
    buf_fini(&out);
    assert_int_equal(ask((struct vulnerability_query){ .severities = severe }, &out), 3);
    buf_fini(&out);
    assert_int_equal(ask((struct vulnerability_query){ .fixable = true }, &out), 3);
    buf_fini(&out);
    assert_int_equal(ask((struct vulnerability_query){ .ids = ids }, &out), 1);
    buf_fini(&out);
    assert_int_equal(ask((struct vulnerability_query){ .ns = "else" }, &out), 0);
    buf_fini(&out);
    assert_int_equal(ask((struct vulnerability_query){ .image = "registry/cart:1" }, &out), 6);
    buf_fini(&out);
    assert_int_equal(ask((struct vulnerability_query){ .until = FAKE_START }, &out), 0);
    buf_fini(&out);
    assert_int_equal(ask((struct vulnerability_query){ .limit = 1, .offset = 5 }, &out), 6);
    assert_string_equal(out.p,
                        "unknown CVE-2026-0004 openssl 1.0>1.1 registry/cart:1 shop/cart-1\n");
}

static void the_summary_counts_what_is_there(void **state unused_arg)
{
    const struct report r[] = {
        {"a",  "1", 6},
        { "b", "1", 1}
    };
    struct vulnerability_summary sum;
    struct error e = { 0 };

    round_of(r, 2);
    assert_int_equal(store_vulnerability_summary(s, &sum, &e), 0);
    assert_int_equal(sum.reports, 2);
    assert_int_equal(sum.images, 1);
    assert_int_equal(sum.found[VULNERABILITY_CRITICAL], 3);
    assert_int_equal(sum.fixable[VULNERABILITY_CRITICAL], 2);
    assert_int_equal(sum.found[VULNERABILITY_UNKNOWN], 1);
    assert_int_equal(sum.newest, FAKE_START);
}

static void a_file_of_the_schema_before_has_none_and_is_taken_over(void **state unused_arg)
{
    struct vulnerability_summary sum;
    struct error e = { 0 };
    struct db *db;

    store_close(s);
    unlink(d.db);
    db = db_open(d.db, false, &e);
    assert_non_null(db);
    assert_int_equal(db_exec(db, store_migrations[0], &e), 0);
    assert_int_equal(db_exec(db, "PRAGMA user_version=1", &e), 0);
    db_close(db);
    s = store_open_readonly(d.db, &e);
    assert_non_null(s);
    assert_int_equal(total(), 0);
    assert_int_equal(store_vulnerability_summary(s, &sum, &e), 0);
    assert_int_equal(sum.reports, 0);
    store_close(s);
    s = store_open(d.db, NULL, &e);
    assert_non_null(s);
    assert_int_equal(round_of(&(struct report){ "a", "1", 2 }, 1), 1);
    assert_int_equal(total(), 2);
}

#define S(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

RUN(S(only_what_changed_is_written_and_what_is_gone_goes),
    S(a_round_that_is_rolled_back_changes_nothing),
    S(the_worst_come_first_and_every_filter_narrows), S(the_summary_counts_what_is_there),
    S(a_file_of_the_schema_before_has_none_and_is_taken_over))
