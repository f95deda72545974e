// SPDX-License-Identifier: Apache-2.0
// Threads take the files one after the other, each with memory of its own; what they bring is put
// in the order of the files again, so that the result does not tell how many they were. Then the
// objects are sorted into a snapshot.
#include "cmd/manifests.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "cmd/manifest_file.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_MAX      8
#define FILES_PER_THREAD 8 // fewer are not worth another one
#define STACK_BYTES      ((size_t)1024 * 1024)
#define TEXTS_MAX        ((size_t)64 << 20) // names of files and messages
#define PROGRESS_EVERY   32                 // files

struct problems {
    struct manifest_problem *v; // owned
    size_t n, cap;
};

struct manifests {
    struct arena *a;
    struct paths paths;
    struct manifest_item *items; // owned, and what they hold; in the order of the files
    uint32_t n;
    struct map by_object;
    const struct object **objects;   // owned: the kinds' objects, one kind after the other
    struct written_version *written; // owned
    struct snapshot snapshot;
    struct manifest_totals totals;
    struct problems problems, remarks;
};

struct crew { // the threads at work
    struct manifests *m;
    const struct manifests_options *o;
    struct manifest_thread threads[THREADS_MAX];
    atomic_uint next; // file to be read
    _Atomic size_t budget;
};

static void add_problem(struct manifests *m, struct problems *to, const char *file, uint32_t line,
                        const char *text)
{
    if (arena_room(m->a) < strlen(text) + 64)
        return;
    if (to->n == to->cap) {
        to->cap = to->cap ? 2 * to->cap : 16;
        to->v = xrealloc(to->v, to->cap * sizeof(*to->v));
    }
    to->v[to->n++] =
        (struct manifest_problem){ .file = file, .line = line, .text = arena_strdup(m->a, text) };
}

static void on_bad_path(void *arg, const char *path, const char *text)
{
    struct manifests *m = arg;

    add_problem(m, &m->problems, arena_strdup(m->a, path), 0, text);
}

static const char *shown(const struct manifests *m, uint32_t file)
{
    const char *path = m->paths.v[file].path;

    return strcmp(path, "-") == 0 ? "stdin" : path;
}

static void work(struct crew *c, struct manifest_thread *t, bool tells)
{
    size_t n = c->m->paths.n;

    for (uint32_t i; (i = atomic_fetch_add(&c->next, 1)) < n;) {
        manifest_thread_read(t, i, &c->m->paths.v[i]);
        if (tells && c->o->progress && i % PROGRESS_EVERY == 0)
            c->o->progress(c->o->arg, i, n);
    }
}

struct post { // what a thread is given
    struct crew *crew;
    struct manifest_thread *thread;
};

static void *thread_main(void *arg)
{
    const struct post *p = arg;

    work(p->crew, p->thread, false);
    return NULL;
}

static uint32_t crew_size(const struct manifests_options *o, size_t files)
{
    long processors = o->threads ? o->threads : sysconf(_SC_NPROCESSORS_ONLN);
    size_t useful = o->threads ? files : files / FILES_PER_THREAD;
    size_t n = MIN(processors > 0 ? (size_t)processors : 1, useful);

    return (uint32_t)MAX(1, MIN(n, THREADS_MAX));
}

// A thread that cannot be had is not missed: the others do its part.
static void run_crew(struct crew *c, uint32_t n)
{
    pthread_t ids[THREADS_MAX];
    struct post posts[THREADS_MAX];
    uint32_t started = 0;
    pthread_attr_t attr;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    atom_share(n > 1);
    for (uint32_t i = 1; i < n; i++) {
        posts[started] = (struct post){ c, &c->threads[i] };
        started += pthread_create(&ids[started], &attr, thread_main, &posts[started]) == 0;
    }
    work(c, &c->threads[0], true);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    atom_share(false);
    pthread_attr_destroy(&attr);
    if (c->o->progress)
        c->o->progress(c->o->arg, c->m->paths.n, c->m->paths.n);
}

// The thread whose next item is of the earliest file; NULL: all are taken.
static struct manifest_thread *earliest(struct crew *c, uint32_t n, const uint32_t *at)
{
    struct manifest_thread *first = NULL;
    uint32_t file = UINT32_MAX;

    for (uint32_t i = 0; i < n; i++) {
        struct manifest_thread *t = &c->threads[i];

        if (at[i] < t->n_items && t->items[at[i]].file < file) {
            file = t->items[at[i]].file;
            first = t;
        }
    }
    return first;
}

static void merge_items(struct crew *c, uint32_t n)
{
    struct manifests *m = c->m;
    uint32_t at[THREADS_MAX] = { 0 }, total = 0;
    struct manifest_thread *t;

    for (uint32_t i = 0; i < n; i++)
        total += c->threads[i].n_items;
    m->items = xmalloc((total + 1) * sizeof(*m->items));
    while ((t = earliest(c, n, at)))
        m->items[m->n++] = t->items[at[t - c->threads]++];
    for (uint32_t i = 0; i < n; i++)
        c->threads[i].n_items = 0; // they are ours now
}

