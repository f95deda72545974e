// SPDX-License-Identifier: Apache-2.0
// The kubectl plugin without a cluster: the API server is a function of the test, kubectl a script.
// What a real API server says to it is e2e/cases/28-kubectl-plugin.
#include "base/test.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "cmd/fake_cli.h"
#include "cmd/plugin.h"
#include "informer/fake_wire.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEC        USEC_PER_SEC
#define RUNNING    "\"state\":{\"running\":{}},"
#define WAITING(r) "\"state\":{\"waiting\":{\"reason\":\"" r "\"}},"
#define READY      RUNNING "\"ready\":true"
#define NOT_READY  RUNNING "\"ready\":false"
#define RUN_OF(status)                                                                             \
    "{\"metadata\":{\"name\":\"kubectl-abcde\"},\"spec\":{},\"status\":{" status "}}"

struct world {
    struct plugin p;
    struct args args;
    struct fake_wire *wire;
    const char *here, *everywhere; // the lists of Pods of kube9-system and of all namespaces
    const char *run;               // what GET of the run answers
    int status_here, status_everywhere, status_create;
    bool may_exec;
    int looks; // GETs of the run until it is `run`
};

static struct world w;

static void answer(struct wire_answer *ret, int status, const char *body)
{
    ret->status = status;
    if (status < 300)
        snprintf(ret->body, sizeof(ret->body), "%s", body);
    else
        snprintf(ret->body, sizeof(ret->body),
                 "{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":%d,\"message\":\"no\"}",
                 status);
}

static void serve(void *arg unused_arg, const struct wire_request *r, struct wire_answer *ret)
{
    if (strstr(r->url, "/selfsubjectaccessreviews"))
        answer(ret, 201,
               w.may_exec ? "{\"status\":{\"allowed\":true}}" : "{\"status\":{\"allowed\":false}}");
    else if (strstr(r->url, "/namespaces/kube9-system/pods"))
        answer(ret, w.status_here, w.here);
    else if (strstr(r->url, "/pods"))
        answer(ret, w.status_everywhere, w.everywhere);
    else if (strcmp(r->method, "POST") == 0)
        answer(ret, w.status_create, RUN_OF(""));
    else
        answer(ret, w.run ? 200 : 404, w.looks-- > 0 ? RUN_OF("") : w.run);
}

// Words between single blanks, cut in place; how many.
static int split(char *text, char **words)
{
    int n = 0;

    while (*text) {
        char *blank = strchr(text, ' ');

        words[n++] = text;
        if (!blank)
            break;
        *blank = 0;
        text = blank + 1;
    }
    return n;
}

static void words_are(const char *line)
{
    static char text[512];
    static char *words[32];
    struct error e = { 0 };

    snprintf(text, sizeof(text), "%s", line);
    args_fini(&w.args);
    assert_int_equal(
        args_parse(commands_find("plugin assess"), split(text, words), words, 0, &w.args, &e), 0);
    w.p.args = &w.args;
}

static int set_up(void **state unused_arg)
{
    static struct kube_config config = { .server = "https://api", .source = "test" };
    struct client_options o = { .config = &config };

    clock_fake(1000 * SEC, 1700000000 * SEC);
    w = (struct world){ .here = "{\"items\":[]}",
                        .everywhere = "{\"items\":[]}",
                        .status_here = 200,
                        .status_everywhere = 200,
                        .status_create = 201,
                        .may_exec = true };
    w.p.loop = loop_new(NULL);
    w.wire = fake_wire_new(w.p.loop, serve, NULL);
    fake_wire_use(w.wire, &o);
    w.p.client = client_new(w.p.loop, &o, NULL);
    words_are("");
    return 0;
}

static int tear_down(void **state unused_arg)
{
    client_free(w.p.client);
    fake_wire_free(w.wire);
    loop_free(w.p.loop);
    args_fini(&w.args);
    clock_real();
    return 0;
}

