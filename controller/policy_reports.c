// SPDX-License-Identifier: Apache-2.0
// After a start any namespace may hold a report of ours, from then on those that were written. When
// none is wanted those of an earlier process are found by their label, once.
#include "controller/policy_reports.h"

#include "apis/kinds.h"
#include "apis/object.h"
#include "apis/types.h"
#include "base/alloc.h"
#include "base/log.h"
#include "controller/plan.h"
#include "controller/reconcile/policy_report.h"
#include "controller/report_set.h"
#include "informer/client.h"
#include "informer/list_once.h"

#define PATH_MAX_BYTES 512
#define FAILURES_MAX   5

struct policy_reports {
    struct client *client;
    struct informers *informers;
    struct client_call *call;
    struct plan plan;
    struct report_set *set; // that the plan is about
    size_t at;
    struct list_once *search;
    enum kind_id searched;
    bool busy, known; // known: standing is all there is
    unsigned failed;  // requests of this round
    char **standing;  // owned
    size_t n_standing;
};

static void forget(struct policy_reports *p)
{
    for (size_t i = 0; i < p->n_standing; i++)
        free(p->standing[i]);
    free(p->standing);
    p->standing = NULL;
    p->n_standing = 0;
}

static void stand(struct policy_reports *p, const char *ns)
{
    p->standing = xrealloc(p->standing, (p->n_standing + 1) * sizeof(*p->standing));
    p->standing[p->n_standing++] = xstrdup(ns);
}

static void stop(struct policy_reports *p)
{
    list_once_cancel(TAKE(p->search));
    if (p->call)
        client_cancel(p->client, TAKE(p->call));
    if (p->busy)
        plan_fini(&p->plan);
    p->busy = false;
    report_set_free(TAKE(p->set));
}

struct policy_reports *policy_reports_new(struct client *c, struct informers *in)
{
    struct policy_reports *p = xcalloc(1, sizeof(*p));

    p->client = c;
    p->informers = in;
    return p;
}

void policy_reports_free(struct policy_reports *p)
{
    if (!p)
        return;
    stop(p);
    forget(p);
    free(p);
}

bool policy_reports_installed(struct informers *in)
{
    return informer_get(in, KIND_CUSTOM_RESOURCE_DEFINITION, "", "policyreports.wgpolicyk8s.io") &&
           informer_get(in, KIND_CUSTOM_RESOURCE_DEFINITION, "",
                        "clusterpolicyreports.wgpolicyk8s.io");
}

static void finish(struct policy_reports *p)
{
    // What could not be written may stand or not: the next round looks at all again.
    p->known = !p->failed;
    if (!p->failed)
        forget(p);
    for (size_t i = 0; !p->failed && i < p->plan.n; i++) {
        if (p->plan.v[i].kind == INTENT_APPLY_REPORT)
            stand(p, p->plan.v[i].ns);
    }
    stop(p);
}

static void step(struct policy_reports *p);

// A namespace that is being terminated takes nothing new, and what is in it goes with it.
static bool is_leaving(const struct policy_reports *p, const char *ns)
{
    const struct object *o = informer_get(p->informers, KIND_NAMESPACE, "", ns);

    return !o || object_meta_has_deletion_timestamp(object_meta_of(o));
}

// Is this answer the wanted state? A namespace may have gone meanwhile.
static bool is_done(const struct policy_reports *p, const struct intent *i, const struct error *e)
{
    return e->code == ERR_NONE || e->code == ERR_NOT_FOUND ||
           (e->code == ERR_DENIED && *i->ns && is_leaving(p, i->ns));
}

static void answered(void *arg, const struct http_response *r unused_arg,
                     struct str body unused_arg, const struct error *e)
{
    struct policy_reports *p = arg;
    const struct intent *i = &p->plan.v[p->at++];

