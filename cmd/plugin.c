// SPDX-License-Identifier: Apache-2.0
// `kubectl kube9 status|report`: queries, run where the history is.
#include "cmd/plugin.h"

#include "base/arena.h"
#include "cmd/output.h"

#define ASK_MAX   (20 * USEC_PER_SEC)
#define WORDS_MAX ((size_t)1 << 20)

static void on_warning(void *arg unused_arg, const char *text)
{
    output_say("warning: %s", text);
}

int plugin_open(struct plugin *p, const struct args *a, struct error *e)
{
    *p = (struct plugin){ .args = a };
    if (kube_config_load(&(struct kube_config_options){ .kubeconfig = arg_text(a, "kubeconfig"),
                                                        .context = arg_text(a, "context"),
                                                        .home_first = true,
                                                        .warn = on_warning },
                         &p->kube, e) < 0)
        return -1;
    p->loop = loop_new(e);
    if (!p->loop)
        return -1;
    p->client =
        client_new(p->loop,
                   &(struct client_options){
                       .config = &p->kube, .field_manager = "kubectl-kube9", .warn = on_warning },
                   e);
    return p->client ? 0 : -1;
}

void plugin_close(struct plugin *p)
{
    client_free(p->client);
    loop_free(p->loop);
    kube_config_fini(&p->kube);
    *p = (struct plugin){ 0 };
}

struct answer {
    struct buf *body;
    struct error error;
    bool done;
};

static void on_answer(void *arg, const struct http_response *r unused_arg, struct str body,
                      const struct error *e)
{
    struct answer *a = arg;

    a->error = *e;
    if (e->code == ERR_NONE && buf_add(a->body, body.p, body.n) < 0)
        error_set(&a->error, ERR_TOO_BIG, "the answer is longer than %zu bytes", a->body->max);
    a->done = true;
}

int plugin_ask(struct plugin *p, const struct client_request *r, struct buf *ret, struct error *e)
{
    struct answer a = { .body = ret };
    struct client_request request = *r;
    struct client_call *call;

    buf_reset(ret);
    if (!request.deadline)
        request.deadline = ASK_MAX;
    call = client_do(p->client, &request, on_answer, &a);
    while (!a.done) {
        if (loop_turn(p->loop, USEC_PER_SEC, e) < 0) {
            client_cancel(p->client, call);
            return -1;
        }
    }
    if (a.error.code == ERR_NONE)
        return 0;
    *e = a.error;
    return -1;
}

// Flags that say where the operator is, and those that a run of our own has obeyed already.
static bool is_ours(const char *name, bool own_run)
{
    static const char *const where[] = { "kubeconfig", "context", "namespace", "pod", NULL };
    static const char *const of_run[] = {
        "pillar", "check", "exclude", "profile", "timeout", NULL
    };

    return str_is_one_of(name, where) || (own_run && str_is_one_of(name, of_run));
}

// "object-namespace" is "namespace" there.
static const char *there(const char *name)
{
    return str_starts(name, "object-") ? name + strlen("object-") : name;
}

static char *flag_word(const struct args *a, const struct flag *f, struct arena *arena)
{
    const char *const *list = arg_list(a, f->name);
    char *word;

    if (f->kind == FLAG_BOOL)
        return arena_printf(arena, "--%s", there(f->name));
    if (!list)
        return arena_printf(arena, "--%s=%s", there(f->name), arg_text(a, f->name));
    word = arena_printf(arena, "--%s=%s", there(f->name), *list);
    for (list++; *list; list++)
        word = arena_printf(arena, "%s,%s", word, *list);
    return word;
}

static size_t add_flags(const struct args *a, bool own_run, char **words, size_t n,
                        struct arena *arena)
{
    for (const struct flag *const *g = a->command->flags; *g; g++) {
        for (const struct flag *f = *g; f->name; f++) {
            bool wanted = arg_given(a, f->name) || strcmp(f->name, "format") == 0;

            if (wanted && !is_ours(f->name, own_run))
                words[n++] = flag_word(a, f, arena);
        }
    }
    return n;
}

char **plugin_exec_words(const struct args *a, const struct operator_pod *pod, const char *command,
                         const char *run, struct arena *arena)
{
    char **words = ARENA_ARRAY(arena, char *, 24 + ARRAY_SIZE(a->values));
    const char *const first[] = { "kubectl", "exec", "--namespace", pod->ns,
                                  pod->name, "-c",   "operator" };
    struct str rest = str_of(command), word;
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(first); i++)
        words[n++] = arena_strdup(arena, first[i]);
    if (arg_given(a, "kubeconfig"))
        words[n++] = arena_printf(arena, "--kubeconfig=%s", arg_text(a, "kubeconfig"));
    if (arg_given(a, "context"))
        words[n++] = arena_printf(arena, "--context=%s", arg_text(a, "context"));
    words[n++] = arena_strdup(arena, "--");
    words[n++] = arena_strdup(arena, "kube9-operator");
    while (str_split(&rest, ' ', &word))
        words[n++] = arena_strndup(arena, word.p, word.n);
    if (run)
        words[n++] = arena_printf(arena, "--run=%s", run);
    n = add_flags(a, run != NULL, words, n, arena);
    words[n] = NULL;
    return words;
}

static int query(struct plugin *p, const char *command, struct error *e)
{
    struct arena *autoarena arena = arena_new(WORDS_MAX);
    struct operator_pod pod;

    if (plugin_open(p, p->args, e) < 0 || operator_pod_find(p, &pod, e) < 0 ||
        operator_pod_check_exec(p, &pod, e) < 0)
        return -1;
    return plugin_exec(plugin_exec_words(p->args, &pod, command, NULL, arena), e);
}

static int run_query(const struct args *a, const char *command)
{
    struct plugin p = { .args = a };
    struct error e = { 0 };
    int status = query(&p, command, &e);

    plugin_close(&p);
    return status < 0 ? command_fail(a, command_words(a->command->path), &e) : status;
}

int cmd_plugin_status(const struct args *a)
{
    return run_query(a, "query status");
}

int cmd_plugin_report(const struct args *a)
{
    return run_query(a, "query assessments report");
}
