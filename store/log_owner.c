// SPDX-License-Identifier: Apache-2.0
#include "store/log_owner.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

// "LOCK FILE": the inodes of the lock file itself and of the database.
#define RECORD_MAX 64

static int describe(int lock_fd, const char *path, char ret[RECORD_MAX])
{
    struct stat lock, file;

    if (fstat(lock_fd, &lock) < 0 || stat(path, &file) < 0)
        return -1;
    snprintf(ret, RECORD_MAX, "%ju %ju\n", (uintmax_t)lock.st_ino, (uintmax_t)file.st_ino);
    return 0;
}

void log_owner_remember(int lock_fd, const char *path)
{
    char now[RECORD_MAX];
    size_t n;

    if (describe(lock_fd, path, now) < 0)
        return;
    n = strlen(now);
    if (ftruncate(lock_fd, 0) == 0 && pwrite(lock_fd, now, n, 0) == (ssize_t)n)
        return;
    if (ftruncate(lock_fd, 0) < 0) // a full disk: half a record is none
        return;
}

bool log_owner_is_gone(int lock_fd, const char *path)
{
    char then[RECORD_MAX] = "", now[RECORD_MAX];
    autofree char *log = xasprintf("%s-wal", path);
    size_t lock;
    struct stat st;

    if (stat(log, &st) < 0 || st.st_size == 0 || describe(lock_fd, path, now) < 0 ||
        pread(lock_fd, then, sizeof(then) - 1, 0) <= 0 || !strchr(then, '\n'))
        return false;
    lock = strcspn(now, " ") + 1;
    return strncmp(then, now, lock) == 0 && strcmp(then, now) != 0;
}
