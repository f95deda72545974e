#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Lists every function and variable that a file exports and no other object uses, tests included: it
# wants to be static, or it is dead. Reads the objects of a finished build (default build/dev). For a
# person to read: a library's interface may be wider than its first user, so it is no gate.
set -eu

cd "$(dirname "$0")/.."
build=build/${1:-dev}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

find "$build/CMakeFiles" -name '*.c.o' | sort >"$tmp/objects"
[ -s "$tmp/objects" ] || {
    echo "no objects in $build: build it first" >&2
    exit 1
}
# object:symbol type
xargs nm -A --no-sort <"$tmp/objects" | sed -E 's/^([^:]*):[0-9a-f ]*([A-Za-z]) (.*)/\1 \2 \3/' >"$tmp/symbols"

awk '
    { source = $1; sub(/^.*\.dir\//, "", source); sub(/\.o$/, "", source) }
    $2 == "U" { used[$3] = 1 }
    $2 ~ /^[TDBRC]$/ { where[$3] = source }
    END {
        for (s in where)
            if (!(s in used) && s != "main" && s != "LLVMFuzzerTestOneInput" && \
                where[s] !~ /\/(test|fuzz|bench|fake)_/)
                print where[s] ": " s " is used nowhere else: make it static or remove it"
    }
' "$tmp/symbols" | grep -v ': __' | sort | { ! grep .; }
