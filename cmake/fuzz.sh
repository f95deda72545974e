#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs every fuzzer of build/fuzz for FUZZ_SECONDS (default 20), as many at a time as there are
# processors (FUZZ_JOBS), each from its committed corpus and dictionary. FUZZ_TARGETS="split cron"
# runs these alone. FUZZ_SEED makes the inputs the same each time: `make test` has one, so that what
# it finds follows from the change and not from luck; without it each run looks elsewhere. What it finds on the way grows build/fuzz/corpus/; an input that breaks a target
# is left in build/fuzz/crashes/ with the command that replays it.
# The last line is "N passed, N failed".
set -euo pipefail

cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-20}
jobs=${FUZZ_JOBS:-$(nproc)}
dir=build/fuzz
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# What libFuzzer said about itself: inputs, inputs per second, edges seen.
figures() {
    local log=$1 runs cov
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    cov=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    echo "$runs inputs, $((runs / (seconds > 0 ? seconds : 1)))/s, $cov edges"
}

one() {
    local target=$1 seeds=$2 log=$out/$1.log at=$3
    mkdir -p "$dir/corpus/$target" "$dir/crashes"
    set -- -seed="${FUZZ_SEED:-0}" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -max_len=65536 \
        -artifact_prefix="$dir/crashes/$target-" -print_final_stats=1 "$dir/corpus/$target"
    [ ! -d "$seeds" ] || set -- "$@" "$seeds"
    [ ! -f "$seeds.dict" ] || set -- "$@" -dict="$seeds.dict"
    if "$dir/$target" "$@" >"$log" 2>&1; then
        echo "  [$at] $target: $(figures "$log")"
        echo ok >"$out/$target.result"
    else
        echo "  [$at] $target: FAILED; to replay: $dir/$target $(
            sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)"
        grep -vE '^#[0-9]+\s+(NEW|REDUCE|pulse)' "$log" | tail -n 40
        echo failed >"$out/$target.result"
    fi
}

# fuzzers.txt is written by CMake: target and corpus folder, one fuzzer a line.
[ -f "$dir/fuzzers.txt" ] || {
    echo "no $dir/fuzzers.txt: cmake/build.sh fuzz first" >&2
    exit 1
}
wanted() {
    [ -z "${FUZZ_TARGETS:-}" ] || [[ " $FUZZ_TARGETS " == *" ${1#fuzz_} "* ]]
}
mapfile -t lines < <(while read -r target seeds; do
    ! wanted "$target" || echo "$target $seeds"
done <"$dir/fuzzers.txt")
n=${#lines[@]}
echo "  $n fuzzers, $seconds s each, $jobs at a time: about $(((n + jobs - 1) / jobs * seconds)) s"
for ((i = 0; i < n; i++)); do
    [ "$(jobs -pr | wc -l)" -lt "$jobs" ] || wait -n || true
    read -r target seeds <<<"${lines[i]}"
    one "$target" "$seeds" "$((i + 1))/$n" &
done
wait

passed=$(cat "$out"/*.result 2>/dev/null | grep -c ok || true)
failed=$((n - passed))
echo "$passed passed, $failed failed"
[ "$n" -gt 0 ] && [ "$failed" = 0 ]
