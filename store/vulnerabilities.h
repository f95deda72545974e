// SPDX-License-Identifier: Apache-2.0
// What scanners found in images: one row per report, one per vulnerability in it. It is a picture
// of now, not a history: a report that has not changed is not written again, and one that is gone
// takes its rows along.
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"

struct store;

enum vulnerability_severity {
    VULNERABILITY_CRITICAL,
    VULNERABILITY_HIGH,
    VULNERABILITY_MEDIUM,
    VULNERABILITY_LOW,
    VULNERABILITY_UNKNOWN,
    VULNERABILITY_SEVERITIES
};

const char *vulnerability_severity_name(int64_t s); // "critical"; "unknown" out of range
enum vulnerability_severity vulnerability_severity_of(const char *word); // any letter case

struct scan_row {
    const char *uid;                          // of the report
    const char *version;                      // changes whenever the report does
    const char *kind, *ns, *name, *container; // what runs the image
    const char *image, *digest;               // "registry/repository:tag"; digest "" if unknown
    usec scanned;                             // 0: unknown
};

struct vulnerability_row {
    struct scan_row scan; // filled by the store on reading
    const char *id;       // "CVE-2026-1234"
    enum vulnerability_severity severity;
    const char *package, *installed, *fixed; // fixed "" while there is no version without it
};

// Writing, inside a run's transaction: begin, every report there is, end. put: 1 when the report is
// new or has changed, then its vulnerabilities follow; 0 when its rows are there already.
int must_check store_scans_begin(struct store *s, struct error *e);
int must_check store_scan_put(struct store *s, const struct scan_row *r, struct error *e);
int must_check store_vulnerability_put(struct store *s, const struct vulnerability_row *r,
                                       struct error *e);
int must_check store_scans_end(struct store *s, struct error *e); // reports not put are deleted

struct vulnerability_query {
    const char *const *severities; // NULL = all; likewise below
    const char *const *ids;
    const char *image, *ns, *package;
    bool fixable;          // only those that a newer version mends
    usec since, until;     // on the scan; until is exclusive
    int64_t limit, offset; // limit 0: all
};

// Worst first, then by id, image and object. Rows are valid during the call; each returns -1 to
// stop.
int must_check store_vulnerability_each(struct store *s, const struct vulnerability_query *q,
                                        int (*each)(void *arg, const struct vulnerability_row *r),
                                        void *arg, int64_t *ret_total, struct error *e);

struct vulnerability_summary {
    int64_t reports, images;
    int64_t found[VULNERABILITY_SEVERITIES], fixable[VULNERABILITY_SEVERITIES];
    usec oldest, newest; // scans; 0: none
};

int must_check store_vulnerability_summary(struct store *s, struct vulnerability_summary *ret,
                                           struct error *e);
