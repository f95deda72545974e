// SPDX-License-Identifier: Apache-2.0
// How workloads are doing now: their Pods, summed up per workload, so that a Deployment with a
// hundred Pods that crash is one finding. Ages are those of the snapshot.
#include "base/clock.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

#define PATIENCE     (10 * USEC_PER_MIN) // a Pod may take as long to become ready
#define RESTARTS_MAX 5

// Pods of a workload that have the same trouble.
struct hit {
    uint32_t n, of;
    const struct object *first; // by name
    const char *container, *what;
};

static void add_hit(struct hit *h, const struct object *pod, const char *container,
                    const char *what)
{
    h->n++;
    if (h->first && strcmp(object_name(pod), object_name(h->first)) >= 0)
        return;
    h->first = pod;
    h->container = container;
    h->what = what;
}

static usec since(const struct report *r, int64_t seconds)
{
    return r->snapshot->now - seconds * USEC_PER_SEC;
}

static bool recent(const struct report *r, int64_t seconds)
{
    return seconds && since(r, seconds) < USEC_PER_DAY;
}

static const struct pod_status *status_of(const struct object *pod)
{
    return pod_status(pod_of(pod));
}

static bool leaving(const struct object *pod)
{
    return object_meta_has_deletion_timestamp(object_meta_of(pod));
}

static int64_t created(const struct object *o)
{
    return object_meta_creation_timestamp(object_meta_of(o));
}

static const char *waits_for(const struct container_status *s)
{
    static const char *const reasons[] = {
        "CrashLoopBackOff",  "ImagePullBackOff",           "ErrImagePull",
        "InvalidImageName",  "CreateContainerConfigError", "CreateContainerError",
        "RunContainerError",
    };
    const char *reason =
        atom_str(container_waiting_reason(container_state_waiting(container_status_state(s))));

    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        if (strcmp(reasons[i], reason) == 0)
            return reasons[i];
    }
    return NULL;
}

// The first container of the Pod that is in the trouble that `look` knows.
static void look_at_pod(const struct report *r, struct hit *h, const struct object *pod,
                        const char *(*look)(const struct report *, const struct container_status *),
                        bool init)
{
    struct rlist lists[2] = { pod_status_container_statuses(status_of(pod)),
                              init ? pod_status_init_container_statuses(status_of(pod))
                                   : (struct rlist){ 0 } };

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        FOR_EACH (container_status, s, lists[i]) {
            const char *what = look(r, s);
            if (!what)
                continue;
            add_hit(h, pod, text_or(container_status_name(s), ""), what);
            return;
        }
    }
}

static struct hit
look_at(const struct report *r, const struct workload *w,
        const char *(*look)(const struct report *, const struct container_status *), bool init)
{
    struct hit h = { 0 };

    for (const struct pod_link *l = w->pods; l; l = l->next) {
        if (leaving(l->pod))
            continue;
        h.of++;
        look_at_pod(r, &h, l->pod, look, init);
    }
    return h;
}

static bool has_pods(struct report *r, const struct workload *w)
{
    if (w->pods)
        return true;
    report_skip(r, SKIP_NO_OBJECTS, "no Pod runs from it");
    return false;
}

static void say(struct report *r, enum verdict v, const struct hit *h, const char *what)
{
    if (h->n)
        report_as(r, v, "", "%" PRIu32 " of %" PRIu32 " Pods %s: container '%s' of %s (%s)", h->n,
                  h->of, what, h->container, object_name(h->first), h->what);
}

static const char *look_waiting(const struct report *r unused_arg, const struct container_status *s)
{
    return waits_for(s);
}

static void crash_loop(struct report *r, const struct workload *w)
{
    struct hit h = look_at(r, w, look_waiting, true);

    if (has_pods(r, w))
        say(r, VERDICT_FAIL, &h, "cannot run");
}

static const char *look_restarts(const struct report *r, const struct container_status *s)
{
    const struct container_terminated *t =
        container_last_state_terminated(container_status_last_state(s));

    if (container_status_restart_count(s) < RESTARTS_MAX ||
        !recent(r, container_terminated_finished_at(t)))
        return NULL;
    return text_or(atom_str(container_terminated_reason(t)), "");
}

static void restarts(struct report *r, const struct workload *w)
{
    struct hit h = look_at(r, w, look_restarts, false);

    if (has_pods(r, w))
        say(r, VERDICT_WARN, &h, "were restarted five times or more, the last time within a day");
}

static bool is_oom(const struct report *r, const struct container_terminated *t)
{
    return strcmp(atom_str(container_terminated_reason(t)), "OOMKilled") == 0 &&
           recent(r, container_terminated_finished_at(t));
}

static const char *look_oom(const struct report *r, const struct container_status *s)
{
    bool oom = is_oom(r, container_last_state_terminated(container_status_last_state(s))) ||
               is_oom(r, container_state_terminated(container_status_state(s)));

    return oom ? "OOMKilled" : NULL;
}

static void oom_killed(struct report *r, const struct workload *w)
{
    struct hit h = look_at(r, w, look_oom, true);

    if (has_pods(r, w))
        say(r, VERDICT_FAIL, &h, "ran out of memory within a day");
}

static const struct pod_condition *condition_of(const struct object *pod, const char *type)
{
    FOR_EACH (pod_condition, c, pod_status_conditions(status_of(pod))) {
        if (strcmp(atom_str(pod_condition_type(c)), type) == 0)
            return c;
    }
    return NULL;
}

