// SPDX-License-Identifier: Apache-2.0
// Prints each Pod as it is now, whenever it changes, and each that is gone. Ctrl-C ends it.
#include "apis/types.h"
#include "informer/session.h"

static void print_pod(const char *what, const struct object *o)
{
    const struct pod_status *status = pod_status(pod_of(o));

    printf("%-4s %s/%s %s\n", what, object_namespace(o), object_name(o),
           word_text(&pod_phase_words, (int)pod_status_phase(status)));
}

static void on_changes(void *arg)
{
    struct subscriber **pods = arg;
    struct change c;

    while (subscriber_next(*pods, &c)) {
        if (c.gone)
            print_pod("gone", c.gone);
        if (c.now)
            print_pod("now", c.now);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const enum kind_id kinds[] = { KIND_POD, KIND_COUNT };
    const struct session_options o = { .name = "pod-watch/1.0",
                                       .kubeconfig = argc > 1 ? argv[1] : NULL };
    struct subscriber *pods = NULL;
    struct session s;
    struct error e = { 0 };
    int rc = session_open(&s, &o, &e);

    if (rc == 0) {
        pods = session_follow(&s, kinds, on_changes, &pods);
        rc = session_run(&s, &e);
    }
    if (rc < 0)
        fprintf(stderr, "pod-watch: %s\n", e.text);
    subscriber_free(pods);
    session_close(&s);
    return rc < 0;
}