    p->call = NULL;
    if (!is_done(p, i, e)) {
        if (p->failed++ == 0)
            log_warn("a PolicyReport was not written; again with the next run",
                     log_str("namespace", i->ns), log_str("class", err_name(e->code)), log_err(e));
        // One namespace may refuse what others take; a server that does not answer, or that
        // refuses again and again, is not asked for the rest.
        if (p->failed == FAILURES_MAX || (e->code != ERR_DENIED && err_retry(e->code) != RETRY_NO))
            p->at = p->plan.n;
    }
    step(p);
}

static void request(struct policy_reports *p, const struct intent *i, struct str body)
{
    struct client_request q = { .verb = CLIENT_DELETE };
    char path[PATH_MAX_BYTES];

    if (*i->ns)
        snprintf(path, sizeof(path),
                 "/apis/wgpolicyk8s.io/v1alpha2/namespaces/%s/policyreports/" REPORT_NAME, i->ns);
    else
        snprintf(path, sizeof(path),
                 "/apis/wgpolicyk8s.io/v1alpha2/clusterpolicyreports/" REPORT_NAME);
    q.path = path;
    if (i->kind == INTENT_APPLY_REPORT)
        q = (struct client_request){
            .verb = CLIENT_APPLY, .path = path, .body = body, .force = true, .may_create = true
        };
    p->call = client_do(p->client, &q, answered, p);
}

// Bodies are made one at a time: all of them together could be large.
static void step(struct policy_reports *p)
{
    struct buf autobuf body = { 0 };
    const struct intent *i;

    if (p->at >= p->plan.n) {
        finish(p);
        return;
    }
    i = &p->plan.v[p->at];
    buf_init(&body, REPORT_BODY_MAX);
    if (i->kind == INTENT_APPLY_REPORT && report_set_body(p->set, i->ns, &body) < 0)
        buf_reset(&body);
    request(p, i, buf_str(&body));
}

static void expect_everywhere(struct policy_reports *p)
{
    forget(p);
    stand(p, "");
    INFORMER_EACH (p->informers, KIND_NAMESPACE, o) {
        stand(p, object_name(o));
    }
}

void policy_reports_publish(struct policy_reports *p, struct report_set *set)
{
    struct policy_report_input in = { .reports = set };

    if (p->busy)
        p->known = false; // half of it may have been written
    stop(p);
    if (!p->known)
        expect_everywhere(p);
    in.standing = (const char *const *)p->standing;
    in.n_standing = p->n_standing;
    plan_init(&p->plan);
    reconcile_policy_reports(&in, &p->plan);
    p->set = set;
    p->busy = true;
    p->failed = 0;
    p->at = 0;
    step(p);
}

static void found(void *arg, json_val *v)
{
    if (strcmp(json_str(json_path(v, "metadata.name"), ""), REPORT_NAME) == 0)
        stand(arg, json_str(json_path(v, "metadata.namespace"), ""));
}

static void searched(void *arg, const struct error *e);

static void search(struct policy_reports *p, enum kind_id k)
{
    p->searched = k;
    p->search = list_once_start(&(struct list_once_options){ .client = p->client,
                                                             .kind = kind_get(k),
                                                             .labels = REPORT_LABEL,
                                                             .item = found,
                                                             .done = searched,
                                                             .arg = p });
}

static void searched(void *arg, const struct error *e)
{
    struct policy_reports *p = arg;

    p->search = NULL;
    if (e->code != ERR_NONE) {
        log_warn("PolicyReports of an earlier process were not looked for; again with the next run",
                 log_err(e));
        return;
    }
    if (p->searched == KIND_POLICY_REPORT) {
        search(p, KIND_CLUSTER_POLICY_REPORT);
        return;
    }
    p->known = true;
    if (p->n_standing)
        policy_reports_publish(p, NULL);
}

void policy_reports_clear(struct policy_reports *p)
{
    if (p->known && p->n_standing) {
        policy_reports_publish(p, NULL);
    } else if (!p->known && !p->search) {
        stop(p);
        forget(p);
        search(p, KIND_POLICY_REPORT);
    }
}
