// SPDX-License-Identifier: Apache-2.0
// Any YAML that decodes may be assessed: no check may crash, read out of bounds or run away,
// whatever an object says.
#include "controller/checks/checks.h"
#include "controller/checks/fake_snapshot.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look_at(void *arg, const struct finding *f)
{
    // Touching every byte lets the sanitizers see a bad pointer.
    *(size_t *)arg += strlen(f->message) + strlen(f->path) + strlen(f->container) +
                      strlen(f->name) + strlen(f->ns) + strlen(f->kind) + strlen(f->group);
    return 0;
}

static void assess(const struct snapshot *s, const char *profile)
{
    size_t seen = 0;
    struct assess_sink sink = { .finding = look_at, .arg = &seen };
    struct assessment_options o = { .mode = ASSESS_FULL, .profile = profile, .want_skipped = true };
    struct assessment_summary sum;

    if (assess_run(s, &o, &sink, &sum, NULL) < 0)
        abort();
    if (sum.score > 100 || sum.evaluated > sum.counts.total)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fake_snapshot f;
    struct str text = { (const char *)data, size };

    if (size > 65536)
        return 0;
    fake_snapshot_init(&f);
    f.s.live = size % 2;
    if (fake_snapshot_yaml(&f, text, NULL) == 0) {
        assess(&f.s, NULL);
        assess(&f.s, "strict");
    }
    fake_snapshot_fini(&f);
    return 0;
}
