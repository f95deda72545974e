// SPDX-License-Identifier: Apache-2.0
// Whose log lies beside the database. SQLite plays a -wal file into whatever file has its name, so
// a backup that somebody puts back after the writer was killed would be mixed with newer pages. The
// lock file remembers the file (its inode) that the writer had open.
#pragma once

#include "base/base.h"

// The writer has `path` open. What cannot be remembered is forgotten.
void log_owner_remember(int lock_fd, const char *path);
// The file at `path` is another one than the last writer's, and its log was not moved here with it.
// A folder that was copied as a whole is no such case: its lock file is another one, too.
bool log_owner_is_gone(int lock_fd, const char *path);
