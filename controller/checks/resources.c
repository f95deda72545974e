// SPDX-License-Identifier: Apache-2.0
// The scheduler's arithmetic, so that our sums are the cluster's sums.
#include "controller/checks/resources.h"

#include "apis/quantity.h"

const char *resource_name(enum resource r)
{
    return r == RESOURCE_CPU ? "cpu" : "memory";
}

bool resource_in(struct rlist map, enum resource r, int64_t *ret)
{
    const char *text = rmap_get(map, resource_name(r));
    struct quantity q;

    if (!text || quantity_parse(str_of(text), &q, NULL) < 0)
        return false;
    *ret = r == RESOURCE_CPU ? quantity_milli(q) : quantity_units(q);
    return true;
}

bool quantity_value(const char *text, int64_t *ret)
{
    struct quantity q;

    if (quantity_parse(str_of(text), &q, NULL) < 0)
        return false;
    *ret = quantity_milli(q);
    return true;
}

bool container_request(const struct container *c, enum resource r, int64_t *ret)
{
    const struct resources *res = container_resources(c);

    return resource_in(resources_requests(res), r, ret) ||
           resource_in(resources_limits(res), r, ret);
}

bool container_limit(const struct container *c, enum resource r, int64_t *ret)
{
    return resource_in(resources_limits(container_resources(c)), r, ret);
}

bool request_given(const struct report *rep, const struct pod_view *p, const struct container *c,
                   enum resource r)
{
    const struct resources *pod = pod_spec_resources(p->spec);
    const struct ns_info *ns = join_namespace(rep->join, atom_str(rep->workload->ns));
    int64_t v;

    if (container_request(c, r, &v) || resource_in(resources_requests(pod), r, &v) ||
        resource_in(resources_limits(pod), r, &v))
        return true;
    return r == RESOURCE_CPU ? ns->default_cpu_request : ns->default_memory_request;
}

bool limit_given(const struct report *rep, const struct pod_view *p, const struct container *c,
                 enum resource r)
{
    const struct ns_info *ns = join_namespace(rep->join, atom_str(rep->workload->ns));
    int64_t v;

    if (container_limit(c, r, &v) ||
        resource_in(resources_limits(pod_spec_resources(p->spec)), r, &v))
        return true;
    return r == RESOURCE_CPU ? ns->default_cpu_limit : ns->default_memory_limit;
}

static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t request_or_zero(const struct container *c, enum resource r)
{
    int64_t v;

    return container_request(c, r, &v) && v > 0 ? v : 0;
}

static int64_t containers_request(const struct pod_spec *spec, enum resource r)
{
    int64_t running = 0, sidecars = 0, peak = 0;

    FOR_EACH (container, c, pod_spec_containers(spec))
        running = plus(running, request_or_zero(c, r));
    FOR_EACH (container, c, pod_spec_init_containers(spec)) {
        if (container_restart_policy(c) == RESTART_POLICY_ALWAYS)
            sidecars = plus(sidecars, request_or_zero(c, r));
        else
            peak = MAX(peak, plus(sidecars, request_or_zero(c, r)));
    }
    return MAX(plus(running, sidecars), peak);
}

int64_t pod_request(const struct pod_spec *spec, enum resource r)
{
    const struct resources *pod = pod_spec_resources(spec);
    int64_t v = 0, overhead = 0;

    if (!resource_in(resources_requests(pod), r, &v)) {
        v = containers_request(spec, r);
        if (v == 0)
            resource_in(resources_limits(pod), r, &v);
    }
    resource_in(pod_spec_overhead(spec), r, &overhead);
    return plus(v, overhead);
}
