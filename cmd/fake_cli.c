// SPDX-License-Identifier: Apache-2.0
// stdout and stderr are files for the time of one call.
#include "cmd/fake_cli.h"

#include "base/alloc.h"
#include "base/str.h"
#include "cmd/cli.h"
#include "store/fake_store.h"
#include "store/operator_status.h"
#include "store/store_internal.h"
#include "store/vulnerabilities.h"

#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

#define WORDS_MAX 40

static void swap_in(int fd, FILE *file, int *ret_saved, FILE **ret_file)
{
    fflush(fd == STDOUT_FILENO ? stdout : stderr);
    *ret_file = file;
    *ret_saved = dup(fd);
    if (!*ret_file || *ret_saved < 0 || dup2(fileno(*ret_file), fd) < 0)
        abort();
}

static char *swap_out(int fd, int saved, FILE *file)
{
    long n;
    char *text;

    fflush(fd == STDOUT_FILENO ? stdout : stderr);
    __fpurge(fd == STDOUT_FILENO ? stdout : stderr); // what a full disk did not take
    clearerr(fd == STDOUT_FILENO ? stdout : stderr);
    if (dup2(saved, fd) < 0 || fseek(file, 0, SEEK_END) < 0 || (n = ftell(file)) < 0)
        abort();
    close(saved);
    rewind(file);
    text = xcalloc(1, (size_t)n + 1);
    if (fread(text, 1, (size_t)n, file) != (size_t)n)
        abort();
    fclose(file);
    return text;
}

static struct said run(const char *program, const char *line, FILE *out_file)
{
    static char *out, *err; // freed by the next call, so that tests need not
    char *words[WORDS_MAX + 1] = { xstrdup(program) };
    struct str rest = str_of(line), word;
    struct said said;
    FILE *files[2];
    int saved[2], n = 1;

    free(out);
    free(err);
    while (n < WORDS_MAX && str_split(&rest, ' ', &word))
        words[n++] = xstrndup(word.p, word.n);
    swap_in(STDOUT_FILENO, out_file, &saved[0], &files[0]);
    swap_in(STDERR_FILENO, tmpfile(), &saved[1], &files[1]);
    said.status = cli_run(n, words);
    said.err = err = swap_out(STDERR_FILENO, saved[1], files[1]);
    said.out = out = swap_out(STDOUT_FILENO, saved[0], files[0]);
    for (int i = 0; i < n; i++)
        free(words[i]);
    return said;
}

struct said cli(const char *line)
{
    return cli_as("kube9-operator", line);
}

struct said cli_as(const char *program, const char *line)
{
    return run(program, line, tmpfile());
}

struct said cli_full(const char *line)
{
    return run("kube9-operator", line, fopen("/dev/full", "w+e"));
}

static void put_scan(struct store *s, const char *name, int n)
{
    struct error e = { 0 };
    struct scan_row scan = { .uid = name,
                             .version = "1",
                             .kind = "ReplicaSet",
                             .ns = "shop",
                             .name = name,
                             .container = "app",
                             .image = "registry.example/shop/cart:1.2",
                             .digest = "",
                             .scanned = FAKE_START };

    if (store_scan_put(s, &scan, &e) != 1)
        abort();
    for (int i = 0; i < n; i++) {
        char id[24];
        struct vulnerability_row v = { .id = id,
                                       .severity = (enum vulnerability_severity)(i % 4),
                                       .package = "openssl",
                                       .installed = "3.0.1",
                                       .fixed = i % 2 ? "" : "3.0.9" };

        snprintf(id, sizeof(id), "CVE-2026-%04d", i + 1);
        if (store_vulnerability_put(s, &v, &e) < 0)
            abort();
    }
}

static void put_scans(struct store *s)
{
    struct error e = { 0 };

    if (store_begin(s, &e) < 0 || store_scans_begin(s, &e) < 0)
        abort();
    put_scan(s, "cart-1", 5);
    put_scan(s, "web-1", 1);
    if (store_scans_end(s, &e) < 0 || store_commit(s, &e) < 0)
        abort();
}

void fake_history(const char *db)
{
    struct error e = { 0 };
    struct store *s = store_open(db, NULL, &e);
    struct operator_status_row r = { .mode = "operated",
                                     .tier = "free",
                                     .version = "0.1.0",
                                     .health = "healthy",
                                     .cluster_id = "cls_0123456789abcdef",
                                     .last_update = FAKE_START + 3 * USEC_PER_DAY };

    if (!s || store_status_put(s, &r, &e) < 0)
        abort();
    fake_run_put(s, &(struct fake_run){ .number = 1, .findings = 6 });
    fake_run_put(s, &(struct fake_run){ .number = 2, .findings = 6 });
    fake_run_put(s, &(struct fake_run){ .number = 3, .failed = true });
    put_scans(s);
    store_close(s);
}
