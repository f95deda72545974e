# shellcheck shell=bash
# No right is spare: over all cases before this one each was used. Not seen here: kinds of others that
# are not installed, and the patch that counts a repeated Event (a single case is too short for it).
[[ -n ${ALL_CASES:-} ]] || {
	note "left out: it needs all cases before it"
	exit 0
}
unused=$("$K9E2E" rights -kubeconfig "$KUBECONFIG" "$CLUSTER/audit.log" |
	grep -vE ' (autoscaling.k8s.io|argoproj.io|flagger.app|[a-z]*.toolkit.fluxcd.io|monitoring.coreos.com|velero.io)/' |
	grep -vx 'patch events.k8s.io/events') || true
equal "" "$unused" "rights never used"
# A case that puts a permission away is the only one that may be denied anything.
note "$(audit_denied | wc -l) denied requests in all cases"
