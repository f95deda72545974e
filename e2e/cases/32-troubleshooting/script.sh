# shellcheck shell=bash
# Symptoms of docs/troubleshooting.md that no other case brings about: each is seen as the page says,
# and the page's cure cures it.
# shellcheck source=e2e/plugin.sh
source "$E2E/plugin.sh"
page=$ROOT/docs/troubleshooting.md

# TEXT: the very words stand on the page.
told() {
	grep -qF -- "$1" "$page" || fail "docs/troubleshooting.md does not say: $1"
}

# NAME SPEC
assess() {
	printf 'apiVersion: kube9.io/v1alpha1\nkind: AssessmentRun\nmetadata: {name: %s}\nspec: %s\n' "$1" "$2" |
		k create -f - >/dev/null
}

failed_for() {
	[[ $(k get assessmentrun "$1" -o jsonpath='{.status.conditions[?(@.type=="Failed")].reason}') == "$2" ]]
}

reason_is() {
	[[ $(condition_text "$1") == "$2: "* ]]
}

# The definitions are missing, and come by the page's command.
k delete -f "$ROOT/crds" --timeout=20s >/dev/null
matches "the server doesn't have a resource type \"k9c\"|could not find the requested resource" "$(k get k9c 2>&1)" "kubectl get k9c without definitions"
told "the server doesn't have a resource type \"k9c\""
told 'could not find the requested resource'
told 'kube9-operator crds \| kubectl apply --server-side -f -'
"$PROGRAM" crds | k apply --server-side -f - >/dev/null
k wait --recursive=false --for=condition=Established --timeout=10s -f "$ROOT/crds" >/dev/null

# Nobody leads: a run has no phase; it is taken up as soon as somebody does.
assess early '{}'
sleep 1
equal "" "$(k get assessmentrun early -o jsonpath='{.status.phase}')" "phase without an operator"
apply - <<-'CONFIG'
	apiVersion: kube9.io/v1alpha1
	kind: Kube9Config
	metadata: {name: default}
	spec: {assessment: {suspend: true}}
CONFIG

# Another process has the database: runs end without history, and when it is free again history goes on.
flock -x "$DB.lock" sleep 1000 &
holder=$!
# flock has a child of its own, which holds the lock as well.
defer 'kill $(pgrep -P "$holder") "$holder" 2>/dev/null'
start_operator
wait_run early
wait_for 15 "StoreLocked" reason_is StoreHealthy StoreLocked
equal HistoryNotStored "$(k get assessmentrun early -o jsonpath='{.status.conditions[?(@.type=="Complete")].reason}')" "the run without history"
equal Degraded "$(k get kube9config default -o jsonpath='{.status.health}')" "health without a history"
matches '^history is not being kept: ' "$(k get kube9config default -o jsonpath='{.status.error}')" "status.error without a history"
# shellcheck disable=SC2046
kill $(pgrep -P "$holder") "$holder"
wait_for 15 "the store is healthy again" condition_is StoreHealthy True
matches 'no run has ended with a result yet' "$(cli query assessments summary -o table 2>&1)" "a history without a run"

# Suspended, and the page's patch.
wait_for 15 "Suspended" reason_is AssessmentsCurrent Suspended
cure="kubectl patch kube9config default --type merge -p '{\"spec\":{\"assessment\":{\"suspend\":false}}}'"
told "$cure"
PATH=$(dirname "$KUBECTL"):$PATH bash -c "$cure" >/dev/null
wait_for 15 "not suspended any more" condition_is AssessmentsCurrent True

# A run that is wrong names the field.
assess wrong '{profile: nope}'
wait_for 15 "a run with an unknown profile failed" failed_for wrong InvalidSpec
matches "spec.profile: unknown profile 'nope'; there are: default" "$(k describe assessmentrun wrong)" "kubectl describe of it"

# The operator was down for longer than the run may take: LastRunFailed, until a good one has ended.
stop_operator
assess late '{timeoutSeconds: 1}'
k patch assessmentrun late --subresource=status --type=merge \
	-p '{"status":{"phase":"Running","startTime":"2026-01-01T00:00:00Z"}}' >/dev/null
start_operator
wait_for 15 "DeadlineExceeded" failed_for late DeadlineExceeded
wait_for 15 "LastRunFailed" reason_is AssessmentsCurrent LastRunFailed
assess right '{}'
wait_run right
wait_for 15 "the newest run is good" condition_is AssessmentsCurrent True

# The plugin is not where kubectl looks, and the page's link puts it there.
plugin_install
rm "$PLUGIN_BIN/kubectl-kube9"
matches 'unknown command "kube9"' "$(PATH=$PLUGIN_BIN kubectl kube9 status 2>&1)" "kubectl kube9 without the plugin"
told 'ln -s "$(command -v kube9-operator)" /usr/local/bin/kubectl-kube9'
ln -s "$PROGRAM" "$PLUGIN_BIN/kubectl-kube9"
matches 'kubectl-kube9' "$(kubectl plugin list 2>/dev/null)" "kubectl plugin list"

# Skipped checks say why, and the page knows each word.
for reason in $(cli query assessments list --run right --status skipped --limit 1000 | jq -r '.assessments[].reason' | sort -u); do
	told "\`$reason\`"
done
