// SPDX-License-Identifier: Apache-2.0
// The published formula, worked out by hand.
#include "controller/checks/score.h"

#include "base/test.h"

struct outcome_of {
    const char *id;
    enum check_severity severity;
    enum verdict verdict;
    uint32_t passed, warned, failed;
};

static struct assessment_summary score_of(const struct outcome_of *v, size_t n)
{
    struct assessment_summary sum = { 0 };
    struct score s = { 0 };

    for (size_t i = 0; i < n; i++) {
        const struct check *c = checks_find(v[i].id);
        struct check_result r = {
            .check = c,
            .severity = v[i].severity,
            .verdict = v[i].verdict,
            .units = {.passed = v[i].passed, .warned = v[i].warned, .failed = v[i].failed}
        };
        assert_non_null(c);
        score_add(&s, &r, &sum);
    }
    score_finish(&s, &sum);
    return sum;
}

#define SCORE(...)                                                                                 \
    score_of((const struct outcome_of[]){ __VA_ARGS__ },                                           \
             ARRAY_SIZE(((const struct outcome_of[]){ __VA_ARGS__ })))
#define HOST_PID "security/host-pid"
#define HOST_IPC "security/host-ipc"
#define CPU      "reliability/cpu-request"

static void nothing_evaluated_has_no_score(void **state unused_arg)
{
    struct assessment_summary s = SCORE({ HOST_PID, CHECK_HIGH, VERDICT_SKIP, 0, 0, 0 });

    assert_int_equal(s.score, -1);
    assert_string_equal(s.grade, "");
    assert_int_equal(s.counts.skipped, 1);
    assert_int_equal(s.evaluated, 0);
}

static void severities_weigh_1_2_5_10(void **state unused_arg)
{
    // (5 · 1 + 1 · 0) / 6 = 83.3
    struct assessment_summary s = SCORE({ HOST_PID, CHECK_HIGH, VERDICT_PASS, 4, 0, 0 },
                                        { HOST_IPC, CHECK_LOW, VERDICT_FAIL, 0, 0, 2 });

    assert_int_equal(s.pillars[CHECK_SECURITY].score, 83);
    assert_int_equal(s.score, 83);
    assert_string_equal(s.grade, "B");
}

static void a_warning_counts_half(void **state unused_arg)
{
    assert_int_equal(SCORE({ HOST_PID, CHECK_HIGH, VERDICT_WARN, 1, 1, 0 }).score, 75);
    assert_int_equal(SCORE({ HOST_PID, CHECK_HIGH, VERDICT_FAIL, 1, 1, 2 }).score, 37); // 37.5 down
}

static void the_overall_score_is_the_mean_of_pillars(void **state unused_arg)
{
    struct assessment_summary s = SCORE({ HOST_PID, CHECK_HIGH, VERDICT_PASS, 1, 0, 0 },
                                        { CPU, CHECK_MEDIUM, VERDICT_FAIL, 1, 0, 1 });

    assert_int_equal(s.score, 75);
    assert_string_equal(s.grade, "C");
    assert_int_equal(s.pillars[CHECK_COST].score, -1);
}

static void one_failing_critical_check_caps_its_pillar_at_69(void **state unused_arg)
{
    struct assessment_summary s = SCORE({ HOST_PID, CHECK_CRITICAL, VERDICT_FAIL, 999, 0, 1 });

    assert_int_equal(s.pillars[CHECK_SECURITY].score, 69);
    assert_string_equal(s.grade, "D");
}

static void roll_ups_are_counted_and_weigh_nothing(void **state unused_arg)
{
    struct assessment_summary s =
        SCORE({ HOST_PID, CHECK_HIGH, VERDICT_PASS, 1, 0, 0 },
              { "security/security-context-missing", CHECK_MEDIUM, VERDICT_WARN, 0, 5, 0 });

    assert_int_equal(s.score, 100);
    assert_int_equal(s.counts.warning, 1);
    assert_int_equal(s.evaluated, 2);
}

static void grades_change_at_tens(void **state unused_arg)
{
    assert_string_equal(assess_grade(100), "A");
    assert_string_equal(assess_grade(90), "A");
    assert_string_equal(assess_grade(89), "B");
    assert_string_equal(assess_grade(70), "C");
    assert_string_equal(assess_grade(60), "D");
    assert_string_equal(assess_grade(59), "F");
    assert_string_equal(assess_grade(0), "F");
    assert_string_equal(assess_grade(-1), "");
}

RUN(T(nothing_evaluated_has_no_score), T(severities_weigh_1_2_5_10), T(a_warning_counts_half),
    T(the_overall_score_is_the_mean_of_pillars),
    T(one_failing_critical_check_caps_its_pillar_at_69), T(roll_ups_are_counted_and_weigh_nothing),
    T(grades_change_at_tens))
