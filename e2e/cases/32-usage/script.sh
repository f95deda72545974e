# shellcheck shell=bash
# Usage from metrics.k8s.io: listed once a run where it is served, asked about and no more where it is
# not; a run does without what cannot be read.
again() {
	local run
	run=$(k create -f run.yaml -o name)
	wait_run "${run#*/}" 20
}

status_of() {
	cli query assessments list --check "$1" | json assessments.0.status
}

reason_of() {
	cli query assessments list --check "$1" | json assessments.0.reason
}

defer 'k delete crd -l kube9-e2e=usage --ignore-not-found --wait=false >/dev/null'
defer 'k delete namespace usage --ignore-not-found --wait=false >/dev/null'
defer 'k delete node usage-node --ignore-not-found >/dev/null'
readonly NEAR=performance-efficiency/memory-near-limit CPU=cost-optimization/oversized-cpu-request \
	NODES_USE=sustainability/cluster-usage-efficiency

apply cluster.yaml
k patch node usage-node --subresource=status --type=merge \
	-p '{"status":{"allocatable":{"cpu":"4","memory":"16Gi","pods":"110"}}}' >/dev/null
audit_mark
start_operator
first_run >/dev/null
equal not-applicable "$(reason_of $NEAR)" "reason while metrics.k8s.io is not served"
! audit_uses | grep -E 'list metrics.k8s.io' || fail "usage was listed although it is not served (above)"

apply definitions.yaml
k wait --for=condition=Established --timeout=10s crd -l kube9-e2e=usage >/dev/null
wait_for 10 "usage is served" k apply --server-side -f usage.yaml
again
equal warning "$(status_of $NEAR)" "status of a container at 98 % of its memory limit"
equal warning "$(status_of $NODES_USE)" "status of a cluster that uses 2 % of its CPU"
equal no-data "$(reason_of $CPU)" "reason of advice that needs hours"
uses=$(audit_uses)
matches '(^| )list metrics.k8s.io/pods' "$uses" "requests"
matches '(^| )list metrics.k8s.io/nodes' "$uses" "requests"
! grep 'watch metrics.k8s.io' <<<"$uses" || fail "usage was watched (above)"
equal "" "$(audit_denied)" "denied requests"
live=$("$PROGRAM" assess --live --kubeconfig "$KUBECONFIG" -o json)
matches "\"check\": *\"$NEAR\"" "$live" "assess --live"

k delete crd -l kube9-e2e=usage >/dev/null
again
equal not-applicable "$(reason_of $NEAR)" "reason when it is gone"
