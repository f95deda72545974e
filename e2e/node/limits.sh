# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# limits.sh (sourced by test.sh): a cluster of 10,000 more Pods, which nothing runs, and half the default
# CPU: 128Mi and 50m still sync, assess, answer probes and stop in time.
# shellcheck disable=SC2154 # test.sh has the variables

PODS=${PODS:-10000}

# SIGNAL: to kube-controller-manager. Its pid is one of the node's.
controllers() {
	"$E2E/node.sh" exec "$CLUSTER" kill -s "$1" "$(cut -d ' ' -f 1 "$CLUSTER/pids/kube-controller-manager")"
}

# Its controllers would make the Pods of each ReplicaSet before the loader does: they wait meanwhile.
loaded() {
	controllers STOP || fail "kube-controller-manager cannot be stopped"
	nsenter --net="/proc/$init/ns/net" -- "$K9E2E" load -kubeconfig "$KUBECONFIG" -pods "$PODS" \
		-scheduler nobody >"$work/load.out" 2>&1
	local rc=$?
	controllers CONT
	((rc == 0)) || fail "$(tail -n 3 "$work/load.out")"
	note "$(tail -n 1 "$work/load.out")"
}

# NAME: a file of the memory or cpu cgroup of the operator's container.
cgroup_file() {
	local group
	group=$(sed -n "s/^[0-9]*:$1://p" "/proc/$(operator_process)/cgroup")
	cat "/sys/fs/cgroup/$1$group/$2"
}

squeezed() {
	local start
	start=$(date +%s%N)
	helm_upgrade --timeout 180s --set resources.limits.cpu=50m --set-json env=[] || fail "helm upgrade"
	note "helm upgrade --wait until Ready: $((($(date +%s%N) - start) / 1000000)) ms"
	equal 5000 "$(cgroup_file cpu cpu.cfs_quota_us)" "CPU quota of 100 ms"
	wait_for 30 "leads" leads "$(pod .metadata.uid)"
}

sees_all() {
	local seen
	seen=$(in_the_pod_metrics | sed -n 's/^kube9_operator_informer_objects{kind="pods"} //p')
	((${seen:-0} >= PODS)) || fail "Pods in its cache: '$seen'"
}

in_the_pod_metrics() {
	curl -sf --max-time 20 "http://$(pod .status.podIP):8080/metrics"
}

assesses_squeezed() {
	local start
	start=$(date +%s%N)
	assess_again squeezed 120
	note "a whole assessment: $((($(date +%s%N) - start) / 1000000)) ms"
	equal Completed "$(k get assessmentrun squeezed -o 'jsonpath={.status.phase}')" "phase"
}

# The kubelet's probes and ours, while it assesses.
answers_probes() {
	local i
	k create -f - >/dev/null <<-RUN || fail "kubectl create"
		apiVersion: kube9.io/v1alpha1
		kind: AssessmentRun
		metadata: {name: probed}
		spec: {mode: Full}
	RUN
	for ((i = 0; i < 20; i++)); do
		curl -sf --max-time 5 "http://$(pod .status.podIP):8080/healthz" >/dev/null || fail "/healthz, request $i"
		curl -sf --max-time 5 "http://$(pod .status.podIP):8080/readyz" >/dev/null || fail "/readyz, request $i"
	done
	wait_run probed 120
	equal "" "$(k get events -n kube9-system --field-selector reason=Unhealthy,involvedObject.name="$(pod .metadata.name)" \
		-o 'jsonpath={range .items[*]}{.message}{"\n"}{end}' | grep -i liveness)" "failed liveness probes"
}

within_memory() {
	local most failures
	most=$(cgroup_file memory memory.max_usage_in_bytes)
	failures=$(cgroup_file memory memory.failcnt)
	note "memory of its cgroup at the most: $((most / 1024)) kB of 131072 (limit hit $failures times), resident now: $(rss_kb "$(operator_process)") kB"
	equal 0 "$(pod '.status.containerStatuses[0].restartCount')" "restarts"
	note "throttled: $(cgroup_file cpu cpu.stat | paste -sd' ')"
}

# In all that the operator has gone through so far, with the rights of the chart.
nothing_denied() {
	[[ $("$K9E2E" audit writes "$CLUSTER/audit.log" | wc -l) -gt 20 ]] || fail "no requests of the operator are seen: what is looked for is wrong"
	equal "" "$("$K9E2E" audit denied "$CLUSTER/audit.log")" "denied requests"
}

must "10,000 Pods are in the cluster" loaded
must "128Mi and 50m: helm upgrade --wait" squeezed
it "it has synced all of them" sees_all
it "it assesses them" assesses_squeezed
it "it answers probes meanwhile" answers_probes
it "it stays within its memory, without a restart" within_memory
it "SIGTERM: it ends in time even so" sigterm
it "the history is intact after it" history_intact
it "no request of the operator was denied" nothing_denied
