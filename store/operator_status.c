// SPDX-License-Identifier: Apache-2.0
// One row for `query status`, and the trail of what the operator changed.
#include "store/operator_status.h"

#include "base/clock.h"
#include "store/store_internal.h"

int store_status_put(struct store *s, const struct operator_status_row *r, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_STATUS_PUT, e);

    if (!q)
        return store_fail(s);
    bind_text(q, 1, r->mode);
    bind_text(q, 2, r->tier);
    bind_text(q, 3, r->version);
    bind_text(q, 4, r->health);
    bind_int(q, 5, r->registered);
    bind_text(q, 6, r->cluster_id);
    bind_text(q, 7, r->error);
    bind_time(q, 8, r->last_update);
    if (stmt_run(q, e) < 0)
        return store_fail(s);
    s->rows_written++;
    return 0;
}

int store_status_get(struct store *s, struct arena *a, struct operator_status_row *ret,
                     struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_STATUS_GET, e);
    int rc = q ? stmt_step(q, e) : -1;

    if (rc < 0)
        return store_fail(s);
    if (rc == 0)
        return 1;
    *ret = (struct operator_status_row){
        .mode = col_dup(q, 0, a),
        .tier = col_dup(q, 1, a),
        .version = col_dup(q, 2, a),
        .health = col_dup(q, 3, a),
        .registered = col_int(q, 4) != 0,
        .cluster_id = col_dup(q, 5, a),
        .error = col_dup(q, 6, a),
        .last_update = col_time(q, 7),
    };
    stmt_reset(q);
    return 0;
}

int store_audit(struct store *s, const char *action, const char *object, const char *detail,
                struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_AUDIT, e);

    if (!q)
        return store_fail(s);
    bind_time(q, 1, clock_wall());
    bind_text(q, 2, action);
    bind_text(q, 3, object);
    bind_text(q, 4, detail);
    if (stmt_run(q, e) < 0)
        return store_fail(s);
    s->rows_written++;
    return 0;
}
