// SPDX-License-Identifier: Apache-2.0
// Accepting a finding must be visible, have a reason and end some day: so nothing is dropped here,
// only marked.
#include "controller/checks/exempt.h"

#include "apis/selector.h"
#include "base/clock.h"
#include "controller/checks/glob.h"

#define ANNOTATION "kube9.io/exempt"

static void set_bit(uint64_t *bits, size_t i)
{
    bits[i / 64] |= (uint64_t)1 << (i % 64);
}

static bool has_bit(const uint64_t *bits, size_t i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static void notice(const struct exemptions *x, const char *object, const char *text)
{
    if (x->sink->notice && !x->quiet)
        x->sink->notice(x->sink->arg, object, text);
}

static bool match_into(uint64_t *bits, struct str pattern)
{
    bool any = false;

    for (size_t i = 0; i < checks_count(); i++) {
        const struct check *c = checks_at(i);
        struct str rest = str_of(c->aliases), alias;
        bool hit = glob_match(pattern, c->id);
        while (!hit && str_split(&rest, ' ', &alias))
            hit = alias.n == pattern.n && memcmp(alias.p, pattern.p, alias.n) == 0;
        if (hit)
            set_bit(bits, i);
        any |= hit;
    }
    return any;
}

static void compile(struct exemptions *x, struct central *c)
{
    struct rlist list = exemption_checks(c->e);

    if (list.n == 0)
        memset(c->checks, 0xff, sizeof(c->checks));
    FOR_EACH_STR (pattern, list) {
        if (!match_into(c->checks, str_of(pattern)))
            notice(x, text_or(exemption_name(c->e), ""),
                   "the exemption names a check that does not exist");
    }
    c->expired = exemption_has_expires(c->e) && exemption_expires(c->e) * USEC_PER_SEC <= x->now;
    if (c->expired)
        notice(x, text_or(exemption_name(c->e), ""),
               "the exemption has expired and no longer holds");
}

void exempt_init(struct exemptions *x, const struct assessment_options *o,
                 const struct assess_sink *sink, usec now, struct arena *a)
{
    *x = (struct exemptions){ .o = o, .sink = sink, .a = a, .now = now };
    x->central = ARENA_ARRAY(a, struct central, MAX(o->exemptions.n, 1u));
    FOR_EACH (exemption, e, o->exemptions) {
        x->central[x->n].e = e;
        compile(x, &x->central[x->n++]);
    }
}

static bool one_of(struct rlist globs, const char *text)
{
    FOR_EACH_STR (g, globs) {
        if (glob_match(str_of(g), text))
            return true;
    }
    return globs.n == 0;
}

static bool central_matches(const struct central *c, const struct exempt_target *t)
{
    const struct label_selector *sel = exemption_selector(c->e);

    return !c->expired && one_of(exemption_kinds(c->e), t->kind) &&
           one_of(exemption_namespaces(c->e), t->ns->name) &&
           one_of(exemption_names(c->e), t->name) &&
           (!sel || selector_matches(sel, object_meta_labels(t->meta)));
}

// "2027-01-31" counts to the end of that day.
static int until(const char *text, usec *ret)
{
    char full[32];

    if (strlen(text) == 10) {
        snprintf(full, sizeof(full), "%sT00:00:00Z", text);
        int rc = time_parse(str_of(full), ret, NULL);
        *ret += rc == 0 ? USEC_PER_DAY : 0;
        return rc;
    }
    return time_parse(str_of(text), ret, NULL);
}

static bool expired(const struct exemptions *x, struct rlist notes, const char *object)
{
    const char *text = rmap_get(notes, ANNOTATION "-until");
    usec end;

    if (!text)
        return false;
    if (until(text, &end) < 0) {
        notice(x, object, "the exemption is void: kube9.io/exempt-until is not an RFC 3339 date");
        return true;
    }
    if (end > x->now)
        return false;
    notice(x, object, "the exemption has expired and no longer holds");
    return true;
}

static void read_checks(const struct exemptions *x, struct object_exemption *e, const char *list,
                        const char *object)
{
    struct str rest = str_of(list), part;

    while (str_split(&rest, ',', &part)) {
        part = str_trim(part);
        if (part.n && !match_into(e->checks, part))
            notice(x, object, "kube9.io/exempt names a check that does not exist");
    }
}

static struct object_exemption *read_annotations(const struct exemptions *x,
                                                 const struct object_meta *meta, const char *kind,
                                                 const char *ns, const char *name)
{
    struct rlist notes = object_meta_annotations(meta);
    const char *list = rmap_get(notes, ANNOTATION),
               *containers = rmap_get(notes, ANNOTATION "-containers");
    struct object_exemption *e;
    char object[600];

    if ((!list && !containers) || x->o->object_exemptions == OBJECT_EXEMPT_NONE)
        return NULL;
    snprintf(object, sizeof(object), "%s %s%s%s", kind, ns, *ns ? "/" : "", name);
    if (expired(x, notes, object))
        return NULL;
    e = ARENA_NEW(x->a, struct object_exemption);
    e->any = true;
    e->containers = str_of(text_or(containers, ""));
    if (list)
        read_checks(x, e, list, object);
    else
        memset(e->checks, 0xff, sizeof(e->checks));
    if (!rmap_get(notes, ANNOTATION "-reason"))
        notice(x, object, "the exemption has no kube9.io/exempt-reason");
    return e;
}

static const struct object_exemption *of_namespace(const struct exemptions *x, struct ns_info *ns)
{
    static const struct object_exemption none;

    if (!ns->exemption) {
        ns->exemption =
            ns->object ? read_annotations(x, object_meta_of(ns->object), "Namespace", "", ns->name)
                       : NULL;
        if (!ns->exemption)
            ns->exemption = &none;
    }
    return ns->exemption;
}

static bool is_true(struct rlist labels, const char *key)
{
    const char *v = rmap_get(labels, key);

    return v && (strcmp(v, "true") == 0 || strcmp(v, "1") == 0);
}

static unsigned old_labels(const struct object_meta *meta)
{
    struct rlist labels = object_meta_labels(meta);

    return (is_true(labels, "kube9.io/ha-exempt") ? CHECK_HA : 0U) |
           (is_true(labels, "kube9.io/resource-exempt") ? CHECK_RESOURCES : 0U) |
           (is_true(labels, "kube9.io/probe-exempt") ? CHECK_PROBES : 0U);
}

void exempt_unit(struct exemptions *x, const struct exempt_target *t, struct unit_exemption *ret)
{
    *ret = (struct unit_exemption){ .platform = t->ns->platform };
    for (uint32_t i = 0; i < x->n && ret->n < UNIT_CENTRAL_MAX; i++) {
        if (central_matches(&x->central[i], t))
            ret->central[ret->n++] = &x->central[i];
    }
    x->quiet = t->again;
    ret->by[0] = read_annotations(x, t->meta, t->kind, t->ns->name, t->name);
    if (t->template && t->template != t->meta)
        ret->by[1] = read_annotations(x, t->template, t->kind, t->ns->name, t->name);
    x->quiet = false;
    ret->by[2] = of_namespace(x, t->ns);
    if (x->o->object_exemptions != OBJECT_EXEMPT_NONE)
        ret->groups = old_labels(t->meta);
    for (size_t i = 0; i < ARRAY_SIZE(ret->by); i++)
        ret->containers |= ret->by[i] && ret->by[i]->containers.n > 0;
}

static bool may_exempt_itself(const struct exemptions *x, const struct check *c)
{
    if (x->o->object_exemptions == OBJECT_EXEMPT_ALL)
        return true;
    return c->severity != CHECK_CRITICAL || check_pillar(c) != CHECK_SECURITY;
}

const char *exempt_by(const struct exemptions *x, const struct unit_exemption *u,
                      const struct check *c, size_t index)
{
    for (uint32_t i = 0; i < u->n; i++) {
        if (!has_bit(u->central[i]->checks, index))
            continue;
        u->central[i]->used = true;
        return text_or(exemption_name(u->central[i]->e), "");
    }
    for (size_t i = 0; i < ARRAY_SIZE(u->by); i++) {
        if (u->by[i] && u->by[i]->any && u->by[i]->containers.n == 0 &&
            has_bit(u->by[i]->checks, index) && may_exempt_itself(x, c))
            return "annotation";
    }
    if (c->flags & u->groups)
        return "label";
    return u->platform && !(c->flags & CHECK_ALL_NAMESPACES) ? "platform" : NULL;
}

static bool names_container(struct str list, const char *container)
{
    struct str part;

    while (str_split(&list, ',', &part)) {
        if (str_eq(str_trim(part), container))
            return true;
    }
    return false;
}

bool exempt_container(const struct exemptions *x, const struct unit_exemption *u,
                      const struct check *c, size_t index, const char *container)
{
    for (size_t i = 0; u->containers && i < ARRAY_SIZE(u->by); i++) {
        if (u->by[i] && has_bit(u->by[i]->checks, index) && may_exempt_itself(x, c) &&
            names_container(u->by[i]->containers, container))
            return true;
    }
    return false;
}

void exempt_unused(const struct exemptions *x)
{
    for (uint32_t i = 0; i < x->n; i++) {
        if (!x->central[i].used && !x->central[i].expired)
            notice(x, text_or(exemption_name(x->central[i].e), ""),
                   "the exemption matched nothing in this run");
    }
}
