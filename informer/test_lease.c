// SPDX-License-Identifier: Apache-2.0
// Candidates against a small Lease server, under the fake clock. The server keeps one Lease, checks
// resourceVersions, and can be told to fail, to hang or to be written to by somebody else.
#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/test.h"
#include "informer/client.h"
#include "informer/fake_wire.h"
#include "informer/lease.h"
#include "informer/lease_record.h"

#define SEC USEC_PER_SEC

struct server {
    bool exists;
    struct lease_spec spec;
    char metadata[512];
    uint64_t rv;
    usec delay;          // of every answer, 0: 5 ms
    int status;          // of every answer, 0: honest ones
    bool hang, down;     // every request from now on
    bool faster;         // somebody else creates just before us
    unsigned fail_puts;  // answered 409 without a write
    bool apply_and_hang; // the next PUT takes effect, its answer does not come
    unsigned reads, puts, creates;
};

struct world {
    struct loop *loop;
    struct fake_wire *wire;
    struct kube_config config;
    struct client *client;
    struct lease *lease;
    struct server server;
    unsigned started, stopped, lost, leaders, regressions, problems;
    enum err problem;
    char leader[64];
};

static void reply(struct server *s, struct wire_answer *ret)
{
    autobuf struct buf b = { 0 };
    autofree char *meta = NULL;

    buf_init(&b, sizeof(ret->body) - 1);
    meta = xasprintf("{\"name\":\"l\",\"namespace\":\"n\",\"uid\":\"u1\",\"labels\":{\"a\":\"b\"},"
                     "\"managedFields\":[1],\"resourceVersion\":\"%" PRIu64 "\"}",
                     s->rv);
    assert_int_equal(lease_record_write(&s->spec, meta, &b), 0);
    snprintf(ret->body, sizeof(ret->body), "%s", b.p);
}

static void take(struct server *s, const struct wire_request *r, struct wire_answer *ret)
{
    struct lease_record rec;
    struct error e = { 0 };

    if (lease_record_parse(str_of(r->body), &rec, &e) < 0)
        fail_msg("%s", e.text);
    if (*rec.rv_text && rec.rv != s->rv) {
        ret->status = 409;
    } else {
        s->spec = rec.spec;
        s->exists = true;
        s->rv++;
        snprintf(s->metadata, sizeof(s->metadata), "%s", rec.metadata);
        reply(s, ret);
    }
    lease_record_fini(&rec);
}

static void serve_put(struct server *s, const struct wire_request *r, struct wire_answer *ret)
{
    s->puts++;
    if (!s->exists) {
        ret->status = 404;
        return;
    }
    if (s->fail_puts) {
        s->fail_puts--;
        ret->status = 409;
        return;
    }
    take(s, r, ret);
    if (s->apply_and_hang) {
        s->apply_and_hang = false;
        ret->hang = true;
    }
}

static void held_by(struct server *s, const char *holder, int64_t seconds)
{
    s->exists = true;
    snprintf(s->spec.holder, sizeof(s->spec.holder), "%s", holder);
    snprintf(s->spec.renew, sizeof(s->spec.renew),
             "1999-01-01T00:00:00.000000Z"); // a clock gone wrong
    snprintf(s->spec.acquire, sizeof(s->spec.acquire), "1999-01-01T00:00:00.000000Z");
    s->spec.duration = seconds;
    s->spec.transitions = 4;
    s->rv++;
}

static void serve(void *arg, const struct wire_request *r, struct wire_answer *ret)
{
    struct server *s = &((struct world *)arg)->server;

    ret->delay = s->delay ? s->delay : 5 * USEC_PER_MSEC;
    ret->hang = s->hang;
    if (s->down)
        ret->error = ERR_REFUSED;
    if (s->status)
        ret->status = s->status;
    if (s->hang || s->down || s->status)
        return;
    if (!strcmp(r->method, "GET")) {
        s->reads++;
        ret->status = s->exists ? 200 : 404;
        if (s->exists)
            reply(s, ret);
    } else if (!strcmp(r->method, "POST")) {
        s->creates++;
        if (s->faster)
            held_by(s, "other", 15);
        ret->status = s->exists ? 409 : 201;
        if (!s->exists)
            take(s, r, ret);
    } else {
        serve_put(s, r, ret);
    }
}

