// SPDX-License-Identifier: Apache-2.0
// What the fake API server remembers: objects with versions, the whole history of events, and who
// watches. History is never thrown away, so that a restore can go back to any moment; compaction
// only refuses to show it.
#include "base/alloc.h"
#include "base/clock.h"
#include "informer/fake_parts.h"
#include "informer/key.h"
#include <ctype.h>

#define TEXT_MAX ((size_t)64 << 20)

char *fake_resource_of(json_val *obj)
{
    const char *version = json_str(json_get(obj, "apiVersion"), "v1");
    const char *name = json_str(json_get(obj, "kind"), "");
    const struct kind *k = kind_find(version, name);
    const char *slash = strchr(version, '/');
    char *plural = k ? xstrdup(k->plural) : xasprintf("%ss", name);
    char *resource;

    for (char *p = plural; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    resource = xasprintf("%.*s/%s", slash ? (int)(slash - version) : 0, version, plural);
    free(plural);
    return resource;
}

static int compare(const struct fake_object *o, const char *resource, const char *ns,
                   const char *name)
{
    int c = strcmp(o->resource, resource);

    c = c ? c : strcmp(o->ns, ns);
    return c ? c : strcmp(o->name, name);
}

// Where the object is or belongs.
static size_t place(const struct fake_server *f, const char *resource, const char *ns,
                    const char *name)
{
    size_t low = 0, high = f->object_n;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (compare(f->objects[mid], resource, ns, name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct fake_object *fake_find(struct fake_server *f, const char *resource, const char *ns,
                              const char *name)
{
    size_t i = place(f, resource, ns, name);

    return i < f->object_n && compare(f->objects[i], resource, ns, name) == 0 ? f->objects[i]
                                                                              : NULL;
}

static void object_free(struct fake_object *o)
{
    json_free(&o->doc);
    free(o->resource);
    free(o->ns);
    free(o->name);
    free(o);
}

static struct fake_object *insert(struct fake_server *f, const char *resource, const char *ns,
                                  const char *name)
{
    size_t i = place(f, resource, ns, name);
    struct fake_object *o = xcalloc(1, sizeof(*o));

    if (f->object_n == f->object_cap) {
        f->object_cap = f->object_cap ? 2 * f->object_cap : 64;
        f->objects = xrealloc(f->objects, f->object_cap * sizeof(struct fake_object *));
    }
    memmove(&f->objects[i + 1], &f->objects[i], (f->object_n - i) * sizeof(*f->objects));
    f->objects[i] = o;
    f->object_n++;
    o->resource = xstrdup(resource);
    o->ns = xstrdup(ns);
    o->name = xstrdup(name);
    return o;
}

static void erase(struct fake_server *f, struct fake_object *o)
{
    size_t i = place(f, o->resource, o->ns, o->name);

    memmove(&f->objects[i], &f->objects[i + 1], (f->object_n - i - 1) * sizeof(*f->objects));
    f->object_n--;
    object_free(o);
}

static char *text_of(yyjson_mut_doc *doc)
{
    char *text = yyjson_mut_write(doc, 0, NULL);

    yyjson_mut_doc_free(doc);
    return text;
}

char *fake_render(const struct fake_object *o, bool metadata_only, bool with_kind)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    json_val *from = json_root(&o->doc);
    yyjson_mut_val *root;

    if (!metadata_only) {
        root = yyjson_val_mut_copy(doc, from);
        if (!with_kind) {
            yyjson_mut_obj_remove_key(root, "kind");
            yyjson_mut_obj_remove_key(root, "apiVersion");
        }
    } else {
        root = yyjson_mut_obj(doc);
        yyjson_mut_obj_add_str(doc, root, "kind", "PartialObjectMetadata");
        yyjson_mut_obj_add_str(doc, root, "apiVersion", "meta.k8s.io/v1");
        yyjson_mut_obj_add_val(doc, root, "metadata",
                               yyjson_val_mut_copy(doc, json_get(from, "metadata")));
    }
    yyjson_mut_doc_set_root(doc, root);
    return text_of(doc);
}

static bool wants(const struct fake_call *c, const struct fake_event *ev)
{
    return c->watch.open && strcmp(c->watch.resource, ev->resource) == 0 &&
           ev->rv <= fake_view_rv(c->transport->server, ev->resource) &&
           (!*c->watch.ns || strcmp(c->watch.ns, ev->ns) == 0);
}

void fake_watch_send(struct fake_call *c, const struct fake_event *ev)
{
    struct fake_object o = { 0 };
    autofree char *text = NULL;
    autofree char *line = NULL;
    int rc;

    if (!wants(c, ev))
        return;
    rc = json_parse(str_of(ev->json), NULL, &o.doc, NULL);
    if (rc < 0)
        return;
    text = fake_render(&o, c->watch.metadata_only, true);
    json_free(&o.doc);
    line = xasprintf("{\"type\":\"%s\",\"object\":%s}\n", ev->type, text);
    fake_reply_add(c, line, strlen(line));
    fake_call_kick(c);
}

void fake_bookmark_send(struct fake_call *c, uint64_t rv, bool end_marker)
{
    autofree char *line = xasprintf(
        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Bookmark\",\"apiVersion\":\"v1\","
        "\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"%s}}}\n",
        rv, end_marker ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "");

    fake_reply_add(c, line, strlen(line));
    fake_call_kick(c);
}

