// SPDX-License-Identifier: Apache-2.0
// Opening is where a bad file is met: a newer one is refused and left alone, a foreign or corrupt
// one is renamed and replaced, a second writer is told to wait. The lock file, not SQLite's own
// lock, says who the writer is, because it is held for life.
#include "store/store_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "store/log_owner.h"
#include "store/migrations.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int store_fail(struct store *s)
{
    s->errors++;
    return -1;
}

int store_begin(struct store *s, struct error *e)
{
    return db_exec(s->db, "BEGIN IMMEDIATE", e) < 0 ? store_fail(s) : 0;
}

void store_rollback(struct store *s)
{
    struct error ignored = { 0 };

    if (db_exec(s->db, "ROLLBACK", &ignored) < 0)
        return; // SQLite has rolled back by itself (full disk)
}

int store_commit(struct store *s, struct error *e)
{
    if (db_exec(s->db, "COMMIT", e) == 0)
        return 0;
    store_rollback(s);
    return store_fail(s);
}

static int take_lock(const char *path, int *ret_fd, struct error *e)
{
    autofree char *name = xasprintf("%s.lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

    if (fd < 0) {
        error_errno(e, errno, "open '%s'", name);
        if (e)
            e->code = ERR_UNAVAILABLE;
        return error_wrap(e, "the data folder must exist and be writable");
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        return error_set(e, ERR_LIMIT, "database '%s' is in use by another kube9-operator", path);
    }
    *ret_fd = fd;
    return 0;
}

static int migrate(struct store *s, int64_t from, struct error *e)
{
    for (int64_t v = from; v < STORE_SCHEMA_VERSION; v++) {
        char set[48];

        snprintf(set, sizeof(set), "PRAGMA user_version=%" PRId64, v + 1);
        if (store_begin(s, e) < 0)
            return -1;
        if (db_exec(s->db, store_migrations[v], e) < 0 || db_exec(s->db, set, e) < 0) {
            store_rollback(s);
            return error_wrap(e, "migrate to schema %" PRId64, v + 1);
        }
        if (store_commit(s, e) < 0)
            return -1;
    }
    return 0;
}

enum file_state { FILE_EMPTY, FILE_OURS, FILE_OLD_OPERATOR, FILE_FOREIGN, FILE_NEWER };

#define OLD_OPERATOR_SQL                                                                           \
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('schema_version', 'assessment_history', 'events')"

static int inspect(struct store *s, enum file_state *ret, int64_t *ret_version, struct error *e)
{
    int64_t tables = 0, id = 0, old = 0;
    bool ours;

    if (db_int(s->db, "PRAGMA user_version", ret_version, e) < 0 ||
        db_int(s->db, "PRAGMA application_id", &id, e) < 0 ||
        db_int(s->db, "SELECT count(*) FROM sqlite_master WHERE type = 'table'", &tables, e) < 0 ||
        db_int(s->db, OLD_OPERATOR_SQL, &old, e) < 0)
        return -1;
    ours = id == strtoll(STORE_APPLICATION_ID, NULL, 10);
    if (ours && *ret_version > STORE_SCHEMA_VERSION)
        *ret = FILE_NEWER;
    else if (ours && *ret_version > 0)
        *ret = FILE_OURS;
    else if (tables == 0 && id == 0 && *ret_version == 0)
        *ret = FILE_EMPTY;
    else
        *ret = old == 3 ? FILE_OLD_OPERATOR : FILE_FOREIGN;
    return 0;
}

static int refuse_newer(const struct store *s, int64_t version, struct error *e)
{
    return error_set(
        e, ERR_INVALID,
        "database '%s' has schema version %" PRId64
        ", this program knows up to %d: it was written by a newer"
        " kube9-operator; run that version, or move the file away to start with an empty history",
        s->path, version, STORE_SCHEMA_VERSION);
}

// "PATH.WHY-TIME"
static void name_aside(const char *path, const char *why, char *ret, size_t n)
{
    char stamp[TIME_TEXT_MAX];

    time_format(clock_wall(), 3, stamp);
    for (char *p = stamp; *p; p++) {
        if (*p == ':')
            *p = '-';
    }
    snprintf(ret, n, "%s.%s-%s", path, why, stamp);
}

static int move_aside(const char *from, const char *to, struct error *e)
{
    if (rename(from, to) < 0 && errno != ENOENT)
        return error_errno(e, errno, "rename '%s' to '%s'", from, to);
    return 0;
}

// The -wal and -shm files belong to the database they were made for, so they go with it.
static int set_aside(const char *path, const char *why, char *ret, size_t n, struct error *e)
{
    static const char *const parts[] = { "-wal", "-shm", "-journal", "" };

    name_aside(path, why, ret, n);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        autofree char *from = xasprintf("%s%s", path, parts[i]);
        autofree char *to = xasprintf("%s%s", ret, parts[i]);

        if (move_aside(from, to, e) < 0)
            return -1;
    }
    return 0;
}

