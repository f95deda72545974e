// SPDX-License-Identifier: Apache-2.0
// One assessment: workloads, then other objects kind by kind, then the cluster as a whole; each
// unit meets all its checks at once, so that findings stream out in a fixed order and memory does
// not grow with their number.
#include "base/alloc.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "controller/checks/exempt.h"
#include "controller/checks/join.h"
#include "controller/checks/memo.h"
#include "controller/checks/report.h"
#include "controller/checks/score.h"
#include "controller/checks/tally.h"
#include "controller/checks/top.h"

#define ARENA_MAX  ((size_t)512 << 20)
#define STOP_EVERY 32

struct assess {
    const struct snapshot *s;
    const struct assessment_options *o;
    const struct assess_sink *sink;
    struct arena *a;
    struct join join;
    struct exemptions ex;
    struct memo memo;
    struct selection sel;
    struct report r;
    struct tally tally[CHECKS_MAX];
    const struct check *checks[CHECKS_MAX];
    size_t n;
    struct top top;
    struct assessment_summary sum;
    uint32_t turns; // for STOP_EVERY
    bool stopped, cancelled;
    uint32_t passed, skipped; // of the unit at hand
};

// What the findings of a unit have in common.
struct unit {
    const char *group, *kind, *ns, *name, *prefix;
    const struct object *object; // NULL: the cluster
    struct unit_exemption ex;
};

static bool time_is_up(struct assess *as)
{
    if (!as->stopped && as->turns++ % STOP_EVERY == 0 && as->o->stop)
        as->stopped = as->o->stop(as->o->stop_arg);
    return as->stopped || as->cancelled;
}

static size_t put(char *to, size_t size, size_t n, const char *part)
{
    size_t len = MIN(strlen(part), size - n - 1);

    memcpy(to + n, part, len);
    to[n + len] = '\n';
    return MIN(n + len + 1, size - 1);
}

// Of check, group, kind, namespace and root name: never of Pod names, order or the number of
// offenders (§0.5).
static void fingerprint(char ret[17], const struct check *c, const struct unit *u)
{
    static const char hex[] = "0123456789abcdef";
    char text[1024];
    size_t n = put(text, sizeof(text), 0, c->id);

    n = put(text, sizeof(text), n, u->group);
    n = put(text, sizeof(text), n, u->kind);
    n = put(text, sizeof(text), n, u->ns);
    n = put(text, sizeof(text), n, u->name);
    uint64_t h = hash64_stable(text, n);
    for (int i = 15; i >= 0; i--, h >>= 4)
        ret[i] = hex[h & 15];
    ret[16] = '\0';
}

#define PATH_MAX_TEXT (REPORT_FIELD_MAX + 96)

// printf would be a third of the time of a run here.
static size_t join_part(char ret[PATH_MAX_TEXT], size_t n, const char *part)
{
    size_t len = MIN(strlen(part), (size_t)PATH_MAX_TEXT - 2 - n);

    if (n && len)
        ret[n++] = '.';
    memcpy(ret + n, part, len);
    ret[n + len] = '\0';
    return n + len;
}

// Is the field counted from the object and not from the Pod spec? No Pod spec has these members.
static bool from_object(const char *field)
{
    return str_starts(field, "spec.") || str_starts(field, "metadata.");
}

// "spec.template.spec" + "containers[0]" + "image"
static void path_of(char ret[PATH_MAX_TEXT], const struct unit *u, const struct outcome *o)
{
    char place[48];
    size_t n = 0;

    ret[0] = '\0';
    if (!o->in_container && !*o->field)
        return;
    if (!from_object(o->field))
        n = join_part(ret, n, u->prefix);
    if (o->in_container) {
        snprintf(place, sizeof(place), "%s[%" PRIu32 "]", container_set_field(o->set), o->index);
        n = join_part(ret, n, place);
    }
    join_part(ret, n, o->field);
}

