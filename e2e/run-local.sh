#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run-local.sh (make run): the operator against a real control plane on this machine, with sample
# workloads. Everything it makes lies in .run/. Ctrl-C stops it; the data stays, and the next run
# goes on with it.
#   DETACH=1         leave it running in the background; stop-local.sh (make stop) ends it
#   KUBECONFIG=FILE  use that cluster instead: installs CRDs, RBAC and the sample Kube9Config there,
#                    but no sample workloads (SAMPLES=1 loads them too: some are insecure on purpose)
#   K8S_VERSION      v1.36 (default) or v1.30
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
# shellcheck source=e2e/proc.sh
source "$here/proc.sh"
# shellcheck source=e2e/operator.sh
source "$here/operator.sh"

run=${RUN_DIR:-$root/.run}
version=${K8S_VERSION:-v1.36}
own_cluster=yes
[[ -z ${KUBECONFIG:-} ]] || own_cluster=
began=$SECONDS

say() {
	echo "[$((SECONDS - began)) s] $*"
}

die() {
	echo "run-local.sh: $*" >&2
	exit 1
}

# The history in the database belongs to one cluster: with another one it is set aside.
check_target() {
	local target=$1 aside
	if [[ -f $run/target && $(<"$run/target") != "$target" ]]; then
		if [[ -f $run/kube9.db ]]; then
			aside=$run/kube9.db.$(date +%Y%m%d-%H%M%S)
			mv "$run/kube9.db" "$aside"
			rm -f "$run/kube9.db-wal" "$run/kube9.db-shm"
			say "the database was that of $(<"$run/target"): set aside as $aside"
		fi
		"$here/cluster.sh" down "$run"
	fi
	mkdir -p "$run"
	chmod 700 "$run"
	echo "$target" >"$run/target"
}

start_cluster() {
	"$here/build.sh" "$version"
	check_target "local $version"
	"$here/cluster.sh" up "$run" --version "$version" --with-controller-manager
	export KUBECONFIG=$run/kubeconfig
	KUBECTL=$(cache_dir)/$version/bin/kubectl
}

use_cluster() {
	local server
	KUBECTL=$(command -v kubectl) || KUBECTL=$(cache_dir)/$version/bin/kubectl
	[[ -x $KUBECTL ]] || die "kubectl is not on PATH; install it, or unset KUBECONFIG"
	server=$("$KUBECTL" config view --minify -o jsonpath='{.clusters[0].cluster.server}' 2>/dev/null) ||
		die "KUBECONFIG=$KUBECONFIG cannot be read or has no current context"
	say "using the cluster at $server"
	"$KUBECTL" get --raw /readyz >/dev/null || die "the cluster at $server does not answer"
	check_target "$server"
}

install_objects() {
	say "installing CRDs and RBAC"
	"$KUBECTL" apply --server-side --force-conflicts -f "$root/crds" >"$run/logs/apply.log"
	"$KUBECTL" wait --recursive=false --for=condition=Established --timeout=30s -f "$root/crds" >>"$run/logs/apply.log"
	"$KUBECTL" apply --server-side --force-conflicts -f "$root/deploy/manifests" \
		>>"$run/logs/apply.log"
	if [[ -n $own_cluster || -n ${SAMPLES:-} ]]; then
		say "loading sample workloads"
		"$KUBECTL" apply --server-side --force-conflicts -f "$root/deploy/samples/workloads.yaml" \
			>>"$run/logs/apply.log"
	fi
}

start_operator() {
	local duration=24h
	[[ -z $own_cluster ]] || duration=720h
	proc_stop "$run/pids/kube9-operator"
	operator_token "$run/operator.token" "$duration"
	operator_kubeconfig "$run/operator.kubeconfig" "$run/operator.token"
	port=$(free_port)
	: >"$run/logs/kube9-operator.log"
	# Its Lease is its own again even if the last one was killed.
	POD_UID=make-run proc_start "$run/pids/kube9-operator" "$run/logs/kube9-operator.log" \
		"$program" serve --kubeconfig "$run/operator.kubeconfig" --db "$run/kube9.db" \
		--listen "127.0.0.1:$port"
	say "started kube9-operator: http://127.0.0.1:$port/metrics, log $run/logs/kube9-operator.log"
}

operator_failed() {
	echo "--- end of $run/logs/kube9-operator.log" >&2
	tail -n 20 "$run/logs/kube9-operator.log" >&2
	die "$1"
}

wait_for_run() {
	local deadline=$((SECONDS + 60)) last
	say "waiting for the first assessment"
	while true; do
		last=$("$KUBECTL" get kube9configs -o jsonpath='{.items[*].status.lastAssessment.name}')
		# A run of an earlier make run may be there before this operator is ready.
		[[ -z $last ]] ||
			! curl -sf --max-time 2 -o /dev/null "http://127.0.0.1:$port/readyz" || return 0
		proc_alive "$run/pids/kube9-operator" || operator_failed "kube9-operator ended"
		if ((SECONDS >= deadline)); then
			"$KUBECTL" get assessmentruns,kube9configs >&2 || true
			operator_failed "no assessment was completed within 60 s"
		fi
		sleep 0.2
	done
}

# Shows each command before its output, as a person would have typed it.
show() {
	local shown=("$@")
	shown[0]=${1##*/}
	printf '\n$ %s\n' "${shown[*]}"
	"$@"
}

report() {
	show "$KUBECTL" get k9c,k9run
	show "$program" query status --db "$run/kube9.db" --format table
	show "$program" query assessments summary --db "$run/kube9.db" --format table
	printf '\nReady after %d s. To look around in another terminal:\n\n' $((SECONDS - began))
	printf '  export KUBECONFIG=%s\n  export PATH=%s:%s:$PATH\n' "$KUBECONFIG" \
		"$(dirname "$program")" "$(dirname "$KUBECTL")"
	printf '  kubectl get k9run\n'
	printf '  kube9-operator query assessments list --format table --db %s\n\n' "$run/kube9.db"
}

# Nothing stays running after a failure or Ctrl-C; a detached run that is ready does.
# shellcheck disable=SC2317 # called by trap
finish() {
	local status=$?
	trap - EXIT
	trap '' INT TERM
	if ((status != 0)); then
		RUN_DIR=$run "$here/stop-local.sh" >/dev/null
	elif [[ -z ${DETACH:-} ]]; then
		RUN_DIR=$run "$here/stop-local.sh"
	fi
	exit "$status"
}

program=$(operator_program "$root") || exit 1
compgen -G "$root/crds/*.yaml" >/dev/null || die "crds/ is empty"
mkdir -p "$run/logs" "$run/pids"
trap finish EXIT
trap 'echo; exit 0' INT TERM
if [[ -n $own_cluster ]]; then
	start_cluster
else
	use_cluster
fi
mkdir -p "$run/logs" "$run/pids"
install_objects
# Before the operator, whose first run would be judged by the defaults else; as a person would, so
# that their own kubectl apply of it finds its annotation.
"$KUBECTL" apply -f "$root/deploy/samples/kube9config.yaml" \
	>>"$run/logs/apply.log"
start_operator
wait_for_run
report
if [[ -n ${DETACH:-} ]]; then
	echo "It runs in the background; make stop ends it."
	exit 0
fi
echo "It runs until Ctrl-C."
while proc_alive "$run/pids/kube9-operator"; do
	sleep 1
done
operator_failed "kube9-operator ended"
