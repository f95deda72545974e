#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What people give to `assess` by mistake or in bad faith: the program itself ends in time, says in
# one line what is wrong and where, judges the rest, and stays small.
#
# usage: cmake/test_manifests.sh BUILD    e.g. build/dev; the last line is "N passed, N failed"
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
program=$PWD/$1/kube9-operator
[ -x "$program" ] || { echo "$program is not built"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
passed=0 failed=0
limit_kb=500000 # sanitizers take several times what the program does

pod() {
    printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  containers:\n  - name: c\n    image: x:1\n    securityContext: {privileged: true}\n' "$1"
}

# STATUS JUDGED REGEXP WHAT ARGUMENTS...: how it ends, how many Pods it finds privileged, what stands on
# stderr ("" nothing). stdin is the caller's.
ends() {
    local status=0 judged kb want=$1 pods=$2 pattern=$3 what=$4 why=
    shift 4
    /usr/bin/time -q -f %M -o "$work/kb" timeout 60 "$program" assess "$@" \
        --check security/privileged-container -o json >"$work/out" 2>"$work/err" || status=$?
    kb=$(tail -n 1 "$work/kb")
    judged=$(jq '.findings | length' "$work/out" 2>/dev/null) || judged=none
    [ "$status" = "$want" ] || why="exit status $status, not $want"
    [ "${judged:-0}" = "$pods" ] || why="$why; ${judged:-0} Pods judged, not $pods"
    if [ -n "$pattern" ]; then
        grep -qE -- "$pattern" "$work/err" || why="$why; stderr does not say /$pattern/"
    else
        [ ! -s "$work/err" ] || why="$why; stderr is not empty"
    fi
    [ "$(wc -l <"$work/err")" -le 2 ] || why="$why; $(wc -l <"$work/err") lines on stderr"
    [ "$kb" -le "$limit_kb" ] || why="$why; $kb kB resident"
    if [ -z "$why" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $what: $why"
        head -n 5 "$work/err"
    fi
}

mkdir good empty links chart chart/templates mixed
pod good >good/pod.yaml
ends 0 1 '' "a directory" good
ends 0 1 '' "a file by another name" good/../good/pod.yaml
ends 1 0 '"details":"no/such: cannot be read: No such file' "no such path" no/such
ends 1 1 'no/such: cannot be read' "no such path beside one that is there" good no/such
ends 1 0 'empty: holds no \*\.yaml' "an empty directory" empty
ends 2 0 'name what is to be assessed' "nothing"
ends 2 0 'either --live or files' "files and --live" good --live
ends 2 0 "no version such as" "a version of another kind" good --kubernetes-version=latest
ends 2 0 "unknown flag '--bogus'" "an unknown flag" good --bogus
ends 3 1 '' "a gate" good --fail-on critical

mkfifo pipe
mkdir piped && pod a >piped/a.yaml && mkfifo piped/b.yaml
ends 1 0 'pipe: is a pipe, not a file' "a pipe" pipe
ends 1 1 'piped/b.yaml: is a pipe' "a pipe among files" piped
ends 1 0 '/dev/zero: is a device' "a device" /dev/zero
head -c 100000000 /dev/zero >huge.yaml
ends 1 0 'huge.yaml: is larger than 64 MiB \(100000000 bytes\)' "100 MB" huge.yaml
yes 'a: b' | head -c 100000000 >huge
ends 1 0 'stdin: is larger than 64 MiB' "100 MB on stdin" - <huge
rm huge huge.yaml
ends 1 0 'stdin: no object' "an empty stdin" - </dev/null
ends 1 0 'stdin: cannot be read' "a closed stdin" - <&-
pod in | ends 0 1 '' "stdin" -

ln -s . links/loop
ln -s ../links links/again
pod l >links/pod.yaml
ends 0 1 '' "links in a circle" links
ln -s nowhere links/gone.yaml
ends 1 1 'links/gone.yaml: cannot be read' "a link to nowhere" links

printf 'name: c\n' >chart/Chart.yaml
printf 'replicas: {{ .Values.replicas }}\n' >chart/templates/a.yaml
printf '{{- range .Values.x }}\n{{- end }}\n' >chart/templates/b.yaml
ends 1 0 'chart: is a Helm chart, and 2 of .*helm template chart \| kube9-operator assess -' "a chart" chart
ends 1 1 'is a Helm chart' "a chart beside manifests" chart good

pod m >mixed/a.yaml
printf 'a: [1,\nb: 2\n' >mixed/b.yaml
ends 1 1 'mixed/b.yaml:3: did not find' "broken YAML beside good" mixed
printf '{"a":\n1,\n}' >mixed/b.json && rm mixed/b.yaml
ends 1 1 'mixed/b.json:2: trailing comma' "broken JSON beside good" mixed
rm mixed/b.json
printf 'values: 1\n' >mixed/values.yaml
printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n' >mixed/kustomization.yaml
printf 'apiVersion: example.com/v1\nkind: Thing\n' >mixed/thing.yaml
ends 0 1 '4 files read: 1 objects; left out: 1 of kinds .*, 2 documents' "what is no object" mixed
pod m >mixed/z.yml
ends 0 1 'mixed/z.yml:1: Pod default/m is given twice; .* mixed/a.yaml:1' "an object in two files" mixed

printf '\xff\xfea\0:\0' >utf16.yaml
ends 1 0 'utf16.yaml: is UTF-16: save it as UTF-8' "UTF-16" utf16.yaml
printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  hostPID: "yes"\n' >type.yaml
ends 1 0 'type.yaml:5: spec.hostPID must be true or false' "a wrong type" type.yaml
printf 'apiVersion: v1\nkind: Pod\nspec: {}\n' >nameless.yaml
ends 1 0 'nameless.yaml:1: metadata is missing' "no name" nameless.yaml
{
    echo 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
    for i in 1 2 3 4 5 6 7 8 9; do
        p="*a$((i - 1))"
        echo "a$i: &a$i [$p, $p, $p, $p, $p, $p, $p, $p, $p]"
    done
} >bomb.yaml
ends 1 0 'bomb.yaml:[0-9]+: more than 2000000 values' "a bomb of aliases" bomb.yaml
printf 'a: &a\n  b: *a\n' >ring.yaml
ends 1 0 "ring.yaml:2: alias '\*a' contains itself" "a ring" ring.yaml
head -c 200000 /dev/zero | tr '\0' '[' >deep.json
ends 1 0 'deep.json:1: ' "200,000 brackets" deep.json
cp deep.json deep.yaml
ends 1 0 'deep.yaml:1: deeper than 64 levels' "200,000 brackets as YAML" deep.yaml
pod 'a, b: {' >"$(printf 'line\nbreak.yaml')"
ends 1 0 'line[?\\]n?break.yaml:' "a name of two lines" "$(printf 'line\nbreak.yaml')"

"$program" assess good 2>"$work/err" | head -n 1 >/dev/null
[ ! -s "$work/err" ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAILED: a reader that has seen enough"; }

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
