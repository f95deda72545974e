// SPDX-License-Identifier: Apache-2.0
// WAL with synchronous=NORMAL: a killed process loses no committed row, a power cut at most the
// newest ones. The page cache is kept small (512 kB), since the operator's memory budget matters
// more than the speed of rare queries.
#include "store/db.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

struct stmt {
    sqlite3_stmt *s;
    struct db *d;
    char time[4][TIME_TEXT_MAX]; // texts bound by bind_time
    unsigned n_time;
};

struct db {
    sqlite3 *h;
    struct stmt fixed[QUERY_COUNT];
};

static enum err class_of(int code)
{
    switch (code) {
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_TRUNCATE:
    case SQLITE_IOERR_SHMOPEN:
    case SQLITE_IOERR_SHMSIZE:
    case SQLITE_IOERR_SHMMAP:
        return ERR_UNAVAILABLE;
    case SQLITE_IOERR_CORRUPTFS:
        return ERR_GONE;
    default:
        break;
    }
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_LIMIT;
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return ERR_UNAVAILABLE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_GONE;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_CONSTRAINT:
        return ERR_BUG;
    default:
        return ERR_IO;
    }
}

static const char *advice(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return ": free space or enlarge the volume";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "; `serve` sets a file like this aside when it starts, and begins a new one";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
        return ": the data folder must exist and be writable";
    default:
        return "";
    }
}

// SQLite knows no code for a header that asks for a schema format which does not exist.
static int code_of(const struct db *d)
{
    int code = sqlite3_extended_errcode(d->h);

    if (code == SQLITE_ERROR && strcmp(sqlite3_errmsg(d->h), "unsupported file format") == 0)
        return SQLITE_NOTADB;
    return code;
}

int db_error(const struct db *d, const char *what, struct error *e)
{
    int code = code_of(d);

    return error_set(e, class_of(code), "%s: %s%s", what, sqlite3_errmsg(d->h), advice(code));
}

static int set_pragmas(struct db *d, bool readonly, struct error *e)
{
    sqlite3_busy_timeout(d->h, readonly ? 2000 : 5000);
    // Sorting in memory: the image has no folder for temporary files.
    if (db_exec(
            d,
            "PRAGMA foreign_keys=ON; PRAGMA cache_size=-512; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY",
            e) < 0)
        return -1;
    if (readonly)
        return db_exec(d, "PRAGMA query_only=ON; SELECT 1 FROM sqlite_master LIMIT 1", e);
    // Debian's SQLite overwrites what is deleted, and keeps a copy of each page of a dropped table
    // in memory for that; nothing secret is ever written here.
    return db_exec(
        d,
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=500;"
        "PRAGMA journal_size_limit=4194304; PRAGMA secure_delete=OFF",
        e);
}

// Nobody asks how much memory SQLite has, so it need not count under a lock at every allocation.
// Has an effect before the first connection only.
static void count_no_memory(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static struct db *open_as(const char *name, int flags, struct error *e)
{
    struct db *d = xcalloc(1, sizeof(*d));
    bool readonly = flags & SQLITE_OPEN_READONLY;
    int rc;

    count_no_memory();
    rc = sqlite3_open_v2(name, &d->h, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc != SQLITE_OK || set_pragmas(d, readonly, e) < 0) {
        if (rc != SQLITE_OK)
            error_set(e, class_of(rc), "%s%s", d->h ? sqlite3_errmsg(d->h) : sqlite3_errstr(rc),
                      advice(rc));
        db_close(d);
        return NULL;
    }
    for (int i = 0; i < QUERY_COUNT; i++)
        d->fixed[i].d = d;
    return d;
}

static bool closed_in_order(const char *path)
{
    autofree char *wal = xasprintf("%s-wal", path);
    struct stat st;

    return stat(wal, &st) < 0 || st.st_size == 0;
}

static struct db *open_immutable(const char *path, struct error *e)
{
    struct buf autobuf uri = { 0 };

    buf_init(&uri, 4 * strlen(path) + 32);
    buf_adds(&uri, "file:");
    for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
        if (*p == '?' || *p == '#' || *p == '%')
            buf_addf(&uri, "%%%02x", *p);
        else
            buf_addc(&uri, (char)*p);
    }
    buf_adds(&uri, "?immutable=1");
    return open_as(uri.p, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, e);
}

