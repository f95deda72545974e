// SPDX-License-Identifier: Apache-2.0
// `kubectl kube9 assess`: makes an AssessmentRun, waits for its end and lets the operator print
// what it found. All that could keep the report from being read is looked at before the run is
// made.
#include "apis/types.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/writer.h"
#include "cmd/plugin.h"
#include "controller/checks/check.h"

#include <unistd.h>

#define KEPT_SECONDS 86400 // the object; its history stays
#define LOOK_EVERY   (500 * USEC_PER_MSEC)
#define GRACE        (30 * USEC_PER_SEC) // beyond the run's own limit
#define WORDS_MAX    ((size_t)1 << 20)

static void w_list_of(struct writer *w, const char *key, const char *const *list)
{
    if (!list)
        return;
    w_key_list(w, key);
    for (; *list; list++)
        w_str(w, *list);
    w_list_end(w);
}

static void write_spec(struct writer *w, const struct args *a)
{
    const char *const *pillars = arg_list(a, "pillar");

    w_key_object(w, "spec");
    w_key_str(w, "mode", word_text(&run_mode_words, pillars ? RUN_MODE_PILLAR : RUN_MODE_FULL));
    if (pillars) {
        w_key_list(w, "pillars");
        for (; *pillars; pillars++)
            w_str(w, word_text(&pillar_words, check_pillar_find(*pillars) + 1));
        w_list_end(w);
    }
    if (arg_list(a, "check") || arg_list(a, "exclude")) {
        w_key_object(w, "checks");
        w_list_of(w, "include", arg_list(a, "check"));
        w_list_of(w, "exclude", arg_list(a, "exclude"));
        w_object_end(w);
    }
    w_key_str(w, "profile", arg_text(a, "profile"));
    w_key_int(w, "timeoutSeconds", arg_int(a, "timeout"));
    w_key_int(w, "ttlSecondsAfterFinished", KEPT_SECONDS);
    w_object_end(w);
}

static int write_run(const struct args *a, struct buf *out, struct error *e)
{
    struct writer w;

    writer_to_buf(&w, WRITER_JSON, out);
    w_object(&w);
    w_key_str(&w, "apiVersion", "kube9.io/v1alpha1");
    w_key_str(&w, "kind", "AssessmentRun");
    w_key_object(&w, "metadata");
    w_key_str(&w, "generateName", "kubectl-");
    w_object_end(&w);
    write_spec(&w, a);
    w_object_end(&w);
    if (writer_end(&w) < 0)
        return error_set(e, ERR_TOO_BIG, "the lists of checks are too long");
    return 0;
}

static int create_failed(struct error *e)
{
    if (e->code == ERR_NOT_FOUND)
        return error_set(e, ERR_NOT_FOUND,
                         "this cluster has no AssessmentRun (assessmentruns.kube9.io): install the "
                         "chart, or `kube9-operator crds | kubectl apply -f -`");
    if (e->code == ERR_DENIED)
        return error_set(e, ERR_DENIED,
                         "you may not create assessmentruns; who may grant it binds the "
                         "ClusterRoles: kubectl create clusterrolebinding NAME "
                         "--clusterrole=kube9-operator-edit --user=YOU (and -view to read them)");
    return error_wrap(e, "create the AssessmentRun");
}

static int decode_run(struct buf *body, struct object **ret, struct error *e)
{
    autojson struct json_doc doc = { 0 };

    if (json_parse(buf_str(body), NULL, &doc, e) < 0 ||
        object_decode(kind_get(KIND_ASSESSMENT_RUN), json_root(&doc), (struct decode_options){ 0 },
                      ret, e) < 0)
        return error_wrap(e, "the server's AssessmentRun");
    return 0;
}

int plugin_run_create(struct plugin *p, char *ret_name, size_t n, struct error *e)
{
    autobuf struct buf run = { 0 }, body = { 0 }, path = { 0 };
    autoobject struct object *made = NULL;

    buf_init(&run, WORDS_MAX);
    buf_init(&body, PLUGIN_BODY_MAX);
    buf_init(&path, 512);
    if (write_run(p->args, &run, e) < 0 ||
        kind_path(kind_get(KIND_ASSESSMENT_RUN), NULL, NULL, NULL, &path) < 0)
        return -1;
    if (plugin_ask(
            p,
            &(struct client_request){
                .verb = CLIENT_CREATE, .path = path.p, .body = buf_str(&run), .unfenced = true },
            &body, e) < 0)
        return create_failed(e);
    if (decode_run(&body, &made, e) < 0)
        return -1;
    snprintf(ret_name, n, "%s", object_name(made));
    return 0;
}

