// SPDX-License-Identifier: Apache-2.0
// Directories are gone through depth first, each one's names sorted by their bytes, so that the
// order is the same on every machine. Device and inode tell what was there already: that ends loops
// of symbolic links too.
#include "cmd/paths.h"

#include "base/alloc.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64 // of directories

struct file_id {
    dev_t device;
    ino_t inode;
};

static uint32_t id_hash(const void *entry)
{
    return hash_bytes(entry, sizeof(struct file_id));
}

static bool id_is(const void *entry, const void *key)
{
    const struct file_id *a = entry, *b = key;

    return a->device == b->device && a->inode == b->inode;
}

static const struct map_ops id_ops = { id_hash, id_is };

void paths_init(struct paths *p, struct arena *a)
{
    *p = (struct paths){ .a = a };
    map_init(&p->seen, &id_ops);
}

void paths_fini(struct paths *p)
{
    map_fini(&p->seen);
    free(p->v);
}

static bool seen_before(struct paths *p, dev_t device, ino_t inode)
{
    struct file_id id = { .device = device, .inode = inode }, *kept;

    if (map_get(&p->seen, id_hash(&id), &id))
        return true;
    kept = ARENA_NEW(p->a, struct file_id);
    *kept = id;
    map_put(&p->seen, kept, kept);
    return false;
}

static void broken(struct paths *p, const char *path, const char *fmt, ...) printf_like(3, 4);

static void broken(struct paths *p, const char *path, const char *fmt, ...)
{
    char text[128];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    p->broken(p->arg, path, text);
}

static void broken_errno(struct paths *p, const char *path, int errnum)
{
    broken(p, path, "cannot be read: %s", strerror(errnum));
}

static void add_file(struct paths *p, const char *path, const char *chart)
{
    if (p->n == PATHS_MAX) {
        if (!p->full)
            broken(p, path, "is one file too many: %u are read at a time", PATHS_MAX);
        p->full = true;
        return;
    }
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 256;
        p->v = xrealloc(p->v, p->cap * sizeof(*p->v));
    }
    p->v[p->n++] = (struct path_entry){ .path = arena_strdup(p->a, path), .chart = chart };
}

static const char *type_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFIFO:
        return "a pipe";
    case S_IFSOCK:
        return "a socket";
    default:
        return "a device";
    }
}

struct place {         // in the tree
    const char *chart; // whose templates these are; NULL: no chart's
    const char *outer; // the chart that has this one in its charts/
    int depth;
};

static void add_directory(struct paths *p, const char *path, struct place at);

static void add_known(struct paths *p, const char *path, const struct stat *st, struct place at)
{
    if (!S_ISDIR(st->st_mode) && !S_ISREG(st->st_mode)) {
        broken(p, path, "is %s, not a file or directory; '-' reads from stdin",
               type_name(st->st_mode));
    } else if (seen_before(p, st->st_dev, st->st_ino)) {
        return;
    } else if (S_ISDIR(st->st_mode)) {
        add_directory(p, path, at);
    } else {
        add_file(p, path, at.chart);
    }
}

static bool is_manifest(const char *name)
{
    return str_ends(name, ".yaml") || str_ends(name, ".yml") || str_ends(name, ".json");
}

static int not_hidden(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

// What has a known type needs no call of its own: a tree of manifests is thousands of files.
static void add_entry(struct paths *p, const char *path, const struct dirent *d,
                      const struct stat *in, struct place at)
{
    struct stat st;

    if (d->d_type == DT_REG) {
        if (is_manifest(d->d_name) && !seen_before(p, in->st_dev, d->d_ino))
            add_file(p, path, at.chart);
        return;
    }
    if (stat(path, &st) < 0) {
        if (is_manifest(d->d_name)) // a link to nowhere, among others
            broken_errno(p, path, errno);
        return;
    }
    if (S_ISDIR(st.st_mode) || is_manifest(d->d_name))
        add_known(p, path, &st, at);
}

static bool has_chart(struct dirent *const *list, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(list[i]->d_name, "Chart.yaml") == 0)
            return true;
    return false;
}

// Charts in charts/ are rendered with the one around them, so that is the one to name.
static struct place place_below(struct place at, const char *chart, const char *name)
{
    const char *named = at.outer ? at.outer : chart;

    at.depth++;
    if (chart && strcmp(name, "templates") == 0)
        at.chart = named;
    if (chart && strcmp(name, "charts") == 0)
        at.outer = named;
    return at;
}

static void add_entries(struct paths *p, const char *path, const struct stat *in,
                        struct dirent *const *list, int n, struct place at)
{
    const char *slash = str_ends(path, "/") ? "" : "/";
    const char *chart = has_chart(list, n) ? arena_strdup(p->a, path) : NULL;

    for (int i = 0; i < n; i++) {
        autofree char *below = xasprintf("%s%s%s", path, slash, list[i]->d_name);

        add_entry(p, below, list[i], in, place_below(at, chart, list[i]->d_name));
    }
}

static void add_directory(struct paths *p, const char *path, struct place at)
{
    struct dirent **list = NULL;
    struct stat in;
    int n;

    if (at.depth > DEPTH_MAX) {
        broken(p, path, "is more than %d directories deep", DEPTH_MAX);
        return;
    }
    n = stat(path, &in) < 0 ? -1 : scandir(path, &list, not_hidden, by_bytes);
    if (n < 0) {
        broken_errno(p, path, errno);
        return;
    }
    add_entries(p, path, &in, list, n, at);
    for (int i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

// The chart that a path given by the user lies in the templates of.
static const char *chart_above(struct paths *p, const char *path)
{
    char real[PATH_MAX], file[PATH_MAX + 16], *end;

    if (!realpath(path, real))
        return NULL;
    for (end = strstr(real, "/templates"); end; end = strstr(end + 1, "/templates")) {
        if (end[10] != '/' && end[10] != '\0')
            continue;
        snprintf(file, sizeof(file), "%.*s/Chart.yaml", (int)(end - real), real);
        if (access(file, F_OK) == 0)
            return arena_strndup(p->a, real, (size_t)(end - real));
    }
    return NULL;
}

void paths_add(struct paths *p, const char *path)
{
    struct stat st;

    if (strcmp(path, "-") == 0) {
        if (!p->standard_input)
            add_file(p, path, NULL);
        p->standard_input = true;
    } else if (stat(path, &st) < 0) {
        broken_errno(p, path, errno);
    } else {
        add_known(p, path, &st, (struct place){ .chart = chart_above(p, path) });
    }
}
