// SPDX-License-Identifier: Apache-2.0
// Fixture of test_manager.c and test_world.c.
#include "controller/fake_manager.h"

#include "apis/shared.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "store/runs.h"

#include <assert.h>
#include <dirent.h>
#include <unistd.h>

#define START_WALL ((usec)1700000000 * USEC_PER_SEC)

void fake_manager_crd(struct fake_manager *f, const char *plural, const char *group,
                      const char *more_metadata)
{
    autofree char *text = xasprintf(
        "{\"kind\":\"CustomResourceDefinition\",\"apiVersion\":\"apiextensions.k8s.io/v1\","
        "\"metadata\":{\"name\":\"%s.%s\"%s},\"spec\":{\"group\":\"%s\"},\"status\":{\"conditions\":"
        "[{\"type\":\"NamesAccepted\",\"status\":\"True\"},{\"type\":\"Established\",\"status\":\"True\"}]}}",
        plural, group, more_metadata, group);

    assert(fake_server_put(f->server, text) != 0);
}

void fake_manager_init(struct fake_manager *f)
{
    clock_fake(1000 * USEC_PER_SEC, START_WALL);
    metrics_reset();
    *f = (struct fake_manager){ .loop = loop_new(NULL) };
    f->server = fake_server_new(f->loop);
    // In memory where that is possible: nothing here tests what a disk keeps.
    snprintf(f->dir, sizeof(f->dir), "%s/k9manager.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(f->dir))
        abort();
    snprintf(f->db, sizeof(f->db), "%s/kube9.db", f->dir);
    fake_manager_crd(f, "kube9configs", "kube9.io", "");
    fake_manager_crd(f, "assessmentruns", "kube9.io", "");
    fake_server_put(
        f->server,
        "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"kube-system\"}}");
    fake_server_put(
        f->server,
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"namespace\":\"shop\"},\"spec\":{"
        "\"containers\":[{\"name\":\"c\",\"image\":\"x\",\"securityContext\":{\"privileged\":true}}]}}");
}

static void remove_dir(const char *path)
{
    DIR *d = opendir(path);

    for (struct dirent *e; d && (e = readdir(d));) {
        autofree char *name = xasprintf("%s/%s", path, e->d_name);

        unlink(name);
    }
    if (d)
        closedir(d);
    rmdir(path);
}

void fake_manager_fini(struct fake_manager *f)
{
    assert(fake_server_open_calls(f->server) == 0);
    fake_server_free(f->server);
    loop_free(f->loop);
    assert(shared_blocks() == 0);
    remove_dir(f->dir);
    clock_real();
}

struct manager *fake_manager_start(struct fake_manager *f)
{
    struct manager_options o = { .db = f->db,
                                 .namespace = "kube9-system",
                                 .version = "1.2.3",
                                 .loop = f->loop,
                                 .client = fake_server_client(f->server) };
    struct error e = { 0 };
    struct manager *m = manager_new(&o, &e);

    assert(m);
    return m;
}

void fake_manager_pass(struct fake_manager *f, usec t)
{
    usec end = clock_mono() + t;
    int rc;

    do
        rc = loop_turn(f->loop, end - clock_mono(), NULL);
    while (rc == 0 && clock_mono() < end);
    for (int i = 0; i < 50 && rc == 0; i++)
        rc = loop_turn(f->loop, 0, NULL);
    assert(rc == 0);
}

void fake_manager_until(struct fake_manager *f, const char *object, const char *path,
                        const char *value, usec limit)
{
    usec end = clock_mono() + limit;

    while (strcmp(fake_manager_text(f, object, path), value) != 0) {
        if (clock_mono() >= end) {
            fprintf(stderr, "%s %s is '%s', not '%s'\n", object, path,
                    fake_manager_text(f, object, path), value);
            abort();
        }
        fake_manager_pass(f, 50 * USEC_PER_MSEC);
    }
}

json_val *fake_manager_get(struct fake_manager *f, const char *object)
{
    char plural[64], ns[64] = "", name[128];

    if (sscanf(object, "%63[^/]/%63[^/]/%127s", plural, ns, name) == 3)
        return fake_server_get(f->server, plural, ns, name);
    if (sscanf(object, "%63[^/]/%127s", plural, name) != 2)
        abort();
    return fake_server_get(f->server, plural, "", name);
}

const char *fake_manager_text(struct fake_manager *f, const char *object, const char *path)
{
    json_val *o = fake_manager_get(f, object);

    return o ? json_str(json_path(o, path), "") : "";
}

const char *fake_manager_condition(struct fake_manager *f, const char *object, const char *type,
                                   const char *member)
{
    json_val *o = fake_manager_get(f, object), *c;
    yyjson_arr_iter it;

    yyjson_arr_iter_init(o ? json_path(o, "status.conditions") : NULL, &it);
    while ((c = yyjson_arr_iter_next(&it))) {
        if (strcmp(json_str(json_get(c, "type"), ""), type) == 0)
            return json_str(json_get(c, member), "");
    }
    return "";
}

const char *fake_manager_status(struct fake_manager *f, const char *path)
{
    static char ret[256];
    struct json_doc autojson doc = { 0 };
    json_val *v;
    const char *text =
        fake_manager_text(f, "configmaps/kube9-system/kube9-operator-status", "data.status");

    ret[0] = 0;
    if (json_parse(str_of(text), NULL, &doc, NULL) < 0)
        return ret;
    v = json_path(json_root(&doc), path);
    if (yyjson_is_bool(v))
        snprintf(ret, sizeof(ret), "%s", yyjson_get_bool(v) ? "true" : "false");
    else if (yyjson_is_int(v))
        snprintf(ret, sizeof(ret), "%" PRId64, json_int(v, 0));
    else
        snprintf(ret, sizeof(ret), "%s", json_str(v, ""));
    return ret;
}

void fake_manager_config(struct fake_manager *f, const char *spec)
{
    autofree char *text = xasprintf(
        "{\"kind\":\"Kube9Config\",\"apiVersion\":\"kube9.io/v1alpha1\",\"metadata\":{\"name\":\"default\"},"
        "\"spec\":%s}",
        spec);

    assert(fake_server_put(f->server, text) != 0);
}

void fake_manager_run(struct fake_manager *f, const char *name, const char *spec)
{
    autofree char *text = xasprintf(
        "{\"kind\":\"AssessmentRun\",\"apiVersion\":\"kube9.io/v1alpha1\",\"metadata\":{\"name\":\"%s\"},"
        "\"spec\":%s}",
        name, spec);

    assert(fake_server_put(f->server, text) != 0);
}

size_t fake_manager_writes(struct fake_manager *f)
{
    size_t n = 0;

    for (size_t i = 0; i < fake_server_requests(f->server); i++) {
        const struct fake_request *r = fake_server_request(f->server, i);

        n += strcmp(r->method, "GET") != 0 && strstr(r->url, "/apis/kube9.io/") == r->url;
    }
    return n;
}

const char *fake_manager_first_run(struct fake_manager *f)
{
    static char ret[160];

    // The names that the operator gives are known by the minute; nothing here lasts longer than a
    // week.
    for (usec at = START_WALL; at <= clock_wall() + USEC_PER_MIN; at += USEC_PER_MIN) {
        snprintf(ret, sizeof(ret), "assessmentruns/default-%" PRId64, at / USEC_PER_MIN);
        if (fake_manager_get(f, ret))
            return ret;
    }
    return NULL;
}

static int ignore_row(void *arg unused_arg, const struct finding_row *r unused_arg)
{
    return 0;
}

int64_t fake_manager_findings(struct fake_manager *f, const char *run)
{
    struct store *s = store_open_readonly(f->db, NULL);
    int64_t total = -1;

    if (!s)
        return -1;
    if (store_finding_each(s, &(struct finding_query){ .run = run }, ignore_row, NULL, &total,
                           NULL) != 0)
        total = 0;
    store_close(s);
    return total;
}
