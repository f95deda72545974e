// SPDX-License-Identifier: Apache-2.0
//
// Events as documents of events.k8s.io/v1. The API server checks lengths (128 for reason, action
// and reporter, 1 KiB for the note), the namespace (that of the object, or `default`) and the name;
// what comes in here is cut and mended so that it always passes.
#include "informer/recorder_entry.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/writer.h"

#define WORD_MAX       128
#define NOTE_MAX       1024
#define NAME_MAX_BYTES 253

// At most max bytes, never in the middle of a UTF-8 character.
static char *cut(const char *s, size_t max)
{
    size_t n = s ? strlen(s) : 0;

    if (n > max)
        for (n = max; n && ((unsigned char)s[n] & 0xc0) == 0x80;)
            n--;
    return xstrndup(s ? s : "", n);
}

static struct recorder_object copy_object(const struct recorder_object *o)
{
    return (struct recorder_object){
        .api_version = xstrdup(o->api_version),
        .kind = xstrdup(o->kind),
        .ns = xstrdup(o->ns),
        .name = xstrdup(o->name),
        .uid = xstrdup(o->uid),
        .rv = xstrdup(o->rv),
    };
}

static void free_object(struct recorder_object *o)
{
    free((char *)(uintptr_t)o->api_version);
    free((char *)(uintptr_t)o->kind);
    free((char *)(uintptr_t)o->ns);
    free((char *)(uintptr_t)o->name);
    free((char *)(uintptr_t)o->uid);
    free((char *)(uintptr_t)o->rv);
}

// What stands for byte i of a name in a DNS subdomain: labels begin and end with a letter or digit.
static char dns_char(const char *name, size_t i)
{
    bool edge = i == 0 || name[i - 1] == '.' || name[i + 1] == '.';
    char c = name[i];

    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        return c;
    if (edge)
        return 'x';
    return c == '.' ? '.' : '-';
}

// "<regarding name>.<hex>", also for names that are no DNS names, such as system:node.
static char *make_name(const struct recorder_entry *n, uint64_t number)
{
    const char *of = n->regarding.name && *n->regarding.name ? n->regarding.name : "object";
    char *name = xasprintf("%.*s.%016" PRIx64, NAME_MAX_BYTES - 17, of,
                           (uint64_t)n->first * 1000 + number % 1000);

    for (size_t i = 0; i < strlen(name) - 17; i++)
        name[i] = dns_char(name, i);
    return name;
}

struct recorder_entry *recorder_entry_new(const struct recorder_event *ev, uint64_t number)
{
    struct recorder_entry *n = xcalloc(1, sizeof(*n));

    list_init(&n->link);
    list_init(&n->queue);
    n->hash = recorder_event_hash(ev);
    n->warning = ev->warning;
    n->reason = cut(ev->reason && *ev->reason ? ev->reason : "Unknown", WORD_MAX);
    n->action = cut(ev->action && *ev->action ? ev->action : n->reason, WORD_MAX);
    n->note = cut(ev->note, NOTE_MAX);
    n->regarding = copy_object(&ev->regarding);
    n->related = copy_object(&ev->related);
    n->first = n->last = clock_wall();
    n->name = make_name(n, number);
    return n;
}

void recorder_entry_free(struct recorder_entry *n)
{
    list_remove(&n->link);
    list_remove(&n->queue);
    free(n->reason);
    free(n->action);
    free(n->note);
    free(n->name);
    free_object(&n->regarding);
    free_object(&n->related);
    free(n);
}

void recorder_entry_rename(struct recorder_entry *n, uint64_t number)
{
    n->first = clock_wall();
    free(n->name);
    n->name = make_name(n, number);
}

static const char *text(const char *s)
{
    return s ? s : "";
}

static uint32_t hash_object(uint32_t h, const struct recorder_object *o)
{
    h = hash_mix(h, hash_str(text(o->kind)));
    h = hash_mix(h, hash_str(text(o->ns)));
    h = hash_mix(h, hash_str(text(o->name)));
    return hash_mix(h, hash_str(text(o->uid)));
}

uint32_t recorder_event_hash(const struct recorder_event *ev)
{
    uint32_t h = hash_mix(ev->warning, hash_str(text(ev->reason)));

    h = hash_mix(h, hash_str(text(ev->action)));
    return hash_object(hash_object(h, &ev->regarding), &ev->related);
}

static bool same_object(const struct recorder_object *a, const struct recorder_object *b)
{
    return !strcmp(text(a->name), text(b->name)) && !strcmp(text(a->ns), text(b->ns)) &&
           !strcmp(text(a->kind), text(b->kind)) && !strcmp(text(a->uid), text(b->uid)) &&
           !strcmp(text(a->api_version), text(b->api_version));
}

bool recorder_entry_is(const struct recorder_entry *n, uint32_t hash,
                       const struct recorder_event *ev)
{
    const char *action = ev->action && *ev->action ? ev->action : text(ev->reason);

    return n->hash == hash && n->warning == ev->warning &&
           !strncmp(n->reason, text(ev->reason), WORD_MAX) &&
           !strncmp(n->action, action, WORD_MAX) && same_object(&n->regarding, &ev->regarding) &&
           same_object(&n->related, &ev->related);
}

const char *recorder_entry_namespace(const struct recorder_entry *n)
{
    return n->regarding.ns && *n->regarding.ns ? n->regarding.ns : "default";
}

static void write_object(struct writer *w, const char *key, const struct recorder_object *o)
{
    const char *const fields[][2] = {
        {"apiVersion",       o->api_version},
        { "kind",            o->kind       },
        { "namespace",       o->ns         },
        { "name",            o->name       },
        { "uid",             o->uid        },
        { "resourceVersion", o->rv         },
    };

    w_key_object(w, key);
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (fields[i][1] && *fields[i][1])
            w_key_str(w, fields[i][0], fields[i][1]);
    w_object_end(w);
}

static void write_series(struct writer *w, const struct recorder_entry *n)
{
    char at[TIME_TEXT_MAX];

    w_key_object(w, "series");
    w_key_int(w, "count", n->count);
    w_key_str(w, "lastObservedTime", time_format(n->last, 6, at));
    w_object_end(w);
}

int recorder_entry_write(const struct recorder_entry *n, const char *controller,
                         const char *instance, struct buf *out)
{
    char at[TIME_TEXT_MAX];
    struct writer w;

    writer_to_buf(&w, WRITER_JSON, out);
    w_object(&w);
    w_key_str(&w, "apiVersion", "events.k8s.io/v1");
    w_key_str(&w, "kind", "Event");
    w_key_object(&w, "metadata");
    w_key_str(&w, "name", n->name);
    w_key_str(&w, "namespace", recorder_entry_namespace(n));
    w_object_end(&w);
    w_key_str(&w, "eventTime", time_format(n->first, 6, at));
    w_key_str(&w, "type", n->warning ? "Warning" : "Normal");
    w_key_str(&w, "reason", n->reason);
    w_key_str(&w, "action", n->action);
    w_key_str(&w, "note", n->note);
    w_key_str(&w, "reportingController", controller);
    w_key_str(&w, "reportingInstance", instance);
    write_object(&w, "regarding", &n->regarding);
    if (n->related.name)
        write_object(&w, "related", &n->related);
    if (n->count > 1)
        write_series(&w, n);
    w_object_end(&w);
    return writer_end(&w);
}

int recorder_entry_write_series(const struct recorder_entry *n, struct buf *out)
{
    struct writer w;

    writer_to_buf(&w, WRITER_JSON, out);
    w_object(&w);
    write_series(&w, n);
    w_object_end(&w);
    return writer_end(&w);
}