static int by_file(const void *a, const void *b)
{
    const struct manifest_trouble *x = a, *y = b;

    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

static void merge_troubles(struct crew *c, uint32_t n)
{
    struct manifest_trouble *all;
    uint32_t total = 0, k = 0;

    for (uint32_t i = 0; i < n; i++)
        total += c->threads[i].n_troubles;
    all = xmalloc((total + 1) * sizeof(*all));
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < c->threads[i].n_troubles; j++)
            all[k++] = c->threads[i].troubles[j];
    qsort(all, total, sizeof(*all), by_file);
    for (uint32_t i = 0; i < total; i++)
        add_problem(c->m, &c->m->problems, shown(c->m, all[i].file), all[i].line, all[i].text);
    free(all);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void say_chart(struct manifests *m, const char *chart, uint32_t n)
{
    char text[1024];

    snprintf(text, sizeof(text),
             "is a Helm chart, and %u of its templates are no YAML yet: helm template %.400s | "
             "kube9-operator assess -",
             n, chart);
    add_problem(m, &m->problems, chart, 0, text);
}

static void merge_templates(struct crew *c, uint32_t n)
{
    struct manifests *m = c->m;
    autofree const char **charts = NULL;
    uint32_t total = 0, k = 0;

    for (uint32_t i = 0; i < n; i++)
        total += c->threads[i].n_templates;
    charts = xmalloc((total + 1) * sizeof(char *));
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < c->threads[i].n_templates; j++)
            charts[k++] = m->paths.v[c->threads[i].templates[j]].chart;
    qsort(charts, total, sizeof(char *), by_text);
    for (uint32_t i = 0, first = 0; i < total; i++) {
        if (i + 1 < total && strcmp(charts[i], charts[i + 1]) == 0)
            continue;
        say_chart(m, charts[first], i + 1 - first);
        first = i + 1;
    }
    m->totals.templates = total;
}

static void merge_counts(struct crew *c, uint32_t n)
{
    struct manifest_totals *to = &c->m->totals;

    for (uint32_t i = 0; i < n; i++) {
        const struct manifest_thread *t = &c->threads[i];

        to->files += t->files;
        to->counts.objects += t->counts.objects;
        to->counts.unknown += t->counts.unknown;
        to->counts.foreign += t->counts.foreign;
    }
}

static void read_files(struct manifests *m, const struct manifests_options *o)
{
    struct crew *c = xcalloc(1, sizeof(*c));
    uint32_t n = crew_size(o, m->paths.n);

    c->m = m;
    c->o = o;
    c->budget = MANIFEST_MEMORY_MAX;
    for (uint32_t i = 0; i < n; i++)
        manifest_thread_init(&c->threads[i], o->ns ? o->ns : "default", &c->budget);
    run_crew(c, n);
    merge_items(c, n);
    merge_troubles(c, n);
    merge_templates(c, n);
    merge_counts(c, n);
    for (uint32_t i = 0; i < n; i++)
        manifest_thread_fini(&c->threads[i]);
    free(c);
}

static uint32_t name_hash(const void *entry)
{
    const struct object *o = ((const struct manifest_item *)entry)->object;

    return hash_mix(hash_mix(o->kind, o->ns), hash_str(object_name(o)));
}

static bool name_is(const void *entry, const void *key)
{
    const struct object *a = ((const struct manifest_item *)entry)->object;
    const struct object *b = ((const struct manifest_item *)key)->object;

    return a->kind == b->kind && a->ns == b->ns && strcmp(object_name(a), object_name(b)) == 0;
}

static const struct map_ops name_ops = { name_hash, name_is };

static void say_twice(struct manifests *m, const struct manifest_item *first,
                      const struct manifest_item *again)
{
    const struct object *o = again->object;
    char text[1024];

    snprintf(text, sizeof(text),
             "%s %s%s%.253s is given twice; it is judged as it stands in %.400s:%u",
             kind_get((enum kind_id)o->kind)->kind, object_namespace(o), o->ns ? "/" : "",
             object_name(o), shown(m, first->file), first->object->line);
    add_problem(m, &m->remarks, shown(m, again->file), o->line, text);
}

// A name that the server completes is given to many objects.
static bool is_generated(const struct object *o)
{
    return str_ends(object_name(o), "-");
}