static int look(struct plugin *p, const char *name, struct object **ret, struct error *e)
{
    autobuf struct buf body = { 0 }, path = { 0 };

    buf_init(&body, PLUGIN_BODY_MAX);
    buf_init(&path, 512);
    if (kind_path(kind_get(KIND_ASSESSMENT_RUN), NULL, name, NULL, &path) < 0)
        return -1;
    if (plugin_ask(p, &(struct client_request){ .verb = CLIENT_GET, .path = path.p }, &body, e) < 0)
        return error_wrap(e, "run %s", name);
    return decode_run(&body, ret, e);
}

static const struct assessment_run_status *status_of(const struct object *run)
{
    return assessment_run_status(assessment_run_of(run));
}

static const char *phase_of(const struct object *run)
{
    const char *phase =
        word_text(&run_phase_words, assessment_run_status_phase(run ? status_of(run) : NULL));

    return *phase ? phase : "waiting for the operator";
}

static bool has_ended(const struct object *run)
{
    switch (assessment_run_status_phase(status_of(run))) {
    case RUN_PHASE_COMPLETED:
    case RUN_PHASE_PARTIAL:
    case RUN_PHASE_FAILED:
    case RUN_PHASE_CANCELLED:
        return true;
    default:
        return false;
    }
}

static void tell(const char *name, const struct object *run, usec began)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%s: %s, %" PRId64 " s", name, phase_of(run),
                (clock_mono() - began) / USEC_PER_SEC);
}

static void tell_nothing(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static int pause_for(struct plugin *p, usec time, struct error *e)
{
    usec until = clock_mono() + time;

    while (clock_mono() < until) {
        if (loop_turn(p->loop, until - clock_mono(), e) < 0)
            return -1;
    }
    return 0;
}

static int too_late(const char *name, const struct object *run, struct error *e)
{
    return error_set(
        e, ERR_TIMEOUT,
        "run %s has not ended in time, it is %s%s; see `kubectl describe assessmentrun %s`", name,
        phase_of(run),
        assessment_run_status_has_start_time(status_of(run))
            ? ""
            : " (the operator has other runs to do, or is not the one that holds the Lease)",
        name);
}

static int wait_for_end(struct plugin *p, const char *name, struct object **ret, struct error *e)
{
    usec began = clock_mono();
    usec deadline = began + arg_int(p->args, "timeout") * USEC_PER_SEC + GRACE;

    for (;;) {
        autoobject struct object *run = NULL;

        if (look(p, name, &run, e) < 0)
            return -1;
        if (has_ended(run)) {
            *ret = TAKE(run);
            return 0;
        }
        tell(name, run, began);
        if (clock_mono() > deadline)
            return too_late(name, run, e);
        if (pause_for(p, LOOK_EVERY, e) < 0)
            return -1;
    }
}

// 0: there is a report.
static int check_end(const struct object *run, struct error *e)
{
    const struct assessment_run_status *st = status_of(run);
    int phase = assessment_run_status_phase(st);
    const char *why = "";

    FOR_EACH (condition, c, assessment_run_status_conditions(st)) {
        if (strcmp(atom_str(condition_type(c)), "Ready") == 0)
            why = condition_message(c);
    }
    if (phase != RUN_PHASE_COMPLETED && phase != RUN_PHASE_PARTIAL)
        return error_set(e, ERR_SERVER, "run %s is %s: %s", object_name(run), phase_of(run),
                         why ? why : "");
    if (!assessment_run_status_has_history_id(st))
        return error_set(e, ERR_IO,
                         "run %s ended with score %d, but what it found was not stored: condition "
                         "StoreHealthy of `kubectl describe kube9config default` says why",
                         object_name(run), assessment_run_status_score(st));
    return 0;
}

int plugin_run_wait(struct plugin *p, const char *name, struct error *e)
{
    autoobject struct object *run = NULL;
    int rc = wait_for_end(p, name, &run, e);

    tell_nothing();
    return rc < 0 ? -1 : check_end(run, e);
}

static int assess(struct plugin *p, struct error *e)
{
    struct arena *autoarena arena = arena_new(WORDS_MAX);
    struct operator_pod pod;
    char name[254];

    if (plugin_open(p, p->args, e) < 0 || operator_pod_find(p, &pod, e) < 0 ||
        operator_pod_check_exec(p, &pod, e) < 0 ||
        plugin_run_create(p, name, sizeof(name), e) < 0 || plugin_run_wait(p, name, e) < 0)
        return -1;
    return plugin_exec(plugin_exec_words(p->args, &pod, "query assessments report", name, arena),
                       e);
}

int cmd_plugin_assess(const struct args *a)
{
    struct plugin p = { .args = a };
    struct error e = { 0 };
    int status = assess(&p, &e);

    plugin_close(&p);
    return status < 0 ? command_fail(a, command_words(a->command->path), &e) : status;
}
