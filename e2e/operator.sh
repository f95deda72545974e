# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# operator.sh (sourced, after proc.sh): the operator under test and its rights. It always runs as its
# ServiceAccount kube9-operator with the RBAC of deploy/manifests, never as admin.

readonly OPERATOR_NAMESPACE=kube9-system
readonly OPERATOR_ACCOUNT=kube9-operator

# ROOT: prints the path of the operator's program. OPERATOR in the environment wins.
operator_program() {
	local program
	for program in "${OPERATOR:-}" "$1/build/dev/kube9-operator" "$1/build/dev/cmd/kube9-operator"; do
		[[ -z $program || ! -x $program ]] || {
			realpath "$program"
			return 0
		}
		[[ -z ${OPERATOR:-} ]] || break
	done
	echo "kube9-operator is not built: run make build, or set OPERATOR=/path/to/it" >&2
	return 1
}

# FILE DURATION: writes a fresh token of the operator's ServiceAccount, replacing FILE at once, as
# the kubelet does. Uses $KUBECTL and $KUBECONFIG.
operator_token() {
	"$KUBECTL" create token "$OPERATOR_ACCOUNT" -n "$OPERATOR_NAMESPACE" --duration="$2" >"$1.new"
	chmod 600 "$1.new"
	mv "$1.new" "$1"
}

# FILE TOKENFILE: writes a kubeconfig that reaches the cluster of $KUBECONFIG as the operator.
operator_kubeconfig() {
	local out=$1.new context
	"$KUBECTL" config view --minify --flatten --raw >"$out"
	chmod 600 "$out"
	context=$("$KUBECTL" --kubeconfig "$out" config current-context)
	{
		"$KUBECTL" --kubeconfig "$out" config unset users
		"$KUBECTL" --kubeconfig "$out" config set "users.$OPERATOR_ACCOUNT.tokenFile" "$2"
		"$KUBECTL" --kubeconfig "$out" config set-context "$context" \
			--user="$OPERATOR_ACCOUNT" --namespace="$OPERATOR_NAMESPACE"
	} >/dev/null
	mv "$out" "$1"
}
