// SPDX-License-Identifier: Apache-2.0
// Rows of controller-semantics §8 that need the whole informer: pages of every size, a subscriber
// that sleeps through a flood, credentials that change under open watches.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/test.h"
#include "informer/fake_cluster.h"

#include <malloc.h>
#include <unistd.h>

static const enum kind_id pods[] = { KIND_POD, KIND_COUNT };

static struct fake_cluster c;

static int set_up(void **state)
{
    (void)state;
    fake_cluster_init(&c, false, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_cluster_fini(&c);
    return 0;
}

static void use_pages_of(size_t n)
{
    informers_free(c.in);
    c.in = informers_new(&(struct informers_options){
        .loop = c.loop, .client = c.client, .page_size = n, .seed = 1 });
}

static void p1_any_number_of_items_comes_in_as_many_pages_as_it_needs(void **state)
{
    static const struct {
        int items;
        size_t pages;
    } rows[] = {
        {0,   1},
        { 1,  1},
        { 9,  1},
        { 10, 1},
        { 11, 2},
        { 19, 2},
        { 20, 2},
        { 21, 3},
        { 30, 3},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        tear_down(NULL);
        set_up(NULL);
        use_pages_of(10);
        for (int n = 0; n < rows[i].items; n++) {
            char name[16];

            snprintf(name, sizeof(name), "p%02d", n);
            fake_cluster_pod(&c, "n", name, "web");
        }
        informers_add(c.in, KIND_POD);
        fake_cluster_pass(&c, USEC_PER_SEC);
        assert_int_equal(informer_count(c.in, KIND_POD), rows[i].items);
        assert_int_equal(fake_server_count(c.server, "GET", "watch=false"), rows[i].pages);
        assert_true(informers_synced(c.in));
    }
}

// A stream of 1000 changes of 100 Pods, ten to each, that ends after a second.
static void script_flood(uint64_t first_rv)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    for (int i = 0; i < 1000; i++)
        buf_addf(
            &b,
            "{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":"
            "{\"name\":\"p%d\",\"namespace\":\"n\",\"uid\":\"00000000-0000-4000-8000-"
            "000000000%03d\",\"resourceVersion\":\"%" PRIu64 "\"},\"spec\":{\"nodeName\":"
            "\"node-%d\"}}}\n",
            i % 100, i % 100, first_rv + (uint64_t)i, i % 10);
    fake_server_script(
        c.server, "GET", "watch=true",
        &(struct fake_reply){ .body = b.p, .chunk = 16384, .lasts = 2 * USEC_PER_SEC });
    buf_fini(&b);
}

static void x6_a_sleeper_costs_nothing_while_100_000_updates_go_by(void **state)
{
    struct subscriber *sleeper = informers_subscribe(c.in, pods, NULL, NULL);
    size_t after_ten = 0, after_all;
    struct change ch;
    int n = 0;

    (void)state;
    fake_server_script(c.server, "GET", "watch=false",
                       &(struct fake_reply){ .body = "{\"kind\":\"PodList\",\"apiVersion\":\"v1\","
                                                     "\"metadata\":{\"resourceVersion\":\"10\"},"
                                                     "\"items\":[]}" });
    informers_add(c.in, KIND_POD);
    for (int i = 0; i < 100; i++) {
        script_flood(1000 + 1000 * (uint64_t)i);
        fake_cluster_pass(&c, 2 * USEC_PER_SEC);
        assert_int_equal(informer_status(c.in, KIND_POD)->rv, 1999 + 1000 * (uint64_t)i);
        assert_int_equal(subscriber_pending(sleeper), 100);
        fake_server_forget_log(c.server);
        if (i == 9)
            after_ten = mallinfo2().uordblks;
    }
    after_all = mallinfo2().uordblks; // 0 both times under a sanitizer, which finds leaks itself
    assert_true(after_all <= after_ten + 64 * 1024);
    assert_true(informer_status(c.in, KIND_POD)->error.code == ERR_NONE);
    for (; subscriber_next(sleeper, &ch); n++)
        assert_true(ch.now->rv >= 100900); // the last state, not the first
    assert_int_equal(n, 100);
    subscriber_free(sleeper);
}

static struct transport *make_transport(void *arg, struct loop unused_arg *l,
                                        const struct http_options unused_arg *o,
                                        struct error unused_arg *e)
{
    return fake_server_transport(arg);
}

static void write_token(const char *path, const char *token)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    fputs(token, f);
    fclose(f);
}