static void send(struct assess *as, size_t i, const struct unit *u, const struct outcome *o,
                 const struct exempted *by)
{
    char path[PATH_MAX_TEXT];
    struct finding f = { .check = as->checks[i],
                         .severity = as->tally[i].severity,
                         .group = u->group,
                         .kind = u->kind,
                         .ns = u->ns,
                         .name = u->name,
                         .object = u->object,
                         .container = o->container,
                         .path = path,
                         .message = o->text,
                         .offenders = o->offenders };

    path_of(path, u, o);
    f.verdict = o->verdict;
    if (by && by->downgrade) {
        f.verdict = VERDICT_WARN;
        f.severity = MIN(f.severity, by->severity);
    } else if (by) {
        f.verdict = VERDICT_SKIP;
        f.reason = SKIP_EXEMPTED;
    }
    if (by) {
        f.exemption = by->by;
        f.exemption_reason = by->reason;
        f.exemption_expires = by->expires;
    }
    f.line = u->object ? u->object->line : 0;
    fingerprint(f.fingerprint, f.check, u);
    top_add(&as->top, &as->sum, &f, i);
    if (as->sink->finding && as->sink->finding(as->sink->arg, &f) < 0)
        as->cancelled = true;
}

static void end_unit(struct assess *as, const struct unit *u)
{
    if (as->sink->unit && (as->passed || as->skipped))
        as->sink->unit(as->sink->arg, u->ns, as->passed, as->skipped);
    as->passed = as->skipped = 0;
}

static void skip(struct tally *t, enum skip_reason why, const char *text)
{
    t->units.skipped++;
    t->skips[why]++;
    if (!*t->skip_text)
        snprintf(t->skip_text, sizeof(t->skip_text), "%.*s",
                 (int)utf8_cut(text, strlen(text), sizeof(t->skip_text) - 1), text);
}

// An object whose content could not be read is neither good nor bad.
static bool skip_undecoded(struct assess *as, size_t i, const struct object *o)
{
    if (!object_undecoded(o))
        return false;
    skip(&as->tally[i], SKIP_NO_DATA, "the content of the object could not be read");
    return true;
}

static void account(struct assess *as, size_t i, const struct unit *u, const struct outcome *o)
{
    struct tally *t = &as->tally[i];
    struct exempted by;
    bool exempted = exempt_by(&as->ex, &u->ex, as->checks[i], i, o->verdict >= VERDICT_WARN, &by);

    if (exempted && by.downgrade && o->verdict >= VERDICT_WARN) {
        t->units.warned++;
        send(as, i, u, o, &by);
        return;
    }
    if (exempted && !by.downgrade) {
        as->skipped++;
        t->units.exempted++;
        t->skips[SKIP_EXEMPTED]++;
        if (o->verdict >= VERDICT_WARN && as->o->want_skipped)
            send(as, i, u, o, &by);
        return;
    }
    switch (o->verdict) {
    case VERDICT_PASS:
        as->passed++;
        t->units.passed++;
        return;
    case VERDICT_SKIP:
        as->skipped++;
        skip(t, o->reason, o->text);
        return;
    case VERDICT_WARN:
        t->units.warned++;
        break;
    default:
        t->units.failed++;
        break;
    }
    send(as, i, u, o, NULL);
}

static void judge_containers(struct assess *as, size_t i, const struct pod_view *p,
                             const struct unit_exemption *ex)
{
    const struct check *c = as->checks[i];
    bool first = true;

    for (uint32_t k = 0; k < p->n; k++) {
        const struct container_view *v = &p->containers[k];
        if (!(v->set & c->sets) || (ex->containers && exempt_container(&as->ex, ex, c, i, v)))
            continue;
        report_at(&as->r, v);
        as->r.first = first;
        first = false;
        c->per_container(&as->r, p, v);
    }
    report_at(&as->r, NULL);
    as->r.first = false;
}

