// SPDX-License-Identifier: Apache-2.0
// The sink of the watcher's tests. It knows nothing of real objects, so that these tests are about
// the state machine alone.
#include "informer/fake_sink.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/metrics.h"
#include <assert.h>

static struct fake_sink_object read_object(json_val *obj)
{
    json_val *meta = json_get(obj, "metadata");
    struct fake_sink_object o = { 0 };
    int64_t rv = 0;

    snprintf(o.name, sizeof(o.name), "%s", json_str(json_get(meta, "name"), ""));
    snprintf(o.uid, sizeof(o.uid), "%s", json_str(json_get(meta, "uid"), ""));
    if (str_i64(json_text(json_get(meta, "resourceVersion")), &rv) == 0)
        o.rv = (uint64_t)rv;
    return o;
}

static struct fake_sink_object *find(struct fake_sink_set *set, const char *name)
{
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->v[i].name, name) == 0)
            return &set->v[i];
    return NULL;
}

static void put(struct fake_sink_set *set, struct fake_sink_object o)
{
    struct fake_sink_object *at = find(set, o.name);

    assert(set->n < FAKE_SINK_OBJECTS);
    if (at)
        *at = o;
    else
        set->v[set->n++] = o;
}

static void drop(struct fake_sink_set *set, const char *name)
{
    struct fake_sink_object *at = find(set, name);

    if (at)
        *at = set->v[--set->n];
}

static void on_begin(void *arg)
{
    struct fake_sink *s = arg;

    assert(!s->staging);
    s->staging = true;
    s->staged.n = 0;
    s->begun++;
}

static int on_put(void *arg, json_val *obj, struct error *e)
{
    struct fake_sink *s = arg;
    struct fake_sink_object o = read_object(obj);

    assert(s->staging);
    if (strcmp(o.name, "bad") == 0)
        return error_set(e, ERR_INVALID, "bad object");
    put(&s->staged, o);
    return 0;
}

static void on_remove(void *arg, json_val *obj)
{
    struct fake_sink *s = arg;
    struct fake_sink_object o = read_object(obj);

    drop(&s->staged, o.name);
}

static void on_end(void *arg, bool commit)
{
    struct fake_sink *s = arg;

    assert(s->staging);
    s->staging = false;
    if (commit)
        s->held = s->staged;
    s->committed += commit;
    s->aborted += !commit;
    if (commit && s->stop_on_commit)
        watcher_stop(s->watcher);
}

static enum watch_verdict on_apply(void *arg, enum watch_event ev, json_val *obj, bool old_rv)
{
    struct fake_sink *s = arg;
    struct fake_sink_object o = read_object(obj), *held = find(&s->held, o.name);

    assert(!s->staging);
    if (!*o.name)
        return WATCH_REFUSED;
    if (old_rv && held && held->rv >= o.rv) {
        s->duplicates++;
        return WATCH_DUPLICATE;
    }
    if (old_rv) {
        s->suspects++;
        return WATCH_SUSPECT;
    }
    s->applied++;
    if (ev == WATCH_DELETED)
        drop(&s->held, o.name);
    else
        put(&s->held, o);
    if (s->stop_on_apply)
        watcher_stop(s->watcher);
    return WATCH_APPLIED;
}

static void on_synced(void *arg)
{
    ((struct fake_sink *)arg)->synced++;
}

static void on_failed(void *arg, const struct error *e)
{
    struct fake_sink *s = arg;

    s->failures++;
    s->last_failure = *e;
    if (s->stop_on_failure)
        watcher_stop(s->watcher);
}

static const struct watcher_sink sink = {
    .replace_begin = on_begin,
    .replace_put = on_put,
    .replace_remove = on_remove,
    .replace_end = on_end,
    .apply = on_apply,
    .synced = on_synced,
    .failed = on_failed,
};

struct fake_sink *fake_sink_new(bool prefer_watchlist)
{
    struct fake_sink *s = xcalloc(1, sizeof(*s));

    clock_fake(1000 * USEC_PER_SEC, 1700000000 * USEC_PER_SEC);
    metrics_reset();
    s->loop = loop_new(NULL);
    s->server = fake_server_new(s->loop);
    s->client = fake_server_client(s->server);
    s->pool = json_pool_new(1 << 20);
    s->watcher = watcher_new(&(struct watcher_options){
        .loop = s->loop,
        .client = s->client,
        .kind = kind_get(KIND_POD),
        .sink = &sink,
        .arg = s,
        .pool = s->pool,
        .max_object = 1 << 16,
        .seed = 1,
        .prefer_watchlist = prefer_watchlist,
    });
    return s;
}

void fake_sink_free(struct fake_sink *s)
{
    watcher_free(s->watcher);
    assert(fake_server_open_calls(s->server) == 0);
    assert(!s->staging);
    client_free(s->client);
    fake_server_free(s->server);
    json_pool_free(s->pool);
    loop_free(s->loop);
    free(s);
    clock_real();
}

void fake_sink_pass(struct fake_sink *s, usec t)
{
    usec end = clock_mono() + t;
    int rc;

    do
        rc = loop_turn(s->loop, end - clock_mono(), NULL);
    while (rc == 0 && clock_mono() < end);
    // What became due at the end, and what that starts at once.
    for (int i = 0; i < 20 && rc == 0; i++)
        rc = loop_turn(s->loop, 0, NULL);
    assert(rc == 0);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct fake_sink_object *)a)->name,
                  ((const struct fake_sink_object *)b)->name);
}

