// SPDX-License-Identifier: Apache-2.0
// The command table: one row per command, from which help, completion, docs/cli.md and parsing
// follow. Commands return the exit status: 0 ok, 1 failed, 2 usage; `assess` also 3 when --fail-on
// trips.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/str.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_FOUND = 3 };

enum flag_kind {
    FLAG_BOOL,   // --live
    FLAG_TEXT,   // --db FILE
    FLAG_NAME,   // --namespace NAME: what an object can be called; it becomes part of URLs
    FLAG_LIST,   // --severity high,critical; may be repeated
    FLAG_INT,    // --limit 50
    FLAG_TIME,   // --since 24h, 7d or RFC 3339
    FLAG_CHOICE, // one of `words`
};

struct flag {
    const char *name; // without the dashes
    char letter;      // 0: none
    enum flag_kind kind;
    const char *value; // shown in help: "FILE"
    const char *help;
    const char *words; // FLAG_CHOICE and FLAG_LIST: "json,yaml,table"; NULL: anything
    const char *def;   // text of the default, NULL: none
    int64_t min, max;  // FLAG_INT
};

struct args;

struct command {
    const char *path;     // "query runs list"
    const char *operands; // "", "ID", "[PATH|-]..."
    int min_operands, max_operands;
    const char *help; // one line, for lists
    const char *text; // more, or NULL
    const struct flag *const
        *flags; // groups, each ended by a flag without name; the list ends with NULL
    int (*run)(const struct args *a);
};

// Commands of this group are what the program is under the name kubectl-kube9, without the word.
#define PLUGIN_GROUP "plugin"
// How people call a command, or a group, with a path: "kubectl kube9" and "status".
const char *command_program(const char *path);
const char *command_words(const char *path);

const struct command *commands_at(size_t i); // NULL at the end
const struct command *commands_find(const char *path);
const char *commands_group_at(size_t i); // "query runs"; NULL at the end
const char *
commands_group_help(const char *group); // "query runs": its one line, NULL if it is no group

// Parsed words of one call; strings are borrowed from argv, lists and their pieces are owned.
struct args {
    const struct command *command;
    const char **operands; // owned
    int n_operands;

    struct arg_value {
        const struct flag *flag;
        const char *text;     // last one given, or the default
        const char *list[65]; // FLAG_LIST: pieces, NULL-terminated
        size_t n_list;
        int64_t number;
        usec time;
        bool given;
    } values[32];

    size_t n_values;
};

// 0, or -1: USAGE. "help" and -h are not handled here.
int must_check args_parse(const struct command *c, int argc, char **argv, usec now,
                          struct args *ret, struct error *e);
void args_fini(struct args *a);

bool arg_given(const struct args *a, const char *flag);
const char *arg_text(const struct args *a, const char *flag); // NULL if absent without default
const char *const *arg_list(const struct args *a, const char *flag); // NULL if absent
bool arg_is_bool(const struct args *a, const char *flag);
bool arg_is_int(const struct args *a, const char *flag);
int64_t arg_int(const struct args *a, const char *flag);
usec arg_time(const struct args *a, const char *flag); // 0 if absent

// One line on stderr: JSON {"error":..., "details":...} when the command's format is JSON, else
// "error: ...". Returns the status.
int command_fail(const struct args *a, const char *what, const struct error *e);

// The commands, one file each or one per noun.
int cmd_serve(const struct args *a);
int cmd_assess(const struct args *a);
int cmd_checks_list(const struct args *a);
int cmd_checks_explain(const struct args *a);
int cmd_query_status(const struct args *a);
int cmd_query_runs_list(const struct args *a);
int cmd_query_runs_get(const struct args *a);
int cmd_query_assessments_list(const struct args *a);
int cmd_query_assessments_get(const struct args *a);
int cmd_query_assessments_summary(const struct args *a);
int cmd_query_assessments_report(const struct args *a);
int cmd_query_assessments_history(const struct args *a);
int cmd_query_vulnerabilities_list(const struct args *a);
int cmd_query_vulnerabilities_summary(const struct args *a);
int cmd_crds(const struct args *a);
int cmd_db_check(const struct args *a);
int cmd_db_backup(const struct args *a);
int cmd_completion(const struct args *a);
int cmd_version(const struct args *a);
int cmd_plugin_status(const struct args *a);
int cmd_plugin_assess(const struct args *a);
int cmd_plugin_report(const struct args *a);
