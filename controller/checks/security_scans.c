// SPDX-License-Identifier: Apache-2.0
// Has a scanner looked at what runs? Reports of trivy-operator name the object that made the Pods
// by labels.
#include "base/map.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

struct scanned { // an object that a report is about
    atom ns;
    const char *kind, *name;
};

static uint32_t hash_of(atom ns, const char *kind, const char *name)
{
    return hash_mix(hash_mix(ns, hash_str(kind)), hash_str(name));
}

static uint32_t scanned_hash(const void *entry)
{
    const struct scanned *s = entry;

    return hash_of(s->ns, s->kind, s->name);
}

static bool scanned_is(const void *entry, const void *key)
{
    const struct scanned *a = entry, *b = key;

    return a->ns == b->ns && strcmp(a->kind, b->kind) == 0 && strcmp(a->name, b->name) == 0;
}

static const struct map_ops scanned_ops = { scanned_hash, scanned_is };

static void collect(const struct report *r, struct map *m)
{
    map_init(m, &scanned_ops);
    FOR_EACH_OBJECT(o, r->snapshot, KIND_VULNERABILITY_REPORT)
    {
        struct rlist labels = object_meta_labels(object_meta_of(o));
        struct scanned *s = ARENA_NEW(r->join->a, struct scanned);
        *s = (struct scanned){ o->ns, text_or(rmap_get(labels, "trivy-operator.resource.kind"), ""),
                               text_or(rmap_get(labels, "trivy-operator.resource.name"), "") };
        map_put(m, s, s);
    }
}

static bool has(const struct map *m, atom ns, const char *kind, const char *name)
{
    struct scanned key = { ns, kind, name };

    return map_get(m, hash_of(ns, kind, name), &key) != NULL;
}

// A report is about the workload itself, about one of its Pods or about what made that Pod.
static bool is_scanned(const struct map *m, const struct workload *w)
{
    if (has(m, w->ns, w->kind, w->name))
        return true;
    for (const struct pod_link *l = w->pods; l; l = l->next) {
        if (has(m, w->ns, "Pod", object_name(l->pod)))
            return true;
        FOR_EACH (owner_reference, o, object_meta_owner_references(object_meta_of(l->pod))) {
            if (has(m, w->ns, atom_str(owner_reference_kind(o)),
                    text_or(owner_reference_name(o), "")))
                return true;
        }
    }
    return false;
}

static void count(struct report *r, const struct map *m)
{
    const struct workload *first = NULL;
    uint32_t n = 0, left_out = 0;

    for (uint32_t i = 0; i < r->join->walk.n; i++) {
        const struct workload *w = r->join->walk.units[i];
        if (!w->pods || w->finished)
            continue;
        n++;
        if (is_scanned(m, w))
            continue;
        left_out++;
        first = first ? first : w;
    }
    if (first)
        report_warn(r, "", "%" PRIu32 " of %" PRIu32 " workloads that run have no scan: %s %s/%s",
                    left_out, n, first->kind, atom_str(first->ns), first->name);
}

static void coverage(struct report *r)
{
    struct map m;

    if (r->snapshot->n[KIND_VULNERABILITY_REPORT] == 0) {
        report_skip(r, SKIP_NO_DATA, "no scanner has written a VulnerabilityReport");
        return;
    }
    collect(r, &m);
    count(r, &m);
    map_fini(&m);
}

CHECK_TABLE(security_scans, CHECK_SECURITY,
            { .id = "security/image-scan-coverage",
              .title = "Every workload that runs has been scanned",
              .remediation = "Let the scanner see the namespace, and look at its log.",
              .frameworks = "NSA-IMG C-0221 C-0243",
              .aliases = "",
              .severity = CHECK_MEDIUM,
              .tier = 1,
              .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
              .reads = KIND_BIT(KIND_VULNERABILITY_REPORT) | KIND_BIT(KIND_POD),
              .per_cluster = coverage }, );