// SQLite would wait for the writer of a pipe, and call a folder an I/O error.
static int refuse_other_files(const char *path, struct error *e)
{
    struct stat st;

    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return error_set(e, ERR_INVALID, "open database '%s': is %s, not a file", path,
                         S_ISDIR(st.st_mode) ? "a folder" : "a device or pipe");
    return 0;
}

struct db *db_open(const char *path, bool readonly, struct error *e)
{
    struct error local = { 0 };
    struct db *d;

    if (refuse_other_files(path, e) < 0)
        return NULL;
    d = open_as(path, readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                &local);

    if (!d && readonly && local.code == ERR_UNAVAILABLE) {
        if (closed_in_order(path))
            d = open_immutable(path, &local);
        else
            error_set(&local, ERR_UNAVAILABLE,
                      "its folder cannot be written and its newest rows are still in '%s-wal':"
                      " copy both files to a folder that can be written",
                      path);
    }
    if (d)
        return d;
    if (e)
        *e = local;
    error_wrap(e, "open database '%s'", path);
    return NULL;
}

void db_close(struct db *d)
{
    if (!d)
        return;
    for (int i = 0; i < QUERY_COUNT; i++)
        sqlite3_finalize(d->fixed[i].s);
    sqlite3_close_v2(d->h);
    free(d);
}

int db_exec(struct db *d, const char *sql, struct error *e)
{
    if (sqlite3_exec(d->h, sql, NULL, NULL, NULL) != SQLITE_OK)
        return db_error(d, "database", e);
    return 0;
}

int db_int(struct db *d, const char *sql, int64_t *ret, struct error *e)
{
    struct stmt *s = db_prepare(d, sql, e);
    int rc;

    if (!s)
        return -1;
    rc = stmt_step(s, e);
    if (rc == 1)
        *ret = col_int(s, 0);
    else if (rc == 0)
        rc = error_set(e, ERR_BUG, "query without a row: %s", sql);
    stmt_free(s);
    return rc < 0 ? -1 : 0;
}

