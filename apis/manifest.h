// SPDX-License-Identifier: Apache-2.0
// Objects as people write them: documents of files, Lists of them, former API versions, things that
// are no objects at all. Threads: any, while atoms are shared (base/atom.h).
#pragma once

#include "apis/object.h"
#include "base/yaml_lines.h"

struct manifest_counts {
    uint32_t objects;
    uint32_t unknown; // objects of kinds that nothing reads, custom resources among them
    uint32_t foreign; // documents that are no Kubernetes objects: values, Kustomizations
};

struct manifest_sink {
    // Takes the object and its lines. api_version: as written when it is not the one that the kind
    // is read as (kind_api_version), else 0.
    void (*object)(void *arg, struct object *o, struct yaml_lines *lines, atom api_version);
    void (*broken)(void *arg, const struct error *e); // one object could not be read; "line 7: ..."
    void *arg;
};

// ns: of namespaced objects that name none; they are marked OBJECT_NAMESPACE_IMPLIED.
void manifest_read(const struct yaml_node *document, const char *ns,
                   const struct manifest_sink *sink, struct manifest_counts *counts);
