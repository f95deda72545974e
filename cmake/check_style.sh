#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What clang-format and clang-tidy cannot see: each source file opens with its licence, has a name
# with a noun in it, and is finished. Shell scripts pass shellcheck. Runs from the source root.
set -eu

tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT

{
    for dir in base apis informer store controller cmd; do
        [ ! -d "$dir" ] || find "$dir" -name '*.[ch]' -o -name '*.def'
    done | sort | while read -r file; do
        head -n 1 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
            echo "$file:1: the first line is the SPDX line"
        grep -nHwE 'TODO|FIXME|XXX|HACK' "$file" || true
        case ${file##*/} in
        util.? | utils.? | common.? | misc.? | helper.? | helpers.?)
            echo "$file: name it after what it holds" ;;
        esac
    done

    find cmake e2e .ci deploy -type f \( -name '*.sh' -o -path '.ci/*' \) 2>/dev/null |
        grep -v '/node_modules/' | sort | while read -r script; do
        [ -x "$script" ] || ! head -c 2 "$script" | grep -q '#!' ||
            echo "$script: has an interpreter line but is not executable"
        shellcheck -x -S warning -f gcc "$script" 2>/dev/null || true
    done
} >"$tmp"

cat "$tmp"
[ ! -s "$tmp" ]
