#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# peers.sh (make bench-peers): the same work done by client-go (e2e/peers) and by our library
# (informer/bench_follow.c), one after the other and again, so that both meet the same machine:
#   1. first list of PODS Pods and 10,000 updates of them, against a real API server
#   2. RATE updates a second, against those Pods recorded (k9e2e replay)
#   3. first list of ten times as many recorded Pods
# client-go asks for protobuf and gets it in 1; recorded Pods are JSON, for both.
# Both programs say themselves what they have used (getrusage, /proc/self/status). Ends non-zero when
# a goal is missed. Use a release build.
#   PODS=10000  RUNS=3  RATE=5000  UPDATES=10000  COPIES=10
#   FIGURES=FILE  keeps every single figure    LIST=FILE  Pods recorded before: only 2 and 3
set -euo pipefail

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$E2E")
# shellcheck source=e2e/proc.sh
source "$E2E/proc.sh"
# shellcheck source=e2e/compare.sh
source "$E2E/compare.sh"

version=${K8S_VERSION:-v1.36}
pods=${PODS:-10000}
runs=${RUNS:-3}
rate=${RATE:-5000}
updates=${UPDATES:-10000}
copies=${COPIES:-10}
owners=$((pods / 5))
ours=${FOLLOWER_PROGRAM:-$ROOT/build/release/bench_follow}
over=0

[[ -x $ours ]] || {
	echo "peers.sh: $ours is not built: cmake/build.sh release" >&2
	exit 1
}
"$E2E/build.sh" "$version" peers
theirs=$(cache_dir)/tools/bin/peer-informer
k9e2e=$(cache_dir)/tools/bin/k9e2e
KUBECTL=$(cache_dir)/$version/bin/kubectl
work=$(mktemp -d "${TMPDIR:-/tmp}/kube9-peers.XXXXXX")
cluster=$work/cluster
export KUBECONFIG=$cluster/kubeconfig
figures=${FIGURES:-$work/figures}
list=${LIST:-}
tapefile=$work/tape.pid

# shellcheck disable=SC2317 # called by trap
finish() {
	local status=$?
	trap - EXIT
	trap '' INT TERM
	[[ -z ${FOLLOWER_PID:-} ]] || kill "$FOLLOWER_PID" 2>/dev/null || true
	proc_stop "$tapefile" 2
	"$E2E/cluster.sh" down "$cluster"
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

die() {
	echo "peers.sh: $*" >&2
	exit 1
}

# The next line of figures of the follower, into the table `said`.
declare -A said
hear() {
	local line word
	read -r -t 180 line <&"${FOLLOWER[0]}" || die "$who said nothing more: $(tail -n 3 "$work/follower.log")"
	said=()
	for word in $line; do
		said[${word%%=*}]=${word#*=}
	done
}

# WHO KUBECONFIG COUNT: starts one and waits until it holds so many Pods.
follow() {
	who=$1
	case $who in
	ours) coproc FOLLOWER { exec "$ours" "$2" 2>"$work/follower.log"; } ;;
	client-go) coproc FOLLOWER { exec "$theirs" -kubeconfig "$2" 2>"$work/follower.log"; } ;;
	json) coproc FOLLOWER { exec "$theirs" -json -kubeconfig "$2" 2>"$work/follower.log"; } ;;
	esac
	hear
	((said[objects] == $3)) || die "$who holds ${said[objects]} Pods, not $3"
}

# VERSION: waits until the follower has seen it.
follow_until() {
	local updates=${said[updates]} cpu=${said[cpu_us]}
	echo "$1" >&"${FOLLOWER[1]}"
	hear
	((said[updates] > updates)) || die "$who saw no update"
	said[each_us]=$(awk "BEGIN {print (${said[cpu_us]} - $cpu) / (${said[updates]} - $updates)}")
}

unfollow() {
	local pid=$FOLLOWER_PID in=${FOLLOWER[1]}
	exec {in}>&-
	wait "$pid" || die "$who ended badly: $(tail -n 3 "$work/follower.log")"
}

# PHASE MEMBER...: keeps figures of what was said last.
keep() {
	local phase=$1 member
	shift
	for member in "$@"; do
		echo "$phase $who $member ${said[$member]}" >>"$figures"
	done
	printf '  %-8s %-9s' "$phase" "$who"
	for member in "$@"; do
		printf ' %s=%s' "$member" "${said[$member]}"
	done
	echo
}

# The version of a Pod that is changed after all others.
last_version() {
	"$KUBECTL" annotate pod -n load-0 team-0000-000 "example.com/last=$(date +%s%N)" --overwrite \
		-o 'jsonpath={.metadata.resourceVersion}'
}

measure_real() {
	follow "$1" "$KUBECONFIG" "$pods"
	keep sync cpu_us rss_kb hwm_kb
	[[ $1 != json ]] || {
		unfollow
		return 0
	}
	"$k9e2e" update -kubeconfig "$KUBECONFIG" -pods "$pods" -owners "$owners" -count "$updates" \
		-first "$(date +%s)" >/dev/null
	follow_until "$(last_version)"
	keep updated updates each_us rss_kb hwm_kb
	unfollow
}

