// SPDX-License-Identifier: Apache-2.0
// The table. A command is one row here and one function; flags that several commands share stand in
// groups.
#include "cmd/command.h"

#include <limits.h>

// clang-format off
#define SEVERITIES "critical,high,medium,low"
#define STATUSES   "failing,warning,error,passing,skipped"
#define PILLARS    "security,reliability,performance-efficiency,cost-optimization,operational-excellence,sustainability"
#define DEFAULT_DB "/data/kube9.db"

static const struct flag cluster_flags[] = {
    { "kubeconfig", 0, FLAG_TEXT, "FILE", "kubeconfig to use; else $KUBECONFIG, the Pod's ServiceAccount, ~/.kube/config", NULL, NULL, 0, 0 },
    { "context", 0, FLAG_TEXT, "NAME", "context of the kubeconfig", NULL, NULL, 0, 0 },
    { 0 }
};
static const struct flag db_flags[] = {
    { "db", 0, FLAG_TEXT, "FILE", "the database", NULL, DEFAULT_DB, 0, 0 },
    { 0 }
};
static const struct flag serve_flags[] = {
    { "listen", 0, FLAG_TEXT, "ADDRESS", "where /healthz, /readyz and /metrics are served", NULL, ":8080", 0, 0 },
    { "namespace", 'n', FLAG_NAME, "NAME", "the operator's own namespace; else $POD_NAMESPACE, the ServiceAccount's, kube9-system", NULL, NULL, 0, 0 },
    { "log-level", 0, FLAG_CHOICE, "LEVEL", "least severe lines that are written", "debug,info,warn,error", "info", 0, 0 },
    { 0 }
};
static const struct flag format_flags[] = {
    { "format", 'o', FLAG_CHOICE, "FORMAT", "json, yaml or table", "json,yaml,table", "json", 0, 0 },
    { 0 }
};
static const struct flag table_flags[] = {
    { "format", 'o', FLAG_CHOICE, "FORMAT", "table, json, yaml or markdown", "table,json,yaml,markdown", "table", 0, 0 },
    { 0 }
};
static const struct flag page_flags[] = {
    { "since", 0, FLAG_TIME, "TIME", "not older: 24h, 7d, or a time such as 2026-01-31T12:00:00Z", NULL, NULL, 0, 0 },
    { "until", 0, FLAG_TIME, "TIME", "older than that; the same forms", NULL, NULL, 0, 0 },
    { "limit", 0, FLAG_INT, "N", "rows at the most", NULL, "50", 1, 100000 },
    { "offset", 0, FLAG_INT, "N", "rows left out at the start", NULL, "0", 0, 1000000000 },
    { 0 }
};
static const struct flag finding_flags[] = {
    { "run", 0, FLAG_TEXT, "ID", "uid or name of a run, latest or all; all when --since or --until is given", NULL, "latest", 0, 0 },
    { "pillar", 0, FLAG_LIST, "LIST", "pillars: " PILLARS, PILLARS, NULL, 0, 0 },
    { "status", 0, FLAG_LIST, "LIST", "statuses: " STATUSES, STATUSES, NULL, 0, 0 },
    { "severity", 0, FLAG_LIST, "LIST", "severities: " SEVERITIES, SEVERITIES, NULL, 0, 0 },
    { "check", 0, FLAG_LIST, "LIST", "ids of checks", NULL, NULL, 0, 0 },
    { "kind", 0, FLAG_LIST, "LIST", "kinds of objects", NULL, NULL, 0, 0 },
    { 0 }
};
static const struct flag object_flags[] = {
    { "namespace", 'n', FLAG_TEXT, "NAME", "namespace of the objects", NULL, NULL, 0, 0 },
    { "name", 0, FLAG_TEXT, "NAME", "name of the object", NULL, NULL, 0, 0 },
    { 0 }
};
static const struct flag run_flags[] = {
    { "phase", 0, FLAG_LIST, "LIST", "phases: Pending,Running,Completed,Partial,Failed,Cancelled", "Pending,Running,Completed,Partial,Failed,Cancelled", NULL, 0, 0 },
    { 0 }
};
static const struct flag summary_flags[] = {
    { "run", 0, FLAG_TEXT, "ID", "uid or name of a run, or latest", NULL, "latest", 0, 0 },
    { 0 }
};
static const struct flag history_flags[] = {
    { "pillar", 0, FLAG_LIST, "LIST", "pillars: " PILLARS, PILLARS, NULL, 0, 0 },
    { 0 }
};
static const struct flag vulnerability_flags[] = {
    { "severity", 0, FLAG_LIST, "LIST", "severities: " SEVERITIES ",unknown", SEVERITIES ",unknown", NULL, 0, 0 },
    { "vulnerability", 0, FLAG_LIST, "LIST", "ids such as CVE-2026-1234", NULL, NULL, 0, 0 },
    { "package", 0, FLAG_TEXT, "NAME", "the package", NULL, NULL, 0, 0 },
    { "image", 0, FLAG_TEXT, "IMAGE", "the image, as the list shows it", NULL, NULL, 0, 0 },
    { "namespace", 'n', FLAG_TEXT, "NAME", "namespace of the objects", NULL, NULL, 0, 0 },
    { "fixable", 0, FLAG_BOOL, "", "only those that a newer version mends", NULL, NULL, 0, 0 },
    { 0 }
};
static const struct flag subject_flags[] = {
    { "live", 0, FLAG_BOOL, "", "assess the cluster of the kubeconfig", NULL, NULL, 0, 0 },
    { 0 }
};
static const struct flag choice_flags[] = {
    { "pillar", 0, FLAG_LIST, "LIST", "only these pillars: " PILLARS, PILLARS, NULL, 0, 0 },
    { "check", 0, FLAG_LIST, "LIST", "only these checks (ids, globs or aliases)", NULL, NULL, 0, 0 },
    { "exclude", 0, FLAG_LIST, "LIST", "not these checks", NULL, NULL, 0, 0 },
    { "profile", 0, FLAG_TEXT, "NAME", "set of checks and thresholds", NULL, "default", 0, 0 },
    { 0 }
};
static const struct flag report_flags[] = {
    { "format", 'o', FLAG_CHOICE, "FORMAT", "table, json, yaml, sarif (2.1.0), junit, markdown or html", "table,json,yaml,sarif,junit,markdown,html", "table", 0, 0 },
    { "fail-on", 0, FLAG_CHOICE, "SEVERITY", "exit with 3 when a finding is at least that severe", SEVERITIES, NULL, 0, 0 },
    { "explain", 0, FLAG_BOOL, "", "the table says with each finding what should hold, how to get there and who asks for it", NULL, NULL, 0, 0 },
    { 0 }
};
static const struct flag assess_flags[] = {
    { "output", 0, FLAG_TEXT, "FILE", "write the document to FILE instead of stdout", NULL, NULL, 0, 0 },
    { "baseline", 0, FLAG_TEXT, "FILE", "a document that -o json made earlier: only what is new since is reported and counts for --fail-on", NULL, NULL, 0, 0 },
    { "timeout", 0, FLAG_INT, "SECONDS", "longest time for reading the cluster", NULL, "300", 1, 86400 },
    { 0 }
};
static const struct flag manifest_flags[] = {
    { "namespace", 'n', FLAG_NAME, "NAME", "files: namespace of objects that name none", NULL, "default", 0, 0 },
    { "kubernetes-version", 0, FLAG_TEXT, "1.N", "files: the version to judge for; else the newest that is known", NULL, NULL, 0, 0 },
    { 0 }
};
static const struct flag check_flags[] = {
    { "pillar", 0, FLAG_LIST, "LIST", "pillars: " PILLARS, PILLARS, NULL, 0, 0 },
    { "severity", 0, FLAG_LIST, "LIST", "severities: " SEVERITIES, SEVERITIES, NULL, 0, 0 },
    { "framework", 0, FLAG_LIST, "LIST", "mapped to one of these: pss, pss-baseline, pss-restricted, cis, nsa, kubescape, or a control such as CIS-5.2.2", NULL, NULL, 0, 0 },
    { "profile", 0, FLAG_TEXT, "NAME", "that run in this profile", NULL, NULL, 0, 0 },
    { 0 }
};