// Containers that only the Pods have: judged in the Pod they were seen in.
static void judge_injected(struct assess *as, size_t i, const struct workload *w,
                           const struct unit_exemption *ex)
{
    const struct check *c = as->checks[i];
    struct container_view list[POD_CONTAINERS_MAX];
    struct pod_view p;

    for (const struct injected *in = w->injected; in; in = in->next) {
        pod_view_init(&p, object_pod_spec(in->pod), object_meta_of(in->pod), as->s->server_minor,
                      list);
        if (in->at >= p.n || !(list[in->at].set & c->sets) ||
            (ex->containers && exempt_container(&as->ex, ex, c, i, &list[in->at])))
            continue;
        report_at(&as->r, &list[in->at]);
        c->per_container(&as->r, &p, &list[in->at]);
    }
    report_at(&as->r, NULL);
}

static bool spares_windows(const struct assess *as, const struct check *c, const struct pod_view *p)
{
    const char *os = atom_str(pod_os_name(pod_spec_os(p->spec)));

    return profile_spares_windows(as->sel.profile, c, as->s->server_minor,
                                  strcmp(os, "windows") == 0);
}

static void judge_pod(struct assess *as, size_t i, const struct workload *w,
                      const struct pod_view *p, const struct unit_exemption *ex)
{
    const struct check *c = as->checks[i];

    report_reset(&as->r);
    as->r.workload = w;
    if (p->windows && spares_windows(as, c, p)) {
        report_skip(&as->r, SKIP_NOT_APPLICABLE, "does not apply to Windows Pods");
    } else if (c->per_container) {
        judge_containers(as, i, p, ex);
        if (w->injected)
            judge_injected(as, i, w, ex);
    } else if (c->per_pod_spec) {
        c->per_pod_spec(&as->r, p);
    } else {
        c->per_workload(&as->r, w);
    }
}

static const struct outcome *outcome_of(struct assess *as, size_t i, const struct workload *w,
                                        const struct pod_view *p, const struct unit_exemption *ex,
                                        struct memo_entry *memo)
{
    bool pure = !as->checks[i]->per_workload && !(as->checks[i]->flags & CHECK_JOINS);

    if (pure && memo && memo->outcomes[i])
        return memo->outcomes[i];
    judge_pod(as, i, w, p, ex);
    if (pure && memo)
        memo_put(&as->memo, memo, i, &as->r.out);
    return &as->r.out;
}

static bool wants_workload(const struct assess *as, size_t i, const struct workload *w)
{
    const struct check *c = as->checks[i];

    if (!as->tally[i].run || c->per_object || c->per_cluster || c->per_exemption)
        return false;
    if (c->kinds && !workload_is(w, c->kinds))
        return false;
    return !(c->flags & CHECK_RUNNING) || (w->running && !w->finished);
}

// A check counts such an object as skipped; which one it is has to be said once.
static void tell_undecoded(struct assess *as, const struct unit *u)
{
    char object[600];

    if (!object_undecoded(u->object) || !as->sink->notice)
        return;
    snprintf(object, sizeof(object), "%s %s%s%s", u->kind, u->ns, *u->ns ? "/" : "", u->name);
    as->sink->notice(as->sink->arg, object, "its content could not be read, so it is not judged");
}

// Injected containers, exempted ones and, before 1.19, seccomp in annotations are the workload's
// own story, not that of its spec.
static bool own_story(const struct assess *as, const struct workload *w,
                      const struct unit_exemption *ex)
{
    bool old = as->s->server_minor > 0 && as->s->server_minor < 19;

    return ex->containers || w->injected || old;
}

static void assess_workload(struct assess *as, const struct workload *w)
{
    struct container_view list[POD_CONTAINERS_MAX];
    struct pod_view p;
    struct ns_info *ns = join_namespace(&as->join, atom_str(w->ns));
    struct unit u = { .group = w->group,
                      .kind = w->kind,
                      .ns = ns->name,
                      .name = w->name,
                      .prefix = w->prefix,
                      .object = w->object };
    struct exempt_target target = { .group = w->group,
                                    .kind = w->kind,
                                    .name = w->name,
                                    .object = w->object,
                                    .meta = w->meta,
                                    .template = w->template,
                                    .ns = ns,
                                    .namespaced = true };

    if (!ns->selected)
        return;
    tell_undecoded(as, &u);
    pod_view_init(&p, w->spec, w->template, as->s->server_minor, list);
    exempt_unit(&as->ex, &target, &u.ex);
    bool alone = as->o->no_memo || own_story(as, w, &u.ex);
    struct memo_entry *memo = alone ? NULL : memo_entry(&as->memo, w->object->spec);
    for (size_t i = 0; i < as->n && !as->cancelled; i++) {
        if (wants_workload(as, i, w) && !skip_undecoded(as, i, w->object))
            account(as, i, &u, outcome_of(as, i, w, &p, &u.ex, memo));
    }
    end_unit(as, &u);
}

