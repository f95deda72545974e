# shellcheck shell=bash
# No right is spare: over all cases before this one each was used (27-helm holds the chart to the same
# rights). Not seen here: the patch that counts a repeated Event (a single case is too short for it).
[[ -n ${ALL_CASES:-} ]] || {
	note "left out: it needs all cases before it"
	exit 0
}
unused=$("$K9E2E" rights -kubeconfig "$KUBECONFIG" "$CLUSTER/audit.log" |
	grep -vx 'patch events.k8s.io/events') || true
equal "" "$unused" "rights never used"
# A case that puts a permission away is the only one that may be denied anything.
note "$(audit_denied | wc -l) denied requests in all cases"
