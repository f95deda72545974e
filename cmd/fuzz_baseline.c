// SPDX-License-Identifier: Apache-2.0
// A baseline is refused with a text, or it can be applied; nothing is counted that is not there.
#include "cmd/baseline.h"
#include "cmd/fake_findings.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *autoarena arena = arena_new((size_t)256 << 20);
    struct findings fs;
    struct error e = { 0 };
    struct baseline *b = baseline_parse((struct str){ (const char *)data, size }, &e);
    size_t before;

    if (!b) {
        assert(e.code != ERR_NONE && *e.text);
        return 0;
    }
    fake_findings(&fs, arena);
    before = fs.n - fs.exempted;
    baseline_apply(b, &fs);
    assert(fs.n + fs.baseline.known == before);
    assert(fs.baseline.fixed <= size);
    baseline_free(b);
    return 0;
}