static const struct flag operator_flags[] = {
    { "kubeconfig", 0, FLAG_TEXT, "FILE", "kubeconfig to use; else $KUBECONFIG, ~/.kube/config, as kubectl does", NULL, NULL, 0, 0 },
    { "context", 0, FLAG_TEXT, "NAME", "context of the kubeconfig", NULL, NULL, 0, 0 },
    { "namespace", 'n', FLAG_NAME, "NAME", "namespace of the operator; else kube9-system, or the one where it is found", NULL, NULL, 0, 0 },
    { "pod", 0, FLAG_NAME, "NAME", "the operator's Pod, ready or not; else the one that is ready", NULL, NULL, 0, 0 },
    { 0 }
};
static const struct flag reader_flags[] = {
    { "format", 'o', FLAG_CHOICE, "FORMAT", "table, json or yaml", "table,json,yaml", "table", 0, 0 },
    { 0 }
};
static const struct flag run_wait_flags[] = {
    { "timeout", 0, FLAG_INT, "SECONDS", "longest time of the run", NULL, "300", 1, 86400 },
    { 0 }
};
static const struct flag plugin_object_flags[] = {
    { "object-namespace", 0, FLAG_TEXT, "NAME", "namespace of the objects", NULL, NULL, 0, 0 },
    { "object-name", 0, FLAG_TEXT, "NAME", "name of the object", NULL, NULL, 0, 0 },
    { 0 }
};

