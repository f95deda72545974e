// SPDX-License-Identifier: Apache-2.0
// Prints a made-up report in a format, for the programs that validate it.
// usage: print-formats FORMAT [none|many|screen]
#include "cmd/fake_findings.h"
#include "cmd/render.h"

#include <string.h>

int main(int argc, char **argv)
{
    struct arena *autoarena arena = arena_new((size_t)256 << 20);
    const struct render *r = argc > 1 ? render_find(argv[1]) : NULL;
    struct findings fs;
    bool screen = argc > 2 && strcmp(argv[2], "screen") == 0;

    if (!r) {
        fprintf(stderr, "usage: print-formats FORMAT [none|many|screen]\n");
        return 2;
    }
    if (argc > 2 && strcmp(argv[2], "many") == 0)
        fake_findings_many(&fs, arena, 2000);
    else if (argc > 2 && !screen)
        fake_findings_none(&fs, arena);
    else
        fake_findings(&fs, arena);
    return r->print(&fs, (struct look){ .screen = screen ? 100 : 0, .color = screen }, stdout);
}
