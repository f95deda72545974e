// SPDX-License-Identifier: Apache-2.0
// The store is opened read-only, so that these commands work beside a running `serve`.
#include "cmd/query.h"

#include "base/clock.h"

#define QUERY_ARENA_MAX ((size_t)64 << 20)

int query_open(struct query *q, const struct args *a, const char *what)
{
    struct error e = { 0 };

    *q = (struct query){ .args = a, .what = what, .is_table = output_format(a) == OUTPUT_TABLE };
    q->store = store_open_readonly(arg_text(a, "db"), &e);
    if (!q->store)
        return command_fail(a, what, &e);
    q->arena = arena_new(QUERY_ARENA_MAX);
    return 0;
}

void query_close(struct query *q)
{
    store_close(q->store);
    arena_free(q->arena);
    q->store = NULL;
    q->arena = NULL;
}

int query_fail(struct query *q, const struct error *e)
{
    table_fini(&q->table);
    query_close(q);
    return command_fail(q->args, q->what, e);
}

int query_find_run(struct query *q, const char *id, struct run_row *ret, struct error *e)
{
    int rc = store_run_get(q->store, id, q->arena, ret, e);

    if (rc == 1)
        error_set(e, ERR_NOT_FOUND,
                  strcmp(id, "latest") == 0 ? "no run has ended with a result yet"
                                            : "no run '%s'; `query runs list` names them",
                  id);
    return rc ? -1 : 0;
}

struct finding_query query_findings(const struct args *a)
{
    return (struct finding_query){ .run = arg_text(a, "run"),
                                   .pillars = arg_list(a, "pillar"),
                                   .statuses = arg_list(a, "status"),
                                   .severities = arg_list(a, "severity"),
                                   .checks = arg_list(a, "check"),
                                   .kinds = arg_list(a, "kind"),
                                   .ns = arg_text(a, "namespace"),
                                   .name = arg_text(a, "name") };
}

void query_list_start(struct query *q, const char *noun)
{
    q->noun = noun;
    q->started = false;
}

void query_list_row(struct query *q)
{
    if (q->started)
        return;
    q->started = true;
    output_start(&q->writer, q->args);
    w_object(&q->writer);
    w_key_list(&q->writer, q->noun);
}

static void say_how_many(size_t shown, int64_t total)
{
    if (shown < (size_t)total)
        printf("\n%zu of %" PRId64 " shown; --limit and --offset show more\n", shown, total);
}

int query_list_end(struct query *q, int64_t total, const char *const *filters, size_t n,
                   const char *when_empty)
{
    size_t shown = q->table.rows;
    int status;

    if (q->is_table) {
        status = table_print(&q->table, total ? "No row at that --offset." : when_empty);
        if (status == EXIT_OK)
            say_how_many(shown, total);
        query_close(q);
        return status;
    }
    query_list_row(q);
    w_list_end(&q->writer);
    w_key_int(&q->writer, "total", total);
    query_filters(q, filters, n);
    w_object_end(&q->writer);
    query_close(q);
    return output_end(&q->writer);
}

void query_fields_start(struct query *q)
{
    static const char *const heads[] = { "FIELD", "VALUE" };

    table_init(&q->table, heads, ARRAY_SIZE(heads));
}

void query_field(struct query *q, const char *name, const char *value)
{
    const char *cells[] = { name, value };

    table_add(&q->table, cells);
}

int query_fields_end(struct query *q)
{
    int status = table_print(&q->table, "");

    query_close(q);
    return status;
}

void query_filters(struct query *q, const char *const *names, size_t n)
{
    struct writer *w = &q->writer;

    w_key_object(w, "filters");
    for (size_t i = 0; i < n; i++) {
        const char *const *list = arg_list(q->args, names[i]);

        if (!arg_given(q->args, names[i]))
            continue;
        if (arg_is_int(q->args, names[i])) {
            w_key_int(w, names[i], arg_int(q->args, names[i]));
            continue;
        }
        if (arg_is_bool(q->args, names[i])) {
            w_key_bool(w, names[i], true);
            continue;
        }
        if (!list) {
            w_key_str(w, names[i], arg_text(q->args, names[i]));
            continue;
        }
        w_key_list(w, names[i]);
        for (; *list; list++)
            w_str(w, *list);
        w_list_end(w);
    }
    w_object_end(w);
}
