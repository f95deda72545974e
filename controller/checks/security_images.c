// SPDX-License-Identifier: Apache-2.0
// Image references: which bytes run, and where they come from. A digest beats a tag for everything
// that asks "can it change?".
#include "apis/image.h"
#include "controller/checks/report.h"

static bool parse(const struct container_view *c, struct image *ret)
{
    const char *image = container_image(c->c);

    return image && *image && image_parse(str_of(image), ret);
}

static void tag_latest(struct report *r, const struct pod_view *p unused_arg,
                       const struct container_view *c)
{
    struct image i;

    if (!parse(c, &i) || !image_mutable(&i))
        return;
    if (i.tag.n)
        report_fail(r, "image", "uses the tag latest (%s)", container_image(c->c));
    else
        report_fail(r, "image", "names no tag, which means latest (%s)", container_image(c->c));
}

static void not_pinned(struct report *r, const struct pod_view *p unused_arg,
                       const struct container_view *c)
{
    struct image i;

    if (parse(c, &i) && !i.digest.n)
        report_warn(r, "image", "is not pinned to a digest (%s)", container_image(c->c));
}

static bool under_any(const struct image *i, struct rlist prefixes)
{
    FOR_EACH_STR (prefix, prefixes) {
        if (image_under(i, str_of(prefix)))
            return true;
    }
    return false;
}

static void registry_not_allowed(struct report *r, const struct pod_view *p unused_arg,
                                 const struct container_view *c)
{
    struct rlist allowed = conventions_allowed_registries(r->conventions),
                 denied = conventions_denied_registries(r->conventions);
    struct image i;

    if (allowed.n + denied.n == 0)
        report_skip(r, SKIP_NOT_APPLICABLE,
                    "no registries are agreed on (spec.assessment.conventions)");
    else if (parse(c, &i) && under_any(&i, denied))
        report_fail(r, "image", "comes from a registry that is denied (%s)", container_image(c->c));
    else if (parse(c, &i) && allowed.n && !under_any(&i, allowed))
        report_fail(r, "image", "comes from a registry that is not allowed (%s)",
                    container_image(c->c));
}

static void pull_policy(struct report *r, const struct pod_view *p unused_arg,
                        const struct container_view *c)
{
    enum pull_policy policy = container_image_pull_policy(c->c);
    struct image i;

    if (!parse(c, &i) || i.digest.n)
        return;
    if (policy == PULL_POLICY_NEVER)
        report_warn(r, "imagePullPolicy", "never pulls its image: what runs depends on the node");
    else if (policy == PULL_POLICY_IF_NOT_PRESENT && image_mutable(&i))
        report_warn(r, "imagePullPolicy", "keeps whatever version of a moving tag the node has");
}

static void legacy_registry(struct report *r, const struct pod_view *p unused_arg,
                            const struct container_view *c)
{
    struct image i;

    if (!parse(c, &i))
        return;
    if (str_eq(i.registry, "k8s.gcr.io"))
        report_fail(r, "image", "comes from k8s.gcr.io, which has been frozen since 2023");
    else if (str_eq(i.registry, "gcr.io") && i.path.n > 18 &&
             memcmp(i.path.p, "google_containers/", 18) == 0)
        report_fail(r, "image", "comes from gcr.io/google_containers, which is no longer kept up");
}

// Components that nobody mends any more; what the last part of the repository says, and since when.
// Table of 2026-11.
static const struct {
    const char *tail, *what;
    enum verdict verdict;
} retired[] = {
    {"ingress-nginx/controller",    "ingress-nginx, retired in March 2026",       VERDICT_FAIL},
    { "kubernetes-helm/tiller",     "Tiller of Helm 2, retired in November 2020", VERDICT_FAIL},
    { "weaveworks/weave-kube",      "Weave Net, without maintainer since 2024",   VERDICT_FAIL},
    { "weaveworks/weave-npc",       "Weave Net, without maintainer since 2024",   VERDICT_FAIL},
    { "k8s-dns-kube-dns",           "kube-dns, followed by CoreDNS",              VERDICT_WARN},
    { "k8s-dns-kube-dns-amd64",     "kube-dns, followed by CoreDNS",              VERDICT_WARN},
    { "kubernetes-dashboard-amd64", "the dashboard of version 1",                 VERDICT_WARN},
    { "heapster-amd64",             "Heapster, retired in 2018",                  VERDICT_FAIL},
};

// Whole path segments at the end.
static bool ends_in(struct str path, const char *tail)
{
    size_t n = strlen(tail);

    if (path.n < n || memcmp(path.p + path.n - n, tail, n) != 0)
        return false;
    return path.n == n || path.p[path.n - n - 1] == '/';
}

static void end_of_life(struct report *r, const struct pod_view *p unused_arg,
                        const struct container_view *c)
{
    struct image i;

    if (!parse(c, &i))
        return;
    for (size_t k = 0; k < ARRAY_SIZE(retired); k++) {
        if (ends_in(i.path, retired[k].tail))
            report_as(r, retired[k].verdict, "image", "runs %s", retired[k].what);
    }
}

CHECK_TABLE(
    security_images, CHECK_SECURITY,
    { .id = "security/image-tag-latest",
      .title = "Images name a fixed tag or a digest",
      .remediation = "Name the version as tag, or better the digest.",
      .frameworks = "NSA-IMG C-0075",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .sets = SET_ALL,
      .per_container = tag_latest },
    { .id = "security/image-not-digest-pinned",
      .title = "Images are pinned to a digest",
      .remediation = "Add the digest of the image that was tested (name:tag@sha256:…).",
      .frameworks = "NSA-IMG C-0306 C-0304",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 2,
      .sets = SET_ALL,
      .per_container = not_pinned },
    { .id = "security/image-registry-not-allowed",
      .title = "Images come from the registries that are agreed on",
      .remediation =
          "Move the image to an allowed registry, or add its registry to conventions.allowedRegistries.",
      .frameworks = "CIS-5.5.1 NSA-IMG C-0001 C-0078",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .sets = SET_ALL,
      .per_container = registry_not_allowed },
    { .id = "security/image-pull-policy",
      .title = "Moving tags are pulled each time",
      .remediation = "Remove imagePullPolicy and name a fixed tag or digest.",
      .frameworks = "CIS-1.2.11 C-0075",
      .aliases = "",
      .severity = CHECK_LOW,
      .tier = 1,
      .sets = SET_ALL,
      .per_container = pull_policy },
    { .id = "security/image-legacy-registry",
      .title = "No image comes from a registry that was given up",
      .remediation = "Use registry.k8s.io.",
      .frameworks = "NSA-UPG C-0253",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 2,
      .flags = CHECK_ALL_NAMESPACES,
      .sets = SET_ALL,
      .per_container = legacy_registry },
    { .id = "security/component-end-of-life",
      .title = "No component runs that is no longer maintained",
      .remediation = "Move to the component that followed it.",
      .frameworks = "NSA-UPG C-0292",
      .aliases = "",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_ALL_NAMESPACES,
      .sets = SET_ALL,
      .per_container = end_of_life }, );
