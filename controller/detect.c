// SPDX-License-Identifier: Apache-2.0
// A CRD alone is no Argo CD: it outlives an uninstall. Hence the server's Deployment is asked for
// too.
#include "controller/detect.h"

#include "apis/image.h"
#include "apis/types.h"
#include "base/atom.h"
#include "controller/config.h"
#include "informer/informer.h"

#define NAME_LABEL    "app.kubernetes.io/name"
#define VERSION_LABEL "app.kubernetes.io/version"

static bool has_crd(struct informers *in, const char *name)
{
    return informer_get(in, KIND_CUSTOM_RESOURCE_DEFINITION, "", name) != NULL;
}

static const struct object *find_server(struct informers *in, const char *ns)
{
    struct informer_query q = { .kind = KIND_DEPLOYMENT,
                                .index = INDEX_LABEL,
                                .label = atom_of(NAME_LABEL),
                                .value = "argocd-server" };
    const struct object *found = NULL;
    uint32_t iter = 0;

    for (const struct object *o; (o = informer_by_index(in, &q, &iter));) {
        if (ns && strcmp(atom_str(o->ns), ns) != 0)
            continue;
        if (!found || strcmp(atom_str(o->ns), atom_str(found->ns)) < 0)
            found = o;
    }
    return found;
}

static void read_version(const struct object *o, char *ret, size_t n)
{
    const char *label = rmap_get(object_meta_labels(object_meta_of(o)), VERSION_LABEL);
    struct image image;

    if (label) {
        snprintf(ret, n, "%s", label);
        return;
    }
    FOR_EACH (container, c, pod_spec_containers(object_pod_spec(o))) {
        const char *text = container_image(c);

        if (text && image_parse(str_of(text), &image))
            snprintf(ret, n, STR_FMT, STR_ARG(image.tag));
        return;
    }
}

void detect_argocd(struct informers *in, const struct config *c, struct detected *ret)
{
    const struct argocd_settings *s = kube9_config_spec_argocd(config_spec(c));
    const char *ns = argocd_settings_namespace(s);
    const struct object *o;

    *ret = (struct detected){ 0 };
    if (argocd_settings_mode(s) == DETECTION_DISABLED)
        return;
    o = find_server(in, ns && *ns ? ns : NULL);
    if (argocd_settings_mode(s) != DETECTION_ENABLED &&
        (!o || !has_crd(in, "applications.argoproj.io")))
        return;
    ret->detected = true;
    ret->namespace = o ? atom_str(o->ns) : ns && *ns ? ns : NULL;
    if (o)
        read_version(o, ret->version, sizeof(ret->version));
}

bool detect_trivy(struct informers *in)
{
    return has_crd(in, "vulnerabilityreports.aquasecurity.github.io");
}

void detect_vulnerabilities(struct informers *in, struct detected_vulnerabilities *ret)
{
    const struct object *o;
    uint32_t iter = 0;

    *ret = (struct detected_vulnerabilities){ 0 };
    while ((o = informer_next(in, KIND_VULNERABILITY_REPORT, &iter))) {
        const struct vulnerability_counts *c = vulnerability_report_data_summary(
            vulnerability_report_report(vulnerability_report_of(o)));

        ret->reports++;
        ret->critical += vulnerability_counts_critical(c);
        ret->high += vulnerability_counts_high(c);
        ret->medium += vulnerability_counts_medium(c);
        ret->low += vulnerability_counts_low(c);
        ret->unknown += vulnerability_counts_unknown(c);
    }
}