// A Pod of the operator as an item of a list. Owned by the caller.
static char *pod(const char *ns, const char *name, const char *container)
{
    return xasprintf(
        "{\"metadata\":{\"namespace\":\"%s\",\"name\":\"%s\"},\"spec\":{\"containers\":"
        "[{\"name\":\"operator\"}]},\"status\":{\"phase\":\"Running\","
        "\"containerStatuses\":[{\"name\":\"operator\",%s}]}}",
        ns, name, container);
}

static void finds(const char *want)
{
    struct operator_pod found = { 0 };
    struct error e = { 0 };
    int rc = operator_pod_find(&w.p, &found, &e);
    autofree char *is = rc == 0 ? xasprintf("%s/%s", found.ns, found.name) : xstrdup(e.text);

    if (rc == 0 ? strcmp(is, want) != 0 : !strstr(is, want))
        fail_msg("want %s, is %s", want, is);
}

// Finding

static void the_one_ready_pod_is_found(void **state unused_arg)
{
    autofree char *one = pod("kube9-system", "new", READY),
                  *old = pod("kube9-system", "old", NOT_READY),
                  *list = xasprintf("{\"items\":[%s,%s]}", old, one);

    w.here = list;
    finds("kube9-system/new");
    assert_non_null(strstr(fake_wire_request(w.wire, 0)->url,
                           "labelSelector=app.kubernetes.io%2Fname%3Dkube9-operator"));
}

static void without_a_namespace_it_is_looked_for_everywhere(void **state unused_arg)
{
    autofree char *one = pod("tools", "k9", READY), *list = xasprintf("{\"items\":[%s]}", one);

    w.everywhere = list;
    finds("tools/k9");
    words_are("-n kube9-system");
    finds("container operator) in namespace kube9-system: install it with helm");
    w.everywhere = "{\"items\":[]}";
    words_are("");
    finds("in any namespace that you may list");
}

static void who_may_not_look_is_told_which_role_helps(void **state unused_arg)
{
    w.status_here = w.status_everywhere = 403;
    finds("you may not list pods in namespace kube9-system; who may grant it binds the Role "
          "kube9-query");
    w.status_here = 200;
    finds("in namespace kube9-system: install it with helm");
}

static void several_ready_pods_are_named(void **state unused_arg)
{
    autofree char *a = pod("kube9-system", "a", READY), *b = pod("kube9-system", "b", READY),
                  *list = xasprintf("{\"items\":[%s,%s]}", a, b);

    w.here = list;
    finds("2 Pods of the operator are ready: kube9-system/a, kube9-system/b; choose one");
}