static void not_ready(struct report *r, const struct workload *w)
{
    struct hit h = { 0 };

    for (const struct pod_link *l = w->pods; l; l = l->next) {
        const struct pod_condition *c = condition_of(l->pod, "Ready");
        if (leaving(l->pod) || pod_status_phase(status_of(l->pod)) != POD_PHASE_RUNNING)
            continue;
        h.of++;
        if (pod_condition_status(c) == CONDITION_FALSE &&
            since(r, pod_condition_last_transition_time(c)) > PATIENCE)
            add_hit(&h, l->pod, "", "");
    }
    if (has_pods(r, w) && h.n)
        report_fail(r, "",
                    "%" PRIu32 " of %" PRIu32
                    " Pods run but have not been ready for ten minutes: %s",
                    h.n, h.of, object_name(h.first));
}

// What is wrong with the Pod's phase; NULL: nothing. Failed Pods of Jobs are the Job's story.
static const char *phase_trouble(const struct report *r, const struct workload *w,
                                 const struct object *pod)
{
    const struct pod_condition *c = condition_of(pod, "PodScheduled");

    switch (pod_status_phase(status_of(pod))) {
    case POD_PHASE_PENDING:
        if (since(r, created(pod)) <= PATIENCE)
            return NULL;
        return pod_condition_status(c) == CONDITION_FALSE ? "no node takes it"
                                                          : "its containers do not start";
    case POD_PHASE_UNKNOWN:
        return "its node does not answer";
    case POD_PHASE_FAILED:
        return w->running && strcmp(atom_str(pod_status_reason(status_of(pod))), "Evicted") != 0
                   ? "has failed"
                   : NULL;
    default:
        return NULL;
    }
}

static void phase(struct report *r, const struct workload *w)
{
    struct hit h = { 0 };

    for (const struct pod_link *l = w->pods; l; l = l->next) {
        const char *what = phase_trouble(r, w, l->pod);
        if (leaving(l->pod))
            continue;
        h.of++;
        if (what)
            add_hit(&h, l->pod, "", what);
    }
    if (has_pods(r, w) && h.n)
        report_fail(r, "", "%" PRIu32 " of %" PRIu32 " Pods do not run: %s (%s)", h.n, h.of,
                    object_name(h.first), h.what);
}

static void stuck_terminating(struct report *r, const struct workload *w)
{
    struct hit h = { 0 };

    for (const struct pod_link *l = w->pods; l; l = l->next) {
        usec late = 5 * USEC_PER_MIN;
        h.of++;
        // The API server adds the grace period to deletionTimestamp.
        if (leaving(l->pod) &&
            since(r, object_meta_deletion_timestamp(object_meta_of(l->pod))) > late)
            add_hit(&h, l->pod, "", "");
    }
    if (has_pods(r, w) && h.n)
        report_warn(r, "",
                    "%" PRIu32 " of %" PRIu32 " Pods should be gone for five minutes and more: %s",
                    h.n, h.of, object_name(h.first));
}

#define BURST 3

static void unschedulable(struct report *r, const struct workload *w)
{
    struct hit h = { 0 };

    for (const struct pod_link *l = w->pods; l; l = l->next) {
        const struct pod_condition *c = condition_of(l->pod, "PodScheduled");
        h.of++;
        if (!leaving(l->pod) && pod_condition_status(c) == CONDITION_FALSE &&
            since(r, pod_condition_last_transition_time(c)) < 60 * USEC_PER_MIN)
            add_hit(&h, l->pod, "", "");
    }
    if (has_pods(r, w) && h.n >= BURST)
        report_warn(r, "", "no node took %" PRIu32 " of %" PRIu32 " Pods within the last hour: %s",
                    h.n, h.of, object_name(h.first));
}

CHECK_TABLE(
    reliability_running, CHECK_RELIABILITY,
    { .id = "reliability/pod-crashloop",
      .title = "Containers start",
      .remediation =
          "Read the container's last log and events: kubectl describe pod, kubectl logs --previous.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_POD),
      .per_workload = crash_loop },
    { .id = "reliability/pod-restarts",
      .title = "Containers keep running",
      .remediation =
          "Find out why the container ends: its exit code, its last log, its probes and its memory limit.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_POD),
      .per_workload = restarts },
    { .id = "reliability/oom-killed",
      .title = "No container ran out of memory within a day",
      .remediation = "Raise the memory limit or mend the leak.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 2,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_POD),
      .per_workload = oom_killed },
    { .id = "reliability/pod-not-ready",
      .title = "Running Pods become ready",
      .remediation = "Look at the readiness probe and at what the program waits for.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_POD),
      .per_workload = not_ready },
    { .id = "reliability/pod-phase",
      .title = "Pods run",
      .remediation = "Read the Pod's events: kubectl describe pod names what it waits for.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_POD),
      .per_workload = phase },
    { .id = "reliability/pod-stuck-terminating",
      .title = "Deleted Pods go",
      .remediation = "Look at the Pod's finalizers and at its node's kubelet.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_POD),
      .per_workload = stuck_terminating },
    { .id = "reliability/unschedulable-burst",
      .title = "Nodes take the Pods of a workload",
      .remediation = "Add nodes, lower requests, or loosen the placement rules that no node meets.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 3,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = KIND_BIT(KIND_POD),
      .per_workload = unschedulable }, );
