#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Configures (once) and builds one preset: cmake/build.sh dev [target...]. Ninja prints what goes
# wrong and, on a terminal, one line of progress; KUBE9_JOBS limits how many compilers run.
set -eu

cd "$(dirname "$0")/.."
preset=$1
shift

if [ ! -f "build/$preset/build.ninja" ]; then
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    echo "configuring build/$preset"
    cmake --preset "$preset" >"$log" || {
        cat "$log" >&2
        exit 1
    }
    echo "building build/$preset (the first time one to three minutes)"
fi
quiet=--quiet
[ ! -t 1 ] || quiet=
export NINJA_STATUS='  [%f of %t] '
# shellcheck disable=SC2086
exec ninja $quiet -C "build/$preset" -k 0 ${KUBE9_JOBS:+-j "$KUBE9_JOBS"} "$@"
