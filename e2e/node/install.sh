# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# install.sh (sourced by test.sh): from `helm install` with nothing but the chart's defaults to the first
# answers, as docs/install.md tells it and as the VS Code extension expects it.
# shellcheck disable=SC2154 # test.sh has the variables

# A volume on the node, in the class that claims get by themselves.
make_storage() {
	mkdir -p "$CLUSTER/node/pv"
	k apply -f - <<-STORAGE
		apiVersion: storage.k8s.io/v1
		kind: StorageClass
		metadata: {name: local, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
		provisioner: kubernetes.io/no-provisioner
		volumeBindingMode: WaitForFirstConsumer
		---
		apiVersion: v1
		kind: PersistentVolume
		metadata: {name: history}
		spec:
		  capacity: {storage: 1Gi}
		  accessModes: [ReadWriteOnce]
		  storageClassName: local
		  local: {path: $CLUSTER/node/pv}
		  nodeAffinity:
		    required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node-1]}]}]}
	STORAGE
}

helm_install() {
	helm install kube9-operator deploy/chart --namespace kube9-system --create-namespace --wait --timeout 60s
}

# FIELD: of the one Pod that the extension would choose.
pod() {
	k get pods -n kube9-system -l app.kubernetes.io/name=kube9-operator -o "jsonpath={.items[0]$1}"
}

# The rule of its contract: by label, Running, and a ready container of that name.
found_by_the_extension() {
	equal "Running" "$(pod .status.phase)" "phase"
	equal "true" "$(pod '.status.containerStatuses[?(@.name=="operator")].ready')" "container operator is ready"
	equal 1 "$(k get pods -n kube9-system -l app.kubernetes.io/name=kube9-operator -o name | wc -l)" "Pods with that label"
	[[ -n $(k get configmap kube9-operator-status -n kube9-system -o 'jsonpath={.data.status}') ]] || fail "no status document"
}

