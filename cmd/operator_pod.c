// SPDX-License-Identifier: Apache-2.0
// Finds the operator as the chart makes it: Pods labelled app.kubernetes.io/name=kube9-operator
// with a container named operator. One of them has to be ready; anything else is said as it is.
#include "apis/types.h"
#include "base/json.h"
#include "cmd/plugin.h"
#include "informer/permission.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_NAMESPACE "kube9-system"
#define CONTAINER         "operator"
#define SELECTOR          "labelSelector=app.kubernetes.io%2Fname%3Dkube9-operator&limit=100"
#define NAMES_MAX         240

struct search {
    size_t pods, ready;
    struct operator_pod one; // the ready one, else any
    char why[128];           // that one is not ready
    struct buf names;        // of the ready ones
};

static const struct pod_status *status_of(const struct object *pod)
{
    return pod_status(pod_of(pod));
}

// Ended Pods (evicted, say) stay until somebody removes them.
static bool counts(const struct object *pod)
{
    int phase = pod_status_phase(status_of(pod));

    if (phase == POD_PHASE_SUCCEEDED || phase == POD_PHASE_FAILED)
        return false;
    FOR_EACH (container, c, pod_spec_containers(object_pod_spec(pod))) {
        if (strcmp(container_name(c), CONTAINER) == 0)
            return true;
    }
    return false;
}

static const struct container_status *container_of_pod(const struct object *pod)
{
    FOR_EACH (container_status, s, pod_status_container_statuses(status_of(pod))) {
        if (strcmp(container_status_name(s), CONTAINER) == 0)
            return s;
    }
    return NULL;
}

static const char *not_scheduled(const struct object *pod)
{
    FOR_EACH (pod_condition, c, pod_status_conditions(status_of(pod))) {
        if (strcmp(atom_str(pod_condition_type(c)), "PodScheduled") == 0 &&
            pod_condition_status(c) == CONDITION_FALSE)
            return atom_str(pod_condition_reason(c));
    }
    return NULL;
}

static void why_not(const struct object *pod, char *ret, size_t n)
{
    const struct container_status *s = container_of_pod(pod);
    const struct container_state *state = container_status_state(s);
    const struct container_terminated *ended = container_state_terminated(state);
    const char *waits = atom_str(container_waiting_reason(container_state_waiting(state)));

    if (object_meta_has_deletion_timestamp(object_meta_of(pod)))
        snprintf(ret, n, "it is being deleted");
    else if (!s)
        snprintf(ret, n, "%s", not_scheduled(pod) ? not_scheduled(pod) : "no node has started it");
    else if (ended)
        snprintf(ret, n, "its container ended with status %d (%s)",
                 container_terminated_exit_code(ended),
                 atom_str(container_terminated_reason(ended)));
    else if (*waits)
        snprintf(ret, n, "%s", waits);
    else
        snprintf(ret, n, "its readiness probe does not succeed");
}

static bool is_ready(const struct object *pod)
{
    return container_status_ready(container_of_pod(pod)) &&
           !object_meta_has_deletion_timestamp(object_meta_of(pod));
}

static void look_at(struct search *s, const struct object *pod)
{
    bool ready = is_ready(pod);

    if (!counts(pod))
        return;
    s->pods++;
    if (ready) {
        s->ready++;
        (void)buf_addf(&s->names, "%s%s/%s", s->names.n ? ", " : "", object_namespace(pod),
                       object_name(pod));
    }
    if (s->pods > 1 && !ready)
        return;
    snprintf(s->one.ns, sizeof(s->one.ns), "%s", object_namespace(pod));
    snprintf(s->one.name, sizeof(s->one.name), "%s", object_name(pod));
    why_not(pod, s->why, sizeof(s->why));
}

static int look_at_json(struct search *s, json_val *v, struct error *e)
{
    autoobject struct object *pod = NULL;

    if (object_decode(kind_get(KIND_POD), v, (struct decode_options){ 0 }, &pod, e) < 0)
        return error_wrap(e, "the server's list of pods");
    look_at(s, pod);
    return 0;
}

static int list_pods(struct plugin *p, const char *ns, struct search *s, struct error *e)
{
    autobuf struct buf path = { 0 }, body = { 0 };
    autojson struct json_doc doc = { 0 };
    yyjson_arr_iter it;
    json_val *v;

    buf_init(&path, 512);
    buf_init(&body, PLUGIN_BODY_MAX);
    if (kind_path(kind_get(KIND_POD), ns, NULL, NULL, &path) < 0)
        return error_set(e, ERR_USAGE, "--namespace: '%.80s' is no name of a namespace", ns);
    if (plugin_ask(
            p, &(struct client_request){ .verb = CLIENT_GET, .path = path.p, .query = SELECTOR },
            &body, e) < 0)
        return -1;
    if (json_parse(buf_str(&body), NULL, &doc, e) < 0)
        return error_wrap(e, "the server's list of pods");
    yyjson_arr_iter_init(json_get(json_root(&doc), "items"), &it);
    while ((v = yyjson_arr_iter_next(&it))) {
        if (look_at_json(s, v, e) < 0)
            return -1;
    }
    return 0;
}

static int denied(const char *verb, const char *resource, const char *ns, struct error *e)
{
    return error_set(
        e, ERR_DENIED,
        "you may not %s %s in namespace %s; who may grant it binds the Role kube9-query: "
        "kubectl create rolebinding NAME -n %s --role=kube9-query --user=YOU",
        verb, resource, ns, ns);
}