static void on_started(void *arg)
{
    ((struct world *)arg)->started++;
}

static void on_stopped(void *arg, bool lost)
{
    struct world *w = arg;

    w->stopped++;
    w->lost += lost;
}

static void on_leader(void *arg, const char *holder)
{
    struct world *w = arg;

    w->leaders++;
    snprintf(w->leader, sizeof(w->leader), "%s", holder);
}

static void on_regression(void *arg, uint64_t was, uint64_t is)
{
    assert_true(is < was);
    ((struct world *)arg)->regressions++;
}

static void on_problem(void *arg, const struct error *e)
{
    struct world *w = arg;

    w->problems++;
    w->problem = e->code;
}

static struct lease_options options(struct world *w)
{
    return (struct lease_options){ .ns = "n",
                                   .name = "l",
                                   .identity = "me",
                                   .started = on_started,
                                   .stopped = on_stopped,
                                   .new_leader = on_leader,
                                   .rv_regression = on_regression,
                                   .problem = on_problem,
                                   .arg = w };
}

static int set_up(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));
    struct client_options o = { .config = &w->config };
    struct lease_options lo = options(w);

    clock_fake(1000 * SEC, 1700000000 * SEC);
    metrics_reset();
    w->config = (struct kube_config){ .server = "https://api", .source = "test" };
    w->loop = loop_new(NULL);
    w->wire = fake_wire_new(w->loop, serve, w);
    fake_wire_use(w->wire, &o);
    w->client = client_new(w->loop, &o, NULL);
    w->server.rv = 100;
    w->lease = lease_new(w->loop, w->client, &lo, NULL);
    assert_non_null(w->lease);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    lease_free(w->lease);
    client_free(w->client);
    fake_wire_free(w->wire);
    loop_free(w->loop);
    clock_real();
    free(w);
    return 0;
}

