// SPDX-License-Identifier: Apache-2.0
// Backups by Velero: are there schedules, do they yield backups, and do they cover the namespaces
// that hold data?
#include "apis/cron.h"
#include "apis/selector.h"
#include "base/clock.h"
#include "controller/checks/join.h"
#include "controller/checks/report.h"

#define SCHEDULES      KIND_BIT(KIND_SCHEDULE)
#define DEFAULT_PERIOD (32 * 60 * USEC_PER_MIN) // 1.5 times are two days

static const struct backup_schedule_spec *spec_of(const struct object *schedule)
{
    return backup_schedule_spec(backup_schedule_of(schedule));
}

static usec period(const struct object *schedule, usec now)
{
    const char *text = backup_schedule_spec_schedule(spec_of(schedule));
    struct error e = { 0 };
    struct cron c;
    usec next;

    if (!text || cron_parse(str_of(text), &c, &e) < 0)
        return DEFAULT_PERIOD;
    next = cron_next(&c, NULL, now);
    return next == USEC_NEVER ? DEFAULT_PERIOD : cron_next(&c, NULL, next) - next;
}

struct newest {
    int64_t completed, started;
    const char *phase; // of the newest that has ended
};

static bool has_ended(const char *phase)
{
    return strcmp(phase, "Completed") == 0 || strcmp(phase, "PartiallyFailed") == 0 ||
           strcmp(phase, "Failed") == 0;
}

static struct newest newest_of(const struct report *r, const struct object *schedule)
{
    struct newest ret = { 0 };

    FOR_EACH_OBJECT(o, r->snapshot, KIND_BACKUP)
    {
        const char *by = rmap_get(object_meta_labels(object_meta_of(o)), "velero.io/schedule-name");
        const struct backup_status *s = backup_status(backup_of(o));
        const char *phase = atom_str(backup_status_phase(s));
        if (!by || strcmp(by, object_name(schedule)) != 0 || o->ns != schedule->ns)
            continue;
        if (has_ended(phase) && backup_status_start_timestamp(s) >= ret.started) {
            ret.started = backup_status_start_timestamp(s);
            ret.phase = phase;
        }
        if (strcmp(phase, "Completed") == 0)
            ret.completed = MAX(ret.completed, backup_status_completion_timestamp(s));
    }
    return ret;
}

static void judge_schedule(struct report *r, const struct object *o)
{
    struct newest n = newest_of(r, o);
    usec now = r->snapshot->now, most = period(o, now) / 2 * 3;
    int64_t since = n.completed ? n.completed : object_meta_creation_timestamp(object_meta_of(o));

    if (backup_schedule_spec_paused(spec_of(o))) {
        report_warn(r, "", "Schedule %s is paused", object_name(o));
        return;
    }
    if (n.phase && strcmp(n.phase, "Completed") != 0)
        report_fail(r, "", "the last backup of Schedule %s ended as %s", object_name(o), n.phase);
    if (now - since * USEC_PER_SEC > most)
        report_fail(
            r, "",
            n.completed
                ? "the last complete backup of Schedule %s is older than one and a half periods"
                : "Schedule %s has no complete backup",
            object_name(o));
}

static void recent(struct report *r)
{
    if (r->snapshot->n[KIND_SCHEDULE] == 0)
        report_fail(r, "", "Velero is installed, but no Schedule makes backups");
    FOR_EACH_OBJECT(o, r->snapshot, KIND_SCHEDULE)
    judge_schedule(r, o);
}

static bool lists(struct rlist namespaces, const char *ns)
{
    FOR_EACH_ATOM (a, namespaces) {
        if (strcmp(atom_str(a), ns) == 0 || strcmp(atom_str(a), "*") == 0)
            return true;
    }
    return false;
}

static bool covers(const struct object *schedule, const char *ns, struct rlist labels)
{
    const struct backup_template *t = backup_schedule_spec_backup(spec_of(schedule));
    const struct label_selector *sel = backup_template_label_selector(t);
    struct rlist in = backup_template_included_namespaces(t);

    return !backup_schedule_spec_paused(spec_of(schedule)) && (in.n == 0 || lists(in, ns)) &&
           !lists(backup_template_excluded_namespaces(t), ns) &&
           (!sel || selector_matches(sel, labels));
}

static bool is_covered(const struct report *r, const struct object *claim)
{
    struct rlist labels = object_meta_labels(object_meta_of(claim));

    if (rmap_get(labels, "velero.io/exclude-from-backup"))
        return true; // left out on purpose
    FOR_EACH_OBJECT(o, r->snapshot, KIND_SCHEDULE)
    {
        if (covers(o, object_namespace(claim), labels))
            return true;
    }
    return false;
}

static void coverage(struct report *r, const struct object *ns)
{
    uint32_t n = 0, left_out = 0;
    const char *first = NULL;

    FOR_EACH_OBJECT(o, r->snapshot, KIND_PERSISTENT_VOLUME_CLAIM)
    {
        if (strcmp(object_namespace(o), object_name(ns)) != 0)
            continue;
        n++;
        if (is_covered(r, o))
            continue;
        left_out++;
        if (!first || strcmp(object_name(o), first) < 0)
            first = object_name(o);
    }
    if (n == 0)
        report_skip(r, SKIP_NOT_APPLICABLE, "the namespace has no PersistentVolumeClaim");
    else if (left_out)
        report_warn(r, "", "no Schedule covers %" PRIu32 " of its %" PRIu32 " claims (%s)",
                    left_out, n, first);
}

CHECK_TABLE(
    reliability_backup, CHECK_RELIABILITY,
    { .id = "reliability/backup-recent",
      .title = "Every Schedule of Velero has a recent complete backup",
      .remediation =
          "Look at the last Backup's log: velero backup describe; resume a paused Schedule.",
      .frameworks = "",
      .aliases = "reliability.backup-dr-signals",
      .severity = CHECK_HIGH,
      .tier = 1,
      .flags = CHECK_LIVE | CHECK_ALL_NAMESPACES,
      .reads = SCHEDULES | KIND_BIT(KIND_BACKUP),
      .per_cluster = recent },
    { .id = "reliability/backup-coverage",
      .title = "Every namespace with volumes is in a Schedule of Velero",
      .remediation =
          "Add the namespace to a Schedule, or label claims velero.io/exclude-from-backup.",
      .frameworks = "",
      .aliases = "",
      .severity = CHECK_MEDIUM,
      .tier = 1,
      .flags = CHECK_LIVE,
      .kinds = KIND_BIT(KIND_NAMESPACE),
      .reads = SCHEDULES | KIND_BIT(KIND_PERSISTENT_VOLUME_CLAIM),
      .per_object = coverage }, );
