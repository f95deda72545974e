// SPDX-License-Identifier: Apache-2.0
// What confines a container in the kernel: seccomp, AppArmor, SELinux. A value at Pod level that is
// bad in itself is reported once, with the first container (checks-catalog.md §0.2).
#include "controller/checks/report.h"
#include "controller/checks/security.h"

static bool seccomp_bad(const struct seccomp_profile *s)
{
    enum profile_type t = seccomp_profile_type(s);

    return s && t != PROFILE_RUNTIME_DEFAULT && t != PROFILE_LOCALHOST;
}

// Before 1.19 annotations said it.
static bool seccomp_annotation_bad(const struct pod_view *p, const char *key)
{
    const char *v = rmap_get(object_meta_annotations(p->meta), key);

    return v && strcmp(v, "runtime/default") != 0 && strcmp(v, "docker/default") != 0 &&
           !str_starts(v, "localhost/");
}

static void seccomp_annotations(struct report *r, const struct pod_view *p,
                                const struct container_view *c)
{
    char key[160];

    snprintf(key, sizeof(key), "container.seccomp.security.alpha.kubernetes.io/%s", c->name);
    if (seccomp_annotation_bad(p, key))
        report_fail(r, "", "switches seccomp off by annotation");
    if (r->first && seccomp_annotation_bad(p, "seccomp.security.alpha.kubernetes.io/pod"))
        report_fail(r, "", "the Pod switches seccomp off by annotation");
}

static void seccomp_unconfined(struct report *r, const struct pod_view *p,
                               const struct container_view *c)
{
    if (p->server_minor > 0 && p->server_minor < 19)
        seccomp_annotations(r, p, c);
    if (r->first && seccomp_bad(pod_security_context_seccomp_profile(psc_of(p)))) {
        report_at(r, NULL);
        report_fail(r, "securityContext.seccompProfile.type", "the Pod switches seccomp off");
        report_at(r, c);
    }
    if (seccomp_bad(security_context_seccomp_profile(sc_of(c))))
        report_fail(r, "securityContext.seccompProfile.type", "switches seccomp off");
}

static void seccomp_profile_set(struct report *r, const struct pod_view *p,
                                const struct container_view *c)
{
    const struct seccomp_profile *s = security_context_seccomp_profile(sc_of(c));

    if (is_privileged(c))
        return;
    if (!s)
        s = pod_security_context_seccomp_profile(psc_of(p));
    if (!s || seccomp_bad(s))
        report_fail(r, "securityContext.seccompProfile.type",
                    "has no seccomp profile (RuntimeDefault or Localhost)");
}

#define APPARMOR_ANNOTATION "container.apparmor.security.beta.kubernetes.io/"

// The standard looks at every such annotation, whatever the fields say.
static void apparmor_annotations(struct report *r, const struct pod_view *p)
{
    FOR_EACH_PAIR (key, value, object_meta_annotations(p->meta)) {
        if (str_starts(key, APPARMOR_ANNOTATION) && *value &&
            strcmp(value, "runtime/default") != 0 && !str_starts(value, "localhost/"))
            report_fail(r, "", "the annotation %s sets no AppArmor profile that is accepted", key);
    }
}

static void apparmor(struct report *r, const struct pod_view *p, const struct container_view *c)
{
    const struct apparmor_profile *own = security_context_apparmor_profile(sc_of(c));
    const struct apparmor_profile *pod = pod_security_context_apparmor_profile(psc_of(p));
    char key[160];

    if (r->first && apparmor_profile_type(pod) == PROFILE_UNCONFINED) {
        report_at(r, NULL);
        report_fail(r, "securityContext.appArmorProfile.type", "the Pod switches AppArmor off");
        report_at(r, c);
    }
    if (apparmor_profile_type(own) == PROFILE_UNCONFINED)
        report_fail(r, "securityContext.appArmorProfile.type", "switches AppArmor off");
    if (r->first && r->profile->standard)
        apparmor_annotations(r, p);
    if (own || pod || r->profile->standard)
        return; // the field wins over the annotation of old
    snprintf(key, sizeof(key), APPARMOR_ANNOTATION "%s", c->name);
    const char *old = rmap_get(object_meta_annotations(p->meta), key);
    if (old && strcmp(old, "unconfined") == 0)
        report_fail(r, "", "switches AppArmor off by annotation");
}

static const char *selinux_problem(const struct selinux_options *o, int minor)
{
    static const char *const good[] = { "", "container_t", "container_init_t", "container_kvm_t" };
    const char *type = atom_str(selinux_options_type(o));

    if (selinux_options_user(o) || selinux_options_role(o))
        return "sets an SELinux user or role";
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        if (strcmp(type, good[i]) == 0)
            return NULL;
    }
    if (strcmp(type, "container_engine_t") == 0 && (minor == 0 || minor >= 31))
        return NULL;
    return "sets an SELinux type that is not one of the container types";
}

static void selinux(struct report *r, const struct pod_view *p, const struct container_view *c)
{
    const char *pod =
        selinux_problem(pod_security_context_selinux_options(psc_of(p)), p->server_minor);
    const char *own = selinux_problem(security_context_selinux_options(sc_of(c)), p->server_minor);

    if (r->first && pod) {
        report_at(r, NULL);
        report_fail(r, "securityContext.seLinuxOptions", "the Pod %s", pod);
        report_at(r, c);
    }
    if (own)
        report_fail(r, "securityContext.seLinuxOptions", "%s", own);
}

CHECK_TABLE(
    security_confinement, CHECK_SECURITY,
    { .id = "security/seccomp-unconfined",
      .title = "Nothing switches seccomp off",
      .remediation = "Set seccompProfile.type to RuntimeDefault or Localhost.",
      .frameworks = "PSS-B:seccomp CIS-5.6.2 C-0055 C-0210",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = seccomp_unconfined },
    { .id = "security/seccomp-profile",
      .title = "Every container has a seccomp profile",
      .remediation = "Set securityContext.seccompProfile.type of the Pod to RuntimeDefault.",
      .frameworks = "PSS-R:seccomp CIS-5.6.2 NSA-RT C-0055 C-0210",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .pss_since = 19,
      .pss_windows = 25,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = seccomp_profile_set },
    { .id = "security/apparmor-profile",
      .title = "Nothing switches AppArmor off",
      .remediation = "Remove the Unconfined AppArmor profile, by field or by annotation.",
      .frameworks = "PSS-B:appArmor NSA-RT C-0055",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .flags = CHECK_LINUX | CHECK_JOINS,
      .sets = SET_ALL,
      .per_container = apparmor },
    { .id = "security/selinux-options",
      .title = "SELinux labels stay within the container types",
      .remediation = "Remove seLinuxOptions.user and role and use a container type.",
      .frameworks = "PSS-B:seLinux NSA-RT C-0055",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_LINUX,
      .sets = SET_ALL,
      .per_container = selinux }, );
