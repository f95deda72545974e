// SPDX-License-Identifier: Apache-2.0
// `db check` and `db backup`.
#include "cmd/query.h"

#include <sys/stat.h>

int cmd_db_check(const struct args *a)
{
    struct query q;
    struct error e = { 0 };
    const char *problems = NULL;
    int rc = query_open(&q, a, "db check"), status;

    if (rc)
        return rc;
    if (store_check(q.store, q.arena, &problems, &e) < 0)
        return query_fail(&q, &e);
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

static int print_backup(struct query *q, const char *to)
{
    struct stat st = { 0 };

    if (stat(to, &st) < 0)
        st.st_size = 0;
    if (q->is_table) {
        printf("%s: %jd bytes\n", to, (intmax_t)st.st_size);
        return output_flush(stdout);
    }
    output_start(&q->writer, q->args);
    w_object(&q->writer);
    w_key_str(&q->writer, "database", store_path(q->store));
    w_key_str(&q->writer, "backup", to);
    w_key_int(&q->writer, "bytes", st.st_size);
    w_object_end(&q->writer);
    return output_end(&q->writer);
}

int cmd_db_backup(const struct args *a)
{
    struct query q;
    struct error e = { 0 };
    int rc = query_open(&q, a, "db backup");

    if (rc)
        return rc;
    if (store_backup(q.store, a->operands[0], &e) < 0)
        return query_fail(&q, &e);
    rc = print_backup(&q, a->operands[0]);
    query_close(&q);
    return rc;
}
