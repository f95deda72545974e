// SPDX-License-Identifier: Apache-2.0
// One informer per kind joins a watcher (how to follow the server), a cache (what it holds) and a
// state (what may be believed). The watcher hands over one parsed object at a time; an object that
// is held with this uid and version is not decoded again. A kind that may not be listed, or that
// the server does not serve, is its own affair: the others go on, its objects stay readable as they
// were last seen, and its state says that they must not be trusted. So a 404 or a 403 never looks
// like the deletion of everything.
#include "informer/informer.h"

#include "apis/types.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "informer/informer_parts.h"
#include "informer/split.h"
#include <unistd.h>

#define DENIED_FIRST  (2 * USEC_PER_SEC)  // when nobody can be asked; an API server that has just
#define DENIED_MAX    (60 * USEC_PER_SEC) // started denies everything until it knows its roles
#define ABSENT_FIRST  USEC_PER_SEC
#define ABSENT_MAX    (5 * USEC_PER_MIN)
#define CRD_SETTLES   (100 * USEC_PER_MSEC)
#define POOL_PER_BYTE 16 // of a JSON text, at most

static const struct informer_status not_watched;
static const struct informer_status not_installed = { .state = KIND_ABSENT };

static void tell(struct informer *inf)
{
    struct informers *in = inf->in;

    if (in->o.on_state)
        in->o.on_state(in->o.arg, inf->kind);
}

static void set_state(struct informer *inf, enum kind_state state)
{
    if (inf->status.state == state)
        return;
    inf->status.state = state;
    tell(inf);
}

static void set_error(struct informer *inf, const struct error *e)
{
    bool same = inf->status.error.code == e->code && strcmp(inf->status.error.text, e->text) == 0;

    inf->status.error = *e;
    if (e->code == ERR_NONE)
        inf->status.failing_since = 0;
    else if (!inf->status.failing_since)
        inf->status.failing_since = MAX(clock_mono(), 1);
    inf->status.stale = inf->status.failing_since && cache_replaced(inf->cache);
    if (!same)
        tell(inf);
}

// What is known of one object before it is decoded.
struct peek {
    atom ns;
    const char *name, *uid;
    uint64_t rv;
    int64_t generation;
    const struct object *held;
};

static uint64_t rv_number(const char *text)
{
    int64_t n;

    return str_i64(str_of(text), &n) == 0 && n > 0 ? (uint64_t)n : 0;
}

static bool peek_at(const struct informer *inf, json_val *obj, struct peek *ret)
{
    json_val *meta = json_get(obj, "metadata");
    struct str ns = json_text(json_get(meta, "namespace"));

    ret->name = json_str(json_get(meta, "name"), "");
    ret->uid = json_str(json_get(meta, "uid"), "");
    ret->rv = rv_number(json_str(json_get(meta, "resourceVersion"), ""));
    ret->generation = json_int(json_get(meta, "generation"), 0);
    // A namespace that was never interned has no object here, and 0 finds none.
    ret->ns = ns.n ? atom_find(ns.p, ns.n) : 0;
    ret->held =
        inf->kind->namespaced && !ret->ns ? NULL : cache_get(inf->cache, ret->ns, ret->name);
    return *ret->name != '\0';
}

static bool same_uid(const struct peek *p)
{
    char text[UID_TEXT_MAX];

    return p->held && !(p->held->flags & OBJECT_UID_HASHED) &&
           strcmp(object_uid_text(p->held, text), p->uid) == 0;
}

// What is left of an object whose body cannot be read: its metadata, so that it still counts as
// there. *ret on success.
static int decode_metadata(struct informer *inf, json_val *obj, struct object **ret,
                           struct error *e)
{
    static const char *const header[] = { "name", "namespace", "uid", "resourceVersion" };
    json_val *meta = json_get(obj, "metadata");
    struct decode_options lenient = { 0 };
    int rc = -1;

