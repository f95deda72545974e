// SPDX-License-Identifier: Apache-2.0
// A plan is data, so that deciding can be tested without a cluster and a dry run costs nothing.
#include "controller/plan.h"

#include "apis/draft.h"
#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/writer.h"
#include "controller/config.h"
#include "controller/status_patch.h"

#define STATUS_BODY_MAX ((size_t)512 << 10)

void plan_init(struct plan *p)
{
    *p = (struct plan){ .arena = arena_new(PLAN_ARENA_MAX) };
}

void plan_fini(struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->v[i].kind == INTENT_PUBLISH)
            config_unref(p->v[i].config); // NULL once the runner took it
    }
    arena_free(p->arena);
    free(p->v);
    *p = (struct plan){ 0 };
}

struct intent *plan_add(struct plan *p, enum intent_kind kind)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 8;
        p->v = xrealloc(p->v, p->cap * sizeof(*p->v));
    }
    p->v[p->n] = (struct intent){ .kind = kind, .object_kind = KIND_COUNT };
    return &p->v[p->n++];
}

void plan_requeue(struct plan *p, usec at)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->v[i].kind == INTENT_REQUEUE) {
            p->v[i].at = MIN(p->v[i].at, at);
            return;
        }
    }
    plan_add(p, INTENT_REQUEUE)->at = at;
}

void plan_remember(struct plan *p, const char *key, const char *value)
{
    struct intent *in = plan_add(p, INTENT_REMEMBER);
    in->key = key;
    in->value = arena_strdup(p->arena, value);
}

static struct intent *plan_about(struct plan *p, enum intent_kind kind, const struct object *o)
{
    struct intent *in = plan_add(p, kind);
    char uid[UID_TEXT_MAX];

    in->object_kind = o->kind;
    in->name = arena_strdup(p->arena, object_name(o));
    in->uid = arena_strdup(p->arena, object_uid_text(o, uid));
    return in;
}

void plan_event(struct plan *p, const struct object *about, bool warning, const char *reason,
                const char *note)
{
    struct intent *in = plan_about(p, INTENT_EVENT, about);

    in->type = warning ? "Warning" : "Normal";
    in->reason = reason;
    in->action = reason;
    in->note = arena_strdup(p->arena, note);
}

void plan_delete(struct plan *p, const struct object *o)
{
    plan_about(p, INTENT_DELETE, o);
}

static const void *status_record(const struct object *o)
{
    if (o->kind == KIND_KUBE9_CONFIG)
        return kube9_config_status(kube9_config_of(o));
    return assessment_run_status(assessment_run_of(o));
}

static const struct type *status_type(const struct object *o)
{
    return o->kind == KIND_KUBE9_CONFIG ? &type_kube9_config_status : &type_assessment_run_status;
}

static void write_head(const struct object *o, struct writer *w)
{
    const struct kind *k = kind_get((enum kind_id)o->kind);
    char uid[UID_TEXT_MAX], rv[24];

    snprintf(rv, sizeof(rv), "%" PRIu64, o->rv);
    w_key_str(w, "apiVersion", kind_api_version(k));
    w_key_str(w, "kind", k->kind);
    w_key_object(w, "metadata");
    w_key_str(w, "name", object_name(o));
    w_key_str(w, "uid", object_uid_text(o, uid));
    w_key_str(w, "resourceVersion", rv);
    w_object_end(w);
}

void plan_confirm(struct plan *p, const struct object *o)
{
    struct buf autobuf body = { 0 };
    struct intent *in;
    struct writer w;

    buf_init(&body, STATUS_BODY_MAX);
    writer_to_buf(&w, WRITER_JSON, &body);
    w_object(&w);
    write_head(o, &w);
    w_object_end(&w);
    if (writer_end(&w) < 0)
        return;
    in = plan_about(p, INTENT_CONFIRM, o);
    in->merge = true;
    in->body = (struct str){ arena_strndup(p->arena, body.p, body.n), body.n };
}

