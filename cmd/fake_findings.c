// SPDX-License-Identifier: Apache-2.0
// Rows are spelled out, so that a change of the real checks' words changes nothing here.
#include "cmd/fake_findings.h"

#include "base/alloc.h"

#include <stdlib.h>

static const struct check checks[] = {
    {.id = "security/privileged-container",
     .title = "Containers are not privileged",
     .remediation = "Remove `privileged: true`; add the capabilities that are needed.",
     .frameworks = "PSS-B CIS-5.2.2 NSA-PSE",
     .aliases = "",
     .severity = CHECK_CRITICAL},
    { .id = "security/run-as-non-root",
     .title = "Containers run as an ordinary user",
     .remediation = "Set runAsNonRoot: true.",
     .frameworks = "PSS-R",
     .aliases = "",
     .severity = CHECK_HIGH    },
    { .id = "reliability/liveness-probe",
     .title = "Containers have a liveness probe",
     .remediation = "Add a livenessProbe.",
     .frameworks = "",
     .aliases = "",
     .severity = CHECK_MEDIUM  },
    { .id = "cost-optimization/idle-service",
     .title = "Services of type LoadBalancer lead somewhere",
     .remediation = "Delete the Service.",
     .frameworks = "",
     .aliases = "",
     .severity = CHECK_LOW     },
    { .id = "operational-excellence/owner-label",
     .title = "Objects say who owns them",
     .remediation = "Set the label app.kubernetes.io/part-of.",
     .frameworks = "",
     .aliases = "",
     .severity = CHECK_LOW     },
};

static const enum check_pillar pillars[] = { CHECK_SECURITY, CHECK_SECURITY, CHECK_RELIABILITY,
                                             CHECK_COST, CHECK_OPERATIONS };

struct fake_row {
    int check;
    enum verdict verdict;
    const char *kind, *ns, *name, *path, *file;
    uint32_t line;
    const char *message, *exemption;
};

#define FAKE_EXPIRES (INT64_C(1798761600) * USEC_PER_SEC) // 2027-01-01
#define POD_SPEC     "spec.template.spec."

static const struct fake_row rows[] = {
    {2,  VERDICT_FAIL, "Deployment", "shop",  "web",     POD_SPEC "containers[0]", "deploy/web.yaml",       31,
     "container 'app' has no liveness probe",                                                                                               NULL        },
    { 0, VERDICT_FAIL, "DaemonSet",  "shop",  "agent",
     POD_SPEC "containers[0].securityContext.privileged",                          "deploy/a b/agent.yaml", 18,
     "container 'agent' is privileged",                                                                                                     NULL        },
    { 0, VERDICT_FAIL, "Cluster",    "",      "cluster", "",                       NULL,                    0,  "live and without a field", NULL        },
    { 1, VERDICT_WARN, "Deployment", "shop",  "api",     POD_SPEC "containers[1]", "deploy/api.yaml",       7,
     FAKE_HOSTILE,                                                                                                                          NULL        },
    { 1, VERDICT_FAIL, "Deployment", "shop",  "web",     POD_SPEC "containers[0]", "deploy/web.yaml",       31,
     "container 'app' may run as root\nand says so on two lines",                                                                           NULL        },
    { 3, VERDICT_WARN, "Service",    "shop",  "edge",    "spec.type",              "-",                     0,  "no Pod answers",           NULL        },
    { 1, VERDICT_SKIP, "Deployment", "tools", "old",     POD_SPEC "containers[0]", "deploy/old.yaml",       9,
     "container 'old' may run as root",                                                                                                     "annotation"},
};

static const struct check_row results[] = {
    {.verdict = VERDICT_FAIL,  .units = { .passed = 3, .failed = 2 },   .message = "2 of 5 fail"         },
    { .verdict = VERDICT_FAIL,
     .units = { .passed = 1, .warned = 1, .failed = 1, .exempted = 1 },
     .message = "1 of 3 fails"                                                                           },
    { .verdict = VERDICT_FAIL, .units = { .failed = 1 },                .message = "1 of 1 fails"        },
    { .verdict = VERDICT_WARN, .units = { .warned = 1 },                .message = "1 of 1 is doubtful"  },
    { .verdict = VERDICT_SKIP, .reason = SKIP_NO_OBJECTS,               .message = "there are no objects"},
};

static void add(struct findings *fs, size_t i)
{
    const struct fake_row *f = &rows[i];
    struct finding x = { .check = &checks[f->check],
                         .verdict = f->verdict,
                         .severity = checks[f->check].severity,
                         .kind = f->kind,
                         .ns = f->ns,
                         .name = f->name,
                         .path = f->path,
                         .message = f->message,
                         .exemption = f->exemption,
                         .exemption_reason = f->exemption ? "it goes <soon>" : NULL,
                         .exemption_expires = f->exemption ? FAKE_EXPIRES : 0,
                         .line = f->line };
    struct row *r;

    snprintf(x.fingerprint, sizeof(x.fingerprint), "%016zx", i + 1);
    r = findings_add(fs, &x);
    r->pillar = pillars[f->check];
    r->file = f->file;
}

static void summarize(struct findings *fs)
{
    struct assessment_summary *s = &fs->summary;

    *s = (struct assessment_summary){
        .score = 58,
        .grade = "F",
        .counts = {.total = 5,   .failing = 3, .warning = 1, .skipped = 1 },
        .evaluated = 4,
        .units = { .passed = 4, .warned = 2,  .failed = 4,  .exempted = 1},
        .objects = 6
    };
    for (int p = 0; p < CHECK_PILLARS; p++)
        s->pillars[p].score = -1;
    s->pillars[CHECK_SECURITY] = (struct pillar_summary){
        56, {.total = 2, .failing = 2},
         2
    };
    s->pillars[CHECK_RELIABILITY] = (struct pillar_summary){
        0, {.total = 1, .failing = 1},
         1
    };
    s->pillars[CHECK_COST] = (struct pillar_summary){
        50, {.total = 1, .warning = 1},
         1
    };
    s->pillars[CHECK_OPERATIONS].counts = (struct check_counts){ .total = 1, .skipped = 1 };
}

void fake_findings(struct findings *fs, struct arena *a)
{
    findings_init(fs, a);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        add(fs, i);
    for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
        struct check_result r = { .check = &checks[i],
                                  .verdict = results[i].verdict,
                                  .severity = checks[i].severity,
                                  .reason = results[i].reason,
                                  .message = results[i].message,
                                  .units = results[i].units };

        findings_add_check(fs, &r);
        fs->checks[i].pillar = pillars[i];
    }
    summarize(fs);
    findings_sort(fs);
}

void fake_findings_many(struct findings *fs, struct arena *a, size_t n)
{
    fake_findings(fs, a);
    for (size_t i = 0; i < n; i++)
        add(fs, i % (ARRAY_SIZE(rows) - 1));
    findings_sort(fs);
}

void fake_findings_none(struct findings *fs, struct arena *a)
{
    findings_init(fs, a);
    fs->summary = (struct assessment_summary){ .score = 100, .grade = "A" };
    for (int p = 0; p < CHECK_PILLARS; p++)
        fs->summary.pillars[p].score = -1;
}

char *fake_print(int (*print)(FILE *out, void *arg), void *arg)
{
    FILE *f = tmpfile();
    char *text;
    long n;

    if (!f || print(f, arg) != 0 || (n = ftell(f)) < 0)
        abort();
    rewind(f);
    text = xcalloc(1, (size_t)n + 1);
    if (fread(text, 1, (size_t)n, f) != (size_t)n)
        abort();
    fclose(f);
    return text;
}