    // First with all of its metadata, then with what every object must have.
    for (int minimal = 0; minimal < 2 && rc < 0; minimal++) {
        autojson struct json_doc doc = { 0 };
        autobuf struct buf text = { 0 };

        buf_init(&text, inf->in->o.max_object);
        buf_adds(&text, "{\"metadata\":");
        if (!minimal && json_write(meta, &text) < 0)
            continue;
        for (size_t i = 0; minimal && i < ARRAY_SIZE(header); i++) {
            buf_addf(&text, "%s\"%s\":", i ? "," : "{", header[i]);
            if (json_write(json_get(meta, header[i]), &text) < 0)
                buf_adds(&text, "null");
        }
        buf_adds(&text, minimal ? "}}" : "}");
        rc = text.failed ? -1 : json_parse(buf_str(&text), NULL, &doc, NULL);
        if (rc == 0)
            rc = object_decode(inf->kind, json_root(&doc), lenient, ret, NULL);
    }
    if (rc < 0)
        return error_set(e, ERR_INVALID, "an object has no usable metadata");
    (*ret)->flags |= OBJECT_METADATA_ONLY;
    return 0;
}

// One object that cannot be read must not cost us its kind. An own kind may hold what an older or
// broken CRD let through: it is cached as far as it can be read, with the reason beside it, and the
// reconciler decides.
static int decode(struct informer *inf, json_val *obj, const struct object *same_spec,
                  struct object **ret, struct error *e)
{
    struct decode_options lenient = { .same_spec = same_spec, .memo = inf->memo };
    struct decode_options strict = { .strict = true, .validate = true };
    struct error why = { 0 }, ignored;
    int rc = object_decode(inf->kind, obj, inf->kind->own ? strict : lenient, ret, &why);

    if (rc == 0) {
        if (inf->problem_n)
            problem_set(inf, *ret, NULL);
        return 0;
    }
    if (inf->kind->own)
        rc = object_decode(inf->kind, obj, lenient, ret, &ignored);
    if (rc < 0)
        rc = decode_metadata(inf, obj, ret, e);
    if (rc == 0)
        problem_set(inf, *ret, why.text);
    return rc;
}

static void sink_replace_begin(void *arg)
{
    struct informer *inf = arg;

    if (inf->kind->id == KIND_POD && !inf->memo)
        inf->memo = spec_memo_new();
    cache_stage_begin(inf->cache);
}

static int sink_replace_put(void *arg, json_val *obj, struct error *e)
{
    struct informer *inf = arg;
    struct object *o;
    struct peek p;

    if (peek_at(inf, obj, &p) && p.rv && p.held && p.held->rv == p.rv && same_uid(&p)) {
        cache_stage_keep(inf->cache, p.held);
        return 0;
    }
    if (decode(inf, obj, NULL, &o, e) < 0)
        return error_wrap(e, "%s", inf->kind->plural);
    cache_stage_put(inf->cache, o);
    return 0;
}

static void sink_replace_remove(void *arg, json_val *obj)
{
    struct informer *inf = arg;
    struct peek p;

    if (peek_at(inf, obj, &p))
        cache_stage_remove(inf->cache, p.ns, p.name);
}

static void sink_replace_end(void *arg, bool commit)
{
    struct informer *inf = arg;

    spec_memo_free(TAKE(inf->memo));
    if (commit)
        cache_stage_commit(inf->cache);
    else
        cache_stage_abort(inf->cache);
}

// An event that is not newer than what was seen: a server that replays, or one that went back.
static enum watch_verdict apply_old(struct informer *inf, enum watch_event ev, const struct peek *p)
{
    bool ours = same_uid(p);

    if (ev != WATCH_DELETED)
        return ours && p->held->rv >= p->rv ? WATCH_DUPLICATE : WATCH_SUSPECT;
    // Servers before 1.13 send a deletion with the version of the last change.
    if (!ours || p->rv < p->held->rv)
        return WATCH_DUPLICATE;
    cache_remove(inf->cache, p->ns, p->name);
    return WATCH_APPLIED;
}