// A status as a document; d counts, else the record.
static int status_doc(const struct draft *d, const struct type *t, const void *rec,
                      struct json_doc *ret)
{
    struct buf autobuf text = { 0 };
    struct writer w;

    buf_init(&text, STATUS_BODY_MAX);
    writer_to_buf(&w, WRITER_JSON, &text);
    if (d)
        draft_write(d, &w);
    else
        record_write(t, rec, &w);
    if (writer_end(&w) < 0)
        return -1;
    return json_parse(buf_str(&text), NULL, ret, NULL);
}

static int write_status_body(const struct object *o, const struct draft *status, bool *ret_merge,
                             struct buf *out)
{
    struct json_doc autojson now = { 0 }, autojson want = { 0 };
    struct buf autobuf patch = { 0 };
    struct writer w;

    if (status_doc(NULL, status_type(o), status_record(o), &now) < 0 ||
        status_doc(status, NULL, NULL, &want) < 0)
        return -1;
    buf_init(&patch, STATUS_BODY_MAX);
    writer_to_buf(&w, WRITER_JSON, &patch);
    status_patch_write(&w, json_root(&now), json_root(&want), ret_merge);
    if (writer_end(&w) < 0)
        return -1;
    writer_to_buf(&w, WRITER_JSON, out);
    w_object(&w);
    write_head(o, &w);
    w_key(&w, "status");
    w_json(&w, buf_str(&patch));
    w_object_end(&w);
    return writer_end(&w);
}

void plan_apply_status(struct plan *p, const struct object *o, const struct draft *status)
{
    struct buf autobuf body = { 0 };
    struct intent *in;
    bool merge = false;

    if (draft_same(status, status_record(o)))
        return;
    buf_init(&body, 2 * STATUS_BODY_MAX);
    if (write_status_body(o, status, &merge, &body) < 0)
        return;
    in = plan_about(p, INTENT_APPLY_STATUS, o);
    in->merge = merge;
    in->body = (struct str){ arena_strndup(p->arena, body.p, body.n), body.n };
}

const char *intent_kind_name(enum intent_kind kind)
{
    static const char *const names[] = {
        [INTENT_CREATE] = "create",
        [INTENT_APPLY_STATUS] = "apply-status",
        [INTENT_CONFIRM] = "confirm",
        [INTENT_DELETE] = "delete",
        [INTENT_EVENT] = "event",
        [INTENT_START_JOB] = "start-job",
        [INTENT_CANCEL_JOB] = "cancel-job",
        [INTENT_PUBLISH] = "publish-config",
        [INTENT_REMEMBER] = "remember",
        [INTENT_REQUEUE] = "requeue",
        [INTENT_APPLY_REPORT] = "apply-report",
        [INTENT_DELETE_REPORT] = "delete-report",
    };
    return names[kind];
}

int plan_print(const struct plan *p, struct buf *out)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct intent *in = &p->v[i];
        char at[TIME_TEXT_MAX];

        buf_adds(out, in->merge && in->kind == INTENT_APPLY_STATUS ? "merge-status"
                                                                   : intent_kind_name(in->kind));
        if (in->object_kind != KIND_COUNT)
            buf_addf(out, " %s/%s", kind_get(in->object_kind)->kind, in->name);
        if (in->ns)
            buf_addf(out, " %s", *in->ns ? in->ns : "(cluster)");
        if (in->kind == INTENT_EVENT)
            buf_addf(out, " %s %s: %s", in->type, in->reason, in->note);
        if (in->key)
            buf_addf(out, " %s=%s", in->key, in->value);
        if (in->kind == INTENT_REQUEUE)
            buf_addf(out, " at %s", time_format(in->at, 0, at));
        if (in->body.p)
            buf_addf(out, " " STR_FMT, STR_ARG(in->body));
        buf_addc(out, '\n');
    }
    return out->failed ? -1 : 0;
}
