# shellcheck shell=bash
# The kubectl plugin against a real API server: it finds the operator's Pod as the chart makes it, says
# what is wrong when it cannot, makes runs and waits for them, and hands kubectl the words for exec. There
# is no kubelet here, so a script answers exec in its place, with the operator's program on the case's
# database, and nothing else; a node's case calls plugin_answers with the real one.
# shellcheck source=e2e/plugin.sh
source "$E2E/plugin.sh"

# exec is answered here; everything else, finding plugins included, is the real kubectl's.
fake_exec() {
	rm -f "$PLUGIN_BIN/kubectl"
	cat >"$PLUGIN_BIN/kubectl" <<-SH
		#!/usr/bin/env bash
		[[ \$1 == exec ]] || exec "$KUBECTL" "\$@"
		printf '%s\n' "\$@" >"$CASE_DIR/exec.words"
		while [[ \$1 != -- ]]; do shift; done
		[[ \$2 == kube9-operator ]] || exit 127
		shift 2
		exec "$PROGRAM" "\$@" --db "$DB"
	SH
	chmod +x "$PLUGIN_BIN/kubectl"
}

# NAME NAMESPACE: a Pod by the chart's template.
pod() {
	k create --dry-run=client -o json -f "$ROOT/deploy/kustomize/base/operator.yaml" 2>/dev/null |
		jq -c --arg name "$1" --arg ns "$2" 'select(.kind == "Deployment") |
			{apiVersion: "v1", kind: "Pod", metadata: {name: $name, namespace: $ns, labels: .spec.template.metadata.labels},
			 spec: .spec.template.spec}' |
		k create -f - >/dev/null
}

# NAME NAMESPACE STATE READY: what a kubelet would say of it.
kubelet_says() {
	k patch pod "$1" -n "$2" --subresource=status --type=merge -p '{"status":{"phase":"Running","containerStatuses":[
		{"name":"operator","image":"x","imageID":"x","restartCount":0,"state":'"$3"',"ready":'"$4"'}]}}' >/dev/null
}

# USER [ROLE]: a kubeconfig that acts as that user, who has the Role in kube9-system.
as_user() {
	local file=$CASE_DIR/$1.kubeconfig
	k config view --minify --flatten --raw | sed "s/^  user:\$/&\n    as: $1/" >"$file"
	[[ -z ${2:-} ]] || k create rolebinding "k9-e2e-$1" -n kube9-system --role="$2" --user="$1" >/dev/null
	echo "$file"
}

# WANT: the words that kubectl got last, joined by blanks.
exec_words_were() {
	equal "$1" "$(paste -sd' ' "$CASE_DIR/exec.words")" "the words of kubectl exec"
}

put_back() {
	k delete pod -n kube9-system -l app.kubernetes.io/name=kube9-operator --grace-period=0 --force
	k delete pod -n k9-elsewhere --all --grace-period=0 --force
	k delete namespace k9-elsewhere --ignore-not-found --wait=false
	k delete rolebinding -n kube9-system k9-e2e-ann --ignore-not-found
	k delete role -n kube9-system kube9-query --ignore-not-found
	k delete clusterrolebinding k9-e2e-ann --ignore-not-found
	k delete clusterrole k9-e2e-runs --ignore-not-found
}

plugin_install
fake_exec
defer 'put_back >"$CASE_DIR/put_back.out" 2>&1'

# What can be wrong, from nothing on. -o json makes the error JSON.
plugin_says 1 'no Pod of the operator .* in any namespace that you may list: install it with helm' status
plugin_says 1 '^\{"error":"report","details":"no Pod of the operator .* in namespace default: ' report -n default -o json
plugin_says 1 "context 'nowhere'|no context" status --context nowhere
pod kube9-0 kube9-system
plugin_says 1 'kube9-system/kube9-0 is not ready: no node has started it; see `kubectl describe pod' status
kubelet_says kube9-0 kube9-system '{"waiting":{"reason":"CrashLoopBackOff"}}' false
plugin_says 1 'is not ready: CrashLoopBackOff' assess
start_operator
first_run >/dev/null
plugin_says 0 '^health' status --pod kube9-0
kubelet_says kube9-0 kube9-system '{"running":{}}' true
k create namespace k9-elsewhere >/dev/null
k create serviceaccount kube9-operator -n k9-elsewhere >/dev/null
pod kube9-1 k9-elsewhere
plugin_says 0 '^health' status
kubelet_says kube9-1 k9-elsewhere '{"running":{}}' true
plugin_says 0 '^health' status
plugin_says 0 '^health' status -n k9-elsewhere
exec_words_were "exec --namespace k9-elsewhere kube9-1 -c operator -- kube9-operator query status --format=table"
pod kube9-2 kube9-system
kubelet_says kube9-2 kube9-system '{"running":{}}' true
plugin_says 1 '2 Pods of the operator are ready: kube9-system/kube9-0, kube9-system/kube9-2; choose one' status
k delete pod kube9-2 -n kube9-system --grace-period=0 --force >/dev/null 2>&1