// Nearly all that happens to a Pod is in its status. Since 1.33 the server counts every change of
// its spec in metadata.generation (KEP-5067; the binding alone does not count, and the node is not
// part of the block that Pods share).
static const struct object *with_same_spec(const struct informer *inf, const struct peek *p)
{
    if (inf->kind->id != KIND_POD || p->generation <= 0 || !same_uid(p) || !p->held->spec)
        return NULL;
    return object_meta_generation(object_meta_of(p->held)) == p->generation ? p->held : NULL;
}

static enum watch_verdict sink_apply(void *arg, enum watch_event ev, json_val *obj, bool old_rv)
{
    struct informer *inf = arg;
    struct object *o;
    struct error e;
    struct peek p;

    if (!peek_at(inf, obj, &p))
        return WATCH_REFUSED;
    if (old_rv)
        return apply_old(inf, ev, &p);
    if (ev == WATCH_DELETED) {
        if (p.held)
            cache_remove(inf->cache, p.ns, p.name);
        return WATCH_APPLIED;
    }
    if (decode(inf, obj, with_same_spec(inf, &p), &o, &e) < 0)
        return WATCH_REFUSED;
    cache_put(inf->cache, o);
    return WATCH_APPLIED;
}

static void sink_synced(void *arg)
{
    struct informer *inf = arg;
    struct error none = { 0 };

    inf->absent_wait = inf->denied_wait = 0;
    set_error(inf, &none);
    set_state(inf, KIND_SYNCED);
}

static struct informer *crds_of(const struct informers *in)
{
    return in->kinds[KIND_CUSTOM_RESOURCE_DEFINITION];
}

static bool has_crd_name(const struct kind *k, const char *crd)
{
    size_t n = strlen(k->plural);

    return (k->own || k->optional) && strncmp(crd, k->plural, n) == 0 && crd[n] == '.' &&
           strcmp(crd + n + 1, k->group) == 0;
}

// True only when the list of CRDs is trusted and does not have this one.
static bool known_absent(const struct informer *inf)
{
    const struct informer *crds = crds_of(inf->in);
    const struct kind *k = inf->kind;
    autofree char *name = NULL;

    if (!(k->own || k->optional) || !crds || crds->status.state != KIND_SYNCED ||
        crds->status.stale)
        return false;
    name = xasprintf("%s.%s", k->plural, k->group);
    return !cache_get(crds->cache, 0, name);
}

static void become_absent(struct informer *inf)
{
    usec wait;

    watcher_stop(inf->watcher);
    inf->phase = PHASE_ABSENT;
    inf->absent_wait = inf->absent_wait ? MIN(2 * inf->absent_wait, ABSENT_MAX) : ABSENT_FIRST;
    wait = inf->absent_wait + (usec)(hash64_stable(inf->kind->plural, strlen(inf->kind->plural)) %
                                     (uint64_t)(inf->absent_wait / 10));
    timer_start(inf->in->o.loop, &inf->timer, wait);
    set_state(inf, KIND_ABSENT);
}

static void become_denied(struct informer *inf)
{
    watcher_stop(inf->watcher);
    inf->phase = PHASE_DENIED;
    if (!inf->in->o.ask_permission) {
        inf->denied_wait = inf->denied_wait ? MIN(2 * inf->denied_wait, DENIED_MAX) : DENIED_FIRST;
        timer_start(inf->in->o.loop, &inf->timer, inf->denied_wait);
    }
    set_state(inf, KIND_DENIED);
}

static void sink_failed(void *arg, const struct error *e)
{
    struct informer *inf = arg;
    struct informers *in = inf->in;

    if (e->code == ERR_GONE || e->code == ERR_TOO_LARGE_RV)
        return; // the ordinary way to a new list
    set_error(inf, e);
    if (e->code == ERR_NOT_FOUND)
        become_absent(inf);
    else if (e->code == ERR_DENIED && in->o.ask_permission)
        in->o.ask_permission(in->o.arg, inf->kind); // the watcher waits meanwhile
    else if (e->code == ERR_DENIED)
        become_denied(inf);
}

// RVs that are no numbers are 0 on both sides; a uid that is no UUID cannot be compared.
static bool sink_holds(void *arg, json_val *obj)
{
    struct peek p;

    return peek_at(arg, obj, &p) && p.held && p.held->rv == p.rv &&
           (p.held->flags & OBJECT_UID_HASHED || same_uid(&p));
}

