# shellcheck shell=bash
# The leader's network breaks: nothing moves, answers alone are lost, or connections end. It ends by
# itself before anybody else may lead; what it had sent arrives when the network is back and changes
# nothing. One way to break per Kubernetes version, ROUNDS=2 and more: all of them.
# shellcheck source=e2e/replicas.sh
source "$E2E/replicas.sh"
audit_mark
replica_new a 0
replica_new b 0
modes=(stall)
[[ $(<"$CLUSTER/version") != v1.30 ]] || modes=(half)
((${ROUNDS:-1} < 2)) || modes=(stall half cut)
replica_start a
wait_for 30 "a leads" replica_ready a
first_run >/dev/null

# MODE LEADER STANDBY
break_network() {
	local mode=$1 old=$2 new=$3 began
	replica_start "$new"
	sleep 2
	network "$old" "$mode"
	began=$(date +%s%N)
	k create -f - >/dev/null <<-RUN
		apiVersion: kube9.io/v1alpha1
		kind: AssessmentRun
		metadata: {name: during-$mode}
		spec: {mode: Full}
	RUN
	wait_for 40 "$old ends by itself" operator_gone "$old"
	note "$mode: $old ended after $((($(date +%s%N) - began) / 1000000)) ms"
	! replica_ready "$new" || fail "$new led before the end of $old was seen"
	wait_for 30 "$new leads" replica_ready "$new"
	note "$mode: $new led after $((($(date +%s%N) - began) / 1000000)) ms"
	wait_run "during-$mode"
	network "$old" pass
	full_run "after-$mode"
}

old=a new=b
for mode in "${modes[@]}"; do
	break_network "$mode" "$old" "$new"
	name=$old old=$new new=$name
done
never_two_writers
