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

static struct exemption_entry *add_entry(struct exemptions *x, struct exemption_entry e)
{
    struct exemption_entry *ret = ARENA_NEW(x->a, struct exemption_entry);

    *ret = e;
    ret->whole = x->o->mode == ASSESS_FULL;
    *x->tail = ret;
    x->tail = &ret->next;
    return ret;
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
    c->entry = add_entry(x, (struct exemption_entry){ .group = "kube9.io",
                                                      .kind = "Exemption",
                                                      .ns = "",
                                                      .name = text_or(exemption_name(c->e), "") });
    c->entry->reasonless = !*text_or(exemption_reason(c->e), "");
    FOR_EACH_STR (pattern, list) {
        if (match_into(c->checks, str_of(pattern)))
            continue;
        c->entry->unknown = true;
        notice(x, text_or(exemption_name(c->e), ""),
               "the exemption names a check that does not exist");
    }
    c->entry->expired =
        exemption_has_expires(c->e) && exemption_expires(c->e) * USEC_PER_SEC <= x->now;
    if (c->entry->expired)
        notice(x, text_or(exemption_name(c->e), ""),
               "the exemption has expired and no longer holds");
}

void exempt_init(struct exemptions *x, const struct assessment_options *o,
                 const struct assess_sink *sink, usec now, struct arena *a)
{
    *x = (struct exemptions){ .o = o, .sink = sink, .a = a, .now = now };
    x->tail = &x->entries;
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

static bool namespace_matches(const struct central *c, const struct exempt_target *t)
{
    const struct label_selector *sel = exemption_namespace_selector(c->e);

    return !sel || (t->ns->object &&
                    selector_matches(sel, object_meta_labels(object_meta_of(t->ns->object))));
}

// One accepted subject must not hide the others of its binding.
static bool subjects_match(const struct central *c, const struct object *o)
{
    struct rlist globs = exemption_subjects(c->e), list = { 0 };
    char account[400];

    if (globs.n == 0)
        return true;
    if (o && o->kind == KIND_ROLE_BINDING)
        list = role_binding_subjects(role_binding_of(o));
    else if (o && o->kind == KIND_CLUSTER_ROLE_BINDING)
        list = cluster_role_binding_subjects(cluster_role_binding_of(o));
    FOR_EACH (subject, s, list) {
        bool is_account = strcmp(atom_str(subject_kind(s)), "ServiceAccount") == 0;
        snprintf(account, sizeof(account), "%s/%.300s", atom_str(subject_namespace(s)),
                 text_or(subject_name(s), ""));
        if (!one_of(globs, is_account ? account : text_or(subject_name(s), "")))
            return false;
    }
    return list.n > 0;
}

static bool central_matches(const struct central *c, const struct exempt_target *t)
{
    const struct label_selector *sel = exemption_selector(c->e);

    return !c->entry->expired && one_of(exemption_kinds(c->e), t->kind) &&
           one_of(exemption_namespaces(c->e), t->ns->name) &&
           one_of(exemption_names(c->e), t->name) &&
           (!sel || selector_matches(sel, object_meta_labels(t->meta))) &&
           namespace_matches(c, t) && subjects_match(c, t->object);
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

// Is the exemption void? Marks the entry and notices why. ret_end: when it will be; 0 never.
static bool is_void(const struct exemptions *x, struct exemption_entry *entry, struct rlist notes,
                    const char *object, usec *ret_end)
{
    const char *text = rmap_get(notes, ANNOTATION "-until");
    usec end;

    *ret_end = 0;
    if (!text)
        return false;
    if (until(text, &end) < 0) {
        entry->unreadable = true;
        notice(x, object, "the exemption is void: kube9.io/exempt-until is not an RFC 3339 date");
        return true;
    }
    *ret_end = end;
    if (end > x->now)
        return false;
    entry->expired = true;
    notice(x, object, "the exemption has expired and no longer holds");
    return true;
}

static void read_checks(const struct exemptions *x, struct object_exemption *e, const char *list,
                        const char *object)
{
    struct str rest = str_of(list), part;

    while (str_split(&rest, ',', &part)) {
        part = str_trim(part);
        if (!part.n || match_into(e->checks, part))
            continue;
        if (e->entry)
            e->entry->unknown = true;
        notice(x, object, "kube9.io/exempt names a check that does not exist");
    }
}

// Who carries annotations.
struct carrier {
    const char *group, *kind, *ns, *name;
    const struct object *object;
};

// A carrier that is met again has its entry; a copy, such as a Pod's, has one that nobody sees.
static struct exemption_entry *entry_of(struct exemptions *x, const struct carrier *by)
{
    struct exemption_entry e = {
        .group = by->group, .kind = by->kind, .ns = by->ns, .name = by->name, .object = by->object
    };

    if (!x->quiet)
        return add_entry(x, e);
    for (struct exemption_entry *i = x->entries; i; i = i->next) {
        if (i->object && i->object == by->object)
            return i;
    }
    return ARENA_NEW(x->a, struct exemption_entry);
}

static struct object_exemption *
read_annotations(struct exemptions *x, const struct object_meta *meta, const struct carrier *by)
{
    struct rlist notes = object_meta_annotations(meta);
    const char *list = rmap_get(notes, ANNOTATION),
               *containers = rmap_get(notes, ANNOTATION "-containers");
    struct object_exemption *e;
    char object[600];

    if ((!list && !containers) || x->o->object_exemptions == OBJECT_EXEMPT_NONE)
        return NULL;
    snprintf(object, sizeof(object), "%s %s%s%s", by->kind, by->ns, *by->ns ? "/" : "", by->name);
    e = ARENA_NEW(x->a, struct object_exemption);
    e->entry = entry_of(x, by);
    if (is_void(x, e->entry, notes, object, &e->expires))
        return NULL;
    e->any = true;
    e->containers = str_of(text_or(containers, ""));
    if (list)
        read_checks(x, e, list, object);
    else
        memset(e->checks, 0xff, sizeof(e->checks));
    e->reason = rmap_get(notes, ANNOTATION "-reason");
    e->entry->reasonless = !e->reason;
    if (e->entry->reasonless)
        notice(x, object, "the exemption has no kube9.io/exempt-reason");
    return e;
}

static const struct object_exemption *of_namespace(struct exemptions *x, struct ns_info *ns)
{
    static const struct object_exemption none;

    struct carrier by = { .group = "", .kind = "Namespace", .ns = "", .name = ns->name };

    by.object = ns->object;
    if (!ns->exemption) {
        ns->exemption = ns->object ? read_annotations(x, object_meta_of(ns->object), &by) : NULL;
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

static bool for_containers(const struct exemption *e)
{
    return exemption_containers(e).n > 0 || exemption_images(e).n > 0;
}

void exempt_unit(struct exemptions *x, const struct exempt_target *t, struct unit_exemption *ret)
{
    struct carrier by = { .group = t->group,
                          .kind = t->kind,
                          .ns = t->namespaced ? t->ns->name : "",
                          .name = t->name,
                          .object = t->object };

    *ret = (struct unit_exemption){ .platform = t->ns->platform };
    for (uint32_t i = 0; i < x->n && ret->n < UNIT_CENTRAL_MAX; i++) {
        if (central_matches(&x->central[i], t))
            ret->central[ret->n++] = &x->central[i];
    }
    x->quiet = t->again;
    if (!t->object_is_namespace)
        ret->by[0] = read_annotations(x, t->meta, &by);
    if (t->template && t->template != t->meta)
        ret->by[1] = read_annotations(x, t->template, &by);
    x->quiet = false;
    ret->by[2] = of_namespace(x, t->ns);
    if (x->o->object_exemptions != OBJECT_EXEMPT_NONE)
        ret->groups = old_labels(t->meta);
    for (uint32_t i = 0; i < ret->n; i++)
        ret->containers |= for_containers(ret->central[i]->e);
    for (size_t i = 0; i < ARRAY_SIZE(ret->by); i++)
        ret->containers |= ret->by[i] && ret->by[i]->containers.n > 0;
}

static bool may_exempt_itself(const struct exemptions *x, const struct check *c)
{
    if (x->o->object_exemptions == OBJECT_EXEMPT_ALL)
        return true;
    return c->severity != CHECK_CRITICAL || check_pillar(c) != CHECK_SECURITY;
}

static void use(struct exemption_entry *e, bool hides)
{
    e->used |= hides;
}

static struct exempted by_central(const struct exemption *e)
{
    static const enum check_severity severities[] = { [DOWNGRADED_LOW] = CHECK_LOW,
                                                      [DOWNGRADED_MEDIUM] = CHECK_MEDIUM,
                                                      [DOWNGRADED_HIGH] = CHECK_HIGH };

    return (struct exempted){ .by = text_or(exemption_name(e), ""),
                              .reason = exemption_reason(e),
                              .expires = exemption_has_expires(e)
                                             ? exemption_expires(e) * USEC_PER_SEC
                                             : 0,
                              .downgrade = exemption_effect(e) == EXEMPTION_DOWNGRADE,
                              .severity = severities[exemption_severity(e)] };
}

bool exempt_by(const struct exemptions *x, const struct unit_exemption *u, const struct check *c,
               size_t index, bool hides, struct exempted *ret)
{
    for (uint32_t i = 0; i < u->n; i++) {
        if (!has_bit(u->central[i]->checks, index) || for_containers(u->central[i]->e))
            continue;
        use(u->central[i]->entry, hides);
        *ret = by_central(u->central[i]->e);
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(u->by); i++) {
        if (u->by[i] && u->by[i]->any && u->by[i]->containers.n == 0 &&
            has_bit(u->by[i]->checks, index) && may_exempt_itself(x, c)) {
            use(u->by[i]->entry, hides);
            *ret = (struct exempted){ .by = "annotation",
                                      .reason = u->by[i]->reason,
                                      .expires = u->by[i]->expires };
            return true;
        }
    }
    *ret = (struct exempted){ 0 };
    if (c->flags & u->groups)
        ret->by = "label";
    else if (u->platform && !(c->flags & CHECK_ALL_NAMESPACES))
        ret->by = "platform";
    return ret->by != NULL;
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
                      const struct check *c, size_t index, const struct container_view *container)
{
    for (uint32_t i = 0; i < u->n; i++) {
        const struct central *by = u->central[i];
        if (has_bit(by->checks, index) && for_containers(by->e) &&
            one_of(exemption_containers(by->e), container->name) &&
            one_of(exemption_images(by->e), text_or(container_image(container->c), ""))) {
            use(by->entry, true);
            return true;
        }
    }
    for (size_t i = 0; u->containers && i < ARRAY_SIZE(u->by); i++) {
        if (u->by[i] && has_bit(u->by[i]->checks, index) && may_exempt_itself(x, c) &&
            names_container(u->by[i]->containers, container->name)) {
            use(u->by[i]->entry, true);
            return true;
        }
    }
    return false;
}

void exempt_unused(const struct exemptions *x)
{
    for (uint32_t i = 0; i < x->n; i++) {
        if (!x->central[i].entry->used && !x->central[i].entry->expired)
            notice(x, text_or(exemption_name(x->central[i].e), ""),
                   "the exemption hid nothing in this run");
    }
}
