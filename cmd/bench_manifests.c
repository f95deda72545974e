// SPDX-License-Identifier: Apache-2.0
// What the parts of `assess PATH` take: reading the files on so many threads, and the walk.
//   usage: bench_manifests DIR [THREADS [ROUNDS]]
#include "base/clock.h"
#include "cmd/manifests.h"
#include "controller/checks/checks.h"

#include <stdio.h>
#include <stdlib.h>

struct places {
    const struct manifests *m;
    uint64_t findings, lines;
};

static int find_place(void *arg, const struct finding *f)
{
    struct places *p = arg;
    uint32_t line;

    manifests_place(p->m, f->object, f->path, &line);
    p->findings++;
    p->lines += line;
    return 0;
}

static void round_of(const char *dir, int threads)
{
    usec start = clock_mono(), read, done;
    struct manifests *m = manifests_read(
        &(struct manifests_options){ .paths = &dir, .n_paths = 1, .threads = threads });
    struct places places = { .m = m };
    struct assess_sink sink = { .finding = find_place, .arg = &places };
    struct assessment_options o = { .mode = ASSESS_FULL };
    struct assessment_summary s;

    read = clock_mono();
    if (assess_run(manifests_snapshot(m), &o, &sink, &s, NULL) < 0)
        abort();
    done = clock_mono();
    printf("read %.1f ms, walk %.1f ms; %u objects, %" PRIu64 " findings, sum of lines %" PRIu64
           "\n",
           (double)(read - start) / 1000, (double)(done - read) / 1000,
           manifests_totals(m)->counts.objects, places.findings, places.lines);
    manifests_free(m);
}

static int number(const char *text, int fallback)
{
    int64_t n = fallback;

    if (text && str_i64(str_of(text), &n) < 0)
        n = fallback;
    return (int)n;
}

int main(int argc, char **argv)
{
    int threads = number(argc > 2 ? argv[2] : NULL, 0),
        rounds = number(argc > 3 ? argv[3] : NULL, 3);

    if (argc < 2) {
        fprintf(stderr, "usage: bench_manifests DIR [THREADS [ROUNDS]]\n");
        return EXIT_FAILURE;
    }
    for (int i = 0; i < rounds; i++)
        round_of(argv[1], threads);
    return EXIT_SUCCESS;
}
