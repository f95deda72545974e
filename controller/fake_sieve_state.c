// SPDX-License-Identifier: Apache-2.0
// The state as lines "path = value", one per leaf. What differs between any two plays is made the
// same: times, versions, and the identifiers that follow from times, each by its place among its
// like. Messages and conditions' times are left out; everything else counts.
#include "controller/fake_sieve.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "controller/fake_manager.h"
#include "informer/fake_parts.h"
#include "store/runs.h"

#include <ctype.h>

#define STATE_MAX ((size_t)8 << 20)
#define NAMES_MAX 256
#define UID_START "00000000-0000-4000-8000-"
#define RUN_START "default-"

struct state {
    struct buf out;
    bool loosely;
    const char *loose;
    char path[1024];
};

static bool is_left_out(const char *key)
{
    static const char *const keys[] = { "resourceVersion",   "generation",
                                        "creationTimestamp", "managedFields",
                                        "message",           "lastTransitionTime",
                                        "duration",          "lastScheduledError" };

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (strcmp(key, keys[i]) == 0)
            return true;
    }
    return false;
}

static void put_text(struct state *s, const char *text)
{
    usec at;

    buf_addf(&s->out, "%s = %s\n", s->path,
             time_parse(str_of(text), &at, NULL) == 0 ? "<time>" : text);
}

static void put(struct state *s, json_val *v);

// A run is judged by the configuration that was in force, and says by which: with another view of
// the cluster that may be the one before.
static bool is_of_the_view(const struct state *s, const char *key)
{
    return s->loosely && strcmp(key, "configGeneration") == 0;
}

static void put_member(struct state *s, const char *key, json_val *v)
{
    size_t n = strlen(s->path);

    if (is_left_out(key) || is_of_the_view(s, key))
        return;
    snprintf(s->path + n, sizeof(s->path) - n, ".%s", key);
    put(s, v);
    s->path[n] = '\0';
}

static void put_object(struct state *s, json_val *v)
{
    yyjson_obj_iter it;
    json_val *key;

    yyjson_obj_iter_init(v, &it);
    while ((key = yyjson_obj_iter_next(&it)))
        put_member(s, yyjson_get_str(key), yyjson_obj_iter_get_val(key));
}

static void put_list(struct state *s, json_val *v)
{
    yyjson_arr_iter it;
    json_val *item;
    char index[24];
    size_t i = 0;

    yyjson_arr_iter_init(v, &it);
    while ((item = yyjson_arr_iter_next(&it))) {
        snprintf(index, sizeof(index), "%zu", i++);
        put_member(s, json_str(json_get(item, "type"), json_str(json_get(item, "checkId"), index)),
                   item);
    }
}

static void put(struct state *s, json_val *v)
{
    struct buf autobuf text = { 0 };

    if (yyjson_is_obj(v)) {
        put_object(s, v);
    } else if (yyjson_is_arr(v)) {
        put_list(s, v);
    } else if (yyjson_is_str(v)) {
        put_text(s, json_str(v, ""));
    } else {
        buf_init(&text, 64);
        if (json_write(v, &text) == 0)
            put_text(s, text.p);
    }
}

static void put_json(struct state *s, const char *text)
{
    struct json_doc autojson doc = { 0 };

    if (json_parse(str_of(text), NULL, &doc, NULL) == 0)
        put(s, json_root(&doc));
    else
        put_text(s, text);
}

// A status is of the current spec or of an older one; the number says nothing.
static void put_generation(struct state *s, json_val *o)
{
    int64_t is = json_int(json_path(o, "metadata.generation"), 0);
    int64_t seen = json_int(json_path(o, "status.observedGeneration"), -1);

    buf_addf(&s->out, "%s observed: %s\n", s->path, seen == is ? "current" : "not the current one");
}

static bool is_loose(const struct state *s, const char *name)
{
    return s->loosely && s->loose && strcmp(s->loose, name) == 0;
}

