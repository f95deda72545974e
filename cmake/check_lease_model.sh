#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Searches all states of informer/lease.pml for two writers at a time, then takes away one rule of
# the protocol after the other and demands that the search finds them: a model that finds nothing
# proves nothing. Prints the states seen and, for each rule, the length of the shortest way to two
# writers. MODEL_FULL=1 searches with ticks half as long, too (14 s of CPU). KEEP=1 leaves the
# searches in build/lease-model; in one of its folders
# `spin -t -p -k lease.pml.trail -DRULE ../../../informer/lease.pml` shows the way found.
set -eu

cd "$(dirname "$0")/.."
command -v spin >/dev/null || {
    echo "spin is missing: run cmake/deps.sh" >&2
    exit 1
}
model=$PWD/informer/lease.pml
out=$PWD/build/lease-model
rm -rf "$out"
mkdir -p "$out"
[ -n "${KEEP:-}" ] || trap 'rm -rf "$out"' EXIT
passed=0
failed=0

# NAME CFLAGS -D...: makes and runs the search; its report is $out/NAME/log.
search() {
    dir=$out/$1
    cflags=$2
    shift 2
    mkdir "$dir"
    (
        cd "$dir"
        spin -a "$@" "$model" >spin.log
        # shellcheck disable=SC2086
        cc -w -DSAFETY -DMEMLIM=8000 $cflags -o pan pan.c
        ./pan -n -m2000000 >log 2>&1
    ) || {
        cat "$dir/spin.log" "$dir/log" 2>/dev/null || true
        return 1
    }
}

# NAME CFLAGS -D...: no state with two writers, and the search came to its end.
holds() {
    search "$@" || { failed=$((failed + 1)); return; }
    if grep -q 'errors: 0$' "$out/$1/log" && ! grep -qiE 'search not completed|max search depth|out of memory' "$out/$1/log"; then
        states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$out/$1/log")
        printf '  %-22s never two writers: %s states\n' "$1" "$states"
        passed=$((passed + 1))
    else
        echo "  $1: FAILED"
        tail -n 20 "$out/$1/log"
        failed=$((failed + 1))
    fi
}

# RULE -D...: without it there are two writers.
breaks() {
    name=$1
    shift
    search "$name" "-O0 -DBFS" "$@" || { failed=$((failed + 1)); return; }
    depth_found=$(sed -n 's/^pan:1: assertion violated .*(at depth \([0-9]*\))$/\1/p' "$out/$name/log")
    if [ -n "$depth_found" ]; then
        printf '  %-22s two writers after %s steps, as it must be\n' "$name" "$depth_found"
        passed=$((passed + 1))
    else
        echo "  $name: FAILED: the model does not need this rule"
        tail -n 20 "$out/$name/log"
        failed=$((failed + 1))
    fi
}

holds two-candidates '-O2 -DCOLLAPSE'
breaks no-fence -DNO_FENCE
breaks fence-too-long -DDEADLINE=4 -DLATE=0
breaks no-resource-version -DNO_RESOURCE_VERSION
breaks by-wall-clock -DWALL_CLOCK
breaks blind-release -DBLIND_RELEASE
breaks write-too-late -DLATE=2
if [ -n "${MODEL_FULL:-}" ]; then
    holds shorter-ticks '-O2 -DCOLLAPSE' -DDURATION=6 -DDEADLINE=4
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