static bool wants_kind(const struct assess *as, size_t i, enum kind_id k)
{
    return as->tally[i].run && as->checks[i]->per_object && (as->checks[i]->kinds & KIND_BIT(k));
}

static void assess_object(struct assess *as, const struct object *o, const struct kind *k)
{
    const char *name = object_name(o);
    struct ns_info *ns =
        join_namespace(&as->join, o->kind == KIND_NAMESPACE ? name : object_namespace(o));
    struct unit u = { .group = k->group,
                      .kind = k->kind,
                      .ns = object_namespace(o),
                      .name = name,
                      .prefix = "",
                      .object = o };
    struct exempt_target target = { .group = k->group,
                                    .kind = k->kind,
                                    .name = name,
                                    .object = o,
                                    .meta = object_meta_of(o),
                                    .ns = ns,
                                    .namespaced = k->namespaced,
                                    .object_is_namespace = k->id == KIND_NAMESPACE,
                                    .again = KIND_BIT(k->id) & WORKLOAD_KINDS };

    if (!ns->selected)
        return;
    if (!target.again)
        tell_undecoded(as, &u);
    exempt_unit(&as->ex, &target, &u.ex);
    for (size_t i = 0; i < as->n && !as->cancelled; i++) {
        if (!wants_kind(as, i, k->id) || skip_undecoded(as, i, o))
            continue;
        report_reset(&as->r);
        as->checks[i]->per_object(&as->r, o);
        account(as, i, &u, &as->r.out);
    }
    end_unit(as, &u);
}

static void assess_kind(struct assess *as, enum kind_id k)
{
    uint32_t n = as->s->n[k];
    const struct object **sorted;
    bool wanted = false;

    for (size_t i = 0; i < as->n; i++)
        wanted |= wants_kind(as, i, k);
    if (!wanted || n == 0)
        return;
    sorted = xmalloc(n * sizeof(*sorted));
    memcpy(sorted, as->s->objects[k], n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), object_compare);
    for (uint32_t i = 0; i < n && !time_is_up(as); i++)
        assess_object(as, sorted[i], kind_get(k));
    free(sorted);
}

static void assess_cluster(struct assess *as)
{
    struct unit u = { .group = "", .kind = "Cluster", .ns = "", .name = "cluster", .prefix = "" };
    struct exempt_target target = {
        .group = u.group, .kind = u.kind, .name = u.name, .ns = join_namespace(&as->join, "")
    };

    exempt_unit(&as->ex, &target, &u.ex);
    for (size_t i = 0; i < as->n && !time_is_up(as); i++) {
        if (!as->tally[i].run || !as->checks[i]->per_cluster)
            continue;
        report_reset(&as->r);
        as->r.check = as->checks[i];
        as->checks[i]->per_cluster(&as->r);
        account(as, i, &u, &as->r.out);
    }
    end_unit(as, &u);
}

// Last, for only then is it known which of them were of use. Nothing exempts an exemption.
static void assess_exemptions(struct assess *as)
{
    for (const struct exemption_entry *e = as->ex.entries; e && !time_is_up(as); e = e->next) {
        struct unit u = { .group = e->group,
                          .kind = e->kind,
                          .ns = e->ns,
                          .name = e->name,
                          .prefix = "",
                          .object = e->object };
        for (size_t i = 0; i < as->n && !as->cancelled; i++) {
            if (!as->tally[i].run || !as->checks[i]->per_exemption)
                continue;
            report_reset(&as->r);
            as->checks[i]->per_exemption(&as->r, e);
            account(as, i, &u, &as->r.out);
        }
        end_unit(as, &u);
    }
}

