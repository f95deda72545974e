# shellcheck shell=bash
# Nobody applied a Kube9Config: the operator assesses with defaults, publishes its ConfigMap, sends
# nothing out, and does not create the object that belongs to people.
audit_mark
start_operator
name=$(first_run)
expect expect.yaml
status=$(k get configmap kube9-operator-status -n kube9-system -o 'jsonpath={.data.status}')
equal operated "$(json mode <<<"$status")" "mode in the ConfigMap"
equal healthy "$(json health <<<"$status")" "health in the ConfigMap"
matches '^20[0-9-]+T' "$(json lastUpdate <<<"$status")" "lastUpdate in the ConfigMap"
equal false "$(json argocd.detected <<<"$status")" "argocd.detected in the ConfigMap"
matches '^[0-9]+$' "$(json assessment.lastScheduledTotals.totalChecks <<<"$status")" \
	"assessment totals in the ConfigMap"
cli query runs get "$name" >"$CASE_DIR/run.json" || fail "query runs get $name"
[[ -z $(audit_denied) ]] || fail "denied requests: $(audit_denied)"
