// SPDX-License-Identifier: Apache-2.0
// Uses the watching caches for a single list: kinds without permission are asked for first, as in
// `serve`, so the same rights give the same verdicts. A line on a terminal tells how far the
// reading is.
#include "cmd/live.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/str.h"
#include "cmd/command.h"
#include "controller/sampler.h"
#include "controller/watched.h"
#include "informer/client.h"
#include "informer/epoch.h"
#include "informer/informer.h"
#include "informer/kubeconfig.h"
#include "informer/permission.h"
#include "informer/server_version.h"

#include <unistd.h>

#define SAMPLE_WAIT (30 * USEC_PER_SEC)

struct live {
    struct kube_config kube;
    struct loop *loop;
    struct client *client;
    struct permissions *permissions;
    struct informers *informers;
    struct sampler *sampler;
    struct server_version_call *version;
    struct error version_error;
    uint64_t shown; // objects that the progress line names

    struct watch_permissions watch;
};

static void ask(void *arg, const struct kind *k)
{
    watched_ask(&((struct live *)arg)->watch, k);
}

static void on_version(void *arg, const struct server_version *v, const struct error *e)
{
    struct live *l = arg;

    l->version = NULL;
    if (e->code == ERR_NONE)
        informers_set_server_minor(l->informers, v->minor);
    else
        l->version_error = *e;
}

static void on_warning(void *arg unused_arg, const char *text)
{
    log_warn(text);
}

static int open_live(struct live *l, const struct args *a, struct error *e)
{
    if (kube_config_load(&(struct kube_config_options){ .kubeconfig = arg_text(a, "kubeconfig"),
                                                        .context = arg_text(a, "context"),
                                                        .warn = on_warning },
                         &l->kube, e) < 0)
        return -1;
    l->loop = loop_new(e);
    if (!l->loop)
        return -1;
    l->client =
        client_new(l->loop, &(struct client_options){ .config = &l->kube, .warn = on_warning }, e);
    if (!l->client)
        return -1;
    l->permissions = permissions_new(l->loop, l->client, NULL, NULL);
    l->informers = informers_new(&(struct informers_options){
        .loop = l->loop, .client = l->client, .ask_permission = ask, .arg = l });
    l->watch.informers = l->informers;
    l->watch.permissions = l->permissions;
    l->sampler = sampler_new(&(struct sampler_options){ .loop = l->loop,
                                                        .client = l->client,
                                                        .informers = l->informers,
                                                        .permissions = l->permissions });
    l->version = server_version_get(l->client, on_version, l);
    watched_start(l->informers);
    return 0;
}

static void close_live(struct live *l)
{
    server_version_cancel(l->version);
    sampler_free(l->sampler);
    informers_free(l->informers);
    permissions_free(l->permissions);
    client_free(l->client);
    loop_free(l->loop);
    kube_config_fini(&l->kube);
}

static const struct informer_status *first_unsynced(struct live *l, const char **ret_kind)
{
    for (size_t i = 0; watched_kinds[i] != KIND_COUNT; i++) {
        const struct informer_status *s = informer_status(l->informers, watched_kinds[i]);

        *ret_kind = kind_get(watched_kinds[i])->plural;
        if (s->state == KIND_NOT_SYNCED)
            return s;
    }
    return NULL;
}

static void progress(struct live *l, bool last)
{
    uint64_t objects = 0;

    if (!isatty(STDERR_FILENO))
        return;
    for (size_t i = 0; watched_kinds[i] != KIND_COUNT; i++)
        objects += informer_count(l->informers, watched_kinds[i]);
    if (last)
        fputs("\r\033[K", stderr);
    else if (objects != l->shown)
        fprintf(stderr, "\r%" PRIu64 " objects read", objects);
    l->shown = objects;
}

static bool hopeless(enum err code)
{
    return code == ERR_UNAUTHORIZED || code == ERR_REFUSED || code == ERR_UNAVAILABLE ||
           code == ERR_TIMEOUT || code == ERR_IO;
}

