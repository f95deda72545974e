// SPDX-License-Identifier: Apache-2.0
// The metrics registry: a constant table of rows and the series that have come up for each. Few
// series per metric and few updates per second, so a series is found by comparing hashes in a row;
// nothing here needs a tree.
#include "base/metrics.h"

#include "base/alloc.h"
#include "base/map.h"
#include "base/utf8.h"
#include "base/writer_text.h"
#include <assert.h>
#include <math.h>

#undef metric_add
#undef metric_set
#undef metric_observe
#undef metric_value

// Upper bounds. The queue's, reconcile's and rest's are those of client-go and controller-runtime.
static const double queue_buckets[] = { 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01,
                                        0.1,  1,    10,   100,  1000, 0 };
static const double reconcile_buckets[] = { .005, .01, .025, .05, .1,  .15, .2, .25,  .3,  .35,  .4,
                                            .45,  .5,  .6,   .7,  .8,  .9,  1,  1.25, 1.5, 1.75, 2,
                                            2.5,  3,   3.5,  4,   4.5, 5,   6,  7,    8,   9,    10,
                                            15,   20,  25,   30,  40,  50,  60, 0 };
static const double rest_buckets[] = { .005, .025, .1, .25, .5, 1, 2, 4, 8, 15, 30, 60, 0 };
static const double item_buckets[] = { 1, 10, 50, 100, 500, 1000, 5000, 10000, 50000, 100000, 0 };
static const double watch_buckets[] = { 1, 10, 60, 300, 450, 600, 900, 1800, 0 };
static const double run_buckets[] = { 1, 5, 10, 30, 60, 120, 300, 0 };

static const struct metric_info infos[] = {
#define METRIC(id, mtype, mname, mhelp, ...)                                                       \
    [METRIC_##id] = { .type = (mtype), .name = (mname), .help = (mhelp), ##__VA_ARGS__ },
#include "base/metrics.def"
#undef METRIC
};

const char metric_labels_end[] = "";

struct series {
    char *labels[METRIC_LABELS_MAX]; // owned
    uint32_t hash;
    double value;     // a histogram's sum
    uint64_t *counts; // owned; a histogram's: one per bucket and the one beyond them
};

static struct family {
    struct series *v; // owned
    size_t n, cap;
} families[METRIC_ID_COUNT];

const struct metric_info *metric_info(enum metric_id id)
{
    assert((unsigned)id < METRIC_ID_COUNT);
    return &infos[id];
}

static size_t label_count(enum metric_id id)
{
    size_t n = 0;

    while (n < METRIC_LABELS_MAX && infos[id].labels[n])
        n++;
    return n;
}

static size_t bucket_count(enum metric_id id)
{
    size_t n = 0;

    while (infos[id].buckets[n] > 0)
        n++;
    return n;
}

// The label values of one call, cut to size.
struct values {
    struct str v[METRIC_LABELS_MAX];
    size_t n;
};

static struct values take_values(enum metric_id id, va_list ap)
{
    struct values ret = { .n = label_count(id) };

    for (size_t i = 0; i < ret.n; i++) {
        const char *s = va_arg(ap, const char *);

        assert(s != metric_labels_end); // fewer values than the row has labels
        ret.v[i].p = s ? s : "";
        ret.v[i].n =
            utf8_cut(ret.v[i].p, strnlen(ret.v[i].p, METRIC_VALUE_MAX + 4), METRIC_VALUE_MAX);
    }
    assert(va_arg(ap, const char *) == metric_labels_end); // more values than the row has labels
    return ret;
}

static uint32_t hash_values(const struct values *values)
{
    uint32_t h = 0;

    for (size_t i = 0; i < values->n; i++)
        h = hash_mix(h, hash_bytes(values->v[i].p, values->v[i].n));
    return h;
}

static struct series *find(enum metric_id id, const struct values *values, uint32_t hash)
{
    struct family *f = &families[id];

    for (size_t i = 0; i < f->n; i++) {
        size_t same = 0;

        if (f->v[i].hash != hash)
            continue;
        while (same < values->n && str_eq(values->v[same], f->v[i].labels[same]))
            same++;
        if (same == values->n)
            return &f->v[i];
    }
    return NULL;
}

static struct series *add_series(enum metric_id id, const struct values *values, uint32_t hash)
{
    struct family *f = &families[id];
    struct series *s;

    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 4;
        f->v = xrealloc(f->v, f->cap * sizeof(*f->v));
    }
    s = &f->v[f->n++];
    *s = (struct series){ .hash = hash };
    for (size_t i = 0; i < values->n; i++)
        s->labels[i] = xstrndup(values->v[i].p, values->v[i].n);
    if (infos[id].type == METRIC_HISTOGRAM)
        s->counts = xcalloc(bucket_count(id) + 1, sizeof(*s->counts));
    return s;
}

// The series of these labels; once there are too many, the one that stands for all others.
static struct series *series_of(enum metric_id id, struct values *values)
{
    uint32_t hash = hash_values(values);
    struct series *s = find(id, values, hash);

    if (s)
        return s;
    if (families[id].n >= METRIC_SERIES_MAX) {
        for (size_t i = 0; i < values->n; i++)
            values->v[i] = str_of("other");
        hash = hash_values(values);
        s = find(id, values, hash);
    }
    return s ? s : add_series(id, values, hash);
}

static struct series *series_for(enum metric_id id, va_list ap)
{
    struct values values = take_values(id, ap);

    return series_of(id, &values);
}