static void a_pod_that_is_not_ready_says_why(void **state unused_arg)
{
    static const struct {
        const char *container, *why;
    } cases[] = {
        {WAITING("ImagePullBackOff") "\"ready\":false",                                       "is not ready: ImagePullBackOff"                                           },
        { "\"state\":{\"terminated\":{\"exitCode\":1,\"reason\":\"Error\"}},\"ready\":false",
         "is not ready: its container ended with status 1 (Error)"                                                                                                       },
        { NOT_READY,                                                                          "is not ready: its readiness probe does not succeed; see `kubectl describe"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        autofree char *one = pod("kube9-system", "k9", cases[i].container),
                      *list = xasprintf("{\"items\":[%s]}", one);

        w.here = list;
        finds(cases[i].why);
    }
    w.here = "{\"items\":[{\"metadata\":{\"namespace\":\"kube9-system\",\"name\":\"k9\"},\"spec\":{"
             "\"containers\":[{\"name\":\"operator\"}]},\"status\":{\"phase\":\"Pending\","
             "\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"False\",\"reason\":"
             "\"Unschedulable\"}]}}]}";
    finds("is not ready: Unschedulable");
}

static void pods_that_ended_or_run_something_else_do_not_count(void **state unused_arg)
{
    w.here =
        "{\"items\":[{\"metadata\":{\"namespace\":\"kube9-system\",\"name\":\"evicted\"},"
        "\"spec\":{\"containers\":[{\"name\":\"operator\"}]},\"status\":{\"phase\":\"Failed\"}},"
        "{\"metadata\":{\"namespace\":\"kube9-system\",\"name\":\"other\"},\"spec\":{"
        "\"containers\":[{\"name\":\"web\"}]},\"status\":{\"phase\":\"Running\"}}]}";
    words_are("-n kube9-system");
    finds("no Pod of the operator");
}

static void a_named_pod_is_taken_as_it_is(void **state unused_arg)
{
    w.here = "{\"metadata\":{\"namespace\":\"kube9-system\",\"name\":\"k9\"}}";
    words_are("--pod k9");
    finds("kube9-system/k9");
    w.status_here = 404;
    finds("--pod: namespace kube9-system has no Pod 'k9'");
}

static void the_right_to_exec_is_asked_for(void **state unused_arg)
{
    const struct operator_pod k9 = { "tools", "k9" };
    autofree char *path = xstrdup(getenv("PATH")), *dir = xstrdup("/tmp/k9-path-XXXXXX"),
                  *kubectl = NULL;
    struct error e = { 0 };
    FILE *f;

    assert_non_null(mkdtemp(dir));
    setenv("PATH", dir, 1);
    assert_int_equal(operator_pod_check_exec(&w.p, &k9, &e), -1);
    assert_non_null(strstr(e.text, "kubectl is not in PATH"));
    assert_int_equal(fake_wire_count(w.wire), 0);
    kubectl = xasprintf("%s/kubectl", dir);
    f = fopen(kubectl, "w");
    assert_non_null(f);
    fclose(f);
    chmod(kubectl, 0700);
    assert_int_equal(operator_pod_check_exec(&w.p, &k9, &e), 0);
    w.may_exec = false;
    assert_int_equal(operator_pod_check_exec(&w.p, &k9, &e), -1);
    assert_non_null(strstr(e.text, "you may not create pods/exec in namespace tools; who may"));
    setenv("PATH", path, 1);
    unlink(kubectl);
    rmdir(dir);
}

// Runs

static void a_run_is_made_by_the_flags(void **state unused_arg)
{
    char name[64];
    struct error e = { 0 };

    words_are("--pillar security,cost-optimization --exclude security/a --timeout 60");
    assert_int_equal(plugin_run_create(&w.p, name, sizeof(name), &e), 0);
    assert_string_equal(name, "kubectl-abcde");
    assert_string_equal(
        fake_wire_request(w.wire, 0)->body,
        "{\"apiVersion\":\"kube9.io/v1alpha1\",\"kind\":\"AssessmentRun\",\"metadata\":{"
        "\"generateName\":\"kubectl-\"},\"spec\":{\"mode\":\"Pillar\",\"pillars\":[\"Security\","
        "\"CostOptimization\"],\"checks\":{\"exclude\":[\"security/a\"]},\"profile\":\"default\","
        "\"timeoutSeconds\":60,\"ttlSecondsAfterFinished\":86400}}");
}

static void create_fails(int status, const char *why)
{
    char name[64];
    struct error e = { 0 };

    w.status_create = status;
    assert_int_equal(plugin_run_create(&w.p, name, sizeof(name), &e), -1);
    if (!strstr(e.text, why))
        fail_msg("want %s, is %s", why, e.text);
}

static void a_run_that_cannot_be_made_says_what_would_be_right(void **state unused_arg)
{
    create_fails(404, "no AssessmentRun (assessmentruns.kube9.io): install the chart");
    create_fails(403, "you may not create assessmentruns; who may grant it binds");
    create_fails(422, "create the AssessmentRun: ");
}

static int wait_for_run(const char *run, int looks, struct error *e)
{
    w.run = run;
    w.looks = looks;
    return plugin_run_wait(&w.p, "kubectl-abcde", e);
}

static void a_run_is_waited_for(void **state unused_arg)
{
    struct error e = { 0 };

    assert_int_equal(
        wait_for_run(RUN_OF("\"phase\":\"Completed\",\"score\":80,\"historyID\":\"x\""), 3, &e), 0);
    assert_int_equal(fake_wire_count(w.wire), 4);
    assert_int_equal(
        wait_for_run(RUN_OF("\"phase\":\"Partial\",\"score\":80,\"historyID\":\"x\""), 0, &e), 0);
}

static void a_run_without_a_report_says_why(void **state unused_arg)
{
    static const struct {
        const char *run, *why;
    } cases[] = {
        {RUN_OF(
              "\"phase\":\"Failed\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\","
              "\"reason\":\"X\",\"lastTransitionTime\":\"2026-01-01T00:00:00Z\",\"message\":\"unknown "
              "profile\"}]"),
         "run kubectl-abcde is Failed: unknown profile"                                                                                  },
        { RUN_OF("\"phase\":\"Cancelled\""),                                      "run kubectl-abcde is Cancelled"                       },
        { RUN_OF("\"phase\":\"Completed\",\"score\":80"),
         "was not stored: condition StoreHealthy"                                                                                        },
        { NULL,                                                                   "run kubectl-abcde: "                                  },
        { RUN_OF(""),                                                             "has not ended in time, it is waiting for the operator"},
        { RUN_OF("\"phase\":\"Running\",\"startTime\":\"2026-01-01T00:00:00Z\""),
         "has not ended in time, it is Running; see"                                                                                     },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct error e = { 0 };

        assert_int_equal(wait_for_run(cases[i].run, 0, &e), -1);
        if (!strstr(e.text, cases[i].why))
            fail_msg("want %s, is %s", cases[i].why, e.text);
    }
}

// kubectl

static void words_of(const char *command, const char *line, const char *query, const char *run,
                     const char *want)
{
    struct arena *autoarena arena = arena_new((size_t)1 << 20);
    const struct operator_pod k9 = { "tools", "k9" };
    autobuf struct buf joined = { 0 };
    char text[512], *words[32], **all;
    struct args args;
    struct error e = { 0 };

    snprintf(text, sizeof(text), "%s", line);
    assert_int_equal(args_parse(commands_find(command), split(text, words), words, 0, &args, &e),
                     0);
    buf_init(&joined, 4096);
    for (all = plugin_exec_words(&args, &k9, query, run, arena); *all; all++)
        buf_addf(&joined, "%s%s", joined.n ? "|" : "", *all);
    assert_string_equal(joined.p, want);
    args_fini(&args);
}

static void kubectl_gets_each_word_as_it_is(void **state unused_arg)
{
    words_of("plugin status", "", "query status", NULL,
             "kubectl|exec|--namespace|tools|k9|-c|operator|--|kube9-operator|query|status|"
             "--format=table");
    words_of("plugin report",
             "--severity=high --severity critical --object-namespace shop;x -o html --explain "
             "--context prod --kubeconfig /k -n tools --run latest --object-name $(y)",
             "query assessments report", NULL,
             "kubectl|exec|--namespace|tools|k9|-c|operator|--kubeconfig=/k|--context=prod|--|"
             "kube9-operator|query|assessments|report|--run=latest|--severity=high,critical|"
             "--namespace=shop;x|--name=$(y)|--format=html|--explain");
    words_of("plugin assess", "--pillar security --check a/b --fail-on high --timeout 5",
             "query assessments report", "kubectl-x",
             "kubectl|exec|--namespace|tools|k9|-c|operator|--|kube9-operator|query|assessments|"
             "report|--run=kubectl-x|--format=table|--fail-on=high");
}

// Every flag that goes along is one of the command that gets it.
static void the_operator_knows_every_flag_it_gets(void **state unused_arg)
{
    static const char *const pairs[][2] = {
        {"plugin status",  "query status"            },
        { "plugin report", "query assessments report"},
        { "plugin assess", "query assessments report"}
    };
    static const char *const kept[] = { "kubeconfig", "context", "pod",     "pillar",
                                        "check",      "exclude", "profile", "timeout" };

    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        for (const struct flag *const *g = commands_find(pairs[i][0])->flags; *g; g++) {
            for (const struct flag *f = *g; f->name; f++) {
                const char *name = strncmp(f->name, "object-", 7) ? f->name : f->name + 7;
                autofree char *line = xasprintf("%s --help", pairs[i][1]),
                              *flag = xasprintf("--%s ", name);
                bool stays = strcmp(f->name, "namespace") == 0;

                for (size_t k = 0; k < ARRAY_SIZE(kept); k++)
                    stays = stays || strcmp(kept[k], f->name) == 0;
                assert_true(stays || strstr(cli(line).out, flag));
            }
        }
    }
}