static void run_for(struct world *w, usec time)
{
    usec until = clock_mono() + time;

    while (clock_mono() < until)
        assert_int_equal(loop_turn(w->loop, until - clock_mono(), NULL), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(loop_turn(w->loop, 0, NULL), 0);
}

static bool may_write(struct world *w)
{
    usec left = 0;

    return lease_may_write(w->lease, &left) && left > 0;
}

static void l1_a_free_lease_is_created_and_held(void **state)
{
    struct world *w = *state;

    assert_false(lease_held(w->lease));
    lease_start(w->lease);
    run_for(w, SEC);
    assert_int_equal(w->started, 1);
    assert_true(lease_held(w->lease));
    assert_true(may_write(w));
    assert_string_equal(w->server.spec.holder, "me");
    assert_int_equal(w->server.spec.duration, 15);
    assert_int_equal(w->server.spec.transitions, 0);
    assert_string_equal(w->server.spec.renew, w->server.spec.acquire);
    assert_int_equal(strlen(w->server.spec.renew), 27); // MicroTime
    assert_string_equal(w->leader, "me");
    assert_true(fake_wire_has_header(w->wire, 0,
                                     "User-Agent: kube9-operator/" K9_VERSION "/leader-election"));
    assert_true(metric_value(METRIC_LEADER_ELECTION_MASTER_STATUS, "l") == 1.0);
}

static void l9_renewing_writes_without_reading_and_keeps_the_rest(void **state)
{
    struct world *w = *state;
    char acquired[48];

    lease_start(w->lease);
    run_for(w, SEC);
    memcpy(acquired, w->server.spec.acquire, sizeof(acquired));
    run_for(w, 60 * SEC);
    assert_int_equal(w->server.reads, 1);
    assert_in_range(w->server.puts, 28, 31);
    assert_string_equal(w->server.spec.acquire, acquired);
    assert_string_not_equal(w->server.spec.renew, acquired);
    assert_non_null(strstr(w->server.metadata, "\"labels\":{\"a\":\"b\"}"));
    assert_null(strstr(w->server.metadata, "managedFields"));
    assert_int_equal(w->started, 1);
    assert_int_equal(w->leaders, 1);
    assert_true(lease_held(w->lease));
}

// Cut at its NUL, a name would be one that is there already: a document that no server reads.
static void a_name_in_metadata_keeps_its_nul(void **state unused_arg)
{
    static const char lease[] = "{\"metadata\":{\"name\":\"a\",\"name\\u0000\":5,"
                                "\"managedFields\\u0000\":[1],\"managedFields\":[2]}}";
    autobuf struct buf out = { 0 };
    struct lease_record r;

    buf_init(&out, 1000);
    assert_int_equal(lease_record_parse(str_of(lease), &r, NULL), 0);
    assert_int_equal(lease_record_write(&r.spec, r.metadata, &out), 0);
    assert_non_null(strstr(out.p, "\"metadata\":{\"name\":\"a\",\"name\\u0000\":5,"
                                  "\"managedFields\\u0000\":[1]}"));
    lease_record_fini(&r);
}

static void l2_a_foreign_lease_is_waited_for_from_first_sight(void **state)
{
    struct world *w = *state;

    // Its own times say that it ended decades ago: clock skew must not matter, its duration does.
    held_by(&w->server, "other", 30);
    lease_start(w->lease);
    run_for(w, 29 * SEC);
    assert_int_equal(w->started, 0);
    assert_int_equal(w->server.puts, 0);
    assert_string_equal(w->leader, "other");
    assert_string_equal(lease_holder(w->lease), "other");
    run_for(w, 6 * SEC);
    assert_int_equal(w->started, 1);
    assert_int_equal(w->server.spec.transitions, 5);
    assert_string_equal(w->leader, "me");
}

static void l3_a_holder_that_renews_is_never_replaced(void **state)
{
    struct world *w = *state;

    held_by(&w->server, "other", 15);
    lease_start(w->lease);
    for (int i = 0; i < 40; i++) {
        run_for(w, 5 * SEC);
        w->server.spec.renew[0] = (char)('0' + i % 10); // any change counts
        w->server.rv++;
    }
    assert_int_equal(w->started, 0);
    assert_int_equal(w->server.puts, 0);
}

static void l1_a_released_lease_is_taken_at_once(void **state)
{
    struct world *w = *state;

    held_by(&w->server, "", 1);
    lease_start(w->lease);
    run_for(w, SEC);
    assert_int_equal(w->started, 1);
    assert_int_equal(w->server.spec.transitions, 5);
}

static void l4_the_own_lease_is_resumed_at_once(void **state)
{
    struct world *w = *state;

    held_by(&w->server, "me", 15);
    lease_start(w->lease);
    run_for(w, SEC);
    assert_int_equal(w->started, 1);
    assert_int_equal(w->server.spec.transitions, 4);
    assert_string_equal(w->server.spec.acquire, "1999-01-01T00:00:00.000000Z");
}

static void l1_losing_the_race_to_create_is_a_round_lost(void **state)
{
    struct world *w = *state;

    w->server.faster = true;
    lease_start(w->lease);
    run_for(w, 10 * SEC);
    assert_int_equal(w->server.creates, 1);
    assert_int_equal(w->started, 0);
    assert_string_equal(w->leader, "other");
}

static void l9_a_conflict_reads_again(void **state)
{
    struct world *w = *state;

    lease_start(w->lease);
    run_for(w, SEC);
    w->server.fail_puts = 1;
    run_for(w, 3 * SEC);
    assert_int_equal(w->server.reads, 2);
    assert_true(lease_held(w->lease));
    assert_true(metric_value(METRIC_LEADER_ELECTION_SLOWPATH_TOTAL, "l") == 1.0);
}

static void l12_failing_to_renew_closes_the_fence_at_the_deadline(void **state)
{
    struct world *w = *state;
    usec last;

    lease_start(w->lease);
    run_for(w, SEC);
    w->server.down = true;
    last = clock_mono();
    while (may_write(w))
        run_for(w, 100 * USEC_PER_MSEC);
    assert_in_range(clock_mono() - last, 7 * SEC, 10 * SEC + 100 * USEC_PER_MSEC);
    run_for(w, 200 * USEC_PER_MSEC);
    assert_int_equal(w->stopped, 1);
    assert_int_equal(w->lost, 1);
    assert_false(lease_held(w->lease));
    w->server.down = false;
    run_for(w, 60 * SEC);
    assert_int_equal(w->server.puts, 0);
    assert_int_equal(w->started, 1);
    assert_true(metric_value(METRIC_LEADER_ELECTION_MASTER_STATUS, "l") == 0.0);
}

static void l12_a_hanging_server_lets_nothing_out_after_the_deadline(void **state)
{
    struct world *w = *state;
    usec hung;

    lease_start(w->lease);
    run_for(w, SEC);
    w->server.hang = true;
    hung = clock_mono();
    run_for(w, 60 * SEC);
    assert_int_equal(w->lost, 1);
    assert_int_equal(fake_wire_running(w->wire), 0);
    for (size_t i = 0; i < fake_wire_count(w->wire); i++)
        assert_true(fake_wire_at(w->wire, i) + fake_wire_request(w->wire, i)->timeout <=
                    hung + 10 * SEC);
}

static void l12_the_fence_counts_from_the_sending_not_from_the_answer(void **state)
{
    struct world *w = *state;
    usec left = 0;

    w->server.delay = 4 * SEC;
    lease_start(w->lease);
    run_for(w, 8 * SEC + 500 * USEC_PER_MSEC); // GET and CREATE, 4 s each
    assert_int_equal(w->started, 1);
    assert_true(lease_may_write(w->lease, &left));
    assert_in_range(left, 5 * SEC, 6 * SEC);
}

static void l9_a_write_whose_answer_was_lost_is_found_again(void **state)
{
    struct world *w = *state;

    lease_start(w->lease);
    run_for(w, SEC);
    w->server.apply_and_hang = true;
    run_for(w, 30 * SEC);
    assert_true(lease_held(w->lease));
    assert_int_equal(w->stopped, 0);
    assert_int_equal(w->server.spec.transitions, 0);
}

static void l9_a_take_over_ends_leadership_at_once(void **state)
{
    struct world *w = *state;

    lease_start(w->lease);
    run_for(w, SEC);
    held_by(&w->server, "other", 15);
    run_for(w, 3 * SEC);
    assert_int_equal(w->lost, 1);
    assert_false(may_write(w));
    assert_string_equal(w->server.spec.holder, "other");
}

static void a_leader_that_was_stopped_past_its_fence_sends_nothing(void **state)
{
    struct world *w = *state;
    size_t sent;

    lease_start(w->lease);
    run_for(w, SEC);
    sent = fake_wire_count(w->wire);
    clock_fake_advance(30 * SEC); // SIGSTOP, SIGCONT: round and fence are due at once
    run_for(w, SEC);
    assert_int_equal(w->lost, 1);
    assert_int_equal(fake_wire_count(w->wire), sent);
}

static void a_leader_makes_its_deleted_lease_again(void **state)
{
    struct world *w = *state;

    lease_start(w->lease);
    run_for(w, SEC);
    w->server.exists = false;
    run_for(w, 3 * SEC);
    assert_true(lease_held(w->lease));
    assert_int_equal(w->started, 1);
    assert_string_equal(w->server.spec.holder, "me");
}

static void a_deleted_lease_is_left_to_its_holder_for_its_duration(void **state)
{
    struct world *w = *state;

    held_by(&w->server, "other", 15);
    lease_start(w->lease);
    run_for(w, 10 * SEC);
    w->server.exists = false; // its holder is inside its fence and does not know
    run_for(w, 14 * SEC);
    assert_int_equal(w->server.creates, 0);
    assert_int_equal(w->started, 0);
    run_for(w, 5 * SEC);
    assert_int_equal(w->started, 1);
}

static void l6_release_gives_back_what_is_ours(void **state)
{
    struct world *w = *state;

    lease_start(w->lease);
    run_for(w, SEC);
    lease_release(w->lease);
    run_for(w, SEC);
    assert_int_equal(w->stopped, 1);
    assert_int_equal(w->lost, 0);
    assert_string_equal(w->server.spec.holder, "");
    assert_int_equal(w->server.spec.duration, 1);
    assert_int_equal(w->server.reads, 2); // read before it was written
    assert_false(may_write(w));
    lease_release(w->lease);
    run_for(w, 60 * SEC);
    assert_int_equal(w->stopped, 1);
}

static void l11_release_after_an_unseen_take_over_leaves_it_alone(void **state)
{
    struct world *w = *state;

    lease_start(w->lease);
    run_for(w, SEC);
    held_by(&w->server, "other", 15);
    w->server.puts = 0;
    lease_release(w->lease);
    run_for(w, SEC);
    assert_int_equal(w->stopped, 1);
    assert_int_equal(w->server.puts, 0);
    assert_string_equal(w->server.spec.holder, "other");
}

static void l6_release_repeats_on_conflict(void **state)
{
    struct world *w = *state;

    lease_start(w->lease);
    run_for(w, SEC);
    w->server.fail_puts = 2;
    lease_release(w->lease);
    run_for(w, 2 * SEC);
    assert_int_equal(w->stopped, 1);
    assert_string_equal(w->server.spec.holder, "");
}

static void l7_release_while_a_write_is_under_way_still_releases(void **state)
{
    struct world *w = *state;

    lease_start(w->lease);
    run_for(w, SEC);
    w->server.apply_and_hang = true;
    run_for(w, 2 * SEC);
    assert_int_equal(fake_wire_running(w->wire), 1);
    lease_release(w->lease);
    run_for(w, SEC);
    assert_int_equal(w->stopped, 1);
    assert_string_equal(w->server.spec.holder, "");
}

static void l6_release_gives_up_when_the_server_is_away(void **state)
{
    struct world *w = *state;

    lease_start(w->lease);
    run_for(w, SEC);
    w->server.down = true;
    lease_release(w->lease);
    run_for(w, 11 * SEC);
    assert_int_equal(w->stopped, 1);
    assert_int_equal(w->lost, 0);
}

static void a_waiting_candidate_stops_without_a_request(void **state)
{
    struct world *w = *state;
    size_t n;

    held_by(&w->server, "other", 1000);
    lease_start(w->lease);
    run_for(w, SEC);
    n = fake_wire_count(w->wire);
    lease_release(w->lease);
    run_for(w, 10 * SEC);
    assert_int_equal(w->stopped, 1);
    assert_int_equal(fake_wire_count(w->wire), n);
}

static void e18a_a_resource_version_that_goes_back_is_announced(void **state)
{
    struct world *w = *state;

    lease_start(w->lease);
    run_for(w, 10 * SEC);
    w->server.rv = 50; // etcd restored from a backup
    run_for(w, 5 * SEC);
    assert_int_equal(w->regressions, 1);
    run_for(w, 20 * SEC);
    assert_int_equal(w->regressions, 1);
    assert_true(lease_held(w->lease));
}

static void without_rights_it_says_so_and_asks_rarely(void **state)
{
    struct world *w = *state;

    w->server.status = 403;
    lease_start(w->lease);
    run_for(w, 119 * SEC);
    assert_int_equal(w->problems, 1);
    assert_int_equal(w->problem, ERR_DENIED);
    assert_int_equal(fake_wire_count(w->wire), 4);
    w->server.status = 0;
    run_for(w, 31 * SEC);
    assert_int_equal(w->problems, 2);
    assert_int_equal(w->problem, ERR_NONE);
    assert_int_equal(w->started, 1);
}

static void l10_the_health_check_fails_only_for_a_leader_that_should_have_stopped(void **state)
{
    struct world *w = *state;
    struct error e = { 0 };

    assert_int_equal(lease_check(w->lease, 0, &e), 0);
    lease_start(w->lease);
    run_for(w, SEC);
    assert_int_equal(lease_check(w->lease, 0, &e), 0);
    clock_fake_advance(30 * SEC); // the loop stands still
    assert_int_equal(lease_check(w->lease, 20 * SEC, &e), 0);
    assert_int_equal(lease_check(w->lease, SEC, &e), -1);
    held_by(&w->server, "other", 15);
    run_for(w, SEC);
}

static void l12_a_suspended_machine_wakes_up_outside_the_fence(void **state)
{
    struct world *w = *state;

    lease_start(w->lease);
    run_for(w, SEC);
    clock_fake_advance(3600 * SEC);
    assert_false(may_write(w));
    assert_false(lease_held(w->lease));
    run_for(w, SEC);
    assert_int_equal(w->lost, 1);
}

static void l8_bad_settings_are_refused(void **state)
{
    struct world *w = *state;
    struct lease_options o = options(w);
    struct error e = { 0 };

    o.renew_deadline = 15 * SEC;
    assert_null(lease_new(w->loop, w->client, &o, &e));
    o.renew_deadline = 2 * SEC;
    assert_null(lease_new(w->loop, w->client, &o, &e));
    o = options(w);
    o.name = "";
    assert_null(lease_new(w->loop, w->client, &o, &e));
}

static void m9_the_identity_is_the_pods_uid_or_new(unused_arg void **state)
{
    char a[LEASE_IDENTITY_MAX], b[LEASE_IDENTITY_MAX];

    setenv("POD_UID", "1234-uid", 1);
    lease_identity(a);
    assert_string_equal(a, "1234-uid");
    unsetenv("POD_UID");
    lease_identity(a);
    lease_identity(b);
    assert_non_null(strchr(a, '_'));
    assert_string_not_equal(a, b);
}

static void l5_a_lease_document_reads_back_the_same(unused_arg void **state)
{
    struct lease_record r;
    autobuf struct buf b = { 0 };
    struct lease_spec s = { .holder = "h",
                            .duration = 15,
                            .transitions = 2,
                            .strategy = "OldestEmulationVersion",
                            .preferred = "p" };

    buf_init(&b, 4096);
    assert_int_equal(lease_record_write(&s, "{\"name\":\"x\",\"resourceVersion\":\"7\"}", &b), 0);
    assert_int_equal(lease_record_parse(buf_str(&b), &r, NULL), 0);
    assert_true(lease_spec_same(&r.spec, &s));
    assert_int_equal(r.rv, 7);
    lease_record_fini(&r);
    assert_int_equal(lease_record_parse(str_of("{\"metadata\":{\"name\":\"x\"}}"), &r, NULL), 0);
    assert_string_equal(r.spec.holder, "");
    lease_record_fini(&r);
    assert_int_equal(lease_record_parse(str_of("{}"), &r, NULL), -1);
    assert_int_equal(lease_record_parse(str_of("["), &r, NULL), -1);
}

static void l1_a_lease_without_a_record_is_taken(void **state)
{
    struct world *w = *state;

    w->server.exists = true; // no holder, no duration, no times
    lease_start(w->lease);
    run_for(w, SEC);
    assert_int_equal(w->started, 1);
    assert_int_equal(w->server.creates, 0);
    assert_string_equal(w->server.spec.holder, "me");
    assert_int_equal(w->server.spec.transitions, 1);
    assert_int_equal(w->server.spec.duration, 15);
}

static void l2_the_duration_that_counts_is_the_one_in_the_record(void **state)
{
    struct world *w = *state;

    held_by(&w->server, "other", 3); // our own is 15 s
    lease_start(w->lease);
    run_for(w, 3 * SEC);
    assert_int_equal(w->server.puts, 0);
    assert_int_equal(w->started, 0);
    run_for(w, SEC / 2);
    assert_int_equal(w->started, 1);
}

static void l3_who_renews_within_its_duration_stays_the_leader_we_tell(void **state)
{
    struct world *w = *state;

    held_by(&w->server, "other", 15);
    lease_start(w->lease);
    run_for(w, 14 * SEC);
    held_by(&w->server, "third", 15);
    run_for(w, 14 * SEC);
    assert_string_equal(lease_holder(w->lease), "third");
    assert_string_equal(w->leader, "third");
    assert_int_equal(w->leaders, 2);
    assert_int_equal(w->started, 0);
    assert_false(lease_held(w->lease));
    assert_int_equal(w->server.puts, 0);
}

static void l5_absent_and_null_members_are_zero(unused_arg void **state)
{
    struct lease_record r;

    assert_int_equal(lease_record_parse(
                         str_of("{\"metadata\":{\"name\":\"x\"},\"spec\":{\"holderIdentity\":null,"
                                "\"leaseDurationSeconds\":null,\"acquireTime\":null,\"renewTime\":"
                                "null,\"leaseTransitions\":null}}"),
                         &r, NULL),
                     0);
    assert_string_equal(r.spec.holder, "");
    assert_string_equal(r.spec.renew, "");
    assert_int_equal(r.spec.duration, 0);
    lease_record_fini(&r);
    assert_int_equal(lease_record_parse(
                         str_of("{\"metadata\":{\"name\":\"x\"},\"spec\":{\"leaseTransitions\":-4,"
                                "\"leaseDurationSeconds\":99999999999}}"),
                         &r, NULL),
                     0);
    assert_int_equal(r.spec.transitions, 0);
    assert_int_equal(r.spec.duration, INT32_MAX);
    lease_record_fini(&r);
}

static void l7_release_while_a_read_is_under_way_still_releases(void **state)
{
    struct world *w = *state;

    lease_start(w->lease);
    run_for(w, SEC);
    w->server.fail_puts = 1;
    w->server.delay = SEC;
    run_for(w, 2 * SEC + SEC / 2); // the write was refused, the read is on its way
    assert_int_equal(fake_wire_running(w->wire), 1);
    assert_string_equal(fake_wire_request(w->wire, fake_wire_count(w->wire) - 1)->method, "GET");
    lease_release(w->lease);
    run_for(w, 5 * SEC);
    assert_int_equal(w->stopped, 1);
    assert_int_equal(w->lost, 0);
    assert_string_equal(w->server.spec.holder, "");
}

static void l8_each_bad_setting_is_refused_by_name(void **state)
{
    static const struct {
        usec duration, deadline, retry;
        const char *words;
    } rows[] = {
        {-1,        10 * SEC,              2 * SEC, "positive"                       },
        { SEC / 2,  SEC / 4,               SEC / 9, "positive"                       },
        { 15 * SEC, 10 * SEC,              -1,      "positive"                       },
        { 10 * SEC, 10 * SEC,              2 * SEC, "duration has to be longer"      },
        { 15 * SEC, 2 * SEC + 2 * SEC / 5, 2 * SEC, "renew deadline has to be longer"},
    };
    struct world *w = *state;
    struct lease_options o = options(w);
    struct error e = { 0 };
    char identity[LEASE_IDENTITY_MAX + 1];

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        o = options(w);
        o.duration = rows[i].duration;
        o.renew_deadline = rows[i].deadline;
        o.retry_period = rows[i].retry;
        assert_null(lease_new(w->loop, w->client, &o, &e));
        assert_int_equal(e.code, ERR_INVALID);
        assert_non_null(strstr(e.text, rows[i].words));
    }
    memset(identity, 'x', sizeof(identity));
    identity[LEASE_IDENTITY_MAX] = '\0';
    o = options(w);
    o.identity = identity;
    assert_null(lease_new(w->loop, w->client, &o, &e));
    assert_non_null(strstr(e.text, "identity"));
    o = options(w);
    o.ns = NULL;
    assert_null(lease_new(w->loop, w->client, &o, &e));
    assert_non_null(strstr(e.text, "namespace"));
}