// All pages in one step: in WAL mode a reader holds up nobody, and a copy in pieces would start
// over at every commit.
static int copy_all(struct db *d, sqlite3 *out)
{
    sqlite3_backup *b = sqlite3_backup_init(out, "main", d->h, "main");
    int rc;

    if (!b)
        return sqlite3_extended_errcode(out);
    for (int tries = 0; tries < 50; tries++) {
        rc = sqlite3_backup_step(b, -1);
        if ((rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
            break;
        sqlite3_sleep(100);
    }
    rc = sqlite3_backup_finish(b);
    return rc == SQLITE_OK ? sqlite3_errcode(out) : rc;
}

int db_backup(struct db *d, const char *to, struct error *e)
{
    autofree char *partial = xasprintf("%s.partial", to);
    sqlite3 *out = NULL;
    int rc;

    if (unlink(partial) < 0 && errno != ENOENT)
        return error_errno(e, errno, "remove '%s'", partial);
    rc = sqlite3_open_v2(partial, &out,
                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc == SQLITE_OK)
        rc = copy_all(d, out);
    sqlite3_close_v2(out);
    if (rc == SQLITE_OK && rename(partial, to) == 0)
        return 0;
    if (rc == SQLITE_OK)
        error_errno(e, errno, "rename '%s'", partial);
    else
        error_set(e, class_of(rc), "write backup '%s': %s%s", to, sqlite3_errstr(rc), advice(rc));
    unlink(partial);
    return -1;
}

bool db_snapshot(struct db *d)
{
    return sqlite3_get_autocommit(d->h) &&
           sqlite3_exec(d->h, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
}

void db_snapshot_end(struct db *d)
{
    sqlite3_exec(d->h, "COMMIT", NULL, NULL, NULL);
}

int64_t db_changes(const struct db *d)
{
    return sqlite3_changes64(d->h);
}

const char *query_sql(enum query_id id)
{
    static const char *const sql[] = {
#define QUERY(id, text) [QUERY_##id] = text,
#include "store/queries.def"
#undef QUERY
    };
    return sql[id];
}

struct stmt *db_query(struct db *d, enum query_id id, struct error *e)
{
    struct stmt *s = &d->fixed[id];

    if (!s->s && sqlite3_prepare_v3(d->h, query_sql(id), -1, SQLITE_PREPARE_PERSISTENT, &s->s,
                                    NULL) != SQLITE_OK) {
        db_error(d, "prepare", e);
        return NULL;
    }
    s->n_time = 0;
    return s;
}

struct stmt *db_prepare(struct db *d, const char *sql, struct error *e)
{
    struct stmt *s = xcalloc(1, sizeof(*s));

    s->d = d;
    if (sqlite3_prepare_v2(d->h, sql, -1, &s->s, NULL) != SQLITE_OK) {
        db_error(d, "prepare", e);
        free(s);
        return NULL;
    }
    return s;
}

void stmt_free(struct stmt *s)
{
    if (!s)
        return;
    sqlite3_finalize(s->s);
    free(s);
}

void stmt_reset(struct stmt *s)
{
    if (!s)
        return;
    sqlite3_reset(s->s);
    sqlite3_clear_bindings(s->s);
}

struct function {
    int64_t (*fn)(void *arg, int64_t a, int64_t b);
    void *arg;
};

static void call_function(sqlite3_context *ctx, int n, sqlite3_value **args)
{
    const struct function *f = sqlite3_user_data(ctx);

    if (n == 2)
        sqlite3_result_int64(
            ctx, f->fn(f->arg, sqlite3_value_int64(args[0]), sqlite3_value_int64(args[1])));
}

int db_function(struct db *d, const char *name, int64_t (*fn)(void *arg, int64_t a, int64_t b),
                void *arg, struct error *e)
{
    struct function *f = xmalloc(sizeof(*f));

    *f = (struct function){ fn, arg };
    if (sqlite3_create_function_v2(d->h, name, 2, SQLITE_UTF8 | SQLITE_DIRECTONLY, f, call_function,
                                   NULL, NULL, free) != SQLITE_OK)
        return db_error(d, name, e);
    return 0;
}

void bind_text(struct stmt *s, int i, const char *v)
{
    sqlite3_bind_text(s->s, i, v, -1, SQLITE_STATIC);
}

void bind_int(struct stmt *s, int i, int64_t v)
{
    sqlite3_bind_int64(s->s, i, v);
}

void bind_time(struct stmt *s, int i, usec v)
{
    char *text = s->time[s->n_time++ % ARRAY_SIZE(s->time)];

    if (v == 0)
        sqlite3_bind_null(s->s, i);
    else
        bind_text(s, i, time_format(v, 3, text));
}

int stmt_step(struct stmt *s, struct error *e)
{
    int rc = sqlite3_step(s->s);

    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        db_error(s->d, "database", e);
    stmt_reset(s);
    return rc == SQLITE_DONE ? 0 : -1;
}

int stmt_run(struct stmt *s, struct error *e)
{
    int rc;

    do
        rc = stmt_step(s, e);
    while (rc == 1);
    return rc;
}

const char *col_text(struct stmt *s, int i)
{
    return (const char *)sqlite3_column_text(s->s, i);
}

int64_t col_int(struct stmt *s, int i)
{
    return sqlite3_column_int64(s->s, i);
}

usec col_time(struct stmt *s, int i)
{
    const char *text = col_text(s, i);
    usec at = 0;

    if (!text || time_parse(str_of(text), &at, NULL) < 0)
        return 0;
    return at;
}

const char *col_dup(struct stmt *s, int i, struct arena *a)
{
    const char *text = col_text(s, i);

    return text ? arena_strdup(a, text) : NULL;
}