static int run_script(const char *script)
{
    char path[] = "/tmp/k9-kubectl-XXXXXX", *words[] = { path, NULL };
    struct error e = { 0 };
    int fd = mkstemp(path), status;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, script, strlen(script)), strlen(script));
    fchmod(fd, 0700);
    close(fd);
    status = plugin_exec(words, &e);
    unlink(path);
    return status;
}

static void the_exit_status_is_that_of_kubectl(void **state unused_arg)
{
    char missing[] = "/tmp/k9-no-such/kubectl", *words[] = { missing, NULL };
    struct error e = { 0 };

    assert_int_equal(run_script("#!/bin/sh\nexit 0\n"), 0);
    assert_int_equal(run_script("#!/bin/sh\nexit 3\n"), 3);
    assert_int_equal(run_script("#!/bin/sh\nkill -TERM $$\n"), 128 + 15);
    assert_int_equal(plugin_exec(words, &e), -1);
    assert_non_null(strstr(e.text, "is not in PATH"));
}

// Names

static void its_name_makes_it_the_plugin(void **state unused_arg)
{
    struct said s = cli_as("/usr/local/bin/kubectl-kube9", "--help");

    assert_int_equal(s.status, EXIT_OK);
    assert_non_null(strstr(s.out, "Usage: kubectl kube9 COMMAND"));
    assert_null(strstr(s.out, "serve"));
    s = cli_as("kubectl-kube9", "report --help");
    assert_non_null(strstr(s.out, "Usage: kubectl kube9 report [FLAGS]"));
    s = cli_as("kubectl-kube9", "serve");
    assert_int_equal(s.status, EXIT_USAGE);
    assert_string_equal(
        s.err, "error: unknown command 'serve'; `kubectl kube9 --help` lists the commands\n");
    s = cli_as("kubectl-kube9", "status --bogus");
    assert_int_equal(s.status, EXIT_USAGE);
    assert_non_null(strstr(s.err, "see `kubectl kube9 status --help`"));
    assert_int_equal(cli_as("kubectl-kube9", "").status, EXIT_USAGE);
    assert_non_null(strstr(cli_as("kubectl-kube9", "--version").out, "kube9-operator "));
    assert_non_null(strstr(cli("plugin report --help").out, "Usage: kubectl kube9 report"));
}