static void sink_each(void *arg, void (*held)(void *ctx, const char *ns, const char *name),
                      void *ctx)
{
    struct informer *inf = arg;
    uint32_t iter = 0;

    for (const struct object *o; (o = cache_next(inf->cache, &iter));)
        held(ctx, object_namespace(o), object_name(o));
}

static const struct watcher_sink sink = {
    .replace_begin = sink_replace_begin,
    .replace_put = sink_replace_put,
    .replace_remove = sink_replace_remove,
    .replace_end = sink_replace_end,
    .apply = sink_apply,
    .synced = sink_synced,
    .failed = sink_failed,
    .holds = sink_holds,
    .each = sink_each,
};

static void run(struct informer *inf)
{
    timer_stop(inf->in->o.loop, &inf->timer);
    inf->phase = PHASE_RUNNING;
    watcher_start(inf->watcher);
}

static void timer_due(void *arg)
{
    struct informer *inf = arg;
    struct informers *in = inf->in;

    if (inf->phase == PHASE_ABSENT && known_absent(inf)) {
        become_absent(inf);
    } else if (inf->phase == PHASE_STOPPED && in->o.ask_permission) {
        inf->phase = PHASE_ASKING;
        in->o.ask_permission(in->o.arg, inf->kind);
    } else {
        run(inf);
    }
}

void informers_permission(struct informers *in, enum kind_id kind, bool allowed)
{
    struct informer *inf = in->kinds[kind];

    if (!inf || in->stopped)
        return;
    if (!allowed && inf->phase != PHASE_ABSENT)
        become_denied(inf);
    else if (allowed && (inf->phase == PHASE_ASKING || inf->phase == PHASE_DENIED))
        run(inf);
}

// A CRD of ours came, changed or went. One that came back is another one: what its objects were
// before says nothing.
static void crd_changed(struct informers *in, const struct object *old, const struct object *now)
{
    const char *name = object_name(now ? now : old);

    for (int k = 0; k < KIND_COUNT; k++) {
        struct informer *inf = in->kinds[k];

        if (!inf || !has_crd_name(inf->kind, name))
            continue;
        if (now && inf->phase == PHASE_ABSENT) {
            inf->absent_wait = 0;
            timer_start(in->o.loop, &inf->timer, CRD_SETTLES);
        } else if (old && now && !object_same_uid(old, now) && inf->phase == PHASE_RUNNING) {
            watcher_relist(inf->watcher, true);
        }
    }
}

static void cache_changed(void *arg, const struct object *old, const struct object *now,
                          bool initial)
{
    struct informer *inf = arg;

    if (!now && inf->problem_n)
        problem_set(inf, old, NULL);
    if (inf->kind->id == KIND_CUSTOM_RESOURCE_DEFINITION)
        crd_changed(inf->in, old, now);
    subscribers_changed(inf->in, old, now, initial);
}

static void cache_release(void *arg, struct object *o)
{
    struct informer *inf = arg;

    epoch_release(inf->in, o);
}

static const struct cache_events cache_events = { cache_changed, cache_release };

struct informers *informers_new(const struct informers_options *o)
{
    struct informers *in = xcalloc(1, sizeof(*in));
    size_t max = o->max_object ? o->max_object : SPLIT_OBJECT_MAX;

    in->o = *o;
    in->o.max_object = max;
    if (!in->o.seed)
        in->o.seed = (uint64_t)clock_wall() ^ (uint64_t)getpid() << 32;
    in->pool = json_pool_new(max * POOL_PER_BYTE);
    list_init(&in->subscribers);
    return in;
}

static void informer_free(struct informer *inf)
{
    if (!inf)
        return;
    timer_stop(inf->in->o.loop, &inf->timer);
    watcher_free(inf->watcher);
    cache_free(inf->cache);
    spec_memo_free(inf->memo);
    problems_free(inf);
    free(inf);
}

void informers_free(struct informers *in)
{
    if (!in)
        return;
    for (int k = 0; k < KIND_COUNT; k++)
        informer_free(in->kinds[k]);
    json_pool_free(in->pool);
    free(in);
}