// A log that a killed writer left beside a file which was then replaced.
static int set_log_aside(const struct store *s, struct store_open_result *ret, struct error *e)
{
    autofree char *log = xasprintf("%s-wal", s->path), *index = xasprintf("%s-shm", s->path);

    if (!log_owner_is_gone(s->lock_fd, s->path))
        return 0;
    name_aside(log, "stale", ret->log_set_aside, sizeof(ret->log_set_aside));
    if (unlink(index) < 0 && errno != ENOENT) // derived from the log
        return error_errno(e, errno, "remove '%s'", index);
    return move_aside(log, ret->log_set_aside, e);
}

// Looks without writing a byte, since opening for writing may already change the file. 1: it is a
// newer version's.
static int look_first(struct store *s, struct error *e)
{
    enum file_state state = FILE_EMPTY;
    int64_t version = 0;
    struct error ignored = { 0 };
    int rc;

    s->db = db_open(s->path, true, &ignored);
    rc = s->db ? inspect(s, &state, &version, &ignored) : -1;
    db_close(TAKE(s->db));
    if (rc == 0 && state == FILE_NEWER)
        return refuse_newer(s, version, e);
    return 0; // what cannot be read is the writer's business: it may have to recover the file first
}

// A malformed page would otherwise be met in the middle of a run.
static int check_pages(struct store *s, struct error *e)
{
    int64_t ok = 0;
    const char *sql =
        s->suspect ? "SELECT count(*) FROM pragma_integrity_check(1) WHERE integrity_check = 'ok'"
                   : "SELECT count(*) FROM pragma_quick_check(1) WHERE quick_check = 'ok'";

    if (db_int(s->db, sql, &ok, e) < 0)
        return -1;
    return ok ? 0 : error_set(e, ERR_GONE, "the integrity check found damage");
}

// Opens and looks; *ret_why names the reason to set the file aside, NULL when it must stay.
static int try_open(struct store *s, const char **ret_why, int64_t *ret_version, struct error *e)
{
    enum file_state state;

    *ret_why = NULL;
    s->db = db_open(s->path, false, e);
    if (!s->db || inspect(s, &state, ret_version, e) < 0 ||
        (state == FILE_OURS && check_pages(s, e) < 0)) {
        if (e->code == ERR_GONE)
            *ret_why = "corrupt";
        return -1;
    }
    if (state == FILE_NEWER)
        return refuse_newer(s, *ret_version, e);
    if (state == FILE_EMPTY || state == FILE_OURS)
        return 0;
    *ret_why = state == FILE_OLD_OPERATOR ? "kube9-operator-2" : "foreign";
    return error_set(e, ERR_GONE, "not a database of this program");
}

static const char *explain(const char *why)
{
    if (strcmp(why, "corrupt") == 0)
        return "it was damaged";
    if (strcmp(why, "foreign") == 0)
        return "it is another program's";
    return "it was written by kube9-operator 2, whose history cannot be carried on";
}

static int open_writer(struct store *s, struct store_open_result *ret, struct error *e)
{
    struct stat st;
    const char *why;
    int64_t version = 0;
    bool existed = stat(s->path, &st) == 0 && st.st_size > 0;

    if (existed && (set_log_aside(s, ret, e) < 0 || look_first(s, e) < 0))
        return -1;
    if (try_open(s, &why, &version, e) < 0) {
        if (!why)
            return -1;
        db_close(TAKE(s->db));
        if (set_aside(s->path, why, ret->set_aside, sizeof(ret->set_aside), e) < 0)
            return -1;
        ret->why = explain(why);
        existed = false;
        error_clear(e);
        if (try_open(s, &why, &version, e) < 0)
            return -1;
    }
    ret->created = !existed;
    log_owner_remember(s->lock_fd, s->path);
    return migrate(s, version, e);
}

static struct store *open_locked(const char *path, bool suspect, struct store_open_result *ret,
                                 struct error *e)
{
    struct store *s = xcalloc(1, sizeof(*s));
    struct store_open_result result = { 0 };
    struct error local = { 0 };

