// SPDX-License-Identifier: Apache-2.0
// `db check` and `db backup`.
#include "cmd/query.h"

int cmd_db_check(const struct args *a)
{
    struct query q;
    struct error e = { 0 };
    const char *problems = NULL;
    int rc = query_open(&q, a, "db check"), status;

    if (rc)
        return rc;
    if (store_check(q.store, q.arena, &problems, &e) < 0)
        return query_fail(&q, "db check", &e);
    if (q.is_table) {
        printf("%s: %s\n", store_path(q.store), problems ? problems : "ok");
        status = EXIT_OK;
    } else {
        output_start(&q.writer, a);
        w_object(&q.writer);
        w_key_str(&q.writer, "database", store_path(q.store));
        w_key_bool(&q.writer, "ok", !problems);
        w_key_str(&q.writer, "problems", problems);
        w_key_int(&q.writer, "bytes", store_bytes(q.store));
        w_object_end(&q.writer);
        status = output_end(&q.writer);
    }
    query_close(&q);
    return problems ? EXIT_FAILED : status;
}

int cmd_db_backup(const struct args *a)
{
    struct query q;
    struct error e = { 0 };
    int rc = query_open(&q, a, "db backup");

    if (rc)
        return rc;
    if (store_backup(q.store, a->operands[0], &e) < 0)
        return query_fail(&q, "db backup", &e);
    query_close(&q);
    return EXIT_OK;
}
