#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs every fuzzer of build/fuzz for FUZZ_SECONDS (default 5), two at a time, from its committed
# corpus. What it finds on the way grows build/fuzz/corpus/, a crash is left in build/fuzz/crashes/.
# The last line is "N passed, N failed".
set -eu

cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-5}
dir=build/fuzz
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

one() {
    target=$1
    seeds=$2
    mkdir -p "$dir/corpus/$target" "$dir/crashes"
    set -- -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=65536 \
        -artifact_prefix="$dir/crashes/$target-" -print_final_stats=1 "$dir/corpus/$target"
    [ ! -d "$seeds" ] || set -- "$@" "$seeds"
    [ ! -f "$seeds.dict" ] || set -- "$@" -dict="$seeds.dict"
    if "$dir/$target" "$@" >"$out/$target.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$target.log")
        echo "  $target: $runs inputs"
        echo ok >"$out/$target.result"
    else
        echo "  $target: FAILED"
        grep -vE '^#[0-9]+\s+(NEW|REDUCE|pulse)' "$out/$target.log" | tail -n 40
        echo failed >"$out/$target.result"
    fi
}

# fuzzers.txt is written by CMake: target and corpus folder, one fuzzer a line.
[ -f "$dir/fuzzers.txt" ] || {
    echo "no $dir/fuzzers.txt: cmake/build.sh fuzz first" >&2
    exit 1
}
while read -r target seeds; do
    one "$target" "$seeds" &
    # Two at a time, in pairs: each runs for the same time anyway.
    if [ -n "${pair:-}" ]; then
        wait
        pair=
    else
        pair=1
    fi
done <"$dir/fuzzers.txt"
wait

passed=$(cat "$out"/*.result 2>/dev/null | grep -c ok || true)
failed=$(($(wc -l <"$dir/fuzzers.txt") - passed))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
