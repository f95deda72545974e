# shellcheck shell=bash
# While the operator stands still, objects change, etcd throws its history away and the API server
# starts anew: each watch's resourceVersion is too old (410 Gone). It lists again and sees both what
# came and what went.
k create namespace compacted >/dev/null
defer 'k delete namespace compacted --wait=false; k delete clusterrolebinding went came --ignore-not-found'
k create clusterrolebinding went --clusterrole=cluster-admin --user=went >/dev/null
start_operator
name=$(first_run)
list=$(cli query assessments list --run "$name" --status failing --limit 1000)
grep -q '"went"' <<<"$list" || fail "the binding that will go is not in the first run"

proc_signal "$CASE_DIR/pids/operator" STOP
k delete clusterrolebinding went >/dev/null
k create clusterrolebinding came --clusterrole=cluster-admin --user=came >/dev/null
for i in 1 2 3; do
	k label namespace compacted "step=$i" --overwrite >/dev/null
done
"$E2E/cluster.sh" compact-etcd "$CLUSTER"
"$E2E/cluster.sh" restart-apiserver "$CLUSTER"
proc_signal "$CASE_DIR/pids/operator" CONT

relisted() {
	k delete assessmentrun again --ignore-not-found >/dev/null
	k create -f - >/dev/null <<-'RUN'
		apiVersion: kube9.io/v1alpha1
		kind: AssessmentRun
		metadata: {name: again}
		spec: {mode: SingleCheck, checks: {include: [security/rbac-cluster-admin-binding]}}
	RUN
	local until=$((SECONDS + 3)) rows
	until run_in_phase again || ((SECONDS > until)); do sleep 0.1; done
	rows=$(cli query assessments list --run again --status failing)
	echo "$rows"
	grep -q '"came"' <<<"$rows" && ! grep -q '"went"' <<<"$rows"
}
wait_for 20 "the caches follow after the compaction" relisted
operator_alive || fail "the operator ended"
