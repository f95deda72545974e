#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test.sh [TAR]: the operator on a real node, as a user has it: the image of deploy/image, installed by
# helm with the chart's defaults, used through kubectl exec, upgraded, killed, moved in time, squeezed and
# uninstalled; and the node itself leaves nothing behind. The parts are the files beside this one, in the
# order of the list below; each of their checks counts. The last line is "N passed, N failed", or, on a
# machine that cannot run a node, "0 passed, 0 failed, 1 skipped" and why.
#   TAR          the image (build/image/kube9-operator.tar)
#   K8S_VERSION  v1.36 (default) or v1.30
#   KEEP=1       leave the node there, and say where
set -uo pipefail

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ROOT=$(dirname "$E2E")
cd "$ROOT" || exit 1
image=${1:-$ROOT/build/image/kube9-operator.tar}
version=${K8S_VERSION:-v1.36}
work=$(mktemp -d "${TMPDIR:-/tmp}/kube9-node.XXXXXX")
CLUSTER=$work/cluster
CASE_DIR=$work/case
KUBECONFIG=$CLUSTER/kubeconfig
KUBECTL=$work/bin/kubectl
mkdir -p "$CASE_DIR/pids" "$work/bin"
chmod 711 "$work"
export E2E ROOT CLUSTER CASE_DIR KUBECONFIG KUBECTL
# shellcheck source=e2e/lib.sh
source "$E2E/lib.sh"
# shellcheck source=cmake/counted.sh
source "$ROOT/cmake/counted.sh"
K9E2E=$work/bin/k9e2e
export HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm
export PATH=$work/bin:$PATH
began=$SECONDS

# shellcheck disable=SC2317 # called by trap
finish() {
	local status=$?
	trap - EXIT
	trap '' INT TERM
	if [[ -n ${KEEP:-} ]]; then
		echo "kept: $work (end it with e2e/node.sh down $CLUSTER)"
	else
		"$E2E/node.sh" down "$CLUSTER"
		rm -rf "$work"
	fi
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# What was measured is shown, also when all is well.
note() {
	echo "measured: $*"
}

# WHAT FUNCTION ARGUMENTS...: one check, in a process of its own, so that fail of lib.sh ends it alone.
it() {
	local was=$failed
	check "$1" in_a_process "${@:2}"
	((failed == was)) && echo "ok    $1" || show_node
	sed -n 's/^measured: /      /p' "$work/said"
}

in_a_process() (
	"$@"
)

# WHAT FUNCTION ARGUMENTS...: what follows makes no sense without it.
must() {
	local was=$failed
	it "$@"
	((failed == was)) || counted
}

# What a failure is understood by.
show_node() {
	[[ -s $KUBECONFIG ]] || return 0
	{
		k get pods -n kube9-system -o wide
		k get events -n kube9-system --sort-by=.lastTimestamp | tail -n 8
		k logs -n kube9-system deploy/kube9-operator --tail=10
	} 2>&1 | cut -c1-300 | sed 's/^/    /'
}

# NAME PROGRAM: a command that runs in the node's network.
in_the_node() {
	printf '#!/bin/sh\nexec nsenter --net=/proc/%s/ns/net -- %s "$@"\n' "$init" "$2" >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

node_up() {
	"$E2E/node.sh" up "$CLUSTER" --version "$version" && "$E2E/node.sh" import "$CLUSTER" "$image"
}

said=$("$E2E/node.sh" check)
case $? in
0) ;;
77)
	echo "$said"
	echo "skipped: the real node ($said)"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
	;;
*) exit 1 ;;
esac
[[ -f $image ]] || {
	echo "test.sh: $image is missing: make image" >&2
	exit 1
}
"$E2E/build.sh" "$version" node && "$E2E/build.sh" helm || exit 1
cp "$(cache_dir)/tools/bin/k9e2e" "$K9E2E" # another working tree may build its own meanwhile

# shellcheck source=e2e/node/leftovers.sh
source "$E2E/node/leftovers.sh"
machine_state >"$work/before"
must "a node comes up, Ready" node_up
grep 'ready in' "$work/said" | sed 's/: KUBECONFIG.*//; s/^/      /'
init=$("$E2E/node.sh" init "$CLUSTER")
in_the_node kubectl "$(cache_dir)/$version/bin/kubectl"
in_the_node helm "$(cache_dir)/tools/bin/helm"
in_the_node curl "$(command -v curl)"
parts=(install plugin history clock limits uninstall)
for part in "${parts[@]}"; do
	echo "-- $part"
	# shellcheck source=/dev/null
	source "$E2E/node/$part.sh"
done
if [[ -z ${KEEP:-} ]]; then
	echo "-- leftovers"
	nothing_is_left
fi
echo "the real node: $((SECONDS - began)) s"
counted