# COPIES
tape_start() {
	local address
	address=127.0.0.1:$(free_port)
	sed "s|server: .*|server: https://$address|" "$cluster/kubeconfig" >"$work/tape.kubeconfig"
	chmod 600 "$work/tape.kubeconfig"
	proc_start "$tapefile" "$work/tape.log" "$k9e2e" replay -from "${list:-$work/pods.json}" -copies "$1" \
		-listen "$address" -cert "$cluster/pki/server.crt" -key "$cluster/pki/server.key"
	until curl -sk -o /dev/null --max-time 1 "https://$address/healthz"; do
		proc_alive "$tapefile" || die "k9e2e replay ended: $(cat "$work/tape.log")"
		sleep 0.1
	done
	tape=https://$address
}

measure_rate() {
	local answer
	follow "$1" "$work/tape.kubeconfig" "$pods"
	keep taped cpu_us rss_kb hwm_kb
	answer=$(curl -sk --max-time 120 -d '' "$tape/replay?count=$((rate * 5))&rate=$rate")
	follow_until "$(sed -n 's/.* up to \([0-9]*\),.*/\1/p' <<<"$answer")"
	said[per_second]=$(sed -n 's|.* \([0-9]*\)/s$|\1|p' <<<"$answer")
	keep rate per_second updates each_us p50_us p99_us rss_kb hwm_kb
	unfollow
}

measure_big() {
	follow "$1" "$work/tape.kubeconfig" $((pods * copies))
	keep big cpu_us rss_kb hwm_kb
	unfollow
}

# PHASE WHO MEMBER DIVISOR: "min median max"
spread() {
	awk -v p="$1" -v w="$2" -v m="$3" '$1 == p && $2 == w && $3 == m {print $4}' "$figures" | spread_of "$4"
}

# WHAT PHASE MEMBER DIVISOR UNIT GOAL [PEER]. GOAL: 1/6 of the peer's median, <2.00, or - for none.
row() {
	local a b verdict=''
	a=$(spread "$2" "${7:-client-go}" "$3" "$4")
	b=$(spread "$2" ours "$3" "$4")
	[[ $6 == - ]] || verdict=ok
	# shellcheck disable=SC2086
	set -- "$1" "$5" "$6" $a $b
	case $3 in
	1/*) awk "BEGIN {exit !($8 > $5 / ${3#1/})}" && verdict=MISSED ;;
	'<'*) awk "BEGIN {exit !($8 >= ${3#<})}" && verdict=MISSED ;;
	esac
	[[ $verdict != MISSED ]] || over=$((over + 1))
	printf '%-34s %-3s %8.2f %8.2f %8.2f | %8.2f %8.2f %8.2f | %5.1f %6s %s\n' "$1" "$2" "$4" "$5" "$6" \
		"$7" "$8" "$9" "$(awk "BEGIN {print $5 / ($8 > 0 ? $8 : 1)}")" "$3" "$verdict"
}

readonly mb=976.5625 # kB of 1024 in a MB of 1000000

table_real() {
	echo "real API server, $pods Pods"
	row "first sync: CPU" sync cpu_us 1000 ms 1/3
	row "  VmRSS" sync rss_kb $mb MB 1/6
	row "  highest so far" sync hwm_kb $mb MB 1/6
	row "after $updates updates: VmRSS" updated rss_kb $mb MB 1/6
	row "  highest so far" updated hwm_kb $mb MB 1/6
	row "  CPU for one" updated each_us 1 us -
	row "client-go with JSON: sync CPU" sync cpu_us 1000 ms - json
	row "  VmRSS" sync rss_kb $mb MB - json
}

table() {
	printf '%-34s %-3s %26s | %26s | %5s %6s\n' '' '' "client-go: min median max" "ours: min median max" times goal
	[[ -n $list ]] || table_real
	echo "recorded, $pods Pods, $rate updates/s"
	row "first sync: CPU" taped cpu_us 1000 ms 1/3
	row "updates: CPU for one" rate each_us 1 us 1/8
	row "  from sending to handler, p50" rate p50_us 1000 ms -
	row "  p99" rate p99_us 1000 ms '<2.00'
	row "  VmRSS afterwards" rate rss_kb $mb MB 1/6
	echo "recorded, $((pods * copies)) Pods"
	row "first sync: CPU" big cpu_us 1000 ms 1/3
	row "  VmRSS" big rss_kb $mb MB 1/6
	row "  highest so far" big hwm_kb $mb MB 1/6
}

: >"$figures"
echo "client-go $(sed -n 's|.*k8s.io/client-go ||p' "$E2E/peers/go.mod"), Kubernetes $version, $(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg), $runs runs each"
"$E2E/cluster.sh" up "$cluster" --version "$version" >/dev/null
if [[ -z $list ]]; then
	"$k9e2e" load -kubeconfig "$KUBECONFIG" -pods "$pods" -owners "$owners"
	"$KUBECTL" get --raw /api/v1/pods >"$work/pods.json"
	in_turn measure_real client-go ours json
fi
"$E2E/cluster.sh" stop "$cluster"
tape_start 1
in_turn measure_rate client-go ours
proc_stop "$tapefile" 2
tape_start "$copies"
in_turn measure_big client-go ours
echo
table
echo "load $(cut -d' ' -f1-3 /proc/loadavg); $over over"
((over == 0))
