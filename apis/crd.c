// SPDX-License-Identifier: Apache-2.0
// The CRD of a kind. Structural schemas: every member has a type, a description and a bound, every
// list a list type. No defaults stand here: a default under an optional parent would hold only
// where the parent is written (docs/api.md has them).
#include "apis/crd.h"

#include "apis/schema.h"

struct column {
    enum kind_id kind;
    const char *name, *type, *path, *help;
};

static const struct column columns[] = {
    {KIND_KUBE9_CONFIG,    "Ready",    "string",  ".status.conditions[?(@.type=='Ready')].status",
     "Whether the settings are in force."                                                                                   },
    { KIND_KUBE9_CONFIG,   "Mode",     "string",  ".status.mode",                                  "How the operator works."},
    { KIND_KUBE9_CONFIG,   "Health",   "string",  ".status.health",                                "Health of the operator."},
    { KIND_KUBE9_CONFIG,   "Score",    "integer", ".status.lastAssessment.score",
     "Score of the last run."                                                                                               },
    { KIND_KUBE9_CONFIG,   "Last Run", "date",    ".status.lastAssessment.completionTime",
     "Time since the last run."                                                                                             },
    { KIND_KUBE9_CONFIG,   "Next",     "string",  ".status.nextAssessmentTime",
     "When the next run starts."                                                                                            },
    { KIND_KUBE9_CONFIG,   "Age",      "date",    ".metadata.creationTimestamp",                   "Time since creation."   },
    { KIND_ASSESSMENT_RUN, "Phase",    "string",  ".status.phase",                                 "State of the run."      },
    { KIND_ASSESSMENT_RUN, "Score",    "integer", ".status.score",                                 "Score, 0 to 100."       },
    { KIND_ASSESSMENT_RUN, "Grade",    "string",  ".status.grade",                                 "The score as a letter." },
    { KIND_ASSESSMENT_RUN, "Failing",  "integer", ".status.counts.failing",                        "Checks that fail."      },
    { KIND_ASSESSMENT_RUN, "Warning",  "integer", ".status.counts.warning",                        "Checks that warn."      },
    { KIND_ASSESSMENT_RUN, "Duration", "string",  ".status.duration",                              "How long it took."      },
    { KIND_ASSESSMENT_RUN, "Age",      "date",    ".metadata.creationTimestamp",                   "Time since creation."   },
};

static void write_schema(const struct type *t, const char *help, struct writer *w);

static void write_number(const struct row *row, const char *format, struct writer *w)
{
    w_key_str(w, "type", "integer");
    w_key_str(w, "format", format);
    if (row->opt->max <= row->opt->min)
        return;
    w_key_int(w, "minimum", row->opt->min);
    // Kubernetes 1.30 does not hold values to their format.
    if (row->kind == ROW_INT || row->opt->max < INT64_MAX)
        w_key_int(w, "maximum", row->opt->max);
}

static void write_words(const struct words *words, struct writer *w)
{
    w_key_str(w, "type", "string");
    w_key_list(w, "enum");
    for (int i = 1; i < WORD_OTHER && words->text[i]; i++)
        w_str(w, words->text[i]);
    w_list_end(w);
}

static void write_text(const struct row *row, struct writer *w)
{
    w_key_str(w, "type", "string");
    w_key_int(w, "maxLength", row->max_len);
    if (row->opt->min_len)
        w_key_int(w, "minLength", row->opt->min_len);
    if (row->kind == ROW_DURATION)
        w_key_str(w, "pattern", "^([0-9]+(d|h|m|s))+$");
    else if (row->opt->pattern)
        w_key_str(w, "pattern", row->opt->pattern);
}

static void write_items(const struct row *row, struct writer *w)
{
    w_key_object(w, "items");
    if (row->kind == ROW_LIST)
        write_schema(row->sub, NULL, w);
    else if (row->kind == ROW_ENUMS)
        write_words(row->words, w);
    else
        write_text(row, w);
    w_object_end(w);
}

static void write_list(const struct row *row, struct writer *w)
{
    w_key_str(w, "type", "array");
    w_key_int(w, "maxItems", row->max_items);
    if (row->opt->map_key) {
        w_key_list(w, "x-kubernetes-list-map-keys");
        w_str(w, row->opt->map_key);
        w_list_end(w);
    }
    w_key_str(w, "x-kubernetes-list-type",
              row->opt->map_key ? "map"
              : row->opt->set   ? "set"
                                : "atomic");
    write_items(row, w);
}

static void write_map(const struct row *row, struct writer *w)
{
    w_key_str(w, "type", "object");
    w_key_int(w, "maxProperties", row->max_items);
    w_key_object(w, "additionalProperties");
    write_text(row, w);
    w_object_end(w);
}

static void write_time(struct writer *w)
{
    w_key_str(w, "type", "string");
    w_key_str(w, "format", "date-time");
    w_key_int(w, "maxLength", 64);
}

