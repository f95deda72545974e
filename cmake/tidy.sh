#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# clang-tidy over the sources of the product, two at a time; any warning fails.
# usage: cmake/tidy.sh [FILE...]     all files of build/dev-clang when none is named
set -eu

cd "$(dirname "$0")/.."
db=build/${TIDY_PRESET:-dev-clang}
[ -f "$db/compile_commands.json" ] || cmake --preset "${TIDY_PRESET:-dev-clang}" >/dev/null

# Tests are left out: cmocka's macros alone cost more than the rules find there.
if [ $# = 0 ]; then
    # shellcheck disable=SC2046
    set -- $(jq -r '.[].file' "$db/compile_commands.json" | sort -u |
        grep -vE '/(test|bench|fake|fuzz)_[^/]*$')
fi
[ $# -gt 0 ] || exit 0

# A file passes or is printed whole; "N warnings generated" is about system headers. The file that
# defines the error functions cannot have them as macros.
# shellcheck disable=SC2016
printf '%s\n' "$@" | DB=$db xargs -P 2 -n 1 sh -c '
    set -- --extra-arg="-include$PWD/cmake/analyzer.h"
    case $0 in
    *base/error.c) set -- ;;
    *apis/decode_*.c) set -- "$@" --extra-arg=-DANALYZE_DECODER ;;
    esac
    exec clang-tidy --quiet -p "$DB" "$@" "$0"' 2>&1 |
    grep -vE '^[0-9]+ warnings? (generated|treated as error)' | { ! grep .; }