static void add_event(struct fake_server *f, const char *type, const struct fake_object *o)
{
    struct fake_event *ev;

    if (f->event_n == f->event_cap) {
        f->event_cap = f->event_cap ? 2 * f->event_cap : 64;
        f->events = xrealloc(f->events, f->event_cap * sizeof(*f->events));
    }
    ev = &f->events[f->event_n++];
    *ev = (struct fake_event){ xstrdup(o->resource),        xstrdup(o->ns), xstrdup(o->name), type,
                               fake_render(o, false, true), o->rv };
    fake_view_on_event(f, f->event_n - 1);
    LIST_EACH (l, &f->calls) {
        struct fake_call *c = container_of(l, struct fake_call, link);

        if (wants(c, ev) && ev->rv > c->watch.rv) {
            fake_watch_send(c, ev);
            c->watch.rv = ev->rv;
        }
    }
}

static void put_text(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, const char *value)
{
    yyjson_mut_obj_put(obj, yyjson_mut_strcpy(doc, key), yyjson_mut_strcpy(doc, value));
}

static void put_copy(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, json_val *value)
{
    if (value)
        yyjson_mut_obj_put(obj, yyjson_mut_strcpy(doc, key), yyjson_val_mut_copy(doc, value));
    else
        yyjson_mut_obj_remove_key(obj, key);
}

static void set_rv(yyjson_mut_doc *doc, yyjson_mut_val *meta, uint64_t rv)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, rv);
    put_text(doc, meta, "resourceVersion", text);
}

// What the server fills in; from the old object where there is one.
static void fill_meta(struct fake_server *f, yyjson_mut_doc *doc, yyjson_mut_val *meta,
                      const struct fake_object *old, bool spec_changed)
{
    json_val *was = old ? json_get(json_root(&old->doc), "metadata") : NULL;
    int64_t generation = json_int(json_get(was, "generation"), 0);
    char text[TIME_TEXT_MAX], uid[UID_TEXT_MAX];

    snprintf(uid, sizeof(uid), "00000000-0000-4000-8000-%012" PRIx64, ++f->uids);
    put_text(doc, meta, "uid", json_str(json_get(was, "uid"), uid));
    put_text(doc, meta, "creationTimestamp",
             json_str(json_get(was, "creationTimestamp"), time_format(clock_wall(), 0, text)));
    yyjson_mut_obj_put(meta, yyjson_mut_str(doc, "generation"),
                       yyjson_mut_sint(doc, generation + spec_changed));
}

static bool same_but_rv(const struct fake_object *old, const char *text)
{
    autojson struct json_doc a = { 0 };
    autojson struct json_doc b = { 0 };
    autofree char *was = NULL;
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_val_mut_copy(doc, json_root(&old->doc));

    yyjson_mut_obj_remove_key(yyjson_mut_obj_get(root, "metadata"), "resourceVersion");
    yyjson_mut_doc_set_root(doc, root);
    was = text_of(doc);
    return json_parse(str_of(was), NULL, &a, NULL) == 0 &&
           json_parse(str_of(text), NULL, &b, NULL) == 0 &&
           json_equal(json_root(&a), json_root(&b));
}

// The whole new object without its version.
static char *compose(struct fake_server *f, const struct fake_object *old, json_val *body,
                     enum fake_part part)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    json_val *was = old ? json_root(&old->doc) : NULL;
    yyjson_mut_val *root = yyjson_val_mut_copy(doc, part == FAKE_STATUS ? was : body), *meta;
    bool spec_changed =
        !old || (part != FAKE_STATUS && !json_equal(json_get(was, "spec"), json_get(body, "spec")));

    if (part == FAKE_STATUS)
        put_copy(doc, root, "status", json_get(body, "status"));
    if (part == FAKE_MAIN)
        put_copy(doc, root, "status", json_get(was, "status"));
    meta = yyjson_mut_obj_get(root, "metadata");
    fill_meta(f, doc, meta, old, spec_changed);
    yyjson_mut_obj_remove_key(meta, "resourceVersion");
    yyjson_mut_doc_set_root(doc, root);
    return text_of(doc);
}

static void set_document(struct fake_object *o, const char *text, uint64_t rv)
{
    struct json_doc parsed = { 0 };
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    autofree char *with_rv = NULL;
    yyjson_mut_val *root;

    if (json_parse(str_of(text), NULL, &parsed, NULL) < 0)
        abort();
    root = yyjson_val_mut_copy(doc, json_root(&parsed));
    json_free(&parsed);
    set_rv(doc, yyjson_mut_obj_get(root, "metadata"), rv);
    yyjson_mut_doc_set_root(doc, root);
    with_rv = text_of(doc);
    json_free(&o->doc);
    if (json_parse(str_of(with_rv), NULL, &o->doc, NULL) < 0)
        abort();
    o->rv = rv;
}