const char *fake_sink_text(const struct fake_sink *s)
{
    static char text[4096];
    struct fake_sink_set sorted = s->held;
    size_t at = 0;

    text[0] = '\0';
    qsort(sorted.v, sorted.n, sizeof(*sorted.v), by_name);
    for (size_t i = 0; i < sorted.n && at < sizeof(text) - 64; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s@%" PRIu64, i ? " " : "",
                               sorted.v[i].name, sorted.v[i].rv);
    return text;
}

// "a@5": one Pod; "@5" or "a" leave out what is missing.
static void add_object(struct buf *b, struct str spec, bool with_kind)
{
    struct str name = { 0 };

    str_split(&spec, '@', &name);
    buf_adds(b, with_kind ? "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{"
                          : "{\"metadata\":{");
    if (name.n)
        buf_addf(b, "\"name\":\"" STR_FMT "\",\"namespace\":\"n\",\"uid\":\"u-" STR_FMT "\"",
                 STR_ARG(name), STR_ARG(name));
    if (spec.n)
        buf_addf(b, "%s\"resourceVersion\":\"" STR_FMT "\"", name.n ? "," : "", STR_ARG(spec));
    buf_adds(b, "}}");
}

void fake_sink_list(struct fake_sink *s, const char *rv, const char *items, const char *cont)
{
    struct str rest = str_of(items), item;
    struct buf b;
    bool first = true;

    buf_init(&b, 1 << 20);
    buf_addf(&b,
             "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"%s\"",
             rv);
    if (cont)
        buf_addf(&b, ",\"continue\":\"%s\"", cont);
    buf_adds(&b, "},\"items\":[");
    while (str_split(&rest, ' ', &item)) {
        buf_adds(&b, first ? "" : ",");
        add_object(&b, item, false);
        first = false;
    }
    buf_adds(&b, "]}");
    fake_server_script(s->server, "GET", "watch=false", &(struct fake_reply){ .body = b.p });
    buf_fini(&b);
}

static char *status_text(int code, const char *reason)
{
    const char *cause = strcmp(reason, "TooLarge") == 0
                            ? ",\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\"}]}"
                            : "";

    return xasprintf("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\","
                     "\"message\":\"scripted\",\"reason\":\"%s\",\"code\":%d%s}",
                     *cause ? "Timeout" : reason, code, cause);
}

void fake_sink_list_fails(struct fake_sink *s, int status, const char *reason)
{
    autofree char *body = status_text(status, reason);

    fake_server_script(s->server, "GET", "watch=false",
                       &(struct fake_reply){ .status = status, .body = body });
}

void fake_sink_watch_fails(struct fake_sink *s, int status, const char *reason, unsigned times)
{
    autofree char *body = status_text(status, reason);

    fake_server_script(s->server, "GET", "watch=true",
                       &(struct fake_reply){ .status = status, .body = body, .times = times });
}

static void add_event(struct buf *b, struct str event)
{
    struct str type;

    str_split(&event, ' ', &type);
    if (str_eq(type, "RAW")) {
        buf_addf(b, STR_FMT "\n", STR_ARG(event));
        return;
    }
    if (str_eq(type, "END")) {
        buf_addf(b,
                 "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\","
                 "\"metadata\":{\"resourceVersion\":\"" STR_FMT
                 "\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n",
                 STR_ARG(event));
        return;
    }
    buf_addf(b, "{\"type\":\"" STR_FMT "\",\"object\":", STR_ARG(type));
    if (str_eq(type, "ERROR")) {
        struct str code;
        autofree char *reason = NULL;
        autofree char *text = NULL;
        int64_t n = 0;

        str_split(&event, ' ', &code);
        reason = xstrndup(event.p, event.n);
        text = str_i64(code, &n) == 0 ? status_text((int)n, reason) : NULL;
        buf_adds(b, text ? text : "{}");
    } else {
        add_object(b, event, true);
    }
    buf_adds(b, "}\n");
}

char *fake_sink_stream(const char *events)
{
    struct str rest = str_of(events), event;
    struct buf b;

    buf_init(&b, 1 << 20);
    while (str_split(&rest, ';', &event))
        add_event(&b, str_trim(event));
    return buf_take(&b);
}

void fake_sink_watch(struct fake_sink *s, const struct fake_watch_script *w)
{
    autofree char *body = fake_sink_stream(w->events);

    fake_server_script(s->server, "GET", "watch=true",
                       &(struct fake_reply){
                           .body = body,
                           .stay_open = !w->lasts && !w->cut_at,
                           .lasts = w->lasts,
                           .cut_at = w->cut_at,
                           .chunk = w->chunk,
                       });
}

// A probe is a list of one object ("limit=1" at the end).
size_t fake_sink_lists(const struct fake_sink *s)
{
    size_t n = 0;

    for (size_t i = 0; i < fake_server_requests(s->server); i++)
        n +=
            strstr(fake_sink_url(s, i), "watch=false") && !str_ends(fake_sink_url(s, i), "limit=1");
    return n;
}

size_t fake_sink_probes(const struct fake_sink *s)
{
    return fake_server_count(s->server, "GET", "watch=false") - fake_sink_lists(s);
}

size_t fake_sink_watches(const struct fake_sink *s)
{
    return fake_server_count(s->server, "GET", "watch=true");
}

const char *fake_sink_url(const struct fake_sink *s, size_t i)
{
    return i < fake_server_requests(s->server) ? fake_server_request(s->server, i)->url : "";
}

usec fake_sink_at(const struct fake_sink *s, size_t i)
{
    return i < fake_server_requests(s->server) ? fake_server_request(s->server, i)->at : -1;
}
