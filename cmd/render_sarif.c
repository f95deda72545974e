// SPDX-License-Identifier: Apache-2.0
// SARIF 2.1.0, for code scanning: a rule per check, a result per finding. Objects of a cluster have
// a logical location and an address of our own instead of a file.
#include "cmd/output.h"
#include "cmd/render.h"
#include "cmd/version.h"

#define URI_MAX 3072

static const char *level_of(enum check_severity s, enum verdict v)
{
    static const char *const levels[] = { "note", "note", "warning", "error" };
    int i = s >= CHECK_HIGH ? 3 : s == CHECK_MEDIUM ? 2 : 1;

    return levels[v == VERDICT_WARN ? i - 1 : i];
}

// On the scale of CVSS, which code scanning sorts by.
static const char *score_of(enum check_severity s)
{
    static const char *const scores[CHECK_SEVERITIES] = { "2.0", "5.5", "8.0", "9.5" };

    return scores[s];
}

// Where Kubernetes explains what the check is about: the first row that a framework tag of the
// check begins with, else the pillar's.
static const char *help_uri(const struct check *c, enum check_pillar p)
{
    static const struct {
        const char *tag, *page;
    } pages[] = {
        {"PSS-",     "security/pod-security-standards/"     },
        { "CIS-5.1", "security/rbac-good-practices/"        },
        { "CIS-5.3", "services-networking/network-policies/"},
        { "CIS-5.4", "security/secrets-good-practices/"     },
    };

    static const char *const pillars[CHECK_PILLARS] = {
        "security/",
        "workloads/pods/disruptions/",
        "configuration/manage-resources-containers/",
        "workloads/autoscaling/",
        "overview/working-with-objects/common-labels/",
        "workloads/autoscaling/"
    };

    for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
        if (strstr(c->frameworks, pages[i].tag))
            return pages[i].page;
    }
    return pillars[p];
}

static void write_text(struct writer *w, const char *key, const char *text)
{
    w_key_object(w, key);
    w_key_str(w, "text", text);
    w_object_end(w);
}

static void write_help(struct writer *w, const struct check_row *c)
{
    char text[4096];

    w_key_object(w, "help");
    w_key_str(w, "text", c->check->remediation);
    snprintf(text, sizeof(text), "**%s**\n\n%s\n\n`kube9-operator checks explain %s` says more.",
             c->check->title, c->check->remediation, c->check->id);
    w_key_str(w, "markdown", text);
    w_object_end(w);
    snprintf(text, sizeof(text), "https://kubernetes.io/docs/concepts/%s",
             help_uri(c->check, c->pillar));
    w_key_str(w, "helpUri", text);
}

static void write_rule_properties(struct writer *w, const struct check_row *c)
{
    struct str rest = str_of(c->check->frameworks), word;

    w_key_object(w, "properties");
    w_key_list(w, "tags");
    w_str(w, check_pillar_name(c->pillar));
    while (str_split(&rest, ' ', &word)) {
        if (word.n)
            w_strn(w, word.p, word.n);
    }
    w_list_end(w);
    if (c->pillar == CHECK_SECURITY)
        w_key_str(w, "security-severity", score_of(c->severity));
    w_key_str(w, "severity", check_severity_name(c->severity));
    w_object_end(w);
}

static void write_rule(struct writer *w, const struct check_row *c)
{
    w_object(w);
    w_key_str(w, "id", c->check->id);
    write_text(w, "shortDescription", c->check->title);
    write_text(w, "fullDescription", c->check->title);
    write_help(w, c);
    w_key_object(w, "defaultConfiguration");
    w_key_str(w, "level", level_of(c->severity, VERDICT_FAIL));
    w_object_end(w);
    write_rule_properties(w, c);
    w_object_end(w);
}

static void add_uri(char uri[URI_MAX], size_t *n, const char *s)
{
    static const char hex[] = "0123456789ABCDEF";

    for (; *s && *n + 4 < URI_MAX; s++) {
        unsigned char c = (unsigned char)*s;

        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
            strchr("-._~/", c)) {
            uri[(*n)++] = *s;
            continue;
        }
        uri[(*n)++] = '%';
        uri[(*n)++] = hex[c >> 4];
        uri[(*n)++] = hex[c & 15];
    }
    uri[*n] = '\0';
}

// Files relative to where the program ran stay relative, for the repository's root is there.
static const char *uri_of(const struct row *r, char ret[URI_MAX])
{
    size_t n = 0;

    ret[0] = '\0';
    if (r->file) {
        n = (size_t)snprintf(ret, URI_MAX, "%s", *r->file == '/' ? "file://" : "");
        add_uri(ret, &n, str_starts(r->file, "./") ? r->file + 2 : r->file);
        return ret;
    }
    n = (size_t)snprintf(ret, URI_MAX, "kubernetes:///");
    if (*r->ns) {
        add_uri(ret, &n, r->ns);
        add_uri(ret, &n, "/");
    }
    add_uri(ret, &n, r->kind);
    add_uri(ret, &n, "/");
    add_uri(ret, &n, r->name);
    return ret;
}