void metric_add(enum metric_id id, double by, ...)
{
    va_list ap;

    assert(infos[id].type == METRIC_GAUGE || (infos[id].type == METRIC_COUNTER && by >= 0));
    va_start(ap, by);
    series_for(id, ap)->value += by;
    va_end(ap);
}

void metric_set(enum metric_id id, double value, ...)
{
    va_list ap;

    assert(infos[id].type != METRIC_HISTOGRAM);
    va_start(ap, value);
    series_for(id, ap)->value = value;
    va_end(ap);
}

void metric_observe(enum metric_id id, double value, ...)
{
    struct series *s;
    size_t i = 0;
    va_list ap;

    assert(infos[id].type == METRIC_HISTOGRAM);
    va_start(ap, value);
    s = series_for(id, ap);
    va_end(ap);
    while (infos[id].buckets[i] > 0 && value > infos[id].buckets[i])
        i++;
    s->counts[i]++;
    s->value += value;
}

static uint64_t observations(enum metric_id id, const struct series *s)
{
    uint64_t sum = 0;

    for (size_t i = 0; i <= bucket_count(id); i++)
        sum += s->counts[i];
    return sum;
}

double metric_value(enum metric_id id, ...)
{
    struct values values;
    const struct series *s;
    va_list ap;

    va_start(ap, id);
    values = take_values(id, ap);
    va_end(ap);
    s = find(id, &values, hash_values(&values));
    if (!s)
        return 0;
    return s->counts ? (double)observations(id, s) : s->value;
}

void metric_forget(enum metric_id id)
{
    struct family *f = &families[id];

    for (size_t i = 0; i < f->n; i++) {
        for (size_t k = 0; k < METRIC_LABELS_MAX; k++)
            free(f->v[i].labels[k]);
        free(f->v[i].counts);
    }
    free(f->v);
    *f = (struct family){ 0 };
}

void metrics_reset(void)
{
    for (int id = 0; id < METRIC_ID_COUNT; id++)
        metric_forget((enum metric_id)id);
}

// A label value: backslash, quote and line feed escaped, and what is not UTF-8 replaced.
static void put_label_value(struct buf *out, const char *s)
{
    size_t left = strlen(s), n;

    for (; left; s += n, left -= n) {
        uint32_t c = 0;

        n = utf8_decode(s, left, &c);
        if (!n) {
            buf_adds(out, "\xEF\xBF\xBD");
            n = 1;
        } else if (c == '\n') {
            buf_adds(out, "\\n");
        } else {
            if (c == '\\' || c == '"')
                buf_addc(out, '\\');
            buf_add(out, s, n);
        }
    }
}

static void put_number(struct buf *out, double v)
{
    char text[DOUBLE_TEXT_MAX];

    if (isnan(v))
        buf_adds(out, "NaN");
    else if (isinf(v))
        buf_adds(out, v > 0 ? "+Inf" : "-Inf");
    else
        buf_adds(out, text_double(v, text));
}

static void put_label(struct buf *out, bool *first, const char *name, const char *value)
{
    buf_addc(out, *first ? '{' : ',');
    *first = false;
    buf_adds(out, name);
    buf_adds(out, "=\"");
    put_label_value(out, value);
    buf_addc(out, '"');
}

// name[suffix]{labels, le}, up to the number. le NULL: no such label.
static void put_series(struct buf *out, enum metric_id id, const struct series *s,
                       const char *suffix, const char *le)
{
    const struct metric_info *m = &infos[id];
    bool first = true;

    buf_adds(out, m->name);
    buf_adds(out, suffix);
    for (size_t i = 0; i < label_count(id); i++)
        put_label(out, &first, m->labels[i], s->labels[i]);
    if (m->repeat_as)
        put_label(out, &first, m->repeat_as, s->labels[0]);
    if (le)
        put_label(out, &first, "le", le);
    buf_adds(out, first ? " " : "} ");
}

static void put_histogram(struct buf *out, enum metric_id id, const struct series *s)
{
    uint64_t sum = 0;
    char le[DOUBLE_TEXT_MAX];

    for (size_t i = 0; i <= bucket_count(id); i++) {
        bool last = i == bucket_count(id);

        sum += s->counts[i];
        put_series(out, id, s, "_bucket", last ? "+Inf" : text_double(infos[id].buckets[i], le));
        buf_addf(out, "%" PRIu64 "\n", sum);
    }
    put_series(out, id, s, "_sum", NULL);
    put_number(out, s->value);
    buf_addc(out, '\n');
    put_series(out, id, s, "_count", NULL);
    buf_addf(out, "%" PRIu64 "\n", sum);
}

static void put_family(struct buf *out, enum metric_id id)
{
    static const char *const types[] = { "counter", "gauge", "histogram" };
    const struct metric_info *m = &infos[id];
    const struct family *f = &families[id];

    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, types[m->type]);
    for (size_t i = 0; i < f->n; i++) {
        if (m->type == METRIC_HISTOGRAM) {
            put_histogram(out, id, &f->v[i]);
            continue;
        }
        put_series(out, id, &f->v[i], "", NULL);
        put_number(out, f->v[i].value);
        buf_addc(out, '\n');
    }
}

int metrics_write(struct buf *out)
{
    for (int i = 0; i < METRIC_ID_COUNT; i++) {
        enum metric_id id = (enum metric_id)i;
        struct values none = { 0 };

        if (!label_count(id) && infos[id].type != METRIC_GAUGE)
            series_of(id, &none);
        if (families[id].n)
            put_family(out, id);
    }
    return out->failed ? -1 : 0;
}
