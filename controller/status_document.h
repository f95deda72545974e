// SPDX-License-Identifier: Apache-2.0
// The JSON under key `status` of ConfigMap kube9-operator-status: what the VS Code extension reads.
// Pure.
#pragma once

#include "base/base.h"
#include "base/str.h"
#include "controller/detect.h"

struct status_check { // one row per check of the newest run
    const char *id, *name, *pillar, *status, *message, *remediation;
};

struct status_facts {
    const char *mode, *tier, *version, *health;
    const char *error; // NULL when healthy
    const char *namespace;
    const char *cluster_id; // NULL until known
    bool registered;
    usec now;

    struct {
        bool detected;
        const char *namespace, *version; // NULL unknown
    } argocd, trivy;

    struct detected_vulnerabilities vulnerabilities; // said only when trivy is detected
    int server_minor;                                // 0 unknown

    struct {
        const char *run_id, *phase; // NULL: no run yet
        bool succeeded;
        const char *error; // NULL unless failed
        usec completed;
        int total, completed_checks, passed, failed, warning;
        const struct status_check *checks;
        size_t n_checks;
    } last;

    struct {
        bool enabled;
        int64_t interval_seconds; // 0: none (cron with uneven gaps: the next gap)
        const char *mode;         // "full", "pillar" or NULL
        const char *pillar;       // NULL unless mode is pillar
    } schedule;
};

#define STATUS_DOCUMENT_MAX ((size_t)512 << 10)
#define STATUS_TEXT_MAX     420 // message and remediation, as the client expects

int must_check status_document_write(const struct status_facts *f, struct buf *out);