#define FLAGS(...) (const struct flag *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL }

static const struct command commands[] = {
    { "serve", "", 0, 0, "Run the operator.", NULL, FLAGS(cluster_flags, db_flags, serve_flags), cmd_serve },
    { "assess", "[PATH|-]...", 0, INT_MAX, "Assess manifests, or a cluster, now and print what was found.",
      "Files are YAML or JSON; below directories *.yaml, *.yml and *.json are read, and - is stdin. "
      "With --live it reads the cluster once with the rights of the kubeconfig and writes nothing to it. "
      "Exit status: 0; 1 when something could not be read, and the rest is judged all the same; 2 usage; 3 --fail-on.",
      FLAGS(subject_flags, choice_flags, report_flags, assess_flags, manifest_flags, cluster_flags), cmd_assess },
    { "checks list", "", 0, 0, "List all checks.", NULL, FLAGS(check_flags, table_flags), cmd_checks_list },
    { "checks explain", "CHECK", 1, 1, "Explain one check: what it looks at, why, and how to fix it.", NULL, FLAGS(table_flags), cmd_checks_explain },
    { "query status", "", 0, 0, "State of the operator.", NULL, FLAGS(db_flags, format_flags), cmd_query_status },
    { "query runs list", "", 0, 0, "Runs, newest first.", NULL, FLAGS(run_flags, page_flags, db_flags, format_flags), cmd_query_runs_list },
    { "query runs get", "ID", 1, 1, "One run by uid or name, or the latest.", NULL, FLAGS(db_flags, format_flags), cmd_query_runs_get },
    { "query assessments list", "", 0, 0, "Findings, worst first.", NULL, FLAGS(finding_flags, object_flags, page_flags, db_flags, format_flags), cmd_query_assessments_list },
    { "query assessments get", "ID", 1, 1, "One finding by its id.", NULL, FLAGS(db_flags, format_flags), cmd_query_assessments_get },
    { "query assessments summary", "", 0, 0, "Score and counts per pillar of a run.", NULL, FLAGS(summary_flags, db_flags, format_flags), cmd_query_assessments_summary },
    { "query assessments report", "", 0, 0, "The findings of a run as a document: what `assess` prints, from the history.", NULL, FLAGS(finding_flags, object_flags, report_flags, db_flags), cmd_query_assessments_report },
    { "query assessments history", "", 0, 0, "Counts per pillar and run, newest first.", NULL, FLAGS(history_flags, page_flags, db_flags, format_flags), cmd_query_assessments_history },
    { "query vulnerabilities list", "", 0, 0, "Vulnerabilities of images, worst first.",
      "From the VulnerabilityReports of trivy-operator, where it is installed, as the newest run found them.",
      FLAGS(vulnerability_flags, page_flags, db_flags, format_flags), cmd_query_vulnerabilities_list },
    { "query vulnerabilities summary", "", 0, 0, "How many vulnerabilities there are by severity.", NULL, FLAGS(db_flags, format_flags), cmd_query_vulnerabilities_summary },
    { "crds", "", 0, 0, "Print the CustomResourceDefinitions for kubectl apply.", NULL, FLAGS(), cmd_crds },
    { "db check", "", 0, 0, "Check the database's integrity.", NULL, FLAGS(db_flags, format_flags), cmd_db_check },
    { "db backup", "FILE", 1, 1, "Copy the database to FILE while it is in use.", NULL, FLAGS(db_flags, format_flags), cmd_db_backup },
    { "completion", "SHELL", 1, 1, "Print completion for bash, zsh or fish.", NULL, FLAGS(), cmd_completion },
    { "version", "", 0, 0, "Print the version.", NULL, FLAGS(table_flags), cmd_version },
    { "plugin status", "", 0, 0, "State of the operator in the cluster of the current context.",
      "Runs `query status` in the operator's Pod.", FLAGS(reader_flags, operator_flags), cmd_plugin_status },
    { "plugin assess", "", 0, 0, "Have the operator assess its cluster now and print what was found.",
      "Creates an AssessmentRun, which goes a day after its end, waits until it has ended and prints its report; the history keeps it. "
      "Exit status: 0; 1 when something failed; 2 usage; 3 --fail-on.",
      FLAGS(choice_flags, report_flags, run_wait_flags, operator_flags), cmd_plugin_assess },
    { "plugin report", "", 0, 0, "What the newest run found.", "Runs `query assessments report` in the operator's Pod.",
      FLAGS(finding_flags, plugin_object_flags, report_flags, operator_flags), cmd_plugin_report },
};

