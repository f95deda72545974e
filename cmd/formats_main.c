// SPDX-License-Identifier: Apache-2.0
// Prints a made-up report in a format, for the programs that validate it.
// usage: print-formats FORMAT [none|many]
#include "cmd/fake_findings.h"
#include "cmd/render.h"

#include <string.h>

int main(int argc, char **argv)
{
    struct arena *autoarena arena = arena_new((size_t)16 << 20);
    const struct render *r = argc > 1 ? render_find(argv[1]) : NULL;
    struct findings fs;

    if (!r) {
        fprintf(stderr, "usage: print-formats FORMAT [none|many]\n");
        return 2;
    }
    if (argc > 2 && strcmp(argv[2], "many") == 0)
        fake_findings_many(&fs, arena, 2000);
    else if (argc > 2)
        fake_findings_none(&fs, arena);
    else
        fake_findings(&fs, arena);
    return r->print(&fs, (struct look){ 0 }, stdout);
}
