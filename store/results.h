// SPDX-License-Identifier: Apache-2.0
// Results are kept once. What a run says of an object is, nearly always, what the run before it
// said: then it is the same row, and the run only has a span of row numbers that it is in. A row's
// number begins with its check and rank (a block), so that results of one kind stand side by side
// and a run is a few hundred spans. For the files of this folder, inside a run's transaction.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/str.h"

#define RESULT_ID_MAX    64
// A file's own secret, so that nobody can name objects whose findings have the same hash.
#define RESULT_SALT_FACT "resultSalt"

struct finding_row;
struct store;

// Blocks that the current run has put rows into; the hash is of the rank and all words of the
// check.
#define KNOWN_BLOCKS 512

struct known_block {
    uint64_t hash; // 0: none
    int64_t chk, first;
    int64_t last; // highest number of a result, 0: not asked yet
};

struct run_result {
    int64_t id;
    int64_t subject; // one row per check and subject: the worst one
};

struct run_results { // of the run that is being written; zeroed is empty
    struct run_result *v;
    size_t n, room;
    struct buf text;
    char salt[33];
    struct known_block known[KNOWN_BLOCKS];
};

int must_check results_begin(struct store *s, struct error *e);
int must_check results_put(struct store *s, const struct finding_row *f, struct error *e);
// Writes the spans, instead of those of an earlier attempt at the same run.
int must_check results_end(struct store *s, struct error *e);
void results_fini(struct run_results *r);

// The name of a result of a run, never given twice: fnd_<run>-<block>-<number>.
#define RESULT_NUMBER_BITS 34 // ten thousand new ones an hour for two hundred years
#define RESULT_ID_SQL(run, id)                                                                     \
    "'fnd_' || " run " || '-' || (" id " >> 34) || '-' || (" id " & 17179869183)"
void result_id_text(int64_t run, int64_t id, char ret[RESULT_ID_MAX]);
// -1: it is no such name.
int result_id_parse(const char *text, int64_t *ret_run, int64_t *ret_id);

// sweep.c: deletes results that no run has any more, `limit` at the most; *ret: how many.
int must_check results_sweep(struct store *s, int64_t limit, int64_t *ret, struct error *e);
