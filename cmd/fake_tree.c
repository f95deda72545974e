// SPDX-License-Identifier: Apache-2.0
// Below /tmp, by its own name.
#include "cmd/fake_tree.h"

#include "base/alloc.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void fake_tree_init(struct fake_tree *t)
{
    snprintf(t->dir, sizeof(t->dir), "/tmp/kube9-tree-XXXXXX");
    if (!mkdtemp(t->dir))
        abort();
}

static int remove_one(const char *path, const struct stat *st unused_arg, int type unused_arg,
                      struct FTW *where unused_arg)
{
    return remove(path);
}

void fake_tree_fini(struct fake_tree *t)
{
    nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fake_tree_path(const struct fake_tree *t, const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", t->dir, name);
    for (char *slash = strchr(path + strlen(t->dir) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    return path;
}

void fake_tree_putn(const struct fake_tree *t, const char *name, struct str text)
{
    FILE *out = fopen(fake_tree_path(t, name), "we");

    if (!out || fwrite(text.p, 1, text.n, out) != text.n || fclose(out) != 0)
        abort();
}

void fake_tree_put(const struct fake_tree *t, const char *name, const char *text)
{
    fake_tree_putn(t, name, str_of(text));
}
