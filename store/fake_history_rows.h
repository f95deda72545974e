// SPDX-License-Identifier: Apache-2.0
// Tests only: what the operations of fake_history.h write, so that the comparison can ask for the
// same words.
#pragma once

#include "store/fake_history.h"

#define FAKE_HISTORY_START ((usec)1767225600 * USEC_PER_SEC) // 2026-01-01T00:00:00Z

enum fake_phase { FAKE_PHASE_NONE, FAKE_PHASE_RUNNING, FAKE_PHASE_COMPLETED, FAKE_PHASE_FAILED };

uint64_t fake_mix(uint64_t seed, uint64_t a, uint64_t b);
usec fake_op_time(int i);
enum fake_phase fake_entry_phase(const struct fake_history *h, int i);
usec fake_entry_time(const struct fake_history *h, int i); // that retention goes by

struct fake_run_words {
    char uid[32], name[32], message[48];
};

// running: the row at the start of the run; else its final one.
void fake_run_words(struct run_row *row, struct fake_run_words *w, const struct fake_op *op,
                    bool running);

struct fake_finding {
    struct finding_row row;
    char check[32], title[48], object[48], print[24], message[3200];
};

// Its words follow from the operation that writes it, not from the run alone.
void fake_finding_make(struct fake_finding *f, uint64_t seed, const struct fake_op *op, int i);
uint64_t fake_finding_digest(const struct finding_row *f); // to be added up: the order is not in it
uint64_t fake_op_digest(uint64_t seed, const struct fake_op *op); // of all its findings
char *fake_fact_value(uint64_t seed, int i);                      // the caller frees it