struct fake_object *fake_store(struct fake_server *f, const char *resource, json_val *body,
                               enum fake_part part)
{
    json_val *meta = json_get(body, "metadata");
    const char *ns = json_str(json_get(meta, "namespace"), "");
    const char *name = json_str(json_get(meta, "name"), "");
    struct fake_object *o = fake_find(f, resource, ns, name);
    autofree char *text = compose(f, o, body, part);
    bool created = !o;

    if (o && same_but_rv(o, text))
        return o;
    if (!o)
        o = insert(f, resource, ns, name);
    set_document(o, text, ++f->rv);
    add_event(f, created ? "ADDED" : "MODIFIED", o);
    return o;
}

uint64_t fake_remove(struct fake_server *f, struct fake_object *o)
{
    autofree char *text = fake_render(o, false, true);

    set_document(o, text, ++f->rv);
    add_event(f, "DELETED", o);
    erase(f, o);
    return f->rv;
}

static void event_fini(struct fake_event *ev)
{
    free(ev->resource);
    free(ev->ns);
    free(ev->name);
    free(ev->json);
}

// One event of history applied to the objects, without telling anybody.
static void replay(struct fake_server *f, const struct fake_event *ev)
{
    struct fake_object *o = fake_find(f, ev->resource, ev->ns, ev->name);

    if (strcmp(ev->type, "DELETED") == 0) {
        erase(f, o);
        return;
    }
    if (!o)
        o = insert(f, ev->resource, ev->ns, ev->name);
    set_document(o, ev->json, ev->rv);
}

void fake_server_restore(struct fake_server *f, uint64_t rv)
{
    size_t n = 0;

    fake_server_cut_watches(f, false);
    while (f->object_n)
        erase(f, f->objects[0]);
    for (; n < f->event_n && f->events[n].rv <= rv; n++)
        replay(f, &f->events[n]);
    for (size_t i = n; i < f->event_n; i++)
        event_fini(&f->events[i]);
    f->event_n = n;
    f->rv = rv;
    f->compacted = MIN(f->compacted, rv);
}

size_t fake_server_replay(struct fake_server *f, size_t n)
{
    size_t sent = 0;

    LIST_EACH (l, &f->calls) {
        struct fake_call *c = container_of(l, struct fake_call, link);

        for (size_t i = f->event_n - MIN(n, f->event_n); i < f->event_n; i++)
            if (wants(c, &f->events[i]) && f->events[i].rv <= c->watch.rv) {
                fake_watch_send(c, &f->events[i]);
                sent++;
            }
    }
    return sent;
}

void fake_model_fini(struct fake_server *f)
{
    while (f->object_n)
        erase(f, f->objects[f->object_n - 1]);
    for (size_t i = 0; i < f->event_n; i++)
        event_fini(&f->events[i]);
    fake_server_compact(f);
    free(f->objects);
    free(f->events);
    free(f->pages);
}

uint64_t fake_server_put(struct fake_server *f, const char *json)
{
    autojson struct json_doc doc = { 0 };
    autofree char *resource = NULL;

    if (json_parse(str_of(json), NULL, &doc, NULL) < 0)
        return 0;
    resource = fake_resource_of(json_root(&doc));
    return fake_store(f, resource, json_root(&doc), FAKE_ALL)->rv;
}

static bool is_plural(const struct fake_object *o, const char *plural)
{
    return strcmp(strchr(o->resource, '/') + 1, plural) == 0;
}

static struct fake_object *find_plural(struct fake_server *f, const char *plural, const char *ns,
                                       const char *name)
{
    for (size_t i = 0; i < f->object_n; i++) {
        struct fake_object *o = f->objects[i];

        if (is_plural(o, plural) && strcmp(o->ns, ns ? ns : "") == 0 && strcmp(o->name, name) == 0)
            return o;
    }
    return NULL;
}

uint64_t fake_server_delete(struct fake_server *f, const char *plural, const char *ns,
                            const char *name)
{
    struct fake_object *o = find_plural(f, plural, ns, name);

    return o ? fake_remove(f, o) : 0;
}

json_val *fake_server_get(struct fake_server *f, const char *plural, const char *ns,
                          const char *name)
{
    struct fake_object *o = find_plural(f, plural, ns, name);

    return o ? json_root(&o->doc) : NULL;
}

size_t fake_server_objects(const struct fake_server *f, const char *plural)
{
    size_t n = 0;

    for (size_t i = 0; i < f->object_n; i++)
        n += is_plural(f->objects[i], plural);
    return n;
}

uint64_t fake_server_rv(const struct fake_server *f)
{
    return f->rv;
}
