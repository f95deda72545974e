// SPDX-License-Identifier: Apache-2.0
// kube9-follow: a program that does nothing but follow some kinds with the informer library, for
// tests from outside. One level-triggered subscriber keeps a shadow of what it was told; both
// answer over HTTP what they believe:
//   GET /readyz   200 once every kind is synced and its initial keys were taken
//   GET /state    per kind: state, objects and sum of the cache and of the shadow (fake_shadow.h)
//   GET /objects  one line for each object of the cache: KIND/NS/NAME UID RV; ?KIND for one kind
//
//   kube9-follow KUBECONFIG HOST:PORT KIND...      KIND: pods, deployments.apps
#include "base/base.h"
#include "base/httpd.h"
#include "base/log.h"
#include "base/writer.h"
#include "informer/client.h"
#include "informer/fake_shadow.h"
#include "informer/informer.h"

#include <signal.h>
#include <stdio.h>

struct follower {
    struct loop *loop;
    struct kube_config kube;
    struct client *client;
    struct informers *informers;
    struct subscriber *sub;
    struct shadow shadow;
    struct httpd *httpd;
    enum kind_id kinds[KIND_COUNT + 1]; // ends with KIND_COUNT
    size_t n;
};

static void full_name(const struct kind *k, char ret[128])
{
    snprintf(ret, 128, "%s%s%s", k->plural, *k->group ? "." : "", k->group);
}

static const struct kind *find_kind(const char *name)
{
    char full[128];

    for (int i = 0; i < KIND_COUNT; i++) {
        full_name(kind_get((enum kind_id)i), full);
        if (strcmp(full, name) == 0)
            return kind_get((enum kind_id)i);
    }
    return NULL;
}

static const char *state_word(enum kind_state s)
{
    static const char *const words[] = { "unsynced", "synced", "denied", "absent" };

    return words[s];
}

static void write_kind(struct follower *f, struct writer *w, const struct kind *k)
{
    const struct informer_status *s = informer_status(f->informers, k->id);
    char text[128];

    full_name(k, text);
    w_key_object(w, text);
    w_key_str(w, "state", state_word(s->state));
    w_key_bool(w, "stale", s->stale);
    w_key_str(w, "error", s->error.text);
    w_key_int(w, "objects", informer_count(f->informers, k->id));
    snprintf(text, sizeof(text), "%016" PRIx64, shadow_cache_sum(f->informers, k->id));
    w_key_str(w, "sum", text);
    w_key_int(w, "shadow_objects", f->shadow.n[k->id]);
    snprintf(text, sizeof(text), "%016" PRIx64, f->shadow.sum[k->id]);
    w_key_str(w, "shadow_sum", text);
    w_object_end(w);
}

static void get_state(void *arg, const char *query unused_arg, struct httpd_reply *ret)
{
    struct follower *f = arg;
    struct writer w;

    writer_to_buf(&w, WRITER_JSON, &ret->body);
    w_object(&w);
    w_key_int(&w, "changes", (int64_t)f->shadow.changes);
    w_key_int(&w, "contradictions", (int64_t)f->shadow.contradictions);
    w_key_str(&w, "last_contradiction", f->shadow.last);
    w_key_object(&w, "kinds");
    for (size_t i = 0; i < f->n; i++)
        write_kind(f, &w, kind_get(f->kinds[i]));
    w_object_end(&w);
    w_object_end(&w);
    if (writer_end(&w) < 0)
        ret->status = 500;
    ret->content_type = "application/json";
}

static void get_objects(void *arg, const char *query, struct httpd_reply *ret)
{
    struct follower *f = arg;
    char kind[128], uid[UID_TEXT_MAX];

    for (size_t i = 0; i < f->n; i++) {
        full_name(kind_get(f->kinds[i]), kind);
        if (*query && strcmp(query, kind) != 0)
            continue;
        INFORMER_EACH (f->informers, f->kinds[i], o) {
            buf_addf(&ret->body, "%s/%s/%s %s %" PRIu64 "\n", kind, object_namespace(o),
                     object_name(o), object_uid_text(o, uid), o->rv);
        }
    }
}

static void get_ready(void *arg, const char *query unused_arg, struct httpd_reply *ret)
{
    const struct follower *f = arg;

    if (!subscriber_synced(f->sub))
        ret->status = 503;
    buf_adds(&ret->body, ret->status ? "not synced\n" : "ok\n");
}

static const struct httpd_route routes[] = {
    {"/state",    get_state  },
    { "/objects", get_objects},
    { "/readyz",  get_ready  },
};

static void on_changes(void *arg)
{
    struct follower *f = arg;

    shadow_follow(&f->shadow, f->sub);
}

static void on_warning(void *arg unused_arg, const char *text)
{
    log_warn(text);
}

static void on_signal(void *arg)
{
    loop_stop(((struct follower *)arg)->loop);
}

static int choose_kinds(struct follower *f, char **names, int n, struct error *e)
{
    for (int i = 0; i < n; i++) {
        const struct kind *k = find_kind(names[i]);

        if (!k || f->n == KIND_COUNT)
            return error_set(e, ERR_USAGE, "unknown kind '%s'", names[i]);
        f->kinds[f->n++] = k->id;
    }
    f->kinds[f->n] = KIND_COUNT;
    return f->n ? 0 : error_set(e, ERR_USAGE, "no kind is named");
}

static int open_follower(struct follower *f, const char *kubeconfig, const char *listen,
                         struct error *e)
{
    struct kube_config_options o = { .kubeconfig = kubeconfig, .warn = on_warning };

    if (kube_config_load(&o, &f->kube, e) < 0)
        return -1;
    f->loop = loop_new(e);
    if (!f->loop)
        return -1;
    f->client =
        client_new(f->loop, &(struct client_options){ .config = &f->kube, .warn = on_warning }, e);
    if (!f->client)
        return -1;
    f->informers =
        informers_new(&(struct informers_options){ .loop = f->loop, .client = f->client });
    f->sub = informers_subscribe(f->informers, f->kinds, on_changes, f);
    for (size_t i = 0; i < f->n; i++)
        informers_add(f->informers, f->kinds[i]);
    f->httpd = httpd_new(f->loop, listen, routes, ARRAY_SIZE(routes), f, e);
    if (!f->httpd || loop_signal(f->loop, SIGTERM, on_signal, f, e) < 0)
        return -1;
    return loop_signal(f->loop, SIGINT, on_signal, f, e);
}

static void close_follower(struct follower *f)
{
    httpd_free(f->httpd);
    subscriber_free(f->sub);
    informers_free(f->informers);
    client_free(f->client);
    loop_free(f->loop);
    kube_config_fini(&f->kube);
    shadow_fini(&f->shadow);
}

int main(int argc, char **argv)
{
    struct follower f = { 0 };
    struct error e = { 0 };
    int rc;

    signal(SIGPIPE, SIG_IGN);
    if (argc < 4) {
        fprintf(stderr, "usage: kube9-follow KUBECONFIG HOST:PORT KIND...\n");
        return 2;
    }
    shadow_init(&f.shadow);
    rc = choose_kinds(&f, argv + 3, argc - 3, &e);
    if (rc == 0)
        rc = open_follower(&f, argv[1], argv[2], &e);
    if (rc == 0) {
        log_info("following", log_int("kinds", (int64_t)f.n), log_int("port", httpd_port(f.httpd)));
        rc = loop_run(f.loop, &e);
    }
    if (rc < 0)
        log_error("cannot go on", log_err(&e));
    close_follower(&f);
    return rc < 0 ? err_exit_status(e.code) : 0;
}