// The informers of the fixture again, with a client whose token is in a file.
static void use_token_file(const char *path)
{
    static struct kube_config config;

    config = (struct kube_config){
        .source = "test", .ns = "default", .server = FAKE_SERVER_URL, .token_file = path
    };
    informers_free(c.in);
    client_free(c.client);
    c.client = client_new(
        c.loop,
        &(struct client_options){ .config = &config, .transport = make_transport, .arg = c.server },
        NULL);
    assert_non_null(c.client);
    c.in =
        informers_new(&(struct informers_options){ .loop = c.loop, .client = c.client, .seed = 1 });
}

static void x9_a_token_that_expires_under_open_watches_is_replaced_by_the_files(void **state)
{
    char path[] = "/tmp/k9-token-XXXXXX";
    int fd = mkstemp(path);
    size_t n;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    write_token(path, "old");
    use_token_file(path);
    fake_cluster_pod(&c, "n", "a", "web");
    informers_add(c.in, KIND_POD);
    informers_add(c.in, KIND_NODE);
    fake_cluster_pass(&c, 20 * USEC_PER_SEC);
    assert_true(informers_synced(c.in));
    n = fake_server_requests(c.server);
    for (size_t i = 0; i < n; i++)
        assert_non_null(
            strstr(fake_server_request(c.server, i)->headers, "Authorization: Bearer old"));
    write_token(path, "new"); // younger than a minute: the cached one would still be taken
    fake_server_script(c.server, "GET", "watch=true",
                       &(struct fake_reply){ .status = 401, .body = "{}", .times = 2 });
    fake_server_cut_watches(c.server, true);
    fake_cluster_pass(&c, USEC_PER_SEC);
    // Both were refused once with the old one and opened again at once with the new one.
    assert_int_equal(fake_server_requests(c.server), n + 4);
    for (size_t i = n + 2; i < n + 4; i++)
        assert_non_null(
            strstr(fake_server_request(c.server, i)->headers, "Authorization: Bearer new"));
    assert_int_equal(fake_server_count(c.server, "GET", "watch=false"), 2);
    assert_int_equal(informer_status(c.in, KIND_POD)->error.code, ERR_NONE);
    fake_cluster_pod(&c, "n", "b", "web");
    fake_cluster_pass(&c, 1000);
    assert_int_equal(informer_count(c.in, KIND_POD), 2);
    assert_int_equal(unlink(path), 0);
}

static void
x9_a_token_that_stays_refused_is_asked_again_with_back_off_and_nothing_is_lost(void **state)
{
    (void)state;
    fake_cluster_pod(&c, "n", "a", "web");
    informers_add(c.in, KIND_POD);
    fake_cluster_pass(&c, USEC_PER_SEC);
    fake_server_script(c.server, "GET", "watch=true",
                       &(struct fake_reply){ .status = 401, .body = "{}", .times = 6 });
    fake_server_cut_watches(c.server, true);
    fake_cluster_pass(&c, 10 * USEC_PER_SEC);
    assert_int_equal(informer_status(c.in, KIND_POD)->error.code, ERR_UNAUTHORIZED);
    assert_true(informer_status(c.in, KIND_POD)->stale);
    fake_cluster_pod(&c, "n", "b", "web"); // while nobody watches
    fake_cluster_pass(&c, 5 * USEC_PER_MIN);
    assert_int_equal(informer_count(c.in, KIND_POD), 2);
    assert_int_equal(fake_server_count(c.server, "GET", "watch=false&limit=5"), 1);
    assert_false(informer_status(c.in, KIND_POD)->stale);
}

static void x4_after_a_gap_the_cache_holds_the_recreated_object(void **state)
{
    uint8_t uid[16];

    (void)state;
    fake_cluster_pod(&c, "n", "a", "web");
    informers_add(c.in, KIND_POD);
    fake_cluster_pass(&c, USEC_PER_SEC);
    memcpy(uid, informer_get(c.in, KIND_POD, "n", "a")->uid, sizeof(uid));
    fake_server_cut_watches(c.server, false);
    fake_server_delete(c.server, "pods", "n", "a");
    fake_cluster_pod(&c, "n", "a", "web");
    fake_server_compact(c.server);
    fake_cluster_pass(&c, USEC_PER_MIN);
    assert_int_equal(informer_count(c.in, KIND_POD), 1);
    assert_memory_not_equal(informer_get(c.in, KIND_POD, "n", "a")->uid, uid, sizeof(uid));
}

