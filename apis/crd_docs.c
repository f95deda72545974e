// SPDX-License-Identifier: Apache-2.0
// docs/api.md: every field of our kinds with type, default, limit and meaning, and every
// condition with its reasons. The defaults are those that the accessors give; they are not in the
// CRDs.
#include "apis/crd.h"

#include "apis/reasons.h"
#include "apis/schema.h"

#define PATH_MAX_TEXT 256

static void write_rows(const struct type *t, const char *path, struct buf *out);

static const char *type_text(const struct row *row)
{
    static const char *const texts[] = {
        [ROW_BOOL] = "boolean",  [ROW_ENUM] = "string",  [ROW_INT] = "int32",
        [ROW_LONG] = "int64",    [ROW_TIME] = "time",    [ROW_DURATION] = "duration",
        [ROW_STR] = "string",    [ROW_ATOM] = "string",  [ROW_OBJ] = "object",
        [ROW_LIST] = "list",     [ROW_STRS] = "strings", [ROW_ATOMS] = "strings",
        [ROW_ENUMS] = "strings", [ROW_MAP] = "map",      [ROW_INTORSTR] = "int or string",
    };
    return row->kind < ARRAY_SIZE(texts) && texts[row->kind] ? texts[row->kind] : "";
}

static void write_default(const struct row *row, struct buf *out)
{
    const struct row_options *o = row->opt;
    if (o->required)
        buf_adds(out, "required");
    else if (o->def_text)
        buf_addf(out, "`%s`", o->def_text);
    else if (row->kind == ROW_ENUM && o->def)
        buf_addf(out, "`%s`", word_text(row->words, (int)o->def));
    else if (row->kind == ROW_BOOL)
        buf_adds(out, o->def ? "`true`" : "`false`");
    else if (o->def)
        buf_addf(out, "`%" PRId64 "`", o->def);
}

// | ends a cell of a table, in code spans too.
static void write_escaped(const char *s, struct buf *out)
{
    for (; *s; s++) {
        if (*s == '|')
            buf_addc(out, '\\');
        buf_addc(out, *s);
    }
}

static void write_words(const struct words *w, struct buf *out)
{
    for (int i = 1; i < WORD_OTHER && w->text[i]; i++)
        buf_addf(out, "%s%s", i > 1 ? ", " : "", w->text[i]);
}

static void write_limit(const struct row *row, struct buf *out)
{
    const struct row_options *o = row->opt;
    if (row->words)
        write_words(row->words, out);
    if (row->max_items)
        buf_addf(out, "%s≤ %u items", row->words ? "; " : "", row->max_items);
    if (row->kind != ROW_DURATION && row->max_len)
        buf_addf(out, "%s≤ %u characters", row->max_items ? ", each " : "", row->max_len);
    if (o->pattern) {
        buf_adds(out, ", `");
        write_escaped(o->pattern, out);
        buf_addc(out, '`');
    }
    bool open_end = o->max == INT32_MAX || o->max == INT64_MAX;
    const char *unit = row->kind == ROW_DURATION ? "s" : "";
    if (o->max > o->min && open_end)
        buf_addf(out, "≥ %" PRId64 "%s", o->min, unit);
    else if (o->max > o->min)
        buf_addf(out, "%" PRId64 "%s to %" PRId64 "%s", o->min, unit, o->max, unit);
}

static void write_row(const struct row *row, const char *path, struct buf *out)
{
    char here[PATH_MAX_TEXT];
    snprintf(here, sizeof(here), "%s%s%s%s", path, *path ? "." : "", row->key,
             row->kind == ROW_LIST ? "[]" : "");
    buf_addf(out, "| `%s` | %s | ", here, type_text(row));
    write_default(row, out);
    buf_adds(out, " | ");
    write_limit(row, out);
    buf_adds(out, " | ");
    write_escaped(row->help, out);
    buf_adds(out, " |\n");
    if (row->kind == ROW_OBJ || row->kind == ROW_LIST)
        write_rows(row->sub, here, out);
}

static void write_rows(const struct type *t, const char *path, struct buf *out)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const struct row *row = &t->rows[i];
        if (row->kind == ROW_RULE || strcmp(row->key, "metadata") == 0)
            continue;
        write_row(row, path, out);
    }
}

static void write_conditions(const struct kind *k, struct buf *out)
{
    const struct reason_row *r;

    buf_adds(
        out,
        "\nConditions (Events about the object have the same reasons):\n\n| condition | status | reason | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; (r = reason_row_at(i)); i++) {
        if (r->kind != k->id)
            continue;
        if (r->reason)
            buf_addf(out, "| %s | %s | `%s` | %s |\n", r->types, r->status, r->reason, r->help);
        else
            buf_addf(out, "| **%s** | | | %s |\n", r->types, r->help);
    }
}

static void write_kind(const struct kind *k, struct buf *out)
{
    buf_addf(out, "\n## %s (`%s`, %s)\n\n%s\n\n", k->kind, k->short_names,
             k->namespaced ? "namespaced" : "cluster-scoped", k->type->help);
    buf_adds(out, "| field | type | default | limit | meaning |\n|---|---|---|---|---|\n");
    write_rows(k->type, "", out);
    buf_adds(out, "\nRules that the API server enforces:\n\n");
    for (uint32_t i = 0; i < k->type->n; i++) {
        if (k->type->rows[i].kind == ROW_RULE)
            buf_addf(out, "- %s\n", k->type->rows[i].help);
    }
    write_conditions(k, out);
}

int crd_write_docs(struct buf *out)
{
    buf_adds(
        out,
        "# API reference: kube9.io/v1alpha1\n\n"
        "Made by `apis/crdgen.c` from `apis/*.def`; do not edit. Defaults are applied by the operator when it "
        "reads an object, so they do not appear in the object itself. A duration is numbers with the units d, h, "
        "m, s, each at most once: `1h30m`.\n");
    for (uint32_t i = 0; i < KIND_COUNT; i++) {
        if (kind_get(i)->own)
            write_kind(kind_get(i), out);
    }
    return out->failed ? -1 : 0;
}
