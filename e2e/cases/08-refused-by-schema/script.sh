# shellcheck shell=bash
# The API server refuses what the operator could not do, and says which field and why. No operator
# runs here: the rules stand in the CRDs.

# SPEC: a Kube9Config with it.
config() {
	printf 'apiVersion: kube9.io/v1alpha1\nkind: Kube9Config\nmetadata: {name: %s}\nspec: %s\n' \
		"${2:-default}" "$1"
}

# SPEC: an AssessmentRun with it.
assessment() {
	printf 'apiVersion: kube9.io/v1alpha1\nkind: AssessmentRun\nmetadata: {name: bad}\nspec: %s\n' "$1"
}

config '{}' other | refused 'default' "another name than default"
config '{assessment: {mode: Pillar}}' | refused 'pillars' "mode Pillar without pillars"
config '{assessment: {pillars: [Security]}}' | refused 'pillars' "pillars without mode Pillar"
config '{assessment: {mode: SingleCheck}}' | refused 'include' "SingleCheck without a check"
config '{assessment: {mode: SingleCheck, checks: {include: [a/b, a/c]}}}' |
	refused 'include' "SingleCheck with two checks"
config '{assessment: {mode: full}}' | refused 'Unsupported value|mode' "a mode in lower case"
config '{assessment: {pillars: [Security, Security], mode: Pillar}}' |
	refused 'Duplicate|duplicate' "a pillar twice"
config '{assessment: {timeoutSeconds: ten}}' | refused 'timeoutSeconds' "a text for a number"
config '{assessment: {exemptions: [{name: x, checks: [a/b]}]}}' |
	refused 'reason' "an exemption without a reason"
config '{retention: {findings: 30 days}}' | refused 'findings' "a duration with a blank"
config '{collection: {securityPosture: {interval: -1h}}}' | refused 'interval' "a negative duration"
config '{assessment: {schedul: "@every 6h"}}' | refused 'schedul' "an unknown field"
assessment '{mode: Pillar}' | refused 'pillars' "a run of no pillar"
assessment '{mode: SingleCheck, checks: {include: []}}' | refused 'include' "a run of no check"

k create -f - >/dev/null <<'RUN'
apiVersion: kube9.io/v1alpha1
kind: AssessmentRun
metadata: {name: started}
spec: {mode: Full, cancel: true}
RUN
defer 'k delete assessmentrun started --ignore-not-found'
k patch assessmentrun started --type=merge -p '{"spec":{"cancel":false}}' >"$CASE_DIR/out" 2>&1 &&
	fail "cancel was taken back"
matches cancel "$(cat "$CASE_DIR/out")" "cancel taken back"
k patch assessmentrun started --subresource=status --type=merge \
	-p '{"status":{"startTime":"2026-01-01T00:00:00Z","phase":"Running"}}' >/dev/null
k patch assessmentrun started --type=merge -p '{"spec":{"timeoutSeconds":7}}' \
	>"$CASE_DIR/out" 2>&1 && fail "a started run was changed"
k patch assessmentrun started --type=merge -p '{"spec":{"ttlSecondsAfterFinished":7}}' >/dev/null ||
	fail "ttlSecondsAfterFinished of a started run cannot be changed"

# What is right is taken: all samples, and every field at once.
for sample in kube9config assessmentrun-by-pillar assessmentrun-single-check; do
	k apply --server-side --dry-run=server -f "$ROOT/deploy/samples/$sample.yaml" >/dev/null ||
		fail "deploy/samples/$sample.yaml is refused"
done

# And the table of samples that belongs to the CRDs.
sh "$ROOT/crds/testdata/try.sh" "$KUBECTL" || fail "crds/testdata (above)"
