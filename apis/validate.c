// SPDX-License-Identifier: Apache-2.0
// Rules across members. Each has its twin among the RULE rows, but for schedules and time zones,
// which only we can judge.
#include "apis/validate.h"

#include "apis/cron.h"
#include "apis/selector_check.h"

static int check_selection(const char *where, enum run_mode mode, uint32_t pillars,
                           const struct check_selection *checks, struct error *e)
{
    if ((mode == RUN_MODE_PILLAR) != (pillars > 0))
        return error_set(e, ERR_INVALID,
                         "%s.pillars is given with %s.mode Pillar, and with no other", where,
                         where);
    if (mode == RUN_MODE_SINGLE_CHECK && check_selection_include(checks).n != 1)
        return error_set(e, ERR_INVALID,
                         "%s.mode SingleCheck needs exactly one entry in %s.checks.include", where,
                         where);
    return 0;
}

static int check_schedule(const struct assessment_settings *a, struct error *e)
{
    struct cron c;
    struct zone *zone;
    if (cron_parse(str_of(assessment_settings_schedule(a)), &c, e))
        return error_wrap(e, "spec.assessment.schedule");
    if (zone_load(assessment_settings_time_zone(a), &zone, e))
        return error_wrap(e, "spec.assessment.timeZone");
    zone_free(zone);
    return 0;
}

static int check_exemptions(const struct assessment_settings *a, struct error *e)
{
    uint32_t i = 0;
    FOR_EACH (exemption, x, assessment_settings_exemptions(a)) {
        char path[64];
        if (exemption_effect(x) == EXEMPTION_DOWNGRADE &&
            (exemption_containers(x).n || exemption_images(x).n))
            return error_set(e, ERR_INVALID,
                             "spec.assessment.exemptions[%u].effect: Downgrade is for whole "
                             "objects, not with containers or images",
                             i);
        snprintf(path, sizeof(path), "spec.assessment.exemptions[%u].selector", i);
        if (selector_check(exemption_selector(x), path, e))
            return -1;
        snprintf(path, sizeof(path), "spec.assessment.exemptions[%u].namespaceSelector", i++);
        if (selector_check(exemption_namespace_selector(x), path, e))
            return -1;
    }
    return 0;
}

static int check_alerting(const struct alerting_settings *a, struct error *e)
{
    FOR_EACH (alert_webhook, w, alerting_settings_webhooks(a)) {
        if (alert_webhook_has_url(w) == alert_webhook_has_url_secret_ref(w))
            return error_set(e, ERR_INVALID,
                             "spec.alerting.webhooks: '%.64s' needs either url or urlSecretRef",
                             alert_webhook_name(w));
    }
    return 0;
}

int kube9_config_validate(const struct object *config, struct error *e)
{
    const struct kube9_config_spec *spec = kube9_config_spec(kube9_config_of(config));
    const struct assessment_settings *a = kube9_config_spec_assessment(spec);
    if (strcmp(object_name(config), "default") != 0)
        return error_set(e, ERR_INVALID, "metadata.name: the only Kube9Config is named default");
    if (check_selection("spec.assessment", assessment_settings_mode(a),
                        assessment_settings_pillars(a).n, assessment_settings_checks(a), e))
        return -1;
    if (check_schedule(a, e) || check_exemptions(a, e))
        return -1;
    return check_alerting(kube9_config_spec_alerting(spec), e);
}

int assessment_run_validate(const struct object *run, struct error *e)
{
    const struct assessment_run_spec *spec = assessment_run_spec(assessment_run_of(run));
    if (check_selection("spec", assessment_run_spec_mode(spec), assessment_run_spec_pillars(spec).n,
                        assessment_run_spec_checks(spec), e))
        return -1;
    return selector_check(assessment_run_spec_namespace_selector(spec), "spec.namespaceSelector",
                          e);
}