static void drop_repeated(struct manifests *m)
{
    struct map by_name;
    uint32_t kept = 0;

    map_init(&by_name, &name_ops);
    map_reserve(&by_name, m->n);
    for (uint32_t i = 0; i < m->n; i++) {
        struct manifest_item *it = &m->items[i], *first;

        first = is_generated(it->object) ? NULL : map_get(&by_name, name_hash(it), it);
        if (first) {
            say_twice(m, first, it);
            object_unref(it->object);
            yaml_lines_free(it->lines);
            continue;
        }
        m->items[kept] = *it;
        if (!is_generated(it->object))
            map_put(&by_name, &m->items[kept], &m->items[kept]);
        kept++;
    }
    m->n = kept;
    map_fini(&by_name);
}

static uint32_t object_hash(const void *entry)
{
    return hash_pointer(((const struct manifest_item *)entry)->object);
}

static bool object_is(const void *entry, const void *key)
{
    return ((const struct manifest_item *)entry)->object == key;
}

static const struct map_ops object_ops = { object_hash, object_is };

static void note_versions(struct manifests *m)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < m->n; i++)
        n += m->items[i].api_version != 0;
    m->written = xmalloc((n + 1) * sizeof(*m->written));
    n = 0;
    for (uint32_t i = 0; i < m->n; i++) {
        if (m->items[i].api_version)
            m->written[n++] =
                (struct written_version){ m->items[i].object, m->items[i].api_version };
    }
    snapshot_set_written(&m->snapshot, m->written, n);
}

// Every kind is known to the last object: what the files do not hold is not there.
static void make_snapshot(struct manifests *m, const struct manifests_options *o)
{
    struct snapshot *s = &m->snapshot;
    const struct object **at[KIND_COUNT], **next;

    *s = (struct snapshot){ .now = clock_wall(), .server_minor = o->server_minor };
    for (uint32_t i = 0; i < m->n; i++)
        s->n[m->items[i].object->kind]++;
    next = m->objects = xmalloc((m->n + 1) * sizeof(*m->objects));
    for (int k = 0; k < KIND_COUNT; k++) {
        s->state[k] = KIND_SYNCED;
        s->objects[k] = at[k] = next;
        next += s->n[k];
    }
    map_reserve(&m->by_object, m->n);
    for (uint32_t i = 0; i < m->n; i++) {
        struct manifest_item *it = &m->items[i];

        *at[it->object->kind]++ = it->object;
        map_put(&m->by_object, it->object, it);
    }
    note_versions(m);
}

static void check_emptiness(struct manifests *m, const struct manifests_options *o)
{
    const struct manifest_counts *c = &m->totals.counts;
    char text[160];

    if (m->problems.n || c->objects)
        return;
    if (!m->paths.n)
        snprintf(text, sizeof(text), "holds no *.yaml, *.yml or *.json file");
    else
        snprintf(text, sizeof(text),
                 "no object that can be judged in %u files (%u of other kinds, %u other documents)",
                 m->totals.files, c->unknown, c->foreign);
    add_problem(m, &m->problems, strcmp(o->paths[0], "-") == 0 ? "stdin" : o->paths[0], 0, text);
}

struct manifests *manifests_read(const struct manifests_options *o)
{
    struct manifests *m = xcalloc(1, sizeof(*m));

    m->a = arena_new(TEXTS_MAX);
    map_init(&m->by_object, &object_ops);
    paths_init(&m->paths, m->a);
    m->paths.broken = on_bad_path;
    m->paths.arg = m;
    for (size_t i = 0; i < o->n_paths; i++)
        paths_add(&m->paths, o->paths[i]);
    read_files(m, o);
    drop_repeated(m);
    make_snapshot(m, o);
    check_emptiness(m, o);
    return m;
}

void manifests_free(struct manifests *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; i < m->n; i++) {
        object_unref(m->items[i].object);
        yaml_lines_free(m->items[i].lines);
    }
    free(m->items);
    free(m->objects);
    free(m->written);
    free(m->problems.v);
    free(m->remarks.v);
    map_fini(&m->by_object);
    paths_fini(&m->paths);
    arena_free(m->a);
    free(m);
}

const struct snapshot *manifests_snapshot(const struct manifests *m)
{
    return &m->snapshot;
}

const struct manifest_totals *manifests_totals(const struct manifests *m)
{
    return &m->totals;
}

const struct manifest_problem *manifests_problems(const struct manifests *m, size_t *ret_n)
{
    *ret_n = m->problems.n;
    return m->problems.v;
}

const struct manifest_problem *manifests_remarks(const struct manifests *m, size_t *ret_n)
{
    *ret_n = m->remarks.n;
    return m->remarks.v;
}

const char *manifests_place(const struct manifests *m, const struct object *o, const char *path,
                            uint32_t *ret_line)
{
    const struct manifest_item *it = o ? map_get(&m->by_object, hash_pointer(o), o) : NULL;

    *ret_line = it ? yaml_lines_find(it->lines, path) : 0;
    return it ? shown(m, it->file) : "";
}