// One of the name that --pod gives, ready or not.
static int get_pod(struct plugin *p, const char *ns, const char *name, struct operator_pod *ret,
                   struct error *e)
{
    autobuf struct buf path = { 0 }, body = { 0 };

    buf_init(&path, 512);
    buf_init(&body, PLUGIN_BODY_MAX);
    if (kind_path(kind_get(KIND_POD), ns, name, NULL, &path) < 0)
        return error_set(e, ERR_USAGE, "--pod: '%.80s' is no name of a Pod", name);
    if (plugin_ask(p, &(struct client_request){ .verb = CLIENT_GET, .path = path.p }, &body, e) <
        0) {
        if (e->code == ERR_DENIED)
            return denied("get", "pods", ns, e);
        return e->code == ERR_NOT_FOUND
                   ? error_set(e, ERR_NOT_FOUND,
                               "--pod: namespace %s has no Pod '%.80s'; without --pod the one that "
                               "is ready is taken",
                               ns, name)
                   : -1;
    }
    snprintf(ret->ns, sizeof(ret->ns), "%s", ns);
    snprintf(ret->name, sizeof(ret->name), "%s", name);
    return 0;
}

static int choose(const struct search *s, const char *ns, struct operator_pod *ret, struct error *e)
{
    if (s->ready > 1)
        return error_set(e, ERR_CONFLICT,
                         "%zu Pods of the operator are ready: %s; choose one with --namespace, or "
                         "with --namespace and --pod",
                         s->ready, s->names.p);
    if (!s->pods)
        return error_set(e, ERR_NOT_FOUND,
                         "no Pod of the operator (label app.kubernetes.io/name=kube9-operator, "
                         "container operator) in %s%s: install it with helm, or say where it is "
                         "with --namespace or --context",
                         ns ? "namespace " : "any namespace that you may list", ns ? ns : "");
    if (!s->ready)
        return error_set(e, ERR_UNAVAILABLE,
                         "Pod %s/%s is not ready: %s; see `kubectl describe pod -n %s %s`, or ask "
                         "it all the same with --namespace=%s --pod=%s",
                         s->one.ns, s->one.name, s->why, s->one.ns, s->one.name, s->one.ns,
                         s->one.name);
    *ret = s->one;
    return 0;
}

// Without --namespace it looks everywhere when the usual one has no operator. Who may not do that
// is told of the usual one.
static int search(struct plugin *p, const char *given, struct search *s, struct operator_pod *ret,
                  struct error *e)
{
    const char *ns = given ? given : DEFAULT_NAMESPACE;
    bool may_look = list_pods(p, ns, s, e) == 0;

    if (!may_look && e->code != ERR_DENIED)
        return -1;
    if (!given && !s->pods) {
        struct error everywhere = { 0 };

        if (list_pods(p, NULL, s, &everywhere) == 0)
            return choose(s, NULL, ret, e);
    }
    return may_look ? choose(s, ns, ret, e) : denied("list", "pods", ns, e);
}

int operator_pod_find(struct plugin *p, struct operator_pod *ret, struct error *e)
{
    const char *given = arg_text(p->args, "namespace"), *pod = arg_text(p->args, "pod");
    struct search s = { 0 };
    int rc;

    if (pod)
        return get_pod(p, given ? given : DEFAULT_NAMESPACE, pod, ret, e);
    buf_init(&s.names, NAMES_MAX);
    rc = search(p, given, &s, ret, e);
    buf_fini(&s.names);
    return rc;
}

// posix_spawnp would find it or not, but only after a run that nobody could read was made.
static bool in_path(const char *name)
{
    const char *path = getenv("PATH"); // NOLINT(concurrency-mt-unsafe)
    struct str rest = str_of(path ? path : ""), dir;

    while (str_split(&rest, ':', &dir)) {
        char file[1024];

        snprintf(file, sizeof(file), STR_FMT "/%s", STR_ARG(dir), name);
        if (dir.n && access(file, X_OK) == 0)
            return true;
    }
    return false;
}

int operator_pod_check_exec(struct plugin *p, const struct operator_pod *pod, struct error *e)
{
    struct permission_query may_exec = { .resource = "pods/exec",
                                         .ns = pod->ns,
                                         .name = pod->name };
    autobuf struct buf review = { 0 }, body = { 0 };
    autojson struct json_doc doc = { 0 };

    if (!in_path("kubectl"))
        return plugin_no_kubectl(ENOENT, "kubectl", e);
    buf_init(&review, 4096);
    buf_init(&body, PLUGIN_BODY_MAX);
    if (permission_review(&may_exec, str_of("create"), &review) < 0 ||
        plugin_ask(p,
                   &(struct client_request){
                       .verb = CLIENT_CREATE,
                       .path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                       .body = buf_str(&review),
                       .unfenced = true },
                   &body, e) < 0)
        return error_wrap(e, "ask for the right to exec");
    if (json_parse(buf_str(&body), NULL, &doc, e) < 0)
        return error_wrap(e, "ask for the right to exec");
    if (!json_bool(json_path(json_root(&doc), "status.allowed"), false))
        return denied("create", "pods/exec", pod->ns, e);
    return 0;
}
