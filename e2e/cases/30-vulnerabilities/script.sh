# shellcheck shell=bash
# Where trivy-operator's CRD is installed its reports are judged, kept as rows and summed up; when it
# goes away so do they.
readonly CRD=crd/vulnerabilityreports.aquasecurity.github.io
defer "k delete --ignore-not-found $CRD"
defer "k delete --ignore-not-found --wait=false replicaset/cart-1 -n default"
apply crd.yaml
k wait --for=condition=Established --timeout=10s "$CRD" >/dev/null
wait_for 10 "the reports' kind is served" k get vulnerabilityreports
apply reports.yaml
apply config.yaml
start_operator
first_run >/dev/null
equal failing "$(cli query assessments list --check security/image-critical-vulnerabilities | json assessments.0.status)" \
	"status of the check"
summary=$(cli query vulnerabilities summary)
equal 2 "$(json total <<<"$summary")" "vulnerabilities"
equal 1 "$(json bySeverity.critical <<<"$summary")" "critical ones"
equal 1 "$(json fixable <<<"$summary")" "fixable ones"
rows=$(cli query vulnerabilities list --fixable)
equal CVE-2026-0001 "$(json vulnerabilities.0.vulnerabilityId <<<"$rows")" "the fixable one"
equal Deployment/cart "$(json vulnerabilities.0.objectKind <<<"$rows")/$(json vulnerabilities.0.objectName <<<"$rows")" "what runs it"
equal index.docker.io/shop/cart:1.2 "$(json vulnerabilities.0.image <<<"$rows")" "its image"

reports_told() {
	[[ $(k get configmap kube9-operator-status -n "$OPERATOR_NAMESPACE" -o 'jsonpath={.data.status}' |
		json vulnerabilities.reports 2>/dev/null || true) == "$1" ]]
}
wait_for 10 "the status document tells of the report" reports_told 1

k delete "$CRD" >/dev/null
wait_for 70 "the status document tells nothing of them" reports_told ""
apply again.yaml
wait_run again 20
equal 0 "$(cli query vulnerabilities summary | json reports)" "reports without the CRD"
