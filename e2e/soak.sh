#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# soak.sh (make soak): the operator and kube9-follow watch a cluster that never rests, through a proxy
# that breaks 1 % of their requests and a share of their watch lines. Sampled: memory, descriptors,
# threads, CPU, log; compared every minute with a list straight from the server: every cache, and
# what a subscriber was told. Use a release build: OPERATOR=build/release/kube9-operator.
#   MINUTES=60     how long; below 15 everything happens more often
#   RATE=40        changes of the cluster per second     PODS=1000   that nothing changes
#   REQUESTS=0.01  share of requests with a fault        LINES=0.002 share of watch lines with one
#   SEED=1         of changes and faults                 OUT=DIR     where logs, soak.csv and soak.svg stay
set -euo pipefail

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$E2E")
# shellcheck source=e2e/proc.sh
source "$E2E/proc.sh"
# shellcheck source=e2e/operator.sh
source "$E2E/operator.sh"

version=${K8S_VERSION:-v1.36}
minutes=${MINUTES:-60}
seed=${SEED:-1}

program=$(operator_program "$ROOT") || exit 1
follow=$(dirname "$program")/kube9-follow
[[ -x $follow ]] || {
	echo "soak.sh: $follow is not built" >&2
	exit 1
}
"$E2E/build.sh" "$version"
work=$(mktemp -d "${TMPDIR:-/tmp}/kube9-soak.XXXXXX")
cluster=$work/cluster
out=${OUT:-$work/out}
mkdir -p "$out"
export KUBECONFIG=$cluster/kubeconfig
KUBECTL=$(cache_dir)/$version/bin/kubectl
k9e2e=$(cache_dir)/tools/bin/k9e2e

# shellcheck disable=SC2317 # called by trap
finish() {
	local status=$? name
	trap - EXIT
	trap '' INT TERM
	for name in operator follower faults; do
		proc_stop "$work/pids/$name" 5
	done
	"$E2E/cluster.sh" down "$cluster"
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

die() {
	echo "soak.sh: $*" >&2
	tail -n 10 "$out"/*.log >&2 || true
	exit 1
}

# NAME URL: until the program answers there.
wait_for() {
	local deadline=$((SECONDS + 60))
	until curl -sf -o /dev/null --max-time 2 "$2"; do
		proc_alive "$work/pids/$1" || die "$1 ended"
		((SECONDS < deadline)) || die "$1 is not ready within 60 s"
		sleep 0.1
	done
}

# NAME COMMAND...
start() {
	local name=$1
	shift
	proc_start "$work/pids/$name" "$out/$name.log" "$@"
}

pid() {
	cut -d' ' -f1 "$work/pids/$1"
}

cluster_up() {
	"$E2E/cluster.sh" up "$cluster" --version "$version"
	{
		"$KUBECTL" apply --server-side -f "$ROOT/crds" -f "$ROOT/deploy/manifests"
		"$KUBECTL" wait --recursive=false --for=condition=Established --timeout=20s -f "$ROOT/crds"
		"$KUBECTL" apply --server-side -f "$ROOT/deploy/samples/workloads.yaml"
		"$k9e2e" load -kubeconfig "$KUBECONFIG" -pods "${PODS:-1000}"
		"$KUBECTL" apply --server-side -f - <<-'CONFIG'
			apiVersion: kube9.io/v1alpha1
			kind: Kube9Config
			metadata: {name: default}
			spec:
			  assessment: {schedule: "@every 1m", successfulRunsHistoryLimit: 5}
		CONFIG
	} >"$out/setup.log" 2>&1 || die "the cluster could not be set up"
	operator_token "$work/operator.token" 24h
	operator_kubeconfig "$work/operator.kubeconfig" "$work/operator.token"
}

# The operator and the follower know the proxy alone.
start_programs() {
	front=127.0.0.1:$(free_port)
	control=127.0.0.1:$(free_port)
	start faults "$k9e2e" faults -kubeconfig "$KUBECONFIG" -listen "$front" -control "$control" \
		-cert "$cluster/pki/server.crt" -key "$cluster/pki/server.key" -seed "$seed" \
		-requests "${REQUESTS:-0.01}" -lines "${LINES:-0.002}"
	wait_for faults "http://$control/faults"
	sed "s|server: .*|server: https://$front|" "$work/operator.kubeconfig" >"$work/front.kubeconfig"
	chmod 600 "$work/front.kubeconfig"
	mapfile -t kinds < <("$k9e2e" kinds)
	follower=127.0.0.1:$(free_port)
	start follower "$follow" "$work/front.kubeconfig" "$follower" "${kinds[@]}"
	operator=127.0.0.1:$(free_port)
	POD_UID=soak start operator "$program" serve --kubeconfig "$work/front.kubeconfig" \
		--db "$work/kube9.db" --listen "$operator"
	wait_for follower "http://$follower/readyz"
	wait_for operator "http://$operator/readyz"
}

cluster_up
start_programs
echo "seed $seed, $minutes minutes, ${RATE:-40} changes/s, faults: ${REQUESTS:-0.01} of requests, ${LINES:-0.002} of watch lines"
nice -n 5 "$k9e2e" soak -kubeconfig "$KUBECONFIG" -minutes "$minutes" -rate "${RATE:-40}" -seed "$seed" \
	-operator "http://$operator" -operator-process "$(pid operator),$out/operator.log" \
	-follower "http://$follower" -follower-process "$(pid follower),$out/follower.log" \
	-faults "http://$control/faults" -db "$work/kube9.db" -cluster "$E2E/cluster.sh,$cluster" \
	-svg "$out/soak.svg" -csv "$out/soak.csv"