static void write_location(struct writer *w, const struct row *r)
{
    char text[URI_MAX];

    w_key_list(w, "locations");
    w_object(w);
    w_key_object(w, "physicalLocation");
    w_key_object(w, "artifactLocation");
    w_key_str(w, "uri", uri_of(r, text));
    w_object_end(w);
    if (r->file) {
        w_key_object(w, "region");
        w_key_int(w, "startLine", MAX(r->line, 1));
        w_object_end(w);
    }
    w_object_end(w);
    w_key_list(w, "logicalLocations");
    w_object(w);
    w_key_str(w, "name", r->name);
    snprintf(text, sizeof(text), "%s%s%s/%s%s%s", r->ns, *r->ns ? "/" : "", r->kind, r->name,
             *r->path ? "/" : "", r->path);
    w_key_str(w, "fullyQualifiedName", text);
    w_key_str(w, "kind", "resource");
    w_object_end(w);
    w_list_end(w);
    w_object_end(w);
    w_list_end(w);
}

static void write_suppression(struct writer *w, const struct row *r)
{
    char text[1600];

    w_key_list(w, "suppressions");
    w_object(w);
    w_key_str(w, "kind", strcmp(r->exemption, "annotation") == 0 ? "inSource" : "external");
    w_key_str(w, "justification", row_exemption(r, text, sizeof(text)));
    w_object_end(w);
    w_list_end(w);
}

static void write_result(struct writer *w, const struct findings *fs, const struct row *r)
{
    char text[1600];

    w_object(w);
    w_key_str(w, "ruleId", r->check->id);
    for (size_t i = 0; i < fs->n_checks; i++) {
        if (fs->checks[i].check == r->check)
            w_key_int(w, "ruleIndex", (int64_t)i);
    }
    w_key_str(w, "level", level_of(r->severity, r->verdict));
    write_text(w, "message", r->message);
    write_location(w, r);
    w_key_object(w, "partialFingerprints");
    w_key_str(w, "kube9/v1", r->id);
    w_object_end(w);
    if (fs->baseline.given)
        w_key_str(w, "baselineState", "new");
    if (r->verdict == VERDICT_SKIP)
        write_suppression(w, r);
    w_key_object(w, "properties");
    w_key_str(w, "status", verdict_name(r->verdict));
    w_key_str(w, "pillar", check_pillar_name(r->pillar));
    if (*r->path)
        w_key_str(w, "path", r->path);
    if (r->exemption && r->verdict != VERDICT_SKIP)
        w_key_str(w, "downgraded", row_exemption(r, text, sizeof(text)));
    w_object_end(w);
    w_object_end(w);
}

static void write_tool(struct writer *w, const struct findings *fs)
{
    w_key_object(w, "tool");
    w_key_object(w, "driver");
    w_key_str(w, "name", "kube9-operator");
    w_key_str(w, "version", version_text());
    w_key_list(w, "rules");
    for (size_t i = 0; i < fs->n_checks; i++)
        write_rule(w, &fs->checks[i]);
    w_list_end(w);
    w_object_end(w);
    w_object_end(w);
}

static void write_run(struct writer *w, const struct findings *fs)
{
    w_object(w);
    write_tool(w, fs);
    w_key_list(w, "results");
    for (size_t i = 0; i < fs->n; i++)
        write_result(w, fs, &fs->v[i]);
    w_list_end(w);
    w_key_object(w, "properties");
    if (fs->summary.score >= 0)
        w_key_int(w, "score", fs->summary.score);
    w_key_str(w, "grade", fs->summary.grade);
    w_key_int(w, "evaluated", fs->summary.evaluated);
    w_key_int(w, "total", fs->summary.counts.total);
    w_object_end(w);
    w_object_end(w);
}

int render_sarif(const struct findings *fs, struct look look unused_arg, FILE *out)
{
    struct writer w;
    int ended;

    writer_to_file(&w, WRITER_JSON_PRETTY, out);
    w_object(&w);
    w_key_str(&w, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    w_key_str(&w, "version", "2.1.0");
    w_key_list(&w, "runs");
    write_run(&w, fs);
    w_list_end(&w);
    w_object_end(&w);
    ended = writer_end(&w);
    return output_flush(out) == EXIT_OK && ended == 0 ? EXIT_OK : EXIT_FAILED;
}