    s->path = xstrdup(path);
    s->lock_fd = -1;
    s->suspect = suspect;
    if (take_lock(path, &s->lock_fd, &local) < 0 || open_writer(s, &result, &local) < 0) {
        if (e)
            *e = local;
        store_close(s);
        return NULL;
    }
    if (ret)
        *ret = result;
    return s;
}

struct store *store_open(const char *path, struct store_open_result *ret, struct error *e)
{
    return open_locked(path, false, ret, e);
}

struct store *store_open_suspect(const char *path, struct store_open_result *ret, struct error *e)
{
    return open_locked(path, true, ret, e);
}

static int accept_for_reading(struct store *s, struct error *e)
{
    enum file_state state = FILE_EMPTY;
    int64_t version = 0;

    if (inspect(s, &state, &version, e) < 0)
        return error_wrap(e, "read database '%s'", s->path);
    switch (state) {
    case FILE_OURS:
        return 0;
    case FILE_NEWER:
        return refuse_newer(s, version, e);
    case FILE_EMPTY:
        return error_set(e, ERR_NOT_FOUND,
                         "database '%s' is empty: `kube9-operator serve` has not written to it yet",
                         s->path);
    case FILE_OLD_OPERATOR:
        return error_set(
            e, ERR_INVALID,
            "'%s' was written by kube9-operator 2; `kube9-operator serve` sets it aside and begins"
            " a new history",
            s->path);
    case FILE_FOREIGN:
        break;
    }
    return error_set(e, ERR_INVALID, "'%s' is not a database of kube9-operator", s->path);
}

struct store *store_open_readonly(const char *path, struct error *e)
{
    struct store *s;

    if (access(path, F_OK) < 0) {
        int missing = errno;

        if (missing == ENOENT || missing == ENOTDIR)
            error_set(
                e, ERR_NOT_FOUND,
                "no database at '%s': name it with --db, or start `kube9-operator serve` first",
                path);
        else
            error_errno(e, missing, "open database '%s'", path);
        return NULL;
    }
    s = xcalloc(1, sizeof(*s));
    s->path = xstrdup(path);
    s->lock_fd = -1;
    s->db = db_open(path, true, e);
    if (s->db && accept_for_reading(s, e) == 0)
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    results_fini(&s->results);
    db_close(s->db); // the last connection checkpoints and removes the WAL
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    free(s->path);
    free(s);
}

const char *store_path(const struct store *s)
{
    return s->path;
}

int64_t store_bytes(const struct store *s)
{
    autofree char *wal = xasprintf("%s-wal", s->path);
    struct stat st;
    int64_t n = 0;

    if (stat(s->path, &st) == 0)
        n += st.st_size;
    if (stat(wal, &st) == 0)
        n += st.st_size;
    return n;
}

void store_stats(const struct store *s, uint64_t *ret_rows_written, uint64_t *ret_errors)
{
    *ret_rows_written = s->rows_written;
    *ret_errors = s->errors;
}

int store_fact_put(struct store *s, const char *key, const char *value, struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_FACT_PUT, e);

    if (!q)
        return store_fail(s);
    bind_text(q, 1, key);
    bind_text(q, 2, value);
    if (stmt_run(q, e) < 0)
        return store_fail(s);
    s->rows_written++;
    return 0;
}

int store_fact_get(struct store *s, const char *key, struct arena *a, const char **ret,
                   struct error *e)
{
    struct stmt *q = db_query(s->db, QUERY_FACT_GET, e);
    int rc;

    if (!q)
        return store_fail(s);
    bind_text(q, 1, key);
    rc = stmt_step(q, e);
    if (rc < 0)
        return store_fail(s);
    *ret = rc ? col_dup(q, 0, a) : NULL;
    stmt_reset(q);
    return 0;
}

int store_check(struct store *s, struct arena *a, const char **ret_problems, struct error *e)
{
    struct stmt *q = db_prepare(s->db, "PRAGMA integrity_check(20)", e);
    const char *problems = NULL;
    int rc;

    if (!q)
        return store_fail(s);
    while ((rc = stmt_step(q, e)) == 1) {
        const char *line = col_text(q, 0);

        if (line && strcmp(line, "ok") != 0)
            problems = problems ? arena_printf(a, "%s; %s", problems, line) : arena_strdup(a, line);
    }
    stmt_free(q);
    if (rc < 0)
        return store_fail(s);
    *ret_problems = problems;
    return 0;
}

int store_backup(struct store *s, const char *to, struct error *e)
{
    if (access(to, F_OK) == 0)
        return error_set(e, ERR_ALREADY_EXISTS, "backup '%s' exists already: name another file",
                         to);
    return db_backup(s->db, to, e);
}