static void put_loosely(struct state *s, json_val *o)
{
    const char *phase = json_str(json_path(o, "status.phase"), "");
    bool over = *phase && strcmp(phase, "Pending") != 0 && strcmp(phase, "Running") != 0;

    buf_addf(&s->out, "%s: %s\n", s->path, over ? "has ended" : "has not ended");
}

static void put_config_map(struct state *s, json_val *o)
{
    snprintf(s->path, sizeof(s->path), "configmap");
    put_json(s, json_str(json_path(o, "data.status"), ""));
}

static void put_objects(struct state *s, struct fake_server *f)
{
    for (size_t i = 0; i < f->object_n; i++) {
        const struct fake_object *o = f->objects[i];
        json_val *v = json_root(&o->doc);

        snprintf(s->path, sizeof(s->path), "%s/%s", o->resource, o->name);
        if (strcmp(o->name, "kube9-operator-status") == 0 && !(s->loosely && s->loose))
            put_config_map(s, v);
        if (strncmp(o->resource, "kube9.io/", 9) != 0)
            continue;
        if (is_loose(s, o->name)) {
            put_loosely(s, v);
            continue;
        }
        put(s, v);
        put_generation(s, v);
    }
}

// What was made and deleted, how often.

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_counts(struct state *s, struct fake_server *f, size_t first)
{
    char **lines = xcalloc(f->event_n + 1, sizeof(*lines));
    size_t n = 0;

    for (size_t i = first; i < f->event_n; i++) {
        const struct fake_event *ev = &f->events[i];

        if (strcmp(ev->type, "MODIFIED") != 0 && strcmp(ev->resource, "events.k8s.io/events") != 0)
            lines[n++] = xasprintf("%s %s/%s\n", ev->type, ev->resource, ev->name);
    }
    qsort(lines, n, sizeof(*lines), by_text);
    for (size_t i = 0; i < n; i++) {
        buf_adds(&s->out, lines[i]);
        free(lines[i]);
    }
    free(lines);
}

// The history.

static int put_finding(void *arg, const struct finding_row *r)
{
    struct state *s = arg;
    bool is_problem = strcmp(r->status, "passing") != 0 && strcmp(r->status, "skipped") != 0;

    if (s->loosely && !is_problem)
        return 0; // counts of what another view of the cluster shows
    buf_addf(&s->out, "finding %s %s %s %s %s/%s/%s %" PRId64 "\n", r->run_name, r->run_uid,
             r->check_id, r->status, r->kind ? r->kind : "", r->ns ? r->ns : "",
             r->name ? r->name : "", r->count);
    return 0;
}

struct rows {
    struct state *s;
    struct store *store;
};

static int put_run(void *arg, const struct run_row *r)
{
    struct rows *rows = arg;
    int64_t total;
    size_t at = rows->s->out.n;

    if (is_loose(rows->s, r->name))
        return 0;
    buf_addf(&rows->s->out, "row %s %s %s %s %s score %d checks %d %d %d %d %d\n", r->name, r->uid,
             r->mode, r->trigger, r->phase, r->score, r->total, r->passing, r->failing, r->warning,
             r->skipped);
    if (store_finding_each(rows->store, &(struct finding_query){ .run = r->uid }, put_finding,
                           rows->s, &total, NULL) < 0)
        buf_addf(&rows->s->out, "findings not readable, from byte %zu on\n", at);
    return 0;
}

static void put_rows(struct state *s, const char *db)
{
    // A run that failed has rows when it was walked in part, and none when it was not.
    static const char *const phases[] = { "Completed", "Partial", NULL };
    struct store *store = store_open_readonly(db, NULL);
    struct rows rows = { s, store };
    struct arena *a = arena_new(STATE_MAX);
    const char *fact = NULL;
    int64_t total;

    if (!store || store_run_each(store, &(struct run_query){ .phases = phases, .limit = 1000 },
                                 put_run, &rows, &total, NULL) < 0)
        buf_adds(&s->out, "no history\n");
    snprintf(s->path, sizeof(s->path), "kept config");
    if (store && store_fact_get(store, "config.lastGood", a, &fact, NULL) == 0 && fact)
        put_json(s, fact);
    arena_free(a);
    store_close(store);
}

