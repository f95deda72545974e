// SPDX-License-Identifier: Apache-2.0
// `query vulnerabilities list|summary`: what the scanner's reports said when the newest run looked.
#include "cmd/query.h"
#include "store/vulnerabilities.h"

static void write_row(struct writer *w, const struct vulnerability_row *r)
{
    w_object(w);
    w_key_str(w, "vulnerabilityId", r->id);
    w_key_str(w, "severity", vulnerability_severity_name(r->severity));
    w_key_str(w, "packageName", r->package);
    w_key_str(w, "installedVersion", r->installed);
    w_key_str(w, "fixedVersion", *r->fixed ? r->fixed : NULL);
    w_key_str(w, "image", r->scan.image);
    w_key_str(w, "digest", *r->scan.digest ? r->scan.digest : NULL);
    w_key_str(w, "objectKind", r->scan.kind);
    w_key_str(w, "objectNamespace", r->scan.ns);
    w_key_str(w, "objectName", r->scan.name);
    w_key_str(w, "container", r->scan.container);
    w_time(w, "scannedAt", r->scan.scanned);
    w_object_end(w);
}

static void add_row(struct query *q, const struct vulnerability_row *r)
{
    char object[640];
    const char *cells[] = { vulnerability_severity_name(r->severity),
                            r->id,
                            r->package,
                            r->installed,
                            r->fixed,
                            object,
                            r->scan.container,
                            r->scan.image };

    snprintf(object, sizeof(object), "%s %s/%s", r->scan.kind, r->scan.ns, r->scan.name);
    table_add(&q->table, cells);
}

static int each(void *arg, const struct vulnerability_row *r)
{
    struct query *q = arg;

    if (q->is_table) {
        add_row(q, r);
        return 0;
    }
    query_list_row(q);
    write_row(&q->writer, r);
    return q->writer.failed ? -1 : 0;
}

int cmd_query_vulnerabilities_list(const struct args *a)
{
    static const char *const heads[] = { "SEVERITY", "VULNERABILITY", "PACKAGE",   "INSTALLED",
                                         "FIXED",    "OBJECT",        "CONTAINER", "IMAGE" };
    static const char *const filters[] = { "severity",  "vulnerability", "package", "image",
                                           "namespace", "fixable",       "since",   "until",
                                           "limit",     "offset" };
    const struct vulnerability_query vq = { .severities = arg_list(a, "severity"),
                                            .ids = arg_list(a, "vulnerability"),
                                            .package = arg_text(a, "package"),
                                            .image = arg_text(a, "image"),
                                            .ns = arg_text(a, "namespace"),
                                            .fixable = arg_given(a, "fixable"),
                                            .since = arg_time(a, "since"),
                                            .until = arg_time(a, "until"),
                                            .limit = arg_int(a, "limit"),
                                            .offset = arg_int(a, "offset") };
    struct query q;
    struct error e = { 0 };
    int64_t total = 0;
    int rc = query_open(&q, a, "query vulnerabilities list");

    if (rc)
        return rc;
    table_init(&q.table, heads, ARRAY_SIZE(heads));
    query_list_start(&q, "vulnerabilities");
    if (store_vulnerability_each(q.store, &vq, each, &q, &total, &e) < 0)
        return query_fail(&q, &e);
    return query_list_end(&q, total, filters, ARRAY_SIZE(filters), "No vulnerabilities.");
}

static void write_counts(struct writer *w, const char *key, const int64_t *counts)
{
    w_key_object(w, key);
    for (int i = 0; i < VULNERABILITY_SEVERITIES; i++)
        w_key_int(w, vulnerability_severity_name(i), counts[i]);
    w_object_end(w);
}

static int64_t sum(const int64_t *counts)
{
    int64_t n = 0;

    for (int i = 0; i < VULNERABILITY_SEVERITIES; i++)
        n += counts[i];
    return n;
}

static void add_counts(struct query *q, const char *name, int64_t found, int64_t fixable)
{
    char text[2][24];
    const char *cells[] = { name, text[0], text[1] };

    snprintf(text[0], sizeof(text[0]), "%" PRId64, found);
    snprintf(text[1], sizeof(text[1]), "%" PRId64, fixable);
    table_add(&q->table, cells);
}

static int print_summary(struct query *q, const struct vulnerability_summary *s)
{
    static const char *const heads[] = { "SEVERITY", "FOUND", "FIXABLE" };
    int status;

    table_init(&q->table, heads, ARRAY_SIZE(heads));
    for (int i = 0; i < VULNERABILITY_SEVERITIES; i++)
        add_counts(q, vulnerability_severity_name(i), s->found[i], s->fixable[i]);
    add_counts(q, "all", sum(s->found), sum(s->fixable));
    status = table_print(&q->table, "");
    if (status == EXIT_OK)
        printf("\n%" PRId64 " report%s about %" PRId64 " image%s\n", s->reports,
               s->reports == 1 ? "" : "s", s->images, s->images == 1 ? "" : "s");
    query_close(q);
    return status;
}

int cmd_query_vulnerabilities_summary(const struct args *a)
{
    struct query q;
    struct vulnerability_summary s;
    struct error e = { 0 };
    struct writer *w = &q.writer;
    int rc = query_open(&q, a, "query vulnerabilities summary");

    if (rc)
        return rc;
    if (store_vulnerability_summary(q.store, &s, &e) < 0)
        return query_fail(&q, &e);
    if (q.is_table)
        return print_summary(&q, &s);
    output_start(w, a);
    w_object(w);
    w_key_int(w, "reports", s.reports);
    w_key_int(w, "images", s.images);
    w_key_int(w, "total", sum(s.found));
    w_key_int(w, "fixable", sum(s.fixable));
    write_counts(w, "bySeverity", s.found);
    write_counts(w, "fixableBySeverity", s.fixable);
    w_time(w, "oldestScan", s.oldest);
    w_time(w, "newestScan", s.newest);
    w_object_end(w);
    query_close(&q);
    return output_end(w);
}
