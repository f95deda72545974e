// SPDX-License-Identifier: Apache-2.0
// A controller. A ConfigMap with the label kube9.io/example=team and the annotation kube9.io/pods=N
// gets a ResourceQuota "team-<its name>" of N Pods beside it; without the label, the annotation or
// the ConfigMap the quota goes. A quota that somebody changes or deletes is put right again.
#include "apis/types.h"
#include "base/alloc.h"
#include "informer/reconciler.h"

#define PREFIX "team-"

static const char *label(const struct object *o, const char *key)
{
    return o ? rmap_get(object_meta_labels(object_meta_of(o)), key) : NULL;
}

static bool labelled(const struct object *o, const char *as)
{
    const char *value = label(o, "kube9.io/example");

    return value && strcmp(value, as) == 0;
}

// The Pods that the ConfigMap grants, NULL: it wants no quota.
static const char *wanted(const struct object *o)
{
    const struct object_meta *meta = o ? object_meta_of(o) : NULL;
    const char *pods = rmap_get(object_meta_annotations(meta), "kube9.io/pods");

    if (!labelled(o, "team") || object_meta_has_deletion_timestamp(meta) || !pods)
        return NULL;
    return *pods && strspn(pods, "0123456789") == strlen(pods) ? pods : NULL;
}

static const char *granted(const struct object *quota)
{
    const struct resource_quota_spec *spec =
        quota ? resource_quota_spec(resource_quota_of(quota)) : NULL;

    return rmap_get(resource_quota_spec_hard(spec), "pods");
}

static void apply_quota(struct work *w, const char *path, const char *name, const char *pods)
{
    autofree char *body = xasprintf(
        "{\"apiVersion\":\"v1\",\"kind\":\"ResourceQuota\",\"metadata\":{\"name\":\"%s\","
        "\"labels\":{\"kube9.io/example\":\"quota\"}},\"spec\":{\"hard\":{\"pods\":\"%s\"}}}",
        name, pods);

    work_request(w, &(struct client_request){ .verb = CLIENT_APPLY,
                                              .path = path,
                                              .body = str_of(body),
                                              .force = true,
                                              .may_create = true });
}

static void delete_quota(struct work *w, const char *path, const struct object *quota)
{
    char uid[UID_TEXT_MAX];

    work_request(w, &(struct client_request){
                        .verb = CLIENT_DELETE, .path = path, .uid = object_uid_text(quota, uid) });
}

// Looks at what is, not at what happened: the same after a start, a retry or a missed event.
static void reconcile(void *arg, struct work *w)
{
    struct informers *in = ((struct session *)arg)->informers;
    autofree char *name = xasprintf(PREFIX "%s", w->key.name);
    const char *ns = atom_str(w->key.ns), *pods = wanted(informer_get_key(in, &w->key));
    const struct object *quota = informer_get(in, KIND_RESOURCE_QUOTA, ns, name);
    struct buf autobuf path = { 0 };

    buf_init(&path, 1024);
    if (kind_path(kind_get(KIND_RESOURCE_QUOTA), ns, name, NULL, &path) < 0)
        work_done(w, NULL);
    else if (pods && !(granted(quota) && strcmp(granted(quota), pods) == 0))
        apply_quota(w, path.p, name, pods);
    else if (!pods && labelled(quota, "quota"))
        delete_quota(w, path.p, quota);
    else
        work_done(w, NULL);
}

// A change of a quota is work for its ConfigMap.
static bool key_for(void *arg unused_arg, struct key *k)
{
    if (k->kind == KIND_CONFIG_MAP)
        return true;
    if (!str_starts(k->name, PREFIX))
        return false;
    k->kind = KIND_CONFIG_MAP;
    k->name += strlen(PREFIX);
    return true;
}

int main(int argc, char **argv)
{
    static const enum kind_id kinds[] = { KIND_CONFIG_MAP, KIND_RESOURCE_QUOTA, KIND_COUNT };
    const struct session_options o = { .name = "team-quota/1.0",
                                       .kubeconfig = argc > 1 ? argv[1] : NULL };
    struct reconciler *r = NULL;
    struct session s;
    struct error e = { 0 };
    int rc = session_open(&s, &o, &e);

    if (rc == 0) {
        r = reconciler_new(&(struct reconciler_options){ .session = &s,
                                                         .name = "team-quota",
                                                         .kinds = kinds,
                                                         .key_for = key_for,
                                                         .reconcile = reconcile,
                                                         .arg = &s });
        rc = session_run(&s, &e);
    }
    if (rc < 0)
        fprintf(stderr, "team-quota: %s\n", e.text);
    reconciler_free(r);
    session_close(&s);
    return rc < 0;
}
