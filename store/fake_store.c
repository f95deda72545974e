// SPDX-License-Identifier: Apache-2.0
// A run has its findings spread over 40 checks, six pillars, all severities and two thirds failing.
#include "store/fake_store.h"

#include "store/db.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const pillars[] = { "security",
                                       "reliability",
                                       "performance-efficiency",
                                       "cost-optimization",
                                       "operational-excellence",
                                       "sustainability" };
static const char *const severities[] = { "critical", "high", "medium", "low" };
static const char *const statuses[] = { "failing", "failing", "warning" };

void fake_dir_make(struct fake_dir *d)
{
    snprintf(d->path, sizeof(d->path), "/tmp/k9-store-XXXXXX");
    if (!mkdtemp(d->path))
        abort();
    snprintf(d->db, sizeof(d->db), "%s/kube9.db", d->path);
}

static int each_file(const struct fake_dir *d, const char *part, bool remove_it)
{
    DIR *dir = opendir(d->path);
    struct dirent *f;
    int n = 0;

    while (dir && (f = readdir(dir))) {
        if (f->d_name[0] == '.' || !strstr(f->d_name, part))
            continue;
        n++;
        if (remove_it && unlinkat(dirfd(dir), f->d_name, 0) < 0)
            abort();
    }
    if (dir)
        closedir(dir);
    return n;
}

int fake_dir_count(const struct fake_dir *d, const char *part)
{
    return each_file(d, part, false);
}

void fake_dir_remove(struct fake_dir *d)
{
    each_file(d, "", true);
    rmdir(d->path);
}

static void fill_counts(struct run_row *row, const struct fake_run *r)
{
    row->phase = r->failed ? "Failed" : "Completed";
    row->completed = row->started + 3 * USEC_PER_SEC;
    if (r->failed) {
        row->message = "it did not work";
        return;
    }
    row->score = 60 + r->number % 40;
    row->grade = "B";
    row->total = 46;
    row->passing = 6;
    row->failing = 27;
    row->warning = 13;
    row->evaluated = 46;
    for (size_t p = 0; p < ARRAY_SIZE(pillars); p++)
        row->pillars[row->n_pillars++] = (struct run_pillar){
            .name = pillars[p], .score = 50 + (int)p, .passing = 1, .failing = 4, .warning = 2
        };
}

static int put_findings(struct store *s, const struct fake_run *r, struct error *e)
{
    for (int i = 0; i < r->findings; i++) {
        int check = r->check_base + i % 40;
        char id[32], name[64], object[64], ns[32], print[32];
        struct finding_row f = {
            .check_id = id,
            .check_name = name,
            .pillar = pillars[check % 6],
            .severity = severities[check % 4],
            .status = statuses[i % 3],
            .kind = "Deployment",
            .ns = ns,
            .name = object,
            .container = "app",
            .path = "spec.template.spec.containers[0].image",
            .message =
                "container \"app\" runs an image by a tag that can be moved to another build",
            .remediation = "name the image by its digest, for example image@sha256:...",
            .fingerprint = print,
            .count = 1
        };

        snprintf(id, sizeof(id), "pillar.check-%02d", check);
        snprintf(name, sizeof(name), "Check number %d has a title like this", check);
        snprintf(object, sizeof(object), "workload-%05d", i / 40);
        snprintf(ns, sizeof(ns), "team-%d", i % 7);
        snprintf(print, sizeof(print), "%016x", (unsigned)i * 2654435761u);
        if (store_run_finding(s, &f, e) < 0)
            return -1;
    }
    return 0;
}

int64_t fake_store_count(const struct fake_dir *d, const char *sql)
{
    struct error e = { 0 };
    struct db *db = db_open(d->db, true, &e);
    int64_t n;

    if (!db || db_int(db, sql, &n, &e) < 0) {
        fprintf(stderr, "%s: %s\n", sql, e.text);
        abort();
    }
    db_close(db);
    return n;
}

struct run_row fake_run_row(const char *uid, const char *name)
{
    return (struct run_row){ .uid = uid,
                             .name = name,
                             .mode = "Full",
                             .trigger = "Manual",
                             .phase = "Running",
                             .requested = FAKE_START,
                             .score = -1 };
}

int fake_run_try(struct store *s, const struct fake_run *r, struct error *e)
{
    char uid[32], name[32];
    struct run_row row = { .uid = uid,
                           .name = name,
                           .mode = r->mode ? r->mode : "Full",
                           .trigger = "Scheduled",
                           .phase = "Running",
                           .score = -1 };

    snprintf(uid, sizeof(uid), "run-%d", r->number);
    snprintf(name, sizeof(name), "default-%d", r->number);
    row.requested = FAKE_START + r->number * USEC_PER_DAY;
    row.started = row.requested + USEC_PER_SEC;
    if (store_run_begin(s, &row, e) < 0)
        return -1;
    if (put_findings(s, r, e) < 0) {
        store_run_rollback(s);
        return -1;
    }
    fill_counts(&row, r);
    return store_run_commit(s, &row, e);
}

void fake_run_put(struct store *s, const struct fake_run *r)
{
    struct error e = { 0 };

    if (fake_run_try(s, r, &e) < 0) {
        fprintf(stderr, "fake_run_put: %s\n", e.text);
        abort();
    }
}
