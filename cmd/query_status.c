// SPDX-License-Identifier: Apache-2.0
// `query status`: the operator's own row, as the product document shows it.
#include "cmd/query.h"
#include "store/operator_status.h"

static int print_table(struct query *q, const struct operator_status_row *r)
{
    char at[32];

    query_fields_start(q);
    query_field(q, "mode", r->mode);
    query_field(q, "tier", r->tier);
    query_field(q, "version", r->version);
    query_field(q, "health", r->health);
    query_field(q, "registered", r->registered ? "true" : "false");
    query_field(q, "cluster id", r->cluster_id);
    query_field(q, "error", r->error);
    query_field(q, "last update", text_time(r->last_update, at, sizeof(at)));
    return query_fields_end(q);
}

static int print_document(struct query *q, const struct operator_status_row *r)
{
    struct writer *w = &q->writer;

    output_start(w, q->args);
    w_object(w);
    w_key_str(w, "mode", r->mode);
    w_key_str(w, "tier", r->tier);
    w_key_str(w, "version", r->version);
    w_key_str(w, "health", r->health);
    w_key_bool(w, "registered", r->registered);
    w_key_str(w, "clusterId", r->cluster_id);
    w_key_str(w, "error", r->error);
    w_time(w, "lastUpdate", r->last_update);
    w_object_end(w);
    query_close(q);
    return output_end(w);
}

int cmd_query_status(const struct args *a)
{
    struct query q;
    struct operator_status_row r;
    struct error e = { 0 };
    int rc = query_open(&q, a, "query status");

    if (rc)
        return rc;
    rc = store_status_get(q.store, q.arena, &r, &e);
    if (rc == 1)
        error_set(&e, ERR_NOT_FOUND, "the operator has not written its status yet");
    if (rc)
        return query_fail(&q, &e);
    return q.is_table ? print_table(&q, &r) : print_document(&q, &r);
}
