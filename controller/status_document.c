// SPDX-License-Identifier: Apache-2.0
// Key order and spelling follow the extension's reader: mode, version, health and lastUpdate must
// always be there, `assessment.lastScheduledTotals` too (its health page reads it unguarded).
// Sections of things that are not there are written with their empty values, so that a reader never
// has to guess.
#include "controller/status_document.h"

#include "base/clock.h"
#include "base/writer.h"

static void write_time(struct writer *w, const char *key, usec at)
{
    char text[TIME_TEXT_MAX];

    w_key_str(w, key, at ? time_format(at, 3, text) : NULL);
}

static void write_cut(struct writer *w, const char *key, const char *s)
{
    char cut[STATUS_TEXT_MAX + 1];
    size_t n;

    if (!s || !*s)
        return;
    n = strlen(s);
    if (n <= STATUS_TEXT_MAX) {
        w_key_str(w, key, s);
        return;
    }
    n = STATUS_TEXT_MAX - 3;
    while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80) // never through a character
        n--;
    memcpy(cut, s, n);
    memcpy(cut + n, "...", 4);
    w_key_str(w, key, cut);
}

static void write_detected(struct writer *w, const struct status_facts *f)
{
    w_key_object(w, "argocd");
    w_key_bool(w, "detected", f->argocd.detected);
    w_key_str(w, "namespace", f->argocd.namespace);
    w_key_str(w, "version", f->argocd.version);
    write_time(w, "lastChecked", f->now);
    w_object_end(w);

    w_key_object(w, "trivy");
    w_key_bool(w, "detected", f->trivy.detected);
    w_key_str(w, "serverUrl", NULL);
    w_key_str(w, "version", f->trivy.version);
    write_time(w, "lastChecked", f->now);
    w_object_end(w);
}

static void write_vulnerabilities(struct writer *w, const struct detected_vulnerabilities *v)
{
    w_key_object(w, "vulnerabilities");
    w_key_int(w, "reports", v->reports);
    w_key_int(w, "critical", v->critical);
    w_key_int(w, "high", v->high);
    w_key_int(w, "medium", v->medium);
    w_key_int(w, "low", v->low);
    w_key_int(w, "unknown", v->unknown);
    w_object_end(w);
}

static bool explains_itself(const char *status)
{
    return strcmp(status, "passing") != 0;
}

static void write_checks(struct writer *w, const struct status_facts *f)
{
    w_key_list(w, "lastScheduledChecks");
    for (size_t i = 0; i < f->last.n_checks; i++) {
        const struct status_check *c = &f->last.checks[i];

        w_object(w);
        w_key_str(w, "checkId", c->id);
        w_key_str(w, "checkName", c->name);
        w_key_str(w, "pillar", c->pillar);
        w_key_str(w, "status", c->status);
        if (explains_itself(c->status)) {
            write_cut(w, "message", c->message);
            write_cut(w, "remediation", c->remediation);
        }
        w_object_end(w);
    }
    w_list_end(w);
}

static void write_schedule(struct writer *w, const struct status_facts *f)
{
    w_key_bool(w, "schedulingEnabled", f->schedule.enabled);
    w_key(w, "scheduleIntervalSeconds");
    if (f->schedule.enabled && f->schedule.interval_seconds > 0)
        w_int(w, f->schedule.interval_seconds);
    else
        w_null(w);
    w_key_str(w, "scheduledAssessmentMode", f->schedule.enabled ? f->schedule.mode : NULL);
    w_key_str(w, "scheduledAssessmentPillar", f->schedule.enabled ? f->schedule.pillar : NULL);
}

static void write_assessment(struct writer *w, const struct status_facts *f)
{
    const char *outcome = !f->last.run_id ? "none" : f->last.succeeded ? "success" : "failed";

    w_key_object(w, "assessment");
    write_time(w, "lastScheduledCompletedAt", f->last.completed);
    w_key_str(w, "lastScheduledOutcome", outcome);
    w_key_str(w, "lastScheduledRunState", f->last.phase);
    w_key_str(w, "lastScheduledRunId", f->last.run_id);
    w_key_object(w, "lastScheduledTotals");
    w_key_int(w, "totalChecks", f->last.total);
    w_key_int(w, "completedChecks", f->last.completed_checks);
    w_key_int(w, "passedChecks", f->last.passed);
    w_key_int(w, "failedChecks", f->last.failed);
    w_key_int(w, "warningChecks", f->last.warning);
    w_object_end(w);
    w_key_str(w, "lastScheduledError", f->last.error);
    write_checks(w, f);
    write_schedule(w, f);
    w_object_end(w);
}

// No AI conformance run exists in this version: the section says so with the values its reader
// takes for "none yet".
static void write_conformance(struct writer *w, const struct status_facts *f)
{
    static const char *const totals[] = {
        "totalRequirements", "mustRequirements", "shouldRequirements", "passed",       "failed",
        "warning",           "notApplicable",    "notEvaluated",       "needsEvidence"
    };
    static const char *const absent[] = { "sourceRevision", "lastCompletedAt", "runId", "runState",
                                          "error" };
    char minor[16] = "unknown";

    if (f->server_minor > 0)
        snprintf(minor, sizeof(minor), "1.%d", f->server_minor);
    w_key_object(w, "aiConformance");
    w_key_str(w, "checklistVersion", "unknown");
    w_key_str(w, "kubernetesMinor", minor);
    w_key_str(w, "lastOutcome", "none");
    for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
        w_key_str(w, absent[i], NULL);
    w_key_object(w, "totals");
    for (size_t i = 0; i < ARRAY_SIZE(totals); i++)
        w_key_int(w, totals[i], 0);
    w_object_end(w);
    w_key_object(w, "categories");
    w_object_end(w);
    w_key_list(w, "requirements");
    w_list_end(w);
    w_key_bool(w, "schedulingEnabled", false);
    w_key_str(w, "scheduleIntervalSeconds", NULL);
    w_key_str(w, "checklistSource", NULL);
    w_object_end(w);
}

int status_document_write(const struct status_facts *f, struct buf *out)
{
    struct writer w;

    writer_to_buf(&w, WRITER_JSON_PRETTY, out);
    w_object(&w);
    w_key_str(&w, "mode", f->mode);
    w_key_str(&w, "tier", f->tier);
    w_key_str(&w, "version", f->version);
    w_key_str(&w, "health", f->health);
    w_key_bool(&w, "registered", f->registered);
    write_time(&w, "lastUpdate", f->now);
    w_key_str(&w, "error", f->error);
    w_key_str(&w, "namespace", f->namespace);
    if (f->cluster_id)
        w_key_str(&w, "clusterId", f->cluster_id);
    w_key_object(&w, "collectionStats");
    w_key_int(&w, "totalSuccessCount", 0);
    w_key_int(&w, "totalFailureCount", 0);
    w_key_int(&w, "collectionsStoredCount", 0);
    w_key_str(&w, "lastSuccessTime", NULL);
    w_object_end(&w);
    write_detected(&w, f);
    if (f->trivy.detected)
        write_vulnerabilities(&w, &f->vulnerabilities);
    write_assessment(&w, f);
    write_conformance(&w, f);
    w_object_end(&w);
    return writer_end(&w);
}
