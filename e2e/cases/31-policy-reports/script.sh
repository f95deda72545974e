# shellcheck shell=bash
# With policyReports the findings stand as PolicyReports too, which the API server takes as they are;
# turned off they go. All of it with the rights of deploy/manifests.
defer "k delete --ignore-not-found -f crds.yaml"
apply crds.yaml
k wait --for=condition=Established --timeout=10s -f crds.yaml >/dev/null
wait_for 10 "the reports' kinds are served" k get policyreports,clusterpolicyreports
apply on.yaml
start_operator
first_run >/dev/null

report_of() {
	k get policyreport kube9-operator -n "$1" -o json
}
wait_for 10 "a report of namespace legacy" report_of legacy
wait_for 10 "a report of the cluster" k get clusterpolicyreport kube9-operator
report=$(report_of legacy)
equal kube9-operator "$(json results.0.source <<<"$report")" "source"
equal critical "$(json results.0.severity <<<"$report")" "severity of the first result"
equal "$(cli query assessments list --namespace legacy --status failing | json total)" \
	"$(json summary.fail <<<"$report")" "failing results"
(($(json summary.pass <<<"$report") > 0)) || fail "the report counts nothing that passes"
equal Apply "$(k get policyreport kube9-operator -n legacy --show-managed-fields -o 'jsonpath={.metadata.managedFields[0].operation}')" \
	"how it was written"

# What an earlier process has written goes too.
stop_operator
apply off.yaml
start_operator
wait_for 10 "the setting is in force" condition_is Ready True
apply again.yaml
wait_run again 20
no_reports() {
	[[ -z $(k get policyreports -A -o name) && -z $(k get clusterpolicyreports -o name) ]]
}
wait_for 10 "the reports are gone" no_reports
