// SPDX-License-Identifier: Apache-2.0
#include "informer/fake_shadow.h"

#include "base/alloc.h"
#include "base/sha256.h"
#include "informer/informer.h"

#include <stdlib.h>
#include <string.h>

struct shadow_entry {
    struct key key; // its name is the entry's own
    uint8_t uid[16];
    uint64_t mark;
    char name[];
};

static uint32_t entry_hash(const void *entry)
{
    return key_hash(&((const struct shadow_entry *)entry)->key);
}

static bool entry_is(const void *entry, const void *key)
{
    return key_equal(&((const struct shadow_entry *)entry)->key, key);
}

static const struct map_ops entry_ops = { entry_hash, entry_is };

void shadow_init(struct shadow *s)
{
    *s = (struct shadow){ 0 };
    map_init(&s->entries, &entry_ops);
}

void shadow_fini(struct shadow *s)
{
    uint32_t iter = 0;
    void *entry;

    while ((entry = map_next(&s->entries, &iter)))
        free(entry);
    map_fini(&s->entries);
}

uint64_t shadow_mark(const struct object *o)
{
    const struct kind *k = kind_get((enum kind_id)o->kind);
    char uid[UID_TEXT_MAX], hex[SHA256_HEX_MAX];
    char text[640]; // two names of at most 253 bytes each, a kind, a uid, a number
    int n =
        snprintf(text, sizeof(text), "%s%s%s/%s/%s %s %" PRIu64, k->plural, *k->group ? "." : "",
                 k->group, object_namespace(o), object_name(o), object_uid_text(o, uid), o->rv);

    sha256_hex((struct str){ text, (size_t)n }, hex);
    hex[16] = '\0';
    return strtoull(hex, NULL, 16);
}

uint64_t shadow_cache_sum(struct informers *in, enum kind_id kind)
{
    uint64_t sum = 0;

    INFORMER_EACH (in, kind, o) {
        sum += shadow_mark(o);
    }
    return sum;
}

static void contradict(struct shadow *s, const struct change *ch, const char *what)
{
    s->contradictions++;
    snprintf(s->last, sizeof(s->last), "%s %s: %s", kind_get(ch->key.kind)->plural, ch->key.name,
             what);
}

static void judge(struct shadow *s, const struct change *ch, const struct shadow_entry *known)
{
    if (!ch->gone && !ch->now)
        contradict(s, ch, "a change that is none");
    else if (ch->gone && !known)
        contradict(s, ch, "a deletion of what was never announced");
    else if (ch->gone && ch->now && object_same_uid(ch->gone, ch->now))
        contradict(s, ch, "deleted and here with the same uid");
    else if (!ch->gone && known && memcmp(known->uid, ch->now->uid, sizeof(known->uid)) != 0)
        contradict(s, ch, "another uid without a deletion");
}

static void forget(struct shadow *s, const struct key *k)
{
    struct shadow_entry *e = map_del(&s->entries, key_hash(k), k);

    if (!e)
        return;
    s->sum[k->kind] -= e->mark;
    s->n[k->kind]--;
    free(e);
}

static void believe(struct shadow *s, const struct key *k, const struct object *o)
{
    size_t n = strlen(k->name) + 1;
    struct shadow_entry *e = xcalloc(1, sizeof(*e) + n);

    memcpy(e->name, k->name, n);
    memcpy(e->uid, o->uid, sizeof(e->uid));
    e->key = (struct key){ .kind = k->kind, .ns = k->ns, .name = e->name };
    e->mark = shadow_mark(o);
    s->sum[k->kind] += e->mark;
    s->n[k->kind]++;
    map_put(&s->entries, &e->key, e);
}

void shadow_apply(struct shadow *s, const struct change *ch)
{
    s->changes++;
    judge(s, ch, map_get(&s->entries, key_hash(&ch->key), &ch->key));
    forget(s, &ch->key);
    if (ch->now)
        believe(s, &ch->key, ch->now);
}

void shadow_follow(struct shadow *s, struct subscriber *sub)
{
    struct change ch;

    while (subscriber_next(sub, &ch))
        shadow_apply(s, &ch);
}
