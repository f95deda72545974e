// SPDX-License-Identifier: Apache-2.0
// A year of daily runs with 300 findings each, then the queries that people ask, process included:
//   bench_query [kube9-operator [FILE]]
// Prints one line per query with its time and its budget (20 ms). Without a program it only
// measures the writing.
#include "base/base.h"
#include "base/clock.h"
#include "store/fake_store.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAYS      365
#define FINDINGS  300
#define BUDGET_MS 20.0
#define TRIES     9

extern char **environ;

static const char *const queries[][12] = {
    {"query",                     "runs",             "list"       },
    {                                "query",                     "runs",              "get",      "latest" },
    {                               "query",              "assessments",          "summary"            },
    {                          "query",                  "assessments",                                   "history"      },
    {             "query",        "assessments",             "history",                         "--pillar=security", "--limit=400" },
    {                         "query",                     "assessments",                                      "list"      },
    {                    "query", "assessments", "list",             "--severity=high,critical", "--status=failing" },
    {                         "query",                     "assessments",                         "list", "--since=300d", "--limit=100" },
    {                               "query",              "assessments",             "list",   "--run=all" },
    {                               "query",              "assessments",             "list",   "--run=all", "--pillar=security", "--status=failing" },
    {             "query",                          "assessments",                                     "list",            "--run=all", "--namespace=team-3", "--kind=Deployment" },
    {"query",       "assessments",      "list",                  "--run=all", "--name=workload-00001" },
    {                                                      "query",                     "assessments",                       "get","fnd_200-132-1" },
};

static double once(const char *program, const char *db, const char *const *words)
{
    const char *argv[16] = { program };
    char flag[200];
    posix_spawn_file_actions_t files;
    int n = 1, status = 0;
    pid_t pid;
    usec start;

    for (; *words; words++)
        argv[n++] = *words;
    snprintf(flag, sizeof(flag), "--db=%s", db);
    argv[n] = flag;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    start = clock_mono();
    if (posix_spawn(&pid, program, &files, NULL, (char *const *)(uintptr_t)argv, environ) != 0 ||
        waitpid(pid, &status, 0) < 0)
        abort();
    posix_spawn_file_actions_destroy(&files);
    if (status != 0)
        fprintf(stderr, "exit status %d\n", WEXITSTATUS(status));
    return (double)(clock_mono() - start) / USEC_PER_MSEC;
}

static void measure(const char *program, const char *db, const char *const *words)
{
    double best = 1e9, worst = 0;

    for (int i = 0; i < TRIES; i++) {
        double ms = once(program, db, words);

        best = MIN(best, ms);
        worst = MAX(worst, ms);
    }
    printf("%6.1f ms best %6.1f ms worst of %d, budget %.0f ms%s  ", best, worst, TRIES, BUDGET_MS,
           best > BUDGET_MS ? " MISSED" : "");
    for (; *words; words++)
        printf(" %s", *words);
    putchar('\n');
}

static void fill(const char *db)
{
    struct error e = { 0 };
    struct store *s = store_open(db, NULL, &e);
    usec start = clock_mono();

    if (!s) {
        fprintf(stderr, "%s\n", e.text);
        exit(1);
    }
    for (int i = 0; i < DAYS; i++)
        fake_run_put(s, &(struct fake_run){ .number = i, .findings = FINDINGS });
    printf("%d runs with %d findings each written in %.0f ms, %.1f MB\n", DAYS, FINDINGS,
           (double)(clock_mono() - start) / USEC_PER_MSEC, (double)store_bytes(s) / 1e6);
    store_close(s);
    start = clock_mono();
    s = store_open(db, NULL, &e);
    printf("%.0f ms to open it with its check\n", (double)(clock_mono() - start) / USEC_PER_MSEC);
    store_close(s);
}

int main(int argc, char **argv)
{
    struct fake_dir d;
    const char *db;

    fake_dir_make(&d);
    db = argc > 2 ? argv[2] : d.db;
    if (access(db, F_OK) < 0)
        fill(db);
    for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(queries); i++)
        measure(argv[1], db, queries[i]);
    fake_dir_remove(&d);
    return 0;
}