static void s21_what_was_deleted_during_any_outage_is_gone_after_it(void **state)
{
    (void)state;
    for (int form = 0; form < 4; form++) {
        tear_down(NULL);
        set_up(NULL);
        fake_cluster_pod(&c, "n", "a", "web");
        fake_cluster_pod(&c, "n", "b", "web");
        informers_add(c.in, KIND_POD);
        fake_cluster_pass(&c, USEC_PER_SEC);
        if (form == 0)
            fake_server_cut_watches(c.server, true);
        else if (form == 1)
            fake_server_down(c.server, true);
        else
            fake_server_silence(c.server, true);
        fake_server_delete(c.server, "pods", "n", "a");
        if (form != 2)
            fake_server_compact(c.server);
        fake_cluster_pass(&c, 30 * USEC_PER_SEC);
        fake_server_down(c.server, false);
        fake_server_silence(c.server, false);
        fake_cluster_pass(&c, 15 * USEC_PER_MIN);
        assert_null(informer_get(c.in, KIND_POD, "n", "a"));
        assert_non_null(informer_get(c.in, KIND_POD, "n", "b"));
        assert_int_equal(informer_status(c.in, KIND_POD)->state, KIND_SYNCED);
    }
}

// One ADDED event whose member, told by what stands before it, is nested ten thousand times.
static void script_deep(const char *before, char open, const char *inner, const char *after)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    buf_adds(&b, before);
    for (int i = 0; i < 10000; i++)
        buf_adds(&b, open == '[' ? "[" : inner);
    buf_adds(&b, "1");
    for (int i = 0; i < 10000; i++)
        buf_addc(&b, open == '[' ? ']' : '}');
    buf_addf(&b, "%s\n", after);
    fake_server_script(c.server, "GET", "watch=true",
                       &(struct fake_reply){ .body = b.p, .stay_open = true });
    buf_fini(&b);
}

static void x5_deep_nesting_in_members_that_are_read_costs_one_object(void **state)
{
#define UID "\"uid\":\"00000000-0000-4000-8000-000000000001\",\"resourceVersion\":\"5000\""
#define POD                                                                                        \
    "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{"        \
    "\"name\":\"deep\",\"namespace\":\"n\"," UID
#define CONFIG                                                                                     \
    "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Kube9Config\",\"apiVersion\":"                     \
    "\"kube9.io/v1alpha1\",\"metadata\":{\"name\":\"deep\"," UID "},\"spec\":{"

    static const struct {
        enum kind_id kind;
        char open;
        const char *before, *inner, *after;
    } rows[] = {
        {KIND_POD,           '{', POD ",\"labels\":",                "{\"a\":",          "}}}"},
        { KIND_POD,          '{', POD ",\"managedFields\":",         "{\"a\":",          "}}}"},
        { KIND_POD,          '[', POD "},\"spec\":{\"containers\":", NULL,               "}}}"},
        { KIND_POD,          '{', POD "},\"spec\":",                 "{\"spec\":",       "}}" },
        { KIND_POD,          '{', POD "},\"status\":",               "{\"conditions\":", "}}" },
        { KIND_KUBE9_CONFIG, '{', CONFIG "\"assessment\":",          "{\"assessment\":", "}}}"},
        { KIND_KUBE9_CONFIG, '[', CONFIG "\"unknown\":",             NULL,               "}}}"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        bool config = rows[i].kind == KIND_KUBE9_CONFIG;

        tear_down(NULL);
        set_up(NULL);
        fake_server_script(c.server, "GET", "watch=false",
                           &(struct fake_reply){ .body =
                                                     "{\"kind\":\"List\",\"metadata\":{"
                                                     "\"resourceVersion\":\"10\"},\"items\":[]}" });
        script_deep(rows[i].before, rows[i].open, rows[i].inner, rows[i].after);
        informers_add(c.in, rows[i].kind);
        fake_cluster_pass(&c, USEC_PER_SEC);
        assert_int_equal(informer_status(c.in, rows[i].kind)->rv, 5000);
        assert_int_equal(informer_count(c.in, rows[i].kind), 1);
        assert_non_null(informer_get(c.in, rows[i].kind, config ? "" : "n", "deep"));
    }
}

#define I(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(I(p1_any_number_of_items_comes_in_as_many_pages_as_it_needs),
    I(x6_a_sleeper_costs_nothing_while_100_000_updates_go_by),
    I(x9_a_token_that_expires_under_open_watches_is_replaced_by_the_files),
    I(x9_a_token_that_stays_refused_is_asked_again_with_back_off_and_nothing_is_lost),
    I(x4_after_a_gap_the_cache_holds_the_recreated_object),
    I(s21_what_was_deleted_during_any_outage_is_gone_after_it),
    I(x5_deep_nesting_in_members_that_are_read_costs_one_object))
