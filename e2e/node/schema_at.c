// SPDX-License-Identifier: Apache-2.0
//
// schema_at VERSION: prints the SQL that makes an empty history of that schema version, from the
// operator's own migrations; without an argument, the newest version.
#include "store/migrations.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/store.h"

int main(int argc, char **argv)
{
    long version = argc > 1 ? strtol(argv[1], NULL, 10) : 0;

    if (argc == 1)
        return printf("%d\n", STORE_SCHEMA_VERSION) < 0;
    if (version < 1 || version > STORE_SCHEMA_VERSION) {
        fprintf(stderr, "schema_at: a version from 1 to %d is wanted\n", STORE_SCHEMA_VERSION);
        return 2;
    }
    for (long i = 0; i < version; i++)
        puts(store_migrations[i]);
    return printf("PRAGMA user_version = %ld;\n", version) < 0;
}
