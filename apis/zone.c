// SPDX-License-Identifier: Apache-2.0
// TZif files. Read once, whole, at most 1 MB; every count in the header is checked against the
// bytes that are there before anything is taken from them. Leap seconds are left alone, as the C
// library does.
#include "apis/zone.h"

#include "apis/zone_rule.h"
#include "base/alloc.h"

#define FILE_MAX    ((size_t)1 << 20)
#define HEADER_SIZE 44
#define FOLDER      "/usr/share/zoneinfo/"

struct zone {
    uint32_t n;      // changes
    int64_t *at;     // owned: UTC seconds, ascending
    int32_t *offset; // owned: from then on
    int32_t first;   // before all of them
    bool has_rule;
    struct zone_rule rule; // after the last of them
};

struct counts {
    uint32_t isut, isstd, leap, time, type, chars;
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const uint8_t *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static int bad(struct error *e, const char *what)
{
    return error_set(e, ERR_INVALID, "not a time zone file: %s", what);
}

static int read_header(struct str s, struct counts *ret, char *ret_version, struct error *e)
{
    if (s.n < HEADER_SIZE || memcmp(s.p, "TZif", 4) != 0)
        return bad(e, "no header");
    const uint8_t *p = (const uint8_t *)s.p + 20;
    *ret_version = s.p[4];
    *ret = (struct counts){ be32(p),      be32(p + 4),  be32(p + 8),
                            be32(p + 12), be32(p + 16), be32(p + 20) };
    if (ret->time > 65536 || ret->type > 256 || !ret->type || ret->leap > 65536 ||
        ret->chars > 65536 || ret->isut > 256 || ret->isstd > 256)
        return bad(e, "counts");
    return 0;
}

static size_t block_size(const struct counts *c, size_t time_size)
{
    return c->time * (time_size + 1) + c->type * 6 + c->chars + c->leap * (time_size + 4) +
           c->isstd + c->isut;
}

static int read_changes(struct zone *z, const uint8_t *p, const struct counts *c, size_t size,
                        struct error *e)
{
    const uint8_t *types = p + c->time * size, *infos = types + c->time;
    z->at = xcalloc(MAX(c->time, 1u), sizeof(*z->at));
    z->offset = xcalloc(MAX(c->time, 1u), sizeof(*z->offset));
    z->first = (int32_t)be32(infos);
    for (uint32_t i = 0; i < c->time; i++) {
        z->at[i] = size == 8 ? be64(p + i * 8) : (int32_t)be32(p + i * 4);
        if (types[i] >= c->type || (i && z->at[i] <= z->at[i - 1]))
            return bad(e, "changes");
        z->offset[i] = (int32_t)be32(infos + (size_t)types[i] * 6);
    }
    for (uint32_t i = 0; i < c->type; i++) {
        int32_t offset = (int32_t)be32(infos + (size_t)i * 6);
        if (offset < -93599 || offset > 93599)
            return bad(e, "offset");
    }
    z->n = c->time;
    return 0;
}

static void read_rule(struct zone *z, struct str s)
{
    if (s.n < 2 || s.p[0] != '\n')
        return;
    const char *end = memchr(s.p + 1, '\n', s.n - 1);
    if (end)
        z->has_rule = zone_rule_parse((struct str){ s.p + 1, (size_t)(end - s.p) - 1 }, &z->rule);
}

static int read_zone(struct zone *z, struct str s, struct error *e)
{
    struct counts c;
    char version;
    size_t size = 4;
    if (read_header(s, &c, &version, e))
        return -1;
    if (version >= '2') { // the first block is for old readers
        size_t skip = HEADER_SIZE + block_size(&c, 4);
        if (skip > s.n)
            return bad(e, "cut off");
        s = (struct str){ s.p + skip, s.n - skip };
        if (read_header(s, &c, &version, e))
            return -1;
        size = 8;
    }
    size_t all = HEADER_SIZE + block_size(&c, size);
    if (all > s.n)
        return bad(e, "cut off");
    if (read_changes(z, (const uint8_t *)s.p + HEADER_SIZE, &c, size, e))
        return -1;
    if (size == 8)
        read_rule(z, (struct str){ s.p + all, s.n - all });
    return 0;
}

int zone_parse(struct str bytes, struct zone **ret, struct error *e)
{
    struct zone *z = xcalloc(1, sizeof(*z));
    if (read_zone(z, bytes, e)) {
        zone_free(z);
        return -1;
    }
    *ret = z;
    return 0;
}

static bool is_name(const char *name)
{
    if (strlen(name) > 63 || strstr(name, "..") || *name == '/')
        return false;
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
           strlen(name);
}

static int load_file(const char *name, struct zone **ret, struct error *e)
{
    char path[128];
    snprintf(path, sizeof(path), FOLDER "%s", name);
    FILE *f = fopen(path, "re");
    if (!f)
        return error_set(e, ERR_NOT_FOUND, "unknown time zone '%s'", name);
    autofree char *text = xmalloc(FILE_MAX);
    size_t n = fread(text, 1, FILE_MAX, f);
    fclose(f);
    if (zone_parse((struct str){ text, n }, ret, e))
        return error_wrap(e, "time zone '%s'", name);
    return 0;
}

int zone_load(const char *name, struct zone **ret, struct error *e)
{
    if (!*name || strcmp(name, "UTC") == 0 || strcmp(name, "Etc/UTC") == 0) {
        *ret = xcalloc(1, sizeof(**ret));
        return 0;
    }
    if (!is_name(name) || strcmp(name, "Local") == 0)
        return error_set(e, ERR_NOT_FOUND, "unknown time zone '%.64s'", name);
    return load_file(name, ret, e);
}

void zone_free(struct zone *z)
{
    if (!z)
        return;
    free(z->at);
    free(z->offset);
    free(z);
}

int32_t zone_offset(const struct zone *z, int64_t utc)
{
    if (!z)
        return 0;
    if (z->has_rule && (!z->n || utc >= z->at[z->n - 1]))
        return zone_rule_offset(&z->rule, utc);
    uint32_t low = 0, high = z->n; // changes at or before utc
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (z->at[mid] <= utc)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? z->offset[low - 1] : z->first;
}
