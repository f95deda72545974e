// SPDX-License-Identifier: Apache-2.0
#include "informer/session.h"

#include <signal.h>

static void warn_on_stderr(void *arg unused_arg, const char *text)
{
    fprintf(stderr, "%s\n", text);
}

static void end(void *arg)
{
    loop_stop(arg);
}

// A kind's list or watch fails, or works again.
static void tell_state(void *arg, const struct kind *k)
{
    struct session *s = arg;
    const struct informer_status *st = informer_status(s->informers, k->id);
    char text[ERROR_TEXT_MAX + 80];

    LIST_EACH (it, &s->hooks) {
        const struct session_hook *h = container_of(it, struct session_hook, link);

        h->fn(h->arg);
    }
    if (st->error.code == ERR_NONE)
        return;
    snprintf(text, sizeof(text), "%s: %s", k->plural, st->error.text);
    s->o.warn(s->o.arg, text);
}

static int open_parts(struct session *s, struct error *e)
{
    const struct session_options *o = &s->o;

    if (kube_config_load(&(struct kube_config_options){ .kubeconfig = o->kubeconfig,
                                                        .context = o->context,
                                                        .warn = o->warn,
                                                        .arg = o->arg },
                         &s->kube, e) < 0)
        return -1;
    s->loop = loop_new(e);
    if (!s->loop || loop_signal(s->loop, SIGTERM, end, s->loop, e) < 0 ||
        loop_signal(s->loop, SIGINT, end, s->loop, e) < 0)
        return -1;
    s->client = client_new(s->loop,
                           &(struct client_options){ .config = &s->kube,
                                                     .user_agent = o->name,
                                                     .field_manager = s->manager,
                                                     .warn = o->warn,
                                                     .arg = o->arg },
                           e);
    return s->client ? 0 : -1;
}

static void init(struct session *s, const struct session_options *o)
{
    *s = (struct session){ .o = *o };
    if (!s->o.warn)
        s->o.warn = warn_on_stderr;
    list_init(&s->hooks);
    snprintf(s->manager, sizeof(s->manager), "%.*s", (int)strcspn(o->name, "/"), o->name);
}

static void make_informers(struct session *s)
{
    s->informers = informers_new(&(struct informers_options){
        .loop = s->loop, .client = s->client, .on_state = tell_state, .arg = s });
}

int session_open(struct session *s, const struct session_options *o, struct error *e)
{
    init(s, o);
    signal(SIGPIPE, SIG_IGN);
    if (open_parts(s, e) < 0)
        return -1;
    make_informers(s);
    return 0;
}

void session_of_parts(struct session *s, const struct session_options *o, struct loop *l,
                      struct client *c)
{
    init(s, o);
    s->loop = l;
    s->client = c;
    make_informers(s);
}

struct subscriber *session_follow(struct session *s, const enum kind_id *kinds, loop_fn notify,
                                  void *arg)
{
    struct subscriber *sub = informers_subscribe(s->informers, kinds, notify, arg);

    for (; *kinds != KIND_COUNT; kinds++)
        informers_add(s->informers, *kinds);
    return sub;
}

void session_on_state(struct session *s, struct session_hook *h, loop_fn fn, void *arg)
{
    h->fn = fn;
    h->arg = arg;
    list_append(&s->hooks, &h->link);
}

void session_hook_remove(struct session_hook *h)
{
    list_remove(&h->link);
}

int session_run(struct session *s, struct error *e)
{
    return loop_run(s->loop, e);
}

void session_close(struct session *s)
{
    informers_free(s->informers);
    client_free(s->client);
    loop_free(s->loop);
    kube_config_fini(&s->kube);
}
