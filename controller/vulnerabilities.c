// SPDX-License-Identifier: Apache-2.0
// A report is named by its uid and has changed when its resourceVersion has, or what runs the
// image.
#include "controller/vulnerabilities.h"

#include "apis/types.h"
#include "controller/checks/objects.h"
#include "store/vulnerabilities.h"

#define IMAGE_MAX   800
#define VERSION_MAX 400

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

// What is told is the root that people know, not the ReplicaSet that a rollout made.
struct root {
    const char *kind, *name;
};

static struct root root_of(const struct object_index *makers, const struct object *report)
{
    struct rlist labels = object_meta_labels(object_meta_of(report));
    struct root r = { text(rmap_get(labels, "trivy-operator.resource.kind")),
                      text(rmap_get(labels, "trivy-operator.resource.name")) };
    const struct object *made = NULL;

    if (strcmp(r.kind, "ReplicaSet") == 0)
        made = object_index_find(makers, KIND_REPLICA_SET, report->ns, r.name);
    else if (strcmp(r.kind, "Job") == 0)
        made = object_index_find(makers, KIND_JOB, report->ns, r.name);
    if (!made)
        return r;
    FOR_EACH (owner_reference, owner, object_meta_owner_references(object_meta_of(made))) {
        if (owner_reference_controller(owner))
            return (struct root){ atom_str(owner_reference_kind(owner)),
                                  text(owner_reference_name(owner)) };
    }
    return r;
}

static int put_report(struct store *s, const struct object_index *makers, const struct object *o,
                      struct error *e)
{
    struct root root = root_of(makers, o);
    const struct vulnerability_report_data *d =
        vulnerability_report_report(vulnerability_report_of(o));
    struct rlist labels = object_meta_labels(object_meta_of(o));
    char uid[UID_TEXT_MAX], version[VERSION_MAX], image[IMAGE_MAX];
    struct scan_row row = {
        .uid = object_uid_text(o, uid),
        .version = version,
        .kind = root.kind,
        .ns = atom_str(o->ns),
        .name = root.name,
        .container = text(rmap_get(labels, "trivy-operator.container.name")),
        .image = image_of(d, image),
        .digest = text(vulnerability_artifact_digest(vulnerability_report_data_artifact(d))),
        .scanned = vulnerability_report_data_update_timestamp(d) * USEC_PER_SEC
    };
    int rc;

    if (object_undecoded(o))
        return 0; // it does not say anything that could be shown
    snprintf(version, sizeof(version), "%" PRIu64 " %s/%s", o->rv, root.kind, root.name);
    rc = store_scan_put(s, &row, e);
    return rc == 1 ? put_vulnerabilities(s, d, e) : rc;
}

static int put_all(struct store *s, const struct snapshot *snapshot, struct error *e)
{
    struct object_index makers;
    int rc = 0;

    object_index_init(&makers, snapshot, KIND_BIT(KIND_REPLICA_SET) | KIND_BIT(KIND_JOB));
    for (uint32_t i = 0; rc == 0 && i < snapshot->n[KIND_VULNERABILITY_REPORT]; i++)
        rc = put_report(s, &makers, snapshot->objects[KIND_VULNERABILITY_REPORT][i], e);
    object_index_fini(&makers);
    return rc;
}

int vulnerabilities_put(struct store *s, const struct snapshot *snapshot, struct error *e)
{
    uint8_t state = snapshot->state[KIND_VULNERABILITY_REPORT];

    if (state != KIND_SYNCED && state != KIND_ABSENT)
        return 0;
    if (store_scans_begin(s, e) < 0)
        return -1;
    if (snapshot->n[KIND_VULNERABILITY_REPORT] && put_all(s, snapshot, e) < 0)
        return -1;
    return store_scans_end(s, e);
}
