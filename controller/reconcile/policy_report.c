// SPDX-License-Identifier: Apache-2.0
// What is there is replaced, what is empty goes.
#include "controller/reconcile/policy_report.h"

#include "controller/report_set.h"

static void add(struct plan *p, enum intent_kind kind, const char *ns)
{
    plan_add(p, kind)->ns = arena_strdup(p->arena, ns);
}

void reconcile_policy_reports(const struct policy_report_input *in, struct plan *p)
{
    for (size_t i = 0; i < in->n_standing; i++) {
        if (!in->reports || !report_set_has(in->reports, in->standing[i]))
            add(p, INTENT_DELETE_REPORT, in->standing[i]);
    }
    for (size_t i = 0; in->reports && i < report_set_count(in->reports); i++)
        add(p, INTENT_APPLY_REPORT, report_set_namespace(in->reports, i));
}
