// SPDX-License-Identifier: Apache-2.0
// An unknown check, pillar or profile is an error and never an empty run that looks like success.
#include "controller/checks/select.h"

static const char *const strict_ids[] = { "reliability/cpu-limit", NULL };
static const char *const tenant_ids[] = { "reliability/cpu-limit", "security/low-uid-gid", NULL };

// clang-format off
static const struct profile profiles[] = {
    { .name = "default" },
    { .name = "strict", .enable = strict_ids, .strict = true },
    { .name = "pss-baseline", .frameworks = "pss-baseline", .standard = true },
    { .name = "pss-restricted", .frameworks = "pss", .restricted = true, .standard = true },
    { .name = "nsa", .frameworks = "nsa" },
    { .name = "cis-1.12", .frameworks = "cis" },
    { .name = "multi-tenant", .enable = tenant_ids },
};

// clang-format on

const struct profile *profile_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
        if (strcmp(profiles[i].name, name && *name ? name : "default") == 0)
            return &profiles[i];
    }
    return NULL;
}

const char *profile_name(size_t i)
{
    _Static_assert(ARRAY_SIZE(profiles) <= PROFILES_MAX, "PROFILES_MAX");
    return i < ARRAY_SIZE(profiles) ? profiles[i].name : NULL;
}

bool profile_in_force(const struct profile *p, const struct check *c, int minor)
{
    return !p->standard || minor == 0 || minor >= c->pss_since;
}

bool profile_spares_windows(const struct profile *p, const struct check *c, int minor, bool os)
{
    if (!p->standard)
        return c->flags & CHECK_LINUX;
    return os && c->pss_windows && (minor == 0 || minor >= c->pss_windows);
}

int assess_profile_check(const char *name, struct error *e)
{
    char names[160] = "";
    size_t n = 0;

    if (profile_find(name))
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
        n +=
            (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "", profiles[i].name);
    return error_set(e, ERR_USAGE, "unknown profile '%s'; there are: %s", name, names);
}

static bool in_list(const char *const *ids, const struct check *c)
{
    for (; ids && *ids; ids++) {
        if (check_matches(c, *ids))
            return true;
    }
    return false;
}

// A glob does not switch on what is shipped off.
static bool names_it(const char *const *ids, const struct check *c)
{
    return ids && str_is_one_of(c->id, ids);
}

static int check_list(const char *const *ids, struct error *e)
{
    for (; ids && *ids; ids++) {
        bool found = false;
        for (size_t i = 0; !found && i < checks_count(); i++)
            found = check_matches(checks_at(i), *ids);
        if (!found)
            return error_set(e, ERR_USAGE,
                             "no check matches '%s'; `kube9-operator checks list` names them",
                             *ids);
    }
    return 0;
}

static bool in_frameworks(const struct profile *p, const struct check *c)
{
    return !p->frameworks || check_has_framework(c, p->frameworks);
}

static bool listed(const struct assessment_options *o, const struct profile *p,
                   const struct check *c)
{
    if (o->mode == ASSESS_PILLAR && !(o->pillars & (1U << check_pillar(c))))
        return false;
    if (o->include && *o->include && !in_list(o->include, c))
        return false;
    return o->mode == ASSESS_SINGLE_CHECK || in_frameworks(p, c);
}

static bool enabled(const struct assessment_options *o, const struct profile *p,
                    const struct check *c)
{
    if (in_list(o->exclude, c))
        return false;
    return !(c->flags & CHECK_OFF) || names_it(o->include, c) || names_it(p->enable, c);
}

bool check_in_profile(const struct check *c, const char *profile)
{
    const struct assessment_options o = { 0 };
    const struct profile *p = profile_find(profile);

    return p && in_frameworks(p, c) && enabled(&o, p, c);
}

int select_checks(const struct assessment_options *o, struct selection *ret, struct error *e)
{
    const struct profile *p = profile_find(o->profile);

    if (!p)
        return assess_profile_check(o->profile, e);
    if (o->mode == ASSESS_PILLAR && !(o->pillars & ((1U << CHECK_PILLARS) - 1)))
        return error_set(e, ERR_USAGE, "mode Pillar needs at least one pillar");
    if (o->mode == ASSESS_SINGLE_CHECK && (!o->include || !o->include[0] || o->include[1]))
        return error_set(e, ERR_USAGE, "mode SingleCheck needs exactly one check");
    if (check_list(o->include, e) < 0 || check_list(o->exclude, e) < 0)
        return -1;
    memset(ret, 0, sizeof(*ret));
    ret->profile = p;
    for (size_t i = 0; i < checks_count(); i++) {
        ret->listed[i] = listed(o, p, checks_at(i));
        ret->enabled[i] = ret->listed[i] && enabled(o, p, checks_at(i));
    }
    return 0;
}