// Identifiers

struct names {
    char v[NAMES_MAX][UID_TEXT_MAX];
    size_t n;
};

static size_t length_of(const char *p, const char *start)
{
    size_t n = strlen(start);

    if (strncmp(p, start, n) != 0)
        return 0;
    while (isxdigit((unsigned char)p[n]))
        n++;
    return n > strlen(start) && n < UID_TEXT_MAX ? n : 0;
}

static size_t number_of(struct names *names, const char *p, size_t n)
{
    size_t i = 0;

    while (i < names->n && (strncmp(names->v[i], p, n) != 0 || names->v[i][n]))
        i++;
    if (i == names->n && names->n < NAMES_MAX)
        snprintf(names->v[names->n++], UID_TEXT_MAX, "%.*s", (int)n, p);
    return i;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static char *with_numbers(const char *text, const char *start, bool sorted)
{
    struct names names = { .n = 0 };
    struct buf out;
    size_t n;

    for (const char *p = text; sorted && *p; p++) {
        if ((n = length_of(p, start)))
            number_of(&names, p, n);
    }
    if (sorted)
        qsort(names.v, names.n, sizeof(names.v[0]), by_name);
    buf_init(&out, STATE_MAX);
    for (const char *p = text; *p;) {
        n = length_of(p, start);
        if (n)
            buf_addf(&out, "%.3s#%zu", start, number_of(&names, p, n));
        else
            buf_addc(&out, *p);
        p += n ? n : 1;
    }
    return buf_take(&out);
}

// Lists whose order says nothing (the results of a run, from memory or from the history) must not
// differ by it.
static char *sorted(char *text)
{
    size_t n = 0;
    struct buf out;
    char **lines;

    for (const char *p = text; *p; p++)
        n += *p == '\n';
    lines = xcalloc(n + 1, sizeof(*lines));
    n = 0;
    for (char *rest = text, *line; (line = strtok_r(rest, "\n", &rest));)
        lines[n++] = line;
    qsort(lines, n, sizeof(*lines), by_text);
    buf_init(&out, STATE_MAX);
    for (size_t i = 0; i < n; i++)
        buf_addf(&out, "%s\n", lines[i]);
    free(lines);
    return buf_take(&out);
}

char *sieve_state(struct fake_manager *f, const struct sieve_view *v)
{
    struct state s = { .loosely = v->loosely, .loose = v->loose };
    autofree char *named = NULL;
    autofree char *numbered = NULL;

    buf_init(&s.out, STATE_MAX);
    put_objects(&s, f->server);
    put_counts(&s, f->server, v->first_event);
    put_rows(&s, f->db);
    named = with_numbers(s.out.p ? s.out.p : "", RUN_START, true);
    buf_fini(&s.out);
    numbered = with_numbers(named, UID_START, true); // a later object has a higher one
    return sorted(numbered);
}

// Requests

static bool is_guarded(const struct fake_request *r)
{
    struct json_doc autojson doc = { 0 };
    json_val *root;

    if (json_parse(str_of(r->body), NULL, &doc, NULL) < 0)
        return false;
    root = json_root(&doc);
    if (strcmp(r->method, "DELETE") == 0)
        return json_path(root, "preconditions.uid") != NULL;
    return json_path(root, "metadata.resourceVersion") &&
           (strcmp(r->method, "PUT") == 0 || json_path(root, "metadata.uid"));
}

// The status ConfigMap and Events have one writer by their names; they are meant to be made anew.
const char *sieve_unguarded(struct fake_manager *f)
{
    for (size_t i = 0; i < fake_server_requests(f->server); i++) {
        const struct fake_request *r = fake_server_request(f->server, i);
        bool changes = strcmp(r->method, "GET") != 0 && strcmp(r->method, "POST") != 0;

        if (changes && !strstr(r->url, "/events/") &&
            !strstr(r->url, "/configmaps/kube9-operator-status") && !is_guarded(r))
            return r->url;
    }
    return NULL;
}