# Everything that works where exec does, and what exec got for it.
plugin_answers
plugin_says 0 'PILLAR' report --kubeconfig "$KUBECONFIG" --context "$(k config current-context)" --severity high,critical \
	--object-namespace 'a b;$(x)'
exec_words_were "exec --namespace kube9-system kube9-0 -c operator --kubeconfig=$KUBECONFIG --context=$(k config current-context) -- \
kube9-operator query assessments report --severity=high,critical --namespace=a b;\$(x) --format=table"

# The report of the history says what `assess --live` says with the same rights, but for the operator's own
# namespace, which `serve` knows to be the platform's.
findings='[.findings[] | select([.object.namespace, .object.name] | index("kube9-system") | not) |
	[.id, .check, .object, .severity, .status, .path, .message, .fix]] | sort'
kubectl-kube9 assess -o json | jq "$findings" >"$CASE_DIR/report.json"
"$PROGRAM" assess --live --kubeconfig "$OPERATOR_CONFIG" -o json | jq "$findings" >"$CASE_DIR/live.json"
(($(jq length "$CASE_DIR/report.json") > 100)) || fail "a report with $(jq length "$CASE_DIR/report.json") findings"
diff "$CASE_DIR/report.json" "$CASE_DIR/live.json" >"$CASE_DIR/report.diff" || fail "report and assess --live differ: $(head -n 20 "$CASE_DIR/report.diff")"
note "$(jq length "$CASE_DIR/report.json") findings, the same from the history and from the live cluster"

# kubectl asks the plugin's companion what may stand next.
equal "report" "$(kubectl __complete kube9 rep 2>/dev/null | sed -n '1s/\t.*//p')" "kubectl completes a command"
equal "html" "$(kubectl __complete kube9 report -o ht 2>/dev/null | sed -n 1p)" "kubectl completes a value"

# A person with the Role for queries may ask; for runs it takes more, and that is said.
ann=$(as_user ann)
plugin_says 1 'you may not list pods in namespace kube9-system; .* --role=kube9-query' status --kubeconfig "$ann"
k create --dry-run=client -o json -f "$ROOT/deploy/kustomize/base/operator.yaml" 2>/dev/null |
	jq -c 'select(.kind == "Role" and .metadata.name == "kube9-query")' | k apply -f - >/dev/null
as_user ann kube9-query >/dev/null
ann_reads() {
	kubectl-kube9 status --kubeconfig "$ann"
}
wait_for 15 "a person with kube9-query asks for the status" ann_reads
plugin_says 1 'you may not create assessmentruns; .* --clusterrole=kube9-operator-edit' assess --kubeconfig "$ann"
k create clusterrole k9-e2e-runs --verb=create,get --resource=assessmentruns.kube9.io >/dev/null
k create clusterrolebinding k9-e2e-ann --clusterrole=k9-e2e-runs --user=ann >/dev/null
ann_assesses() {
	kubectl-kube9 assess --kubeconfig "$ann"
}
wait_for 15 "a person with a right to make runs" ann_assesses
k patch role kube9-query -n kube9-system --type=json -p '[{"op":"remove","path":"/rules/1"}]' >/dev/null
ann_may_not_exec() {
	! kubectl-kube9 status --kubeconfig "$ann" >/dev/null 2>&1
}
wait_for 15 "the right to exec taken away" ann_may_not_exec
before=$(k get assessmentruns -o name | wc -l)
plugin_says 1 'you may not create pods/exec in namespace kube9-system' assess --kubeconfig "$ann"
equal "$before" "$(k get assessmentruns -o name | wc -l)" "runs after an assess whose report could not be read"

# No kubectl; no definitions; no server.
stop_operator
mkdir "$CASE_DIR/alone"
ln -s "$PROGRAM" "$CASE_DIR/alone/kubectl-kube9"
! env PATH="$CASE_DIR/alone" "$CASE_DIR/alone/kubectl-kube9" status --pod kube9-0 2>"$CASE_DIR/plugin.err" ||
	fail "status without kubectl succeeded"
matches 'kubectl is not in PATH' "$(<"$CASE_DIR/plugin.err")" "status without kubectl"
k delete -f "$ROOT/crds" --timeout=20s >/dev/null
defer 'k apply --server-side -f "$ROOT/crds" >/dev/null'
plugin_says 1 'this cluster has no AssessmentRun .*: install the chart' assess
plugin_says 1 '127.0.0.1' status --kubeconfig "$(sed 's|server: .*|server: https://127.0.0.1:1|' "$KUBECONFIG" >"$CASE_DIR/down" && echo "$CASE_DIR/down")"
