// SPDX-License-Identifier: Apache-2.0
// Image references. The first segment is a registry only if it could be no path: it has a dot or a
// colon, or is localhost. The colon of a tag is the one behind the last slash.
#include "apis/image.h"

#include <ctype.h>

static size_t find_last(struct str s, char c)
{
    const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;
    return at ? (size_t)(at - s.p) : s.n;
}

static bool all_of(struct str s, const char *extra, bool upper)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool ok = islower(c) || isdigit(c) || (upper && isupper(c)) || (c && strchr(extra, c));
        if (!ok)
            return false;
    }
    return s.n > 0;
}

static bool is_registry(struct str s)
{
    return str_eq(s, "localhost") || memchr(s.p, '.', s.n) || memchr(s.p, ':', s.n);
}

static bool is_path(struct str s)
{
    if (!all_of(s, "._-/", false) || s.p[0] == '/' || s.p[s.n - 1] == '/')
        return false;
    return memmem(s.p, s.n, "//", 2) == NULL;
}

static bool is_digest(struct str s)
{
    const char *colon = memchr(s.p, ':', s.n);
    if (!colon || colon == s.p)
        return false;
    struct str hex = { colon + 1, s.n - (size_t)(colon - s.p) - 1 };
    if (hex.n < 32 || hex.n > 256)
        return false;
    for (size_t i = 0; i < hex.n; i++) {
        if (!isxdigit((unsigned char)hex.p[i]))
            return false;
    }
    return true;
}

// Cuts what is behind the separator at `at` off s.
static struct str cut(struct str *s, size_t at)
{
    struct str tail = { s->p + at + 1, s->n - at - 1 };
    s->n = at;
    return tail;
}

bool image_parse(struct str s, struct image *ret)
{
    struct image i = {
        .registry = str_of("docker.io"), .tag = {"",  0},
             .digest = { "", 0}
    };
    if (!s.n || s.n > 1024)
        return false;
    const char *at = memchr(s.p, '@', s.n);
    if (at) {
        i.digest = cut(&s, (size_t)(at - s.p));
        if (!is_digest(i.digest))
            return false;
    }
    size_t slash = find_last(s, '/'), colon = find_last(s, ':');
    if (colon < s.n && (slash == s.n || colon > slash)) {
        i.tag = cut(&s, colon);
        if (!all_of(i.tag, "_.-", true) || i.tag.n > 128)
            return false;
    }
    const char *first = s.n ? memchr(s.p, '/', s.n) : NULL;
    if (first && is_registry((struct str){ s.p, (size_t)(first - s.p) })) {
        i.registry = (struct str){ s.p, (size_t)(first - s.p) };
        s = cut(&s, i.registry.n);
        if (!all_of(i.registry, ".-:[]_", true))
            return false;
    }
    i.path = s;
    if (str_eq(i.registry, "index.docker.io") || str_eq(i.registry, "registry-1.docker.io"))
        i.registry = str_of("docker.io");
    i.library = str_eq(i.registry, "docker.io") && s.n && !memchr(s.p, '/', s.n);
    if (!s.n || !is_path(s))
        return false;
    *ret = i;
    return true;
}

bool image_mutable(const struct image *i)
{
    return !i->digest.n && (!i->tag.n || str_eq(i->tag, "latest"));
}

static bool segments_start(struct str path, struct str prefix)
{
    if (path.n < prefix.n || memcmp(path.p, prefix.p, prefix.n) != 0)
        return false;
    return path.n == prefix.n || path.p[prefix.n] == '/';
}

bool image_under(const struct image *i, struct str prefix)
{
    while (prefix.n && prefix.p[prefix.n - 1] == '/')
        prefix.n--;
    const char *slash = prefix.n ? memchr(prefix.p, '/', prefix.n) : NULL;
    struct str host = { prefix.p, slash ? (size_t)(slash - prefix.p) : prefix.n };
    struct str path = { slash ? slash + 1 : "", slash ? prefix.n - host.n - 1 : 0 };
    if (!host.n)
        return false;
    if (!is_registry(host)) { // "library/nginx", "team": paths of Docker Hub
        host = str_of("docker.io");
        path = prefix;
    }
    if (host.n != i->registry.n || memcmp(host.p, i->registry.p, host.n) != 0)
        return false;
    if (!path.n)
        return true;
    if (i->library && segments_start(path, str_of("library"))) {
        size_t skip = MIN(path.n, strlen("library/"));
        path = (struct str){ path.p + skip, path.n - skip };
        return !path.n || segments_start(i->path, path);
    }
    return !i->library && segments_start(i->path, path);
}