static void write_property(const struct row *row, struct writer *w)
{
    w_key_object(w, row->key);
    if (row->kind != ROW_OBJ)
        w_key_str(w, "description", row->help);
    switch (row->kind) {
    case ROW_BOOL:
        w_key_str(w, "type", "boolean");
        break;
    case ROW_INT:
    case ROW_LONG:
        write_number(row, row->kind == ROW_INT ? "int32" : "int64", w);
        break;
    case ROW_TIME:
        write_time(w);
        break;
    case ROW_ENUM:
        write_words(row->words, w);
        break;
    case ROW_OBJ:
        write_schema(row->sub, row->help, w);
        break;
    case ROW_MAP:
        write_map(row, w);
        break;
    case ROW_LIST:
    case ROW_STRS:
    case ROW_ATOMS:
    case ROW_ENUMS:
        write_list(row, w);
        break;
    default:
        write_text(row, w);
    }
    w_object_end(w);
}

static void write_required(const struct type *t, struct writer *w)
{
    bool open = false;
    for (uint32_t i = 0; i < t->n; i++) {
        if (!t->rows[i].opt->required)
            continue;
        if (!open)
            w_key_list(w, "required");
        open = true;
        w_str(w, t->rows[i].key);
    }
    if (open)
        w_list_end(w);
}

static void write_rules(const struct type *t, struct writer *w)
{
    bool open = false;
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->rows[i].kind != ROW_RULE)
            continue;
        if (!open)
            w_key_list(w, "x-kubernetes-validations");
        open = true;
        w_object(w);
        w_key_str(w, "rule", t->rows[i].key);
        w_key_str(w, "message", t->rows[i].help);
        if (t->rows[i].opt->at)
            w_key_str(w, "fieldPath", t->rows[i].opt->at);
        w_object_end(w);
    }
    if (open)
        w_list_end(w);
}

static bool is_root_meta(const struct row *row)
{
    return row->kind == ROW_OBJ && strcmp(row->sub->name, "object_meta") == 0;
}

// The server describes metadata itself; a CRD may only name it.
static void write_type_meta(struct writer *w)
{
    w_key_object(w, "apiVersion");
    w_key_str(w, "description", "Version of this representation: kube9.io/v1alpha1.");
    w_key_str(w, "type", "string");
    w_object_end(w);
    w_key_object(w, "kind");
    w_key_str(w, "description", "Kind of this object.");
    w_key_str(w, "type", "string");
    w_object_end(w);
}

static void write_schema(const struct type *t, const char *help, struct writer *w)
{
    w_key_str(w, "description", help ? help : t->help);
    w_key_str(w, "type", "object");
    write_required(t, w);
    w_key_object(w, "properties");
    for (uint32_t i = 0; i < t->n; i++) {
        if (is_root_meta(&t->rows[i])) {
            write_type_meta(w);
            w_key_object(w, "metadata");
            w_key_str(w, "type", "object");
            w_object_end(w);
        } else if (t->rows[i].kind != ROW_RULE) {
            write_property(&t->rows[i], w);
        }
    }
    w_object_end(w);
    write_rules(t, w);
}

static void write_names(const struct kind *k, struct writer *w)
{
    char list[128];
    snprintf(list, sizeof(list), "%sList", k->kind);
    w_key_object(w, "names");
    w_key_str(w, "kind", k->kind);
    w_key_str(w, "listKind", list);
    w_key_str(w, "plural", k->plural);
    w_key_str(w, "singular", k->singular);
    w_key_list(w, "shortNames");
    struct str rest = str_of(k->short_names), name;
    while (str_split(&rest, ',', &name))
        w_strn(w, name.p, name.n);
    w_list_end(w);
    w_key_list(w, "categories");
    w_str(w, "kube9");
    w_list_end(w);
    w_object_end(w);
}

static void write_columns(const struct kind *k, struct writer *w)
{
    w_key_list(w, "additionalPrinterColumns");
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        if (columns[i].kind != k->id)
            continue;
        w_object(w);
        w_key_str(w, "name", columns[i].name);
        w_key_str(w, "type", columns[i].type);
        w_key_str(w, "description", columns[i].help);
        w_key_str(w, "jsonPath", columns[i].path);
        w_object_end(w);
    }
    w_list_end(w);
}

static void write_version(const struct kind *k, struct writer *w)
{
    w_object(w);
    w_key_str(w, "name", k->version);
    w_key_bool(w, "served", true);
    w_key_bool(w, "storage", true);
    w_key_object(w, "subresources");
    w_key_object(w, "status");
    w_object_end(w);
    w_object_end(w);
    write_columns(k, w);
    w_key_object(w, "schema");
    w_key_object(w, "openAPIV3Schema");
    write_schema(k->type, NULL, w);
    w_object_end(w);
    w_object_end(w);
    w_object_end(w);
}

void crd_write(const struct kind *k, struct writer *w)
{
    char name[160];
    snprintf(name, sizeof(name), "%s.%s", k->plural, k->group);
    w_object(w);
    w_key_str(w, "apiVersion", "apiextensions.k8s.io/v1");
    w_key_str(w, "kind", "CustomResourceDefinition");
    w_key_object(w, "metadata");
    w_key_str(w, "name", name);
    w_object_end(w);
    w_key_object(w, "spec");
    w_key_str(w, "group", k->group);
    w_key_str(w, "scope", k->namespaced ? "Namespaced" : "Cluster");
    write_names(k, w);
    w_key_list(w, "versions");
    write_version(k, w);
    w_list_end(w);
    w_object_end(w);
    w_object_end(w);
}