# The pid of the operator in the Pod, as this machine sees it.
operator_process() {
	local pid
	for pid in $(cat /sys/fs/cgroup/memory/"$(<"$CLUSTER/node/cgroup")"/kubepods/burstable/pod*/*/cgroup.procs); do
		[[ $(readlink "/proc/$pid/exe") != /usr/local/bin/kube9-operator ]] || echo "$pid"
	done
}

# PID NAME: a line of its status.
status_of() {
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr -s '\t ' ' '
}

confined() {
	local pid group
	pid=$(operator_process)
	[[ $pid =~ ^[0-9]+$ ]] || fail "one process of the operator is wanted, found: '$pid'"
	equal "65532 65532 65532 65532" "$(status_of "$pid" Uid)" "uid"
	equal 0000000000000000 "$(status_of "$pid" CapEff)" "capabilities"
	equal 0000000000000000 "$(status_of "$pid" CapBnd)" "capabilities that could be had"
	equal 1 "$(status_of "$pid" NoNewPrivs)" "no new privileges"
	equal 2 "$(status_of "$pid" Seccomp)" "seccomp filter"
	grep -qE '^[0-9]+ [0-9]+ [0-9:]+ [^ ]+ / ro,' "/proc/$pid/mountinfo" || fail "its root can be written"
	group=$(sed -n 's/^[0-9]*:memory://p' "/proc/$pid/cgroup")
	equal $((128 * 1024 * 1024)) "$(<"/sys/fs/cgroup/memory$group/memory.limit_in_bytes")" "memory limit"
}

logs() {
	local lines
	lines=$(k logs -n kube9-system deploy/kube9-operator) || fail "no logs"
	matches '"msg":"reconciling"' "$lines" "log"
	equal "" "$(grep -E '"level":"(warn|error)"' <<<"$lines")" "warnings"
}

applied() {
	apply deploy/samples/kube9config.yaml
	wait_for 10 "Ready" condition_is Ready True
	equal "@every 6h" "$(k get kube9config default -o 'jsonpath={.spec.assessment.schedule}')" "schedule"
}

assessed() {
	apply deploy/samples/assessmentrun-by-pillar.yaml
	wait_run security-and-reliability 20
	k wait --for=condition=Complete --timeout=5s assessmentrun security-and-reliability || fail "kubectl wait"
}

# WORDS...: a command in the Pod, as the extension and docs/install.md run it.
in_pod() {
	k exec -n kube9-system deploy/kube9-operator -c operator -- kube9-operator "$@"
}

# WORDS...: all three formats are there.
answer() {
	local form
	for form in json yaml table; do
		in_pod query "$@" -o $form >"$work/answer.$form" 2>"$work/answer.err" || fail "query $* -o $form: $(cat "$work/answer.err")"
		equal "" "$(cat "$work/answer.err")" "stderr of query $* -o $form"
		[[ -s $work/answer.$form ]] || fail "query $* -o $form says nothing"
	done
	python3 - "$work/answer.json" "$work/answer.yaml" <<-'PY'
		import json, sys, yaml
		class Text(yaml.SafeLoader): pass
		Text.add_constructor("tag:yaml.org,2002:timestamp", Text.construct_yaml_str)
		assert json.load(open(sys.argv[1])) == yaml.load(open(sys.argv[2]), Text)
	PY
}

# WORDS...: JSON and YAML hold the same, unless the operator wrote something meanwhile; the table is one.
answers() {
	answer "$@" || answer "$@" || answer "$@" || fail "query $*: JSON and YAML differ"
	! grep -q '^{' "$work/answer.table" || fail "query $* -o table is JSON"
}

same_score() {
	equal "$(k get assessmentrun security-and-reliability -o 'jsonpath={.status.score}')" \
		"$(in_pod query runs get security-and-reliability -o json | json score)" "score"
}

# Argument for argument what the client sends, but for the command: this version answers no `query events`.
as_the_client_asks() {
	local pod_name
	pod_name=$(pod .metadata.name)
	k exec -n kube9-system "$pod_name" -c operator -- kube9-operator query assessments list --limit=25 --format=json |
		jq -e 'type == "object"' >/dev/null || fail "no single JSON object"
	! k exec -n kube9-system "$pod_name" -c operator -- kube9-operator query nothing --format=json \
		>"$work/out" 2>"$work/err" || fail "an unknown query ends well"
	[[ ! -s $work/out && -s $work/err ]] || fail "an unknown query: stdout '$(cat "$work/out")', stderr '$(cat "$work/err")'"
}

# What a Prometheus finds through the Service, if nothing but the name of the Service is known.
scraped() {
	local target
	target=$(k get endpointslices -n kube9-system -l kubernetes.io/service-name=kube9-operator \
		-o 'jsonpath={range .items[0].endpoints[?(@.conditions.ready==true)]}{.addresses[0]}{end}:{.items[0].ports[0].port}')
	equal "$(pod .status.podIP):8080" "$target" "endpoint of the Service"
	curl -sf --max-time 10 "http://$target/metrics" >"$work/metrics" || fail "no metrics at $target"
	grep -qE '^kube9_operator_' "$work/metrics" || fail "no metrics of ours at $target"
}

helm_test() {
	helm test kube9-operator -n kube9-system --timeout 30s --logs
	matches 'Phase: +Succeeded' "$(cat "$work/said")" "helm test"
}

first_finding() {
	in_pod query assessments list --limit 1 -o json | jq -r '.assessments[0].id'
}

must "storage" make_storage
must "helm install --wait, with the chart's defaults" helm_install
it "the VS Code extension finds the Pod and its container" found_by_the_extension
it "the process has no user, capability or file system but its own" confined
it "its log is clean" logs
it "a Kube9Config that is applied is in force" applied
must "an AssessmentRun that is applied completes" assessed
for query in status "runs list" "runs get security-and-reliability" "assessments list --limit=500" "assessments get $(first_finding)" \
	"assessments summary" "assessments history" "vulnerabilities list" "vulnerabilities summary"; do
	# shellcheck disable=SC2086
	it "kubectl exec: query $query as json, yaml and table" answers $query
done
it "the history has the score of the object" same_score
it "the client's way of asking" as_the_client_asks
it "the metrics Service leads to the Pod" scraped
it "helm test" helm_test
