#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fails on a C file that clang-format would change (make format changes it). From the source root.
# The rules are those of clang-format 14; another major version lays some lines out differently.
set -eu

for dir in base apis informer store controller cmd; do
    [ ! -d "$dir" ] || find "$dir" -name '*.[ch]'
done | sort | xargs -r -P 2 -n 1 sh -c '
    clang-format --dry-run -Werror --style=file "$0" >/dev/null 2>&1 ||
        echo "$0: not laid out as clang-format does (make format)"' | { ! grep .; }
