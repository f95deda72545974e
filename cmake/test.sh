#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the tests in stages and adds up what their runners report. Every stage runs, also after one
# that failed; the last line is "N passed, N failed" over all of them, and the exit status follows it.
# A runner's count is read from its own closing line (ctest's, or "N passed, N failed"); a stage
# without a runner of its own, such as a build, counts as one. A runner that ends badly or says no
# count adds a failure, so that nothing can pass by being silent.
#
# usage: cmake/test.sh [STAGE...]   stages below; none: all. "fast" is the developer's inner loop.
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
# Tests never reach for a developer's cluster.
unset KUBECONFIG

all='deps gcc clang release image chart asan tsan lint tidy fuzz e2e-1.36 e2e-1.30 node soak'
[ $# -gt 0 ] || set -- $all
[ "$*" != fast ] || set -- gcc-tests
passed=0
failed=0
skipped=0
bad=
log=$(mktemp)
failures=$(mktemp)
trap 'rm -f "$log" "$failures"' EXIT
trap 'exit 130' INT TERM

build() {
    cmake/build.sh "$@"
}

# ctest in one build folder; what it prints ends with its own summary.
unit() {
    local preset=$1
    shift
    (cd "build/$preset" && ctest --output-on-failure --no-tests=error -j 2 --progress "$@")
}

e2e() {
    e2e/run.sh --version "$1"
}

stage() {
    case $1 in
    deps) cmake/deps.sh && cmake/schemas.sh && cmake/pss.sh ;;
    gcc) build dev ;;
    gcc-tests) cmake/pss.sh && build dev && unit dev ;;
    clang) build dev-clang && unit dev-clang -LE lint ;;
    release) build release kube9-operator && cmake/test_install.sh build/release ;;
    image) build release kube9-operator && deploy/image/test.sh build/release/kube9-operator ;;
    chart) e2e/build.sh helm && build dev kube9-operator && deploy/tests/chart.sh build/dev/kube9-operator ;;
    asan) build asan && unit asan ;;
    tsan) build tsan && unit tsan ;;
    lint) build dev && unit dev -L lint ;;
    tidy) cmake/tidy.sh ;;
    fuzz) build fuzz && FUZZ_SEED=${FUZZ_SEED:-4} cmake/fuzz.sh ;;
    e2e-*) build dev kube9-operator && e2e "v${1#e2e-}" ;;
    node)
        if e2e/node.sh check >/dev/null; then
            build release kube9-operator && deploy/image/image.sh build/release/kube9-operator || return
        fi
        e2e/node/test.sh
        ;;
    soak) build dev kube9-operator kube9-follow && MINUTES=0.7 PODS=300 e2e/soak.sh ;;
    *) echo "no such stage: $1 (there are: $all)"; return 2 ;;
    esac
}

# Reads the stage's count from its log into p and f.
count() {
    local rc=$1 total
    p=0 f=0 s=0
    if grep -qE '^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+' "$log"; then
        read -r f total < <(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests failed out of ([0-9]+).*/\1 \2/p' \
            "$log" | tail -n 1)
        s=$(grep -cE '\*\*\*Skipped' "$log")
        p=$((total - f - s))
    elif grep -qE '^[0-9]+ passed, [0-9]+ failed' "$log"; then
        read -r p f s < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?.*/\1 \2 \4/p' \
            "$log" | tail -n 1)
        s=${s:-0}
    elif [[ $2 == e2e-* || $2 == fuzz || $2 == soak || $2 == image || $2 == chart || $2 == node ]]; then
        [ "$rc" != 0 ] || echo "$2 ended well but said no count"
        f=1
    elif [ "$rc" = 0 ]; then
        p=1
    fi
    [ "$rc" = 0 ] || [ "$f" -gt 0 ] || f=1
}

# What a failed stage said of its failure, for the end, where a reader of a long log looks first:
# the lines that name one, or the last lines of all.
remember() {
    local lines
    lines=$(grep -nE 'FAILED|\*\*\*(Failed|Timeout|Exception)|not ok|[Ee]rror:|ERROR|SUMMARY|VIOLATION|to replay|(OVER|UNDER)$' "$log" |
        tail -n 30)
    {
        echo "-- what $1 said:"
        if [ -n "$lines" ]; then
            echo "$lines"
        else
            tail -n 30 "$log"
        fi
    } | cut -c1-400 >>"$failures"
}

for name in "$@"; do
    start=$SECONDS
    echo "== $name"
    stage "$name" 2>&1 | tee "$log"
    count "${PIPESTATUS[0]}" "$name"
    passed=$((passed + p))
    failed=$((failed + f))
    skipped=$((skipped + s))
    [ "$f" = 0 ] || { bad="$bad $name" && remember "$name"; }
    echo "== $name: $p passed, $f failed, $s skipped, $((SECONDS - start)) s"
done

cat "$failures"
[ -z "$bad" ] || echo "failed:$bad"
echo "all stages: $SECONDS s"
if [ "$skipped" = 0 ]; then
    echo "$passed passed, $failed failed"
else
    echo "$passed passed, $failed failed, $skipped skipped"
fi
[ "$failed" = 0 ]
