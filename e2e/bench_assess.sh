#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench_assess.sh [files|live]... (make bench-assess): the same work done by `assess` and by programs
# that people use for it (e2e/peers), one after the other and again, so that all meet the same machine:
#   files  a tree of 2,000 files, 8,000 objects, 5 MB (e2e/manifests.sh): kube-score
#   live   a real API server with PODS Pods: popeye
# Wall time is this script's own clock; CPU and the highest resident size are what the kernel says of
# the ended process (GNU time). Ends non-zero when a goal is missed. Use a release build.
#   RUNS=5   PODS=10000   FIGURES=FILE keeps every single figure   TREE=DIR another tree of manifests
set -euo pipefail

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$E2E")
# shellcheck source=e2e/proc.sh
source "$E2E/proc.sh"
# shellcheck source=e2e/compare.sh
source "$E2E/compare.sh"
# shellcheck source=e2e/operator.sh
source "$E2E/operator.sh"

version=${K8S_VERSION:-v1.36}
runs=${RUNS:-5}
pods=${PODS:-10000}
over=0
[ $# -gt 0 ] || set -- files live

program=$(operator_program "$ROOT") || exit 1
tools=$(cache_dir)/tools/bin
work=$(mktemp -d "${TMPDIR:-/tmp}/kube9-bench-assess.XXXXXX")
cluster=$work/cluster
figures=${FIGURES:-$work/figures}

# shellcheck disable=SC2317 # called by trap
finish() {
	local status=$?
	trap - EXIT
	trap '' INT TERM
	[[ ! -d $cluster ]] || "$E2E/cluster.sh" down "$cluster"
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

die() {
	echo "bench_assess.sh: $*" >&2
	exit 1
}

# PHASE WHO STATUSES COMMAND...: one run. STATUSES: a pattern of the exit statuses that are no failure.
# shellcheck disable=SC2317 # called through in_turn
measure() {
	local phase=$1 who=$2 statuses=$3 begin took status user system kb
	shift 3
	begin=${EPOCHREALTIME/./}
	status=0
	/usr/bin/time -q -f '%U %S %M' -o "$work/time" "$@" >"$work/$phase.$who" 2>"$work/$phase.$who.err" </dev/null || status=$?
	took=$((${EPOCHREALTIME/./} - begin))
	[[ $status =~ ^($statuses)$ && -s $work/$phase.$who ]] ||
		die "$who ended with $status: $(tail -n 3 "$work/$phase.$who.err")"
	read -r user system kb < <(tail -n 1 "$work/time")
	printf '%s %s %s %s %s\n' "$phase" "$who" "$took" \
		"$(awk "BEGIN {print ($user + $system) * 1e6}")" "$kb" >>"$figures"
	printf '  %-6s %-10s %8.3f s wall  %8.2f s CPU  %7d kB\n' "$phase" "$who" \
		"$(awk "BEGIN {print $took / 1e6}")" "$(awk "BEGIN {print $user + $system}")" "$kb"
}

# PHASE WHO COLUMN DIVISOR: "min median max"
spread() {
	awk -v p="$1" -v w="$2" -v c="$3" '$1 == p && $2 == w {print $c}' "$figures" | spread_of "$4"
}

# WHAT PHASE PEER COLUMN DIVISOR UNIT GOAL. GOAL: <0.06 of our median, or - for none.
row() {
	local what=$1 phase=$2 peer=$3 unit=$6 goal=$7 verdict='' a b
	read -r -a a < <(spread "$phase" "$peer" "$4" "$5")
	read -r -a b < <(spread "$phase" ours "$4" "$5")
	if [[ $goal != - ]]; then
		verdict=ok
		awk "BEGIN {exit !(${b[1]} > ${goal#<})}" && verdict=OVER
	fi
	[[ $verdict != OVER ]] || over=$((over + 1))
	printf '%-22s %-3s %9.3f %9.3f %9.3f | %9.3f %9.3f %9.3f | %6.1f %6s %s\n' "$what" "$unit" \
		"${a[@]}" "${b[@]}" "$(awk "BEGIN {print ${a[1]} / (${b[1]} > 0 ? ${b[1]} : 1)}")" "$goal" "$verdict"
}

# PHASE PEER WALL-GOAL MEMORY-GOAL
table() {
	printf '%-26s %29s | %29s | %6s %6s\n' '' "$2: min median max" "ours: min median max" times goal
	row "wall" "$1" "$2" 3 1000000 s "$3"
	row "CPU" "$1" "$2" 4 1000000 s -
	row "highest resident size" "$1" "$2" 5 976.5625 MB "$4"
}

# shellcheck disable=SC2317 # called through in_turn
judge_files() {
	case $1 in
	ours) measure files ours 0 "$program" assess "$tree" ;;
	kube-score) measure files kube-score '0|1' "$tools/kube-score" score "${manifests[@]}" ;;
	esac
}

bench_files() {
	"$E2E/build.sh" kube-score
	tree=${TREE:-$work/tree}
	[[ -n ${TREE:-} ]] || "$E2E/manifests.sh" "$tree"
	mapfile -t manifests < <(find "$tree" -name '*.yaml' | LC_ALL=C sort)
	echo "${#manifests[@]} files, $(cat "${manifests[@]}" | grep -c '^kind:') objects, $(cat "${manifests[@]}" | wc -c) bytes"
	in_turn judge_files kube-score ours
	echo "findings: ours $(grep -cE '^(critical|high|medium|low) ' "$work/files.ours"), kube-score $(grep -cE '\[(CRITICAL|WARNING)\]' "$work/files.kube-score")"
	table files kube-score '<0.06' '<13'
}

# Who meets a time-out goes on without what it has not read, and says so nowhere but in its counts.
# shellcheck disable=SC2317 # called through in_turn
judge_live() {
	case $1 in
	ours)
		measure live ours 0 "$program" assess --live --kubeconfig "$KUBECONFIG"
		! grep -q 'no permission\|could not be read' "$work/live.ours.err" || die "ours: $(cat "$work/live.ours.err")"
		;;
	popeye)
		HOME=$work measure live popeye 0 "$tools/popeye" --kubeconfig "$KUBECONFIG" -A --force-exit-zero --request-timeout 600s
		grep -q "PODS ($pods SCANNED)" "$work/live.popeye" ||
			die "popeye did not scan $pods Pods: $(grep -o '[A-Z]* ([0-9]* SCANNED)' "$work/live.popeye" | tr '\n' ' ')"
		;;
	esac
}

bench_live() {
	"$E2E/build.sh" "$version"
	"$E2E/build.sh" popeye
	export KUBECONFIG=$cluster/kubeconfig
	"$E2E/cluster.sh" up "$cluster" --version "$version" >/dev/null
	"$tools/k9e2e" load -kubeconfig "$KUBECONFIG" -pods "$pods" -owners $((pods / 5)) >/dev/null
	echo "real API server, $pods Pods"
	in_turn judge_live popeye ours
	table live popeye - -
}

peer_version() {
	sed -n "s|^\t$2 \(v[0-9.]*\).*|\1|p" "$E2E/peers/$1/go.mod"
}

: >"$figures"
echo "kube-score $(peer_version kube-score github.com/zegl/kube-score), popeye $(peer_version popeye github.com/derailed/popeye), $(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg), $runs runs each"
for part in "$@"; do
	case $part in
	files | live) "bench_$part" ;;
	*) die "unknown part '$part': files, live" ;;
	esac
done
echo "load $(cut -d' ' -f1-3 /proc/loadavg); $over over"
((over == 0))
