// SPDX-License-Identifier: Apache-2.0
// Opening is where a bad file is met: a newer one is refused and left alone, a foreign or corrupt one is renamed and replaced,
// a second writer is told to wait. The lock file, not SQLite's own lock, says who the writer is, because it is held for life.
#include "store/store_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
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
    struct error ignored;

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

enum file_state { FILE_EMPTY, FILE_OURS, FILE_FOREIGN, FILE_NEWER };

static int inspect(struct store *s, enum file_state *ret, int64_t *ret_version, struct error *e)
{
    int64_t tables = 0;

    if (db_int(s->db, "PRAGMA user_version", ret_version, e) < 0 ||
        db_int(s->db, "SELECT count(*) FROM sqlite_master WHERE type = 'table'", &tables, e) < 0)
        return -1;
    if (*ret_version > STORE_SCHEMA_VERSION)
        *ret = FILE_NEWER;
    else if (*ret_version == 0 && tables > 0)
        *ret = FILE_FOREIGN;
    else
        *ret = *ret_version == 0 ? FILE_EMPTY : FILE_OURS;
    return 0;
}

static int refuse_newer(const struct store *s, int64_t version, struct error *e)
{
    return error_set(e, ERR_INVALID,
                     "database '%s' has schema version %" PRId64 ", this program knows up to %d: it was written by a newer"
                     " kube9-operator; run that version, or move the file away to start with an empty history",
                     s->path, version, STORE_SCHEMA_VERSION);
}

// The -wal and -shm files belong to the database they were made for, so they go with it.
static int set_aside(const char *path, const char *why, char *ret, size_t n, struct error *e)
{
    static const char *const parts[] = { "-wal", "-shm" };
    char stamp[TIME_TEXT_MAX];

    time_format(clock_wall(), 3, stamp);
    for (char *p = stamp; *p; p++) {
        if (*p == ':')
            *p = '-';
    }
    snprintf(ret, n, "%s.%s-%s", path, why, stamp);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        autofree char *from = xasprintf("%s%s", path, parts[i]);
        autofree char *to = xasprintf("%s%s", ret, parts[i]);

        if (rename(from, to) < 0 && errno != ENOENT)
            return error_errno(e, errno, "rename '%s'", from);
    }
    if (rename(path, ret) < 0)
        return error_errno(e, errno, "rename '%s' to '%s'", path, ret);
    return 0;
}

static void reader_or_writer_close(struct store *s)
{
    db_close(s->db);
    s->db = NULL;
}

static int corrupt(const struct error *e)
{
    return e->code == ERR_GONE;
}

// Opens and looks; on ERR_GONE or a foreign file *ret_why names the reason to set it aside.
static int try_open(struct store *s, const char **ret_why, int64_t *ret_version, struct error *e)
{
    enum file_state state;
    int64_t ok = 0;

    *ret_why = NULL;
    s->db = db_open(s->path, false, e);
    if (!s->db || inspect(s, &state, ret_version, e) < 0) {
        if (corrupt(e))
            *ret_why = "corrupt";
        return -1;
    }
    if (state == FILE_NEWER)
        return refuse_newer(s, *ret_version, e);
    if (state == FILE_FOREIGN) {
        *ret_why = "foreign";
        return error_set(e, ERR_GONE, "not a database of this program");
    }
    // A malformed page would otherwise be met in the middle of a run.
    if (state == FILE_OURS && db_int(s->db, "SELECT count(*) FROM pragma_quick_check(1) WHERE quick_check = 'ok'", &ok, e) == 0 && !ok) {
        *ret_why = "corrupt";
        return error_set(e, ERR_GONE, "integrity check failed");
    }
    if (state == FILE_OURS && !ok) {
        *ret_why = corrupt(e) ? "corrupt" : NULL;
        return -1;
    }
    return 0;
}

static int open_writer(struct store *s, struct store_open_result *ret, struct error *e)
{
    struct stat st;
    const char *why;
    int64_t version = 0;
    bool existed = stat(s->path, &st) == 0 && st.st_size > 0;

    if (try_open(s, &why, &version, e) < 0) {
        if (!why)
            return -1;
        reader_or_writer_close(s);
        if (set_aside(s->path, why, ret->set_aside, sizeof(ret->set_aside), e) < 0)
            return -1;
        existed = false;
        error_clear(e);
        if (try_open(s, &why, &version, e) < 0)
            return -1;
    }
    ret->created = !existed;
    return migrate(s, version, e);
}

struct store *store_open(const char *path, struct store_open_result *ret, struct error *e)
{
    struct store *s = xcalloc(1, sizeof(*s));
    struct store_open_result result = { 0 };
    struct error local = { 0 };

    s->path = xstrdup(path);
    s->lock_fd = -1;
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

struct store *store_open_readonly(const char *path, struct error *e)
{
    struct store *s;
    enum file_state state;
    int64_t version = 0;

    if (access(path, F_OK) < 0) {
        error_set(e, ERR_NOT_FOUND, "no database at '%s': name it with --db, or start `kube9-operator serve` first", path);
        return NULL;
    }
    s = xcalloc(1, sizeof(*s));
    s->path = xstrdup(path);
    s->lock_fd = -1;
    s->db = db_open(path, true, e);
    if (s->db && inspect(s, &state, &version, e) == 0) {
        if (state == FILE_OURS)
            return s;
        if (state == FILE_NEWER)
            refuse_newer(s, version, e);
        else
            error_set(e, ERR_INVALID, "'%s' is not a database of kube9-operator", path);
    }
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (!s)
        return;
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

int store_fact_get(struct store *s, const char *key, struct arena *a, const char **ret, struct error *e)
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
        return error_set(e, ERR_ALREADY_EXISTS, "backup '%s' exists already: name another file", to);
    return db_backup(s->db, to, e);
}
