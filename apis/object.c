// SPDX-License-Identifier: Apache-2.0
// Life of objects, and what every kind has in common: name, uid, metadata, Pod spec.
#include "apis/object.h"

#include "apis/schema.h"
#include "apis/shared.h"
#include "apis/types.h"
#include "base/alloc.h"

struct object *object_ref(struct object *o)
{
    o->refs++;
    return o;
}

void object_unref(struct object *o)
{
    if (!o || --o->refs)
        return;
    shared_release(o->spec);
    free(o);
}

void object_unrefp(struct object **o)
{
    object_unref(*o);
}

const char *object_name(const struct object *o)
{
    return (const char *)o + o->name;
}

const char *object_namespace(const struct object *o)
{
    return atom_str(o->ns);
}

const void *object_record(const struct object *o)
{
    return o ? o->record : NULL;
}

bool object_is_api_access(struct str name)
{
    static const char start[] = "kube-api-access-";

    return name.n > OBJECT_API_ACCESS + 1 && memcmp(name.p, start, OBJECT_API_ACCESS + 1) == 0;
}

bool object_same_uid(const struct object *a, const struct object *b)
{
    return memcmp(a->uid, b->uid, sizeof(a->uid)) == 0;
}

const char *object_uid_text(const struct object *o, char ret[UID_TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    char *p = ret;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = digits[o->uid[i] >> 4];
        *p++ = digits[o->uid[i] & 15];
    }
    *p = '\0';
    return ret;
}

size_t object_bytes(const struct object *o)
{
    return o->size;
}

const struct object_meta *object_meta_of(const struct object *o)
{
    if (!o)
        return NULL;
    const struct kind *k = kind_get(o->kind);
    const struct type *t = o->flags & OBJECT_METADATA_ONLY ? &type_partial_object : k->type;
    const struct row *row = type_row(t, "metadata");
    return rec_at(rec_slot(o->record, row->bit, t->bitmap));
}

const struct pod_spec *object_pod_spec(const struct object *o)
{
    return o && o->spec ? shared_block_record(o->spec) : NULL;
}

static const struct pod_template *template_of(const struct object *o)
{
    const struct job_template *jobs;
    switch (o->kind) {
    case KIND_DEPLOYMENT:
        return deployment_spec_pod_template(deployment_spec(deployment_of(o)));
    case KIND_REPLICA_SET:
        return replica_set_spec_pod_template(replica_set_spec(replica_set_of(o)));
    case KIND_STATEFUL_SET:
        return stateful_set_spec_pod_template(stateful_set_spec(stateful_set_of(o)));
    case KIND_DAEMON_SET:
        return daemon_set_spec_pod_template(daemon_set_spec(daemon_set_of(o)));
    case KIND_REPLICATION_CONTROLLER:
        return replication_controller_spec_pod_template(
            replication_controller_spec(replication_controller_of(o)));
    case KIND_JOB:
        return job_spec_pod_template(job_spec(job_of(o)));
    case KIND_CRON_JOB:
        jobs = cron_job_spec_job_template(cron_job_spec(cron_job_of(o)));
        return job_spec_pod_template(job_template_spec(jobs));
    default:
        return NULL;
    }
}

const struct object_meta *object_template_meta(const struct object *o)
{
    if (!o || o->kind == KIND_POD)
        return object_meta_of(o);
    return pod_template_meta(template_of(o));
}
