// SPDX-License-Identifier: Apache-2.0
// Facts that several security tables share.
#pragma once

#include "controller/checks/unit.h"

// Is the capability in the container's add list? CAP_ prefix and letter case do not matter; ALL
// adds every one.
bool capability_added(const struct container_view *c, const char *name);

static inline const struct security_context *sc_of(const struct container_view *c)
{
    return container_security_context(c->c);
}

static inline const struct pod_security_context *psc_of(const struct pod_view *p)
{
    return pod_spec_security_context(p->spec);
}

// A privileged container has all capabilities, no seccomp and may escalate: that is said once, by
// privileged-container.
static inline bool is_privileged(const struct container_view *c)
{
    return security_context_privileged(sc_of(c));
}