// /version is open to everybody, so what does not answer it is no API server; but a proxy may hide
// it.
static bool no_api_server(enum err code)
{
    return code != ERR_NONE && code != ERR_DENIED && code != ERR_NOT_FOUND;
}

// Says which server it was, unless the text does so already.
static int unreadable(const struct live *l, struct error *e)
{
    const char *host = strstr(l->kube.server, "://");

    if (!strstr(e->text, host ? host + 3 : l->kube.server))
        error_wrap(e, "%s", l->kube.server);
    return error_wrap(e, "the cluster cannot be read");
}

// Nothing is gained by waiting for a server that refuses us or does not answer: the first hard
// error ends it.
static int check_hopeless(struct live *l, struct error *e)
{
    const char *kind;
    const struct informer_status *s = first_unsynced(l, &kind);

    if (no_api_server(l->version_error.code)) {
        *e = l->version_error;
        return unreadable(l, e);
    }
    if (!s || !hopeless(s->error.code))
        return 0;
    *e = s->error;
    error_wrap(e, "read %s", kind);
    return unreadable(l, e);
}

static int wait_synced(struct live *l, usec deadline, struct error *e)
{
    const char *kind = "";

    while (!informers_synced(l->informers) || l->version) {
        if (loop_turn(l->loop, USEC_PER_SEC, e) < 0 || check_hopeless(l, e) < 0)
            return -1;
        progress(l, false);
        if (clock_mono() > deadline) {
            const struct informer_status *s = first_unsynced(l, &kind);

            return error_set(e, ERR_TIMEOUT, "%s could not be read in time%s%s", kind,
                             s && s->error.code ? ": " : "",
                             s && s->error.code ? s->error.text : "");
        }
    }
    progress(l, true);
    return 0;
}

// What may not be read is said; if that is everything, there is nothing to judge.
static int check_permitted(const struct live *l, struct error *e)
{
    struct buf autobuf denied;
    bool some = false;

    buf_init(&denied, 4096);
    for (size_t i = 0; watched_kinds[i] != KIND_COUNT; i++) {
        const struct kind *k = kind_get(watched_kinds[i]);
        enum kind_state state = informer_status(l->informers, k->id)->state;

        some = some || state == KIND_SYNCED;
        if (state == KIND_DENIED && !k->own)
            buf_addf(&denied, "%s%s", denied.n ? ", " : "", k->plural);
    }
    if (!some)
        return error_set(
            e, ERR_DENIED,
            "%s allows this user to list nothing: bind it to the ClusterRole of deploy/manifests",
            l->kube.server);
    if (denied.n)
        log_warn("no permission to list some kinds; their checks are skipped",
                 log_str("kinds", denied.p));
    return 0;
}

// Pods and Nodes are known now. What does not answer in time costs its checks only.
static int sample(struct live *l, usec deadline, struct error *e)
{
    deadline = MIN(deadline, clock_mono() + SAMPLE_WAIT);
    sampler_look(l->sampler);
    while (sampler_busy(l->sampler) && clock_mono() < deadline) {
        if (loop_turn(l->loop, USEC_PER_SEC, e) < 0)
            return -1;
    }
    return 0;
}

int live_assess(const struct args *a, const struct assessment_options *o,
                const struct assess_sink *sink, struct assessment_summary *ret, struct error *e)
{
    struct live l = { 0 };
    struct snapshot *s;
    usec deadline = clock_mono() + arg_int(a, "timeout") * USEC_PER_SEC;
    int rc = open_live(&l, a, e);

    if (rc == 0)
        rc = wait_synced(&l, deadline, e);
    if (rc == 0) { // CRDs are known now: kinds of other projects too
        watched_add_installed(l.informers);
        rc = wait_synced(&l, deadline, e);
    }
    if (rc == 0)
        rc = check_permitted(&l, e);
    if (rc == 0)
        rc = sample(&l, deadline, e);
    if (rc == 0) {
        s = epoch_open(l.informers);
        sampler_show(l.sampler, s);
        rc = assess_run(s, o, sink, ret, e);
        epoch_close(l.informers, s);
    }
    close_live(&l);
    return rc;
}
