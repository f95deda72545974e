// SPDX-License-Identifier: Apache-2.0
// The Pods of one ReplicaSet share their samples, so those of another are all that adds to them.
#include "controller/checks/demand.h"

#define SAMPLES 3
#define HISTORY (3 * USEC_PER_HOUR)

static bool enough(const struct usage_samples *s, enum demand_need need)
{
    if (need == DEMAND_NOW)
        return s->have & 1;
    return usage_count(s) >= SAMPLES && usage_span(s) >= HISTORY;
}

static struct usage_samples samples_of(const struct report *r, const struct workload *w,
                                       const char *container)
{
    struct usage_samples s = { 0 };

    for (const struct pod_link *l = w->pods; l; l = l->next)
        usage_of_pod(r->snapshot->usage, l->pod, container, &s);
    return s;
}

void demand_each(struct report *r, const struct workload *w, enum demand_need need, demand_fn fn,
                 void *arg)
{
    struct container_view list[POD_CONTAINERS_MAX];
    bool known = false, compared = false;
    struct pod_view p;

    pod_view_init(&p, w->spec, w->template, r->snapshot->server_minor, list);
    FOR_EACH_CONTAINER(c, &p, SET_SERVING)
    {
        struct usage_samples s = samples_of(r, w, c->name);
        if (!enough(&s, need))
            continue;
        known = true;
        report_at(r, c);
        compared |= fn(r, arg, c->c, &s);
    }
    report_at(r, NULL);
    if (!known)
        report_skip(r, SKIP_NO_DATA,
                    need == DEMAND_NOW ? "nothing is known of its usage"
                                       : "less than three hours of its usage are known");
    else if (!compared)
        report_skip(r, SKIP_NOT_APPLICABLE,
                    "its containers ask for nothing that could be compared");
}

int64_t demand_value(struct usage_sample s, enum resource res)
{
    return res == RESOURCE_CPU ? (int64_t)s.cpu : (int64_t)s.memory * 1024;
}