static const struct {
    const char *path, *help;
} groups[] = {
    { "checks", "What is checked." },
    { "query", "Read the history." },
    { "query runs", "Runs of the checks." },
    { "query assessments", "What the runs found." },
    { "query vulnerabilities", "What scanners found in images." },
    { "db", "Look after the database." },
    { PLUGIN_GROUP, "Ask the operator of a cluster, by way of kubectl." },
};

// clang-format on

// NULL: the path is not the plugin's.
static const char *plugin_words(const char *path)
{
    const char *rest = path + strlen(PLUGIN_GROUP);

    if (!str_starts(path, PLUGIN_GROUP) || (*rest && *rest != ' '))
        return NULL;
    return *rest ? rest + 1 : rest;
}

const char *command_program(const char *path)
{
    return plugin_words(path) ? "kubectl kube9" : "kube9-operator";
}

const char *command_words(const char *path)
{
    const char *words = plugin_words(path);

    return words ? words : path;
}

const struct command *commands_at(size_t i)
{
    return i < ARRAY_SIZE(commands) ? &commands[i] : NULL;
}

const struct command *commands_find(const char *path)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (strcmp(commands[i].path, path) == 0)
            return &commands[i];
    }
    return NULL;
}

const char *commands_group_at(size_t i)
{
    return i < ARRAY_SIZE(groups) ? groups[i].path : NULL;
}

const char *commands_group_help(const char *group)
{
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        if (strcmp(groups[i].path, group) == 0)
            return groups[i].help;
    }
    return NULL;
}
