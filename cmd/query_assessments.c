// SPDX-License-Identifier: Apache-2.0
// `query assessments list|get`: single findings, streamed from the store to stdout.
#include "cmd/query.h"

static void write_finding(struct writer *w, const struct finding_row *f)
{
    w_object(w);
    w_key_str(w, "id", f->id);
    w_key_str(w, "pillar", f->pillar);
    w_key_str(w, "checkId", f->check_id);
    w_key_str(w, "checkName", f->check_name);
    w_key_str(w, "severity", f->severity);
    w_key_str(w, "status", f->status);
    w_key_str(w, "reason", f->reason);
    w_key_str(w, "objectKind", f->kind);
    w_key_str(w, "objectNamespace", f->ns);
    w_key_str(w, "objectName", f->name);
    w_key_str(w, "container", f->container);
    w_key_str(w, "path", f->path);
    w_key_str(w, "message", f->message);
    w_key_str(w, "remediation", f->remediation);
    w_key_int(w, "objects", f->count);
    w_key_str(w, "fingerprint", f->fingerprint);
    w_key_str(w, "runId", f->run_uid);
    w_key_str(w, "runName", f->run_name);
    w_time(w, "assessedAt", f->assessed);
    w_key_str(w, "exemptedBy", f->exempted_by);
    w_key_str(w, "exemptedReason", f->exempted_why);
    w_time(w, "exemptedUntil", f->exempted_until);
    w_object_end(w);
}

static const char *object_text(const struct finding_row *f, char *ret, size_t n)
{
    if (!f->kind)
        snprintf(ret, n, "-");
    else
        snprintf(ret, n, "%s %s%s%s", f->kind, f->ns ? f->ns : "", f->ns ? "/" : "",
                 f->name ? f->name : "");
    return ret;
}

static void add_row(struct query *q, const struct finding_row *f)
{
    char object[640];
    const char *cells[] = {
        f->id,     f->severity, f->status, f->check_id, object_text(f, object, sizeof(object)),
        f->message
    };

    table_add(&q->table, cells);
}

static int print_one(struct query *q, const struct finding_row *f)
{
    char object[640], at[32], count[24];

    snprintf(count, sizeof(count), "%" PRId64, f->count);
    query_fields_start(q);
    query_field(q, "id", f->id);
    query_field(q, "check", f->check_id);
    query_field(q, "title", f->check_name);
    query_field(q, "pillar", f->pillar);
    query_field(q, "severity", f->severity);
    query_field(q, "status", f->status);
    query_field(q, "reason", f->reason);
    query_field(q, "object", object_text(f, object, sizeof(object)));
    query_field(q, "container", f->container);
    query_field(q, "path", f->path);
    query_field(q, "message", f->message);
    query_field(q, "fix", f->remediation);
    query_field(q, "objects", count);
    query_field(q, "fingerprint", f->fingerprint);
    query_field(q, "run", f->run_name);
    query_field(q, "assessed", text_time(f->assessed, at, sizeof(at)));
    query_field(q, "exempted by", f->exempted_by);
    query_field(q, "exempted for", f->exempted_why);
    if (f->exempted_until)
        query_field(q, "until", text_time(f->exempted_until, at, sizeof(at)));
    return query_fields_end(q);
}

static int each(void *arg, const struct finding_row *f)
{
    struct query *q = arg;

    if (q->is_table) {
        add_row(q, f);
        return 0;
    }
    query_list_row(q);
    write_finding(&q->writer, f);
    return q->writer.failed ? -1 : 0;
}

static const char *const heads[] = { "ID", "SEVERITY", "STATUS", "CHECK", "OBJECT", "MESSAGE" };

int cmd_query_assessments_list(const struct args *a)
{
    static const char *const filters[] = { "run",   "pillar", "status",    "severity",
                                           "check", "kind",   "namespace", "name",
                                           "since", "until",  "limit",     "offset" };
    struct finding_query fq = query_findings(a);
    struct query q;
    struct error e = { 0 };
    int64_t total = 0;
    int rc = query_open(&q, a, "query assessments list");

    if (rc)
        return rc;
    fq.since = arg_time(a, "since");
    fq.until = arg_time(a, "until");
    fq.limit = arg_int(a, "limit");
    fq.offset = arg_int(a, "offset");
    // Times are asked of the whole history, unless one run is named.
    if (!arg_given(a, "run") && (fq.since || fq.until))
        fq.run = "all";
    table_init(&q.table, heads, ARRAY_SIZE(heads));
    query_list_start(&q, "assessments");
    rc = store_finding_each(q.store, &fq, each, &q, &total, &e);
    if (rc == 1 && strcmp(fq.run, "latest") != 0) // an empty history is an empty list
        error_set(&e, ERR_NOT_FOUND, "no run '%s'; `query runs list` names them", fq.run);
    if (e.code != ERR_NONE)
        return query_fail(&q, &e);
    return query_list_end(&q, total, filters, ARRAY_SIZE(filters), "No findings.");
}

int cmd_query_assessments_get(const struct args *a)
{
    struct query q;
    struct finding_row f;
    struct error e = { 0 };
    int rc = query_open(&q, a, "query assessments get");

    if (rc)
        return rc;
    rc = store_finding_get(q.store, a->operands[0], q.arena, &f, &e);
    if (rc == 1)
        error_set(&e, ERR_NOT_FOUND, "no finding '%s'; `query assessments list` names them",
                  a->operands[0]);
    if (rc)
        return query_fail(&q, &e);
    if (q.is_table)
        return print_one(&q, &f);
    output_start(&q.writer, a);
    write_finding(&q.writer, &f);
    query_close(&q);
    return output_end(&q.writer);
}