static kind_mask undecoded_kinds(const struct snapshot *s)
{
    kind_mask ret = 0;

    for (int k = 0; k < KIND_COUNT; k++) {
        for (uint32_t i = 0; i < s->n[k] && !(ret & KIND_BIT(k)); i++)
            ret |= object_undecoded(s->objects[k][i]) ? KIND_BIT(k) : 0;
    }
    return ret;
}

static void choose(struct assess *as)
{
    kind_mask undecoded = undecoded_kinds(as->s);

    as->n = checks_count();
    for (size_t i = 0; i < as->n; i++) {
        as->checks[i] = checks_at(i);
        if (!profile_in_force(as->sel.profile, as->checks[i], as->s->server_minor))
            as->sel.listed[i] = false;
        tally_init(&as->tally[i], as->checks[i], as->s, undecoded, as->sel.enabled[i]);
        if (!as->sel.listed[i])
            as->tally[i].run = false;
    }
}

static void walk_all(struct assess *as)
{
    for (uint32_t i = 0; i < as->join.walk.n && !time_is_up(as); i++)
        assess_workload(as, as->join.walk.units[i]);
    for (int k = 0; k < KIND_COUNT && !as->stopped && !as->cancelled; k++)
        assess_kind(as, (enum kind_id)k);
    if (!as->stopped && !as->cancelled)
        assess_cluster(as);
    if (!as->stopped && !as->cancelled)
        assess_exemptions(as);
}

static void conclude(struct assess *as)
{
    struct score score = { 0 };
    struct check_result res;
    char text[TALLY_TEXT_MAX];

    for (size_t i = 0; i < as->n; i++) {
        struct unit_counts *all = &as->sum.units, *u = &as->tally[i].units;
        if (!as->sel.listed[i])
            continue;
        tally_result(&as->tally[i], as->checks[i], as->stopped, &res, text);
        score_add(&score, &res, &as->sum);
        all->passed += u->passed;
        all->warned += u->warned;
        all->failed += u->failed;
        all->skipped += u->skipped;
        all->exempted += u->exempted;
        if (as->sink->result)
            as->sink->result(as->sink->arg, &res);
    }
    score_finish(&score, &as->sum);
    for (int k = 0; k < KIND_COUNT; k++)
        as->sum.objects += as->s->n[k];
    as->sum.partial = as->stopped;
    if (!as->stopped && as->o->mode == ASSESS_FULL)
        exempt_unused(&as->ex);
}

static void run(struct assess *as)
{
    struct join_options jo = { .own_namespace = as->o->own_namespace,
                               .platform_namespaces = as->o->platform_namespaces,
                               .namespaces = as->o->namespaces,
                               .stop = as->o->stop,
                               .stop_arg = as->o->stop_arg };

    choose(as);
    as->stopped = join_init(&as->join, as->s, &jo, as->a) != 0;
    exempt_init(&as->ex, as->o, as->sink, as->s->now, as->a);
    memo_init(&as->memo, as->n, as->a);
    as->r = (struct report){ .snapshot = as->s,
                             .join = &as->join,
                             .profile = as->sel.profile,
                             .conventions = as->o->conventions,
                             .own_namespace = as->o->own_namespace ? as->o->own_namespace : "" };
    walk_all(as);
    if (!as->cancelled)
        conclude(as);
    memo_fini(&as->memo);
    join_fini(&as->join);
}

int assess_run(const struct snapshot *s, const struct assessment_options *o,
               const struct assess_sink *sink, struct assessment_summary *ret, struct error *e)
{
    struct assess *as = xcalloc(1, sizeof(*as));
    int rc = -1;

    as->s = s;
    as->o = o;
    as->sink = sink;
    if (select_checks(o, &as->sel, e) == 0) {
        as->a = arena_new(ARENA_MAX);
        run(as);
        rc = as->cancelled ? error_set(e, ERR_CANCELLED, "the assessment was cancelled") : 0;
        if (rc == 0)
            *ret = as->sum;
        arena_free(as->a);
    }
    free(as);
    return rc;
}
