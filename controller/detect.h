// SPDX-License-Identifier: Apache-2.0
// What else runs in the cluster, from the caches alone: no request and no permission of its own.
// Loop thread.
#pragma once

#include "base/base.h"

struct config;
struct informers;

struct detected {
    bool detected;
    const char *namespace; // borrowed from the cache or the configuration, until the callback
                           // returns; NULL unknown
    char version[64];      // "" unknown
};

// Auto: the CRD of Applications exists and so does a Deployment labelled
// app.kubernetes.io/name=argocd-server, in the namespace that spec.argocd names, else in the first
// by name. Enabled takes the user's word, Disabled too. Version: the Deployment's label
// app.kubernetes.io/version, else the tag of its first image.
void detect_argocd(struct informers *in, const struct config *c, struct detected *ret);
bool detect_trivy(struct informers *in); // the CRD of VulnerabilityReports exists

struct detected_vulnerabilities { // sums of what the reports say of themselves
    int64_t reports, critical, high, medium, low, unknown;
};

void detect_vulnerabilities(struct informers *in, struct detected_vulnerabilities *ret);
