# shellcheck shell=bash
# A CRD of an older, laxer release lets a bad config through. The operator refuses it in a condition
# and the last good one stays in force, also after a restart.
apply config.yaml
start_operator
wait_for 5 "Ready" condition_is Ready True
first_run >/dev/null
k apply --server-side --force-conflicts -f lax-crd.yaml >/dev/null
defer 'k apply --server-side --force-conflicts -f "$ROOT/crds" >/dev/null'
bad_applied() {
	k patch kube9config default --type=merge \
		-p '{"spec":{"assessment":{"mode":"Pillar","pillars":["Speed"]}}}'
}
wait_for 5 "the lax CRD takes the bad config" bad_applied
wait_for 5 "Ready is False" condition_is Ready False
wait_for 5 "Stalled is True" condition_is Stalled True
matches 'pillars' "$(condition_text Ready)" "message names the field"
equal "$(condition_text Ready)" "$(condition_text Stalled)" "reason and message of both"

# The good one asked for security only.
for round in before after; do
	k create -f - >/dev/null <<-RUN
		apiVersion: kube9.io/v1alpha1
		kind: AssessmentRun
		metadata: {name: $round}
		spec: {}
	RUN
	wait_run "$round"
	operator_alive || fail "the operator ended"
	[[ $round == after ]] || {
		stop_operator
		start_operator
	}
done
