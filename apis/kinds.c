// SPDX-License-Identifier: Apache-2.0
// The table of kinds and the paths under which the API server serves them.
#include "apis/kinds.h"

#include "apis/schema.h"

// clang-format off
static const struct kind kinds[] = {
#define KIND(ID, g, v, k, p, ns, T, ...) \
    [KIND_##ID] = { .id = KIND_##ID, .group = g, .version = v, .kind = k, .plural = p, .namespaced = ns, .type = &type_##T, __VA_ARGS__ },
#include "apis/kinds.def"
#undef KIND
};

static const char *const api_versions[] = {
#define KIND(ID, g, v, ...) [KIND_##ID] = sizeof(g) > 1 ? g "/" v : v,
#include "apis/kinds.def"
#undef KIND
};

// clang-format on

const struct kind *kind_get(enum kind_id id)
{
    return &kinds[id];
}

const struct kind *kind_find(const char *api_version, const char *kind)
{
    for (uint32_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(kinds[i].kind, kind) == 0 && strcmp(api_versions[i], api_version) == 0)
            return &kinds[i];
    }
    return NULL;
}

const char *kind_api_version(const struct kind *k)
{
    return api_versions[k->id];
}

int kind_path(const struct kind *k, const char *ns, const char *name, const char *subresource,
              struct buf *out)
{
    buf_adds(out, *k->group ? "/apis/" : "/api/");
    buf_adds(out, kind_api_version(k));
    if (ns && k->namespaced)
        buf_addf(out, "/namespaces/%s", ns);
    buf_addf(out, "/%s", k->plural);
    if (name)
        buf_addf(out, "/%s", name);
    if (subresource)
        buf_addf(out, "/%s", subresource);
    return out->failed ? -1 : 0;
}