void informers_add(struct informers *in, enum kind_id kind)
{
    struct informer *inf;

    if (in->kinds[kind] || in->stopped)
        return;
    inf = in->kinds[kind] = xcalloc(1, sizeof(*inf));
    inf->in = in;
    inf->kind = kind_get(kind);
    inf->status.watched = true;
    list_init(&inf->problems);
    inf->cache = cache_new(kind, &cache_events, inf);
    inf->watcher = watcher_new(&(struct watcher_options){
        .loop = in->o.loop,
        .client = in->o.client,
        .kind = inf->kind,
        .sink = &sink,
        .arg = inf,
        .pool = in->pool,
        .max_object = in->o.max_object,
        .page_size = in->o.page_size,
        .seed = in->o.seed,
    });
    timer_init(&inf->timer, "informer", timer_due, inf);
    timer_start(in->o.loop, &inf->timer, 0);
}

void informers_stop(struct informers *in)
{
    in->stopped = true;
    for (int k = 0; k < KIND_COUNT; k++) {
        if (!in->kinds[k])
            continue;
        timer_stop(in->o.loop, &in->kinds[k]->timer);
        watcher_stop(in->kinds[k]->watcher);
        in->kinds[k]->phase = PHASE_STOPPED;
    }
}

void informers_regressed(struct informers *in)
{
    for (int k = 0; k < KIND_COUNT; k++) {
        if (!in->kinds[k])
            continue;
        if (in->kinds[k]->status.state == KIND_SYNCED)
            set_state(in->kinds[k], KIND_NOT_SYNCED);
        watcher_relist(in->kinds[k]->watcher, true);
    }
}

void informers_set_server_minor(struct informers *in, int minor)
{
    in->server_minor = minor;
}

const struct informer_status *informer_status(struct informers *in, enum kind_id kind)
{
    struct informer *inf = in->kinds[kind];

    if (!inf)
        return kind_get(kind)->optional ? &not_installed : &not_watched;
    inf->status.rv = rv_number(watcher_rv(inf->watcher));
    inf->status.objects = cache_count(inf->cache);
    return &inf->status;
}

bool informers_synced(const struct informers *in)
{
    for (int k = 0; k < KIND_COUNT; k++)
        if (in->kinds[k] && in->kinds[k]->status.state == KIND_NOT_SYNCED)
            return false;
    return true;
}

const struct object *informer_get_key(struct informers *in, const struct key *k)
{
    struct informer *inf = in->kinds[k->kind];

    return inf ? subscribers_read(in, cache_get(inf->cache, k->ns, k->name)) : NULL;
}

const struct object *informer_get(struct informers *in, enum kind_id kind, const char *ns,
                                  const char *name)
{
    struct key k = { kind, atom_find(ns, strlen(ns)), name };

    return *ns && !k.ns ? NULL : informer_get_key(in, &k);
}

const struct object *informer_next(struct informers *in, enum kind_id kind, uint32_t *iter)
{
    return in->kinds[kind] ? subscribers_read(in, cache_next(in->kinds[kind]->cache, iter)) : NULL;
}

uint32_t informer_count(struct informers *in, enum kind_id kind)
{
    return in->kinds[kind] ? cache_count(in->kinds[kind]->cache) : 0;
}

const char *informer_problem(struct informers *in, const struct key *k)
{
    struct informer *inf = in->kinds[k->kind];
    struct problem *p = inf ? problem_find(inf, k->ns, k->name) : NULL;

    return p ? p->text : NULL;
}

const struct object *informer_by_index(struct informers *in, const struct informer_query *q,
                                       uint32_t *iter)
{
    struct informer *inf = in->kinds[q->kind];
    struct str value = q->index == INDEX_OWNER ? (struct str){ (const char *)q->owner_uid,
                                                               sizeof(((struct object *)0)->uid) }
                                               : str_of(q->value);

    if (!inf)
        return NULL;
    return subscribers_read(in,
                            index_next(cache_index(inf->cache, q->index, q->label), value, iter));
}
