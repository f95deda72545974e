// SPDX-License-Identifier: Apache-2.0
// Quantities: sign, digits with at most one point, suffix. All in 128-bit integers of nano units:
// no suffix and no sum of them that the API server accepts leaves that range.
#include "apis/quantity.h"

#define NANO         ((__int128)1000000000)
#define UNITS_MAX    ((__int128)INT64_MAX)
#define HALF         14 // digits
#define HALF_DIGITS  ((__int128)100000000000000)
#define EXPONENT_MAX 100000 // of what is written; more makes no difference in a text of ours

struct suffix {
    const char *text;
    int power; // of ten, or of 1024
    bool binary;
};

static const struct suffix suffixes[] = {
    {"",    0,  false},
    { "n",  -9, false},
    { "u",  -6, false},
    { "m",  -3, false},
    { "k",  3,  false},
    { "M",  6,  false},
    { "G",  9,  false},
    { "T",  12, false},
    { "P",  15, false},
    { "E",  18, false},
    { "Ki", 1,  true },
    { "Mi", 2,  true },
    { "Gi", 3,  true },
    { "Ti", 4,  true },
    { "Pi", 5,  true },
    { "Ei", 6,  true },
};

struct digits {
    __int128 value; // of all digits that were taken
    int scale;      // digits of them behind the point
    size_t used;    // characters
    bool any, rest; // rest: smaller digits were dropped, not all zero
};

// Takes up to 28 significant digits; more only say whether something is left.
static void read_digits(struct str s, struct digits *d)
{
    bool point = false;
    int taken = 0, dropped = 0;
    *d = (struct digits){ 0 };
    for (; d->used < s.n; d->used++) {
        char c = s.p[d->used];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            break;
        d->any = true;
        if (taken < 28) {
            d->value = d->value * 10 + (c - '0');
            taken += d->value != 0;
            d->scale += point;
        } else {
            d->rest |= c != '0';
            dropped += !point;
        }
    }
    d->scale -= dropped;
}

static int read_exponent(struct str s, int *ret)
{
    bool minus = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
        s.p++;
        s.n--;
    }
    if (!s.n)
        return -1;
    int v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
        v = MIN(v * 10 + (s.p[i] - '0'), EXPONENT_MAX);
    }
    *ret = minus ? -v : v;
    return 0;
}

static int read_suffix(struct str s, const struct suffix **ret, struct suffix *room)
{
    if (s.n > 1 && (s.p[0] == 'e' || s.p[0] == 'E') && s.p[1] != 'i') {
        int power;
        if (read_exponent((struct str){ s.p + 1, s.n - 1 }, &power))
            return -1;
        *room = (struct suffix){ .power = power };
        *ret = room;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
        if (str_eq(s, suffixes[i].text)) {
            *ret = &suffixes[i];
            return 0;
        }
    }
    return -1;
}

// v * 10^power, held just above the largest value; *rest: something below one was dropped.
static __int128 shifted(__int128 v, int power, bool *rest)
{
    for (; power > 0 && v && v <= UNITS_MAX * NANO; power--)
        v *= 10;
    for (; power < 0 && v; power++) {
        *rest |= v % 10 != 0;
        v /= 10;
    }
    return v;
}

// 28 digits times 2^60 do not fit, half of the digits do: the two halves are scaled one by one.
static __int128 scaled(const struct digits *d, const struct suffix *x)
{
    int factor = x->binary ? 10 * x->power : 0; // power of two
    int power = 9 - d->scale + (x->binary ? 0 : x->power);
    __int128 high = (d->value / HALF_DIGITS) << factor, low = (d->value % HALF_DIGITS) << factor;
    __int128 v;
    bool rest = d->rest;
    if (power < -HALF) {
        high += shifted(low, -HALF, &rest);
        v = shifted(high, power + HALF, &rest);
    } else {
        v = shifted(high, power + HALF, &rest) + shifted(low, power, &rest);
    }
    return MIN(v + rest, UNITS_MAX * NANO);
}

int quantity_parse(struct str s, struct quantity *ret, struct error *e)
{
    struct str rest = s;
    bool minus = rest.n && rest.p[0] == '-';
    if (rest.n && (rest.p[0] == '-' || rest.p[0] == '+')) {
        rest.p++;
        rest.n--;
    }
    struct digits d;
    const struct suffix *x;
    struct suffix room;
    read_digits(rest, &d);
    if (!d.any || read_suffix((struct str){ rest.p + d.used, rest.n - d.used }, &x, &room))
        return error_set(e, ERR_INVALID, "'%.*s' is not a quantity", (int)MIN(s.n, 64),
                         s.n ? s.p : "");
    __int128 v = scaled(&d, x);
    ret->nano = minus ? -v : v;
    return 0;
}

int quantity_compare(struct quantity a, struct quantity b)
{
    return (a.nano > b.nano) - (a.nano < b.nano);
}

static int64_t divided_up(__int128 v, __int128 by)
{
    __int128 q = v / by + (v > 0 && v % by != 0);
    return (int64_t)MAX(-UNITS_MAX, MIN(UNITS_MAX, q));
}

int64_t quantity_units(struct quantity q)
{
    return divided_up(q.nano, NANO);
}

int64_t quantity_milli(struct quantity q)
{
    return divided_up(q.nano, NANO / 1000);
}

int64_t quantity_units_of(const char *s)
{
    struct quantity q;
    return s && !quantity_parse(str_of(s), &q, NULL) ? quantity_units(q) : 0;
}

int64_t quantity_milli_of(const char *s)
{
    struct quantity q;
    return s && !quantity_parse(str_of(s), &q, NULL) ? quantity_milli(q) : 0;
}
