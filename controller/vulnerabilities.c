// SPDX-License-Identifier: Apache-2.0
// A report is named by its uid and has changed when its resourceVersion has.
#include "controller/vulnerabilities.h"

#include "apis/types.h"
#include "store/vulnerabilities.h"

#define IMAGE_MAX 800

static const char *text(const char *s)
{
    return s ? s : "";
}

// "registry/repository:tag"
static const char *image_of(const struct vulnerability_report_data *d, char ret[IMAGE_MAX])
{
    const struct vulnerability_artifact *a = vulnerability_report_data_artifact(d);
    const char *server = text(vulnerability_registry_server(vulnerability_report_data_registry(d)));
    const char *tag = text(vulnerability_artifact_tag(a));

    snprintf(ret, IMAGE_MAX, "%s%s%s%s%s", server, *server ? "/" : "",
             text(vulnerability_artifact_repository(a)), *tag ? ":" : "", tag);
    return ret;
}

static int put_vulnerabilities(struct store *s, const struct vulnerability_report_data *d,
                               struct error *e)
{
    FOR_EACH (vulnerability, v, vulnerability_report_data_vulnerabilities(d)) {
        struct vulnerability_row row = {
            .id = text(vulnerability_id(v)),
            .severity = vulnerability_severity_of(atom_str(vulnerability_severity(v))),
            .package = text(vulnerability_resource(v)),
            .installed = text(vulnerability_installed_version(v)),
            .fixed = text(vulnerability_fixed_version(v)),
        };

        if (store_vulnerability_put(s, &row, e) < 0)
            return -1;
    }
    return 0;
}

static int put_report(struct store *s, const struct object *o, struct error *e)
{
    const struct vulnerability_report_data *d =
        vulnerability_report_report(vulnerability_report_of(o));
    struct rlist labels = object_meta_labels(object_meta_of(o));
    char uid[UID_TEXT_MAX], version[24], image[IMAGE_MAX];
    struct scan_row row = {
        .uid = object_uid_text(o, uid),
        .version = version,
        .kind = text(rmap_get(labels, "trivy-operator.resource.kind")),
        .ns = atom_str(o->ns),
        .name = text(rmap_get(labels, "trivy-operator.resource.name")),
        .container = text(rmap_get(labels, "trivy-operator.container.name")),
        .image = image_of(d, image),
        .digest = text(vulnerability_artifact_digest(vulnerability_report_data_artifact(d))),
        .scanned = vulnerability_report_data_update_timestamp(d) * USEC_PER_SEC
    };
    int rc;

    if (object_undecoded(o))
        return 0; // it does not say anything that could be shown
    snprintf(version, sizeof(version), "%" PRIu64, o->rv);
    rc = store_scan_put(s, &row, e);
    return rc == 1 ? put_vulnerabilities(s, d, e) : rc;
}

int vulnerabilities_put(struct store *s, const struct snapshot *snapshot, struct error *e)
{
    uint8_t state = snapshot->state[KIND_VULNERABILITY_REPORT];

    if (state != KIND_SYNCED && state != KIND_ABSENT)
        return 0;
    if (store_scans_begin(s, e) < 0)
        return -1;
    for (uint32_t i = 0; i < snapshot->n[KIND_VULNERABILITY_REPORT]; i++) {
        if (put_report(s, snapshot->objects[KIND_VULNERABILITY_REPORT][i], e) < 0)
            return -1;
    }
    return store_scans_end(s, e);
}
