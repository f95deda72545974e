// SPDX-License-Identifier: Apache-2.0
// `query status`: the operator's own row, as the product document shows it.
#include "cmd/query.h"
#include "store/operator_status.h"

static void add_row(struct query *q, const char *name, const char *value)
{
    const char *cells[] = { name, value };

    table_add(&q->table, cells);
}

static int print_table(struct query *q, const struct operator_status_row *r)
{
    const char *heads[] = { "FIELD", "VALUE" };
    char at[32];
    int status;

    table_init(&q->table, heads, 2);
    add_row(q, "mode", r->mode);
    add_row(q, "tier", r->tier);
    add_row(q, "version", r->version);
    add_row(q, "health", r->health);
    add_row(q, "registered", r->registered ? "true" : "false");
    add_row(q, "cluster id", r->cluster_id);
    add_row(q, "error", r->error);
    add_row(q, "last update", text_time(r->last_update, at, sizeof(at)));
    status = table_print(&q->table, "");
    query_close(q);
    return status;
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
        return query_fail(&q, "query status", &e);
    return q.is_table ? print_table(&q, &r) : print_document(&q, &r);
}
