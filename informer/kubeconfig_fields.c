// SPDX-License-Identifier: Apache-2.0
//
// Members of a kubeconfig, one type each. The YAML reader keeps what was written, so `token: 0123`
// stays text. Every message names the place and never the value: it may be a secret.
#include "informer/kubeconfig_fields.h"

#include "informer/base64.h"
#include "informer/kubeconfig.h"
#include <ctype.h>
#include <stdarg.h>

#define FIELD_LIST_MAX 1024 // items of a list

int kube_field_bad(const struct kube_scope *s, const char *key, struct error *e, const char *fmt,
                   ...)
{
    const struct yaml_node *at = yaml_get(s->node, key);
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (!at)
        at = s->node;
    return error_set(e, ERR_INVALID, "%s:%u: %s '%.80s': %s: %s", s->path, at ? at->line : 1,
                     s->kind, s->name, key, text);
}

static bool is_scalar(const struct yaml_node *n)
{
    return n->type != YAML_LIST && n->type != YAML_MAP;
}

static bool is_printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (iscntrl((unsigned char)s.p[i]))
            return false;
    return true;
}

// The text of a member without its checks for being one line; *ret has n == 0 when absent.
static int field_text(const struct kube_scope *s, const char *key, struct str *ret, struct error *e)
{
    const struct yaml_node *n = yaml_get(s->node, key);

    *ret = (struct str){ 0 };
    if (!n || n->type == YAML_NULL)
        return 0;
    if (!is_scalar(n))
        return kube_field_bad(s, key, e, "has to be a text");
    *ret = n->text;
    return 0;
}

int kube_field_str(const struct kube_scope *s, const char *key, const char **ret, struct error *e)
{
    struct str text;

    if (field_text(s, key, &text, e) < 0)
        return -1;
    if (!is_printable(text))
        return kube_field_bad(s, key, e, "has to be one line without control characters");
    if (text.n)
        *ret = arena_strndup(s->a, text.p, text.n);
    return 0;
}

int kube_field_bool(const struct kube_scope *s, const char *key, bool *ret, struct error *e)
{
    const struct yaml_node *n = yaml_get(s->node, key);

    if (!n || n->type == YAML_NULL)
        return 0;
    if (n->type != YAML_BOOL)
        return kube_field_bad(s, key, e, "has to be true or false");
    *ret = n->b;
    return 0;
}

const char *kube_field_resolve(struct arena *a, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');

    if (name[0] == '/' || !slash)
        return arena_strdup(a, name);
    return arena_printf(a, "%.*s/%s", (int)(slash - path), path, name);
}

int kube_field_path(const struct kube_scope *s, const char *key, const char **ret, struct error *e)
{
    const char *name = NULL;

    if (kube_field_str(s, key, &name, e) < 0)
        return -1;
    if (name)
        *ret = kube_field_resolve(s->a, s->path, name);
    return 0;
}

int kube_field_pem(const struct kube_scope *s, const char *key, struct str *ret, struct error *e)
{
    struct str text;
    char *out;
    size_t n;

    if (field_text(s, key, &text, e) < 0)
        return -1;
    if (!text.n)
        return 0;
    if (text.n > KUBE_CREDENTIAL_MAX)
        return kube_field_bad(s, key, e, "is longer than %u bytes", KUBE_CREDENTIAL_MAX);
    out = arena_alloc(s->a, BASE64_DECODED_MAX(text.n));
    if (base64_decode(text, out, &n) < 0)
        return kube_field_bad(s, key, e, "has to be base64 (as from `base64 -w0 FILE`)");
    out[n] = '\0';
    if (!memmem(out, n, "-----BEGIN ", 11))
        return kube_field_bad(s, key, e, "has to hold PEM, base64-encoded (-----BEGIN ...)");
    *ret = (struct str){ out, n };
    return 0;
}

static int field_sub(const struct kube_scope *s, const char *key, enum yaml_type type,
                     const struct yaml_node **ret, struct error *e)
{
    const struct yaml_node *n = yaml_get(s->node, key);

    *ret = NULL;
    if (!n || n->type == YAML_NULL)
        return 0;
    if (n->type != type)
        return kube_field_bad(s, key, e, "has to be a %s", type == YAML_MAP ? "mapping" : "list");
    if (n->sub.n > FIELD_LIST_MAX)
        return kube_field_bad(s, key, e, "has more than %d entries", FIELD_LIST_MAX);
    *ret = n;
    return 0;
}

int kube_field_map(const struct kube_scope *s, const char *key, const struct yaml_node **ret,
                   struct error *e)
{
    return field_sub(s, key, YAML_MAP, ret, e);
}

int kube_field_list(const struct kube_scope *s, const char *key, const struct yaml_node **ret,
                    struct error *e)
{
    return field_sub(s, key, YAML_LIST, ret, e);
}

int kube_field_strs(const struct kube_scope *s, const char *key, const char ***ret, size_t *ret_n,
                    struct error *e)
{
    const struct yaml_node *list;
    const char **v;

    if (kube_field_list(s, key, &list, e) < 0)
        return -1;
    if (!list)
        return 0;
    v = ARENA_ARRAY(s->a, const char *, list->sub.n + 1);
    for (uint32_t i = 0; i < list->sub.n; i++) {
        const struct yaml_node *n = list->sub.v[i];

        if (!is_scalar(n) || !is_printable(n->text))
            return kube_field_bad(s, key, e, "item %u has to be a text of one line", i + 1);
        v[i] = arena_strndup(s->a, n->text.p ? n->text.p : "", n->text.n);
    }
    *ret = v;
    *ret_n = list->sub.n;
    return 0;
}