static void a_cluster_that_is_not_there_is_one_error(void **state unused_arg)
{
    struct said s = cli_as("kubectl-kube9", "status --kubeconfig /nonexistent");

    assert_int_equal(s.status, EXIT_FAILED);
    assert_string_equal(s.err, "error: status: --kubeconfig: open '/nonexistent': no such file\n");
    assert_string_equal(s.out, "");
}

#define WT(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
RUN(WT(the_one_ready_pod_is_found), WT(without_a_namespace_it_is_looked_for_everywhere),
    WT(who_may_not_look_is_told_which_role_helps), WT(several_ready_pods_are_named),
    WT(a_pod_that_is_not_ready_says_why), WT(pods_that_ended_or_run_something_else_do_not_count),
    WT(a_named_pod_is_taken_as_it_is), WT(the_right_to_exec_is_asked_for),
    WT(a_run_is_made_by_the_flags), WT(a_run_that_cannot_be_made_says_what_would_be_right),
    WT(a_run_is_waited_for), WT(a_run_without_a_report_says_why),
    T(kubectl_gets_each_word_as_it_is), T(the_operator_knows_every_flag_it_gets),
    T(the_exit_status_is_that_of_kubectl), T(its_name_makes_it_the_plugin),
    T(a_cluster_that_is_not_there_is_one_error))
