// SPDX-License-Identifier: Apache-2.0
// The ConfigMap's document as its reader needs it: required keys always, honest empty sections,
// texts cut.
#include "base/test.h"

#include "controller/status_document.h"

#define NOW ((usec)1767225600 * USEC_PER_SEC)

static struct status_facts facts(void)
{
    return (struct status_facts){ .mode = "operated",
                                  .tier = "free",
                                  .version = "0.1.0",
                                  .health = "healthy",
                                  .namespace = "kube9-system",
                                  .now = NOW };
}

static char *write_it(const struct status_facts *f)
{
    struct buf out;

    buf_init(&out, STATUS_DOCUMENT_MAX);
    assert_int_equal(status_document_write(f, &out), 0);
    return buf_take(&out);
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in\n%s", part, text);
}

static void what_the_reader_requires_is_there_before_the_first_run(void **state unused_arg)
{
    struct status_facts f = facts();
    autofree char *text = write_it(&f);

    has(text, "\"mode\": \"operated\"");
    has(text, "\"version\": \"0.1.0\"");
    has(text, "\"health\": \"healthy\"");
    has(text, "\"lastUpdate\": \"2026-01-01T00:00:00.000Z\"");
    has(text, "\"error\": null");
    has(text, "\"collectionStats\": {");
    has(text, "\"lastScheduledOutcome\": \"none\"");
    has(text, "\"lastScheduledTotals\": {");
    has(text, "\"totalChecks\": 0");
    has(text, "\"lastScheduledChecks\": []");
    has(text, "\"schedulingEnabled\": false");
    has(text, "\"scheduleIntervalSeconds\": null");
    has(text, "\"aiConformance\": {");
    assert_null(strstr(text, "clusterId"));
}

static void what_is_not_there_is_said_to_be_not_detected(void **state unused_arg)
{
    struct status_facts f = facts();
    autofree char *text = NULL;

    f.argocd.detected = true;
    f.argocd.namespace = "argocd";
    text = write_it(&f);
    has(text,
        "\"argocd\": {\n    \"detected\": true,\n    \"namespace\": \"argocd\",\n    \"version\": null");
    has(text, "\"trivy\": {\n    \"detected\": false");
    assert_null(strstr(text, "\"vulnerabilities\""));
}

static void a_run_shows_its_totals_checks_and_schedule(void **state unused_arg)
{
    const struct status_check checks[] = {
        {"security/a",  "A", "security", "passing", "fine", "nothing to do"},
        { "security/b", "B", "security", "failing", "bad",  "do that"      },
    };
    struct status_facts f = facts();
    autofree char *text = NULL;

    f.last.run_id = "u1";
    f.last.phase = "completed";
    f.last.succeeded = true;
    f.last.completed = NOW;
    f.last.total = 46;
    f.last.completed_checks = 44;
    f.last.passed = 20;
    f.last.failed = 24;
    f.last.checks = checks;
    f.last.n_checks = 2;
    f.schedule.enabled = true;
    f.schedule.interval_seconds = 3600;
    f.schedule.mode = "full";
    text = write_it(&f);
    has(text, "\"lastScheduledOutcome\": \"success\"");
    has(text, "\"lastScheduledRunState\": \"completed\"");
    has(text, "\"lastScheduledRunId\": \"u1\"");
    has(text, "\"totalChecks\": 46");
    has(text, "\"completedChecks\": 44");
    has(text, "\"scheduleIntervalSeconds\": 3600");
    has(text, "\"scheduledAssessmentMode\": \"full\"");
    has(text, "\"status\": \"passing\"\n");
    has(text, "\"message\": \"bad\"");
    has(text, "\"remediation\": \"do that\"");
    assert_null(strstr(text, "nothing to do")); // a passing check needs no words
}

static void a_failed_run_says_why(void **state unused_arg)
{
    struct status_facts f = facts();
    autofree char *text = NULL;

    f.last.run_id = "u1";
    f.last.phase = "failed";
    f.last.error = "timed out";
    text = write_it(&f);
    has(text, "\"lastScheduledOutcome\": \"failed\"");
    has(text, "\"lastScheduledError\": \"timed out\"");
}

static void long_texts_are_cut_between_characters(void **state unused_arg)
{
    char message[1200] = "";
    struct status_check c = { "a/b", "B", "security", "failing", message, "" };
    struct status_facts f = facts();
    autofree char *text = NULL;
    const char *start, *end;

    for (size_t i = 0; i + 2 < sizeof(message); i += 2)
        memcpy(message + i, "\xc3\xa9", 3);
    f.last.run_id = "u";
    f.last.phase = "completed";
    f.last.checks = &c;
    f.last.n_checks = 1;
    text = write_it(&f);
    start = strstr(text, "\"message\": \"") + strlen("\"message\": \"");
    end = strchr(start, '"');
    assert_true(end - start <= STATUS_TEXT_MAX && end - start >= STATUS_TEXT_MAX - 2);
    assert_memory_equal(end - 5, "\xc3\xa9...", 5);
    assert_null(strstr(text, "\xef\xbf\xbd"));
    assert_null(strstr(text, "\"remediation\"")); // an empty one is left out
}

static void a_document_beyond_its_bound_fails(void **state unused_arg)
{
    struct status_facts f = facts();
    struct buf autobuf small;

    buf_init(&small, 100);
    assert_int_equal(status_document_write(&f, &small), -1);
}

RUN(T(what_the_reader_requires_is_there_before_the_first_run),
    T(what_is_not_there_is_said_to_be_not_detected), T(a_run_shows_its_totals_checks_and_schedule),
    T(a_failed_run_says_why), T(long_texts_are_cut_between_characters),
    T(a_document_beyond_its_bound_fails))
