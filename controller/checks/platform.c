// SPDX-License-Identifier: Apache-2.0
// Nobody can mend what the provider installs there; findings would only be noise. They are counted,
// not dropped.
#include "controller/checks/platform.h"

#include "controller/checks/glob.h"

static const char *const built_in[] = {
    "kube-system",     "kube-public",      "kube-node-lease",
    "calico-system",   "calico-apiserver", "tigera-operator",
    "cilium",          "cilium-*",         "kube-flannel",
    "longhorn-system", "rook-ceph",        "metallb-system",
    "openshift",       "openshift-*",      "gke-*",
    "gmp-system",      "gmp-public",       "aks-*",
    "azure-arc",       "amazon-vpc-*",     NULL,
};

bool platform_namespace(const char *ns, const char *own, const char *const *more)
{
    if (!*ns)
        return false;
    if (own && strcmp(own, ns) == 0)
        return true;
    return glob_any(built_in, ns) || glob_any(more, ns);
}
