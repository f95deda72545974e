// SPDX-License-Identifier: Apache-2.0
// stdout and stderr are files for the time of one call.
#include "cmd/fake_cli.h"

#include "base/alloc.h"
#include "base/str.h"
#include "cmd/cli.h"
#include "store/fake_store.h"
#include "store/operator_status.h"

#include <stdlib.h>
#include <unistd.h>

#define WORDS_MAX 40

static void swap_in(int fd, int *ret_saved, FILE **ret_file)
{
    fflush(fd == STDOUT_FILENO ? stdout : stderr);
    *ret_file = tmpfile();
    *ret_saved = dup(fd);
    if (!*ret_file || *ret_saved < 0 || dup2(fileno(*ret_file), fd) < 0)
        abort();
}

static char *swap_out(int fd, int saved, FILE *file)
{
    long n;
    char *text;

    fflush(fd == STDOUT_FILENO ? stdout : stderr);
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

struct said cli(const char *line)
{
    static char *out, *err; // freed by the next call, so that tests need not
    char *words[WORDS_MAX + 1] = { xstrdup("kube9-operator") };
    struct str rest = str_of(line), word;
    struct said said;
    FILE *files[2];
    int saved[2], n = 1;

    free(out);
    free(err);
    while (n < WORDS_MAX && str_split(&rest, ' ', &word))
        words[n++] = xstrndup(word.p, word.n);
    swap_in(STDOUT_FILENO, &saved[0], &files[0]);
    swap_in(STDERR_FILENO, &saved[1], &files[1]);
    said.status = cli_run(n, words);
    said.err = err = swap_out(STDERR_FILENO, saved[1], files[1]);
    said.out = out = swap_out(STDOUT_FILENO, saved[0], files[0]);
    for (int i = 0; i < n; i++)
        free(words[i]);
    return said;
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
    store_close(s);
}