static void l10_somebody_elses_expired_lease_is_no_fault_of_ours(void **state)
{
    struct world *w = *state;
    struct error e = { 0 };

    held_by(&w->server, "other", 15);
    lease_start(w->lease);
    run_for(w, SEC);
    clock_fake_advance(3600 * SEC); // far expired, and the loop stood still
    assert_int_equal(lease_check(w->lease, 0, &e), 0);
}

static void l10_the_tolerance_is_counted_from_the_end_of_the_duration(void **state)
{
    struct world *w = *state;
    struct error e = { 0 };

    lease_start(w->lease);
    run_for(w, SEC);
    clock_fake_advance(13 * SEC); // 14 s old at the most: not expired
    assert_int_equal(lease_check(w->lease, 0, &e), 0);
    clock_fake_advance(5 * SEC); // expired by 3 to 4 s
    assert_int_equal(lease_check(w->lease, 5 * SEC, &e), 0);
    assert_int_equal(lease_check(w->lease, 2 * SEC, &e), -1);
    assert_non_null(strstr(e.text, "n/l"));
}

#define W(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

RUN(W(l1_a_free_lease_is_created_and_held),
    W(l9_renewing_writes_without_reading_and_keeps_the_rest),
    cmocka_unit_test(a_name_in_metadata_keeps_its_nul),
    W(l2_a_foreign_lease_is_waited_for_from_first_sight),
    W(l3_a_holder_that_renews_is_never_replaced), W(l1_a_released_lease_is_taken_at_once),
    W(l4_the_own_lease_is_resumed_at_once), W(l1_losing_the_race_to_create_is_a_round_lost),
    W(l9_a_conflict_reads_again), W(l12_failing_to_renew_closes_the_fence_at_the_deadline),
    W(l12_a_hanging_server_lets_nothing_out_after_the_deadline),
    W(l12_the_fence_counts_from_the_sending_not_from_the_answer),
    W(l9_a_write_whose_answer_was_lost_is_found_again), W(l9_a_take_over_ends_leadership_at_once),
    W(a_leader_that_was_stopped_past_its_fence_sends_nothing),
    W(a_leader_makes_its_deleted_lease_again),
    W(a_deleted_lease_is_left_to_its_holder_for_its_duration),
    W(l6_release_gives_back_what_is_ours), W(l11_release_after_an_unseen_take_over_leaves_it_alone),
    W(l6_release_repeats_on_conflict), W(l7_release_while_a_write_is_under_way_still_releases),
    W(l6_release_gives_up_when_the_server_is_away), W(a_waiting_candidate_stops_without_a_request),
    W(e18a_a_resource_version_that_goes_back_is_announced),
    W(without_rights_it_says_so_and_asks_rarely),
    W(l10_the_health_check_fails_only_for_a_leader_that_should_have_stopped),
    W(l12_a_suspended_machine_wakes_up_outside_the_fence), W(l8_bad_settings_are_refused),
    T(m9_the_identity_is_the_pods_uid_or_new), T(l5_a_lease_document_reads_back_the_same),
    W(l1_a_lease_without_a_record_is_taken),
    W(l2_the_duration_that_counts_is_the_one_in_the_record),
    W(l3_who_renews_within_its_duration_stays_the_leader_we_tell),
    T(l5_absent_and_null_members_are_zero), W(l7_release_while_a_read_is_under_way_still_releases),
    W(l8_each_bad_setting_is_refused_by_name),
    W(l10_somebody_elses_expired_lease_is_no_fault_of_ours),
    W(l10_the_tolerance_is_counted_from_the_end_of_the_duration))
