#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh: the end-to-end cases, against a real API server of one Kubernetes version. The operator
# runs with the rights of deploy/manifests. Each case is a folder in cases/:
#   apply.yaml   objects to apply once the operator is ready
#   expect.yaml  what the cluster's objects must contain then (see tools/match.go)
#   script.sh    instead of that order: a script with the functions of lib.sh
# Each case starts from a clean state: own database, no custom resources, no Lease. One line per case,
# and a last line "N passed, N failed".
#   KEEP=1       leave the cluster and all logs there, and say where
#   OPERATOR     the program to test (build/dev/kube9-operator)
set -euo pipefail

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$E2E")
# shellcheck source=e2e/proc.sh
source "$E2E/proc.sh"
# shellcheck source=e2e/operator.sh
source "$E2E/operator.sh"

usage() {
	echo "usage: run.sh [--version v1.36|v1.30] [CASE...]   (CASE: part of a name in e2e/cases/)"
}

version=v1.36
patterns=()
while (($#)); do
	case $1 in
	--version)
		version=${2:-}
		shift 2 || true
		;;
	-h | --help)
		usage
		exit 0
		;;
	-*)
		usage >&2
		exit 2
		;;
	*)
		patterns+=("$1")
		shift
		;;
	esac
done

select_cases() {
	local folder pattern
	for folder in "$E2E"/cases/*/; do
		folder=$(basename "$folder")
		if ((${#patterns[@]} == 0)); then
			echo "$folder"
			continue
		fi
		for pattern in "${patterns[@]}"; do
			[[ $folder != *"$pattern"* ]] || echo "$folder"
		done
	done
}

mapfile -t cases < <(select_cases)
ALL_CASES=
((${#patterns[@]} > 0)) || ALL_CASES=yes
export ALL_CASES
if ((${#cases[@]} == 0)); then
	echo "run.sh: no case matches ${patterns[*]}" >&2
	exit 2
fi
PROGRAM=$(operator_program "$ROOT") || exit 1
"$E2E/build.sh" "$version"
[[ " ${cases[*]}" != *-helm* ]] || "$E2E/build.sh" helm

work=$(mktemp -d "${TMPDIR:-/tmp}/kube9-e2e.XXXXXX")
CLUSTER=$work/cluster
KUBECONFIG=$CLUSTER/kubeconfig
KUBECTL=$(cache_dir)/$version/bin/kubectl
K9E2E=$(cache_dir)/tools/bin/k9e2e
OPERATOR_CONFIG=$work/operator.kubeconfig
export E2E ROOT CLUSTER KUBECONFIG KUBECTL K9E2E PROGRAM OPERATOR_CONFIG

# shellcheck disable=SC2317 # called by trap
finish() {
	local status=$? pidfile
	trap - EXIT
	trap '' INT TERM
	for pidfile in "$work"/*/pids/*; do
		[[ $pidfile == "$CLUSTER"/* || ! -f $pidfile ]] || proc_stop "$pidfile" 2
	done
	if [[ -n ${KEEP:-} ]]; then
		echo "kept: $work (end it with e2e/cluster.sh down $CLUSTER)"
	else
		"$E2E/cluster.sh" down "$CLUSTER"
		rm -rf "$work"
	fi
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# What every case finds: CRDs, RBAC, workloads, and nothing of the case before it.
reset_cluster() {
	"$KUBECTL" apply --server-side --force-conflicts -f "$ROOT/crds" -f "$ROOT/deploy/manifests" &&
		"$KUBECTL" wait --recursive=false --for=condition=Established --timeout=20s -f "$ROOT/crds" &&
		"$KUBECTL" delete kube9configs,assessmentruns --all --wait=true --timeout=20s &&
		"$KUBECTL" delete lease,configmap -n kube9-system --all --wait=false &&
		"$KUBECTL" delete events -A --all --wait=false
}

setup() {
	"$E2E/cluster.sh" up "$CLUSTER" --version "$version"
	{
		reset_cluster &&
			"$KUBECTL" apply --server-side -f "$ROOT/deploy/samples/workloads.yaml"
	} >"$work/setup.log" 2>&1 || {
		tail -n 20 "$work/setup.log" >&2
		echo "run.sh: the cluster could not be set up" >&2
		return 1
	}
	operator_token "$work/operator.token" 24h
	operator_kubeconfig "$OPERATOR_CONFIG" "$work/operator.token"
}

# CASE: runs in a process of its own, so that nothing it sets or breaks reaches the next one.
run_case() {
	cd "$E2E/cases/$1"
	exec timeout --kill-after=10 $((180 + 60 * ${MINUTES:-0})) bash -euo pipefail -c '
		source "$E2E/lib.sh"
		trap run_cleanups EXIT
		if [[ -f script.sh ]]; then
			source ./script.sh
		else
			start_operator
			[[ ! -f apply.yaml ]] || apply apply.yaml
			expect expect.yaml
		fi'
}

show_failure() {
	local log
	sed 's/^/    /' "$CASE_DIR/case.log" | tail -n 20
	for log in "$CASE_DIR"/*.log; do
		[[ $log != "$CASE_DIR/case.log" ]] || continue
		echo "    --- end of ${log##*/}"
		tail -n 15 "$log" | cut -c1-400 | sed 's/^/    /'
	done
}

setup
passed=0
failed=0
for name in "${cases[@]}"; do
	began=$(date +%s%N)
	CASE_DIR=$work/$name
	mkdir -p "$CASE_DIR/pids"
	export CASE_DIR
	status=0
	if reset_cluster >"$CASE_DIR/reset.out" 2>&1; then
		(run_case "$name") >"$CASE_DIR/case.log" 2>&1 || status=$?
	else
		status=1
		mv "$CASE_DIR/reset.out" "$CASE_DIR/case.log"
	fi
	took=$((($(date +%s%N) - began) / 100000000))
	if ((status == 0)); then
		passed=$((passed + 1))
		printf 'ok    %-32s %3d.%d s\n' "$name" $((took / 10)) $((took % 10))
		# What a case measured is worth seeing.
		grep '^  ' "$CASE_DIR/case.log" || true
	else
		failed=$((failed + 1))
		printf 'FAIL  %-32s %3d.%d s\n' "$name" $((took / 10)) $((took % 10))
		show_failure
	fi
done
echo "$passed passed, $failed failed"
((failed == 0))
