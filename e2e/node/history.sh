# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# history.sh (sourced by test.sh): the history outlives all that happens to its Pod: SIGTERM, an upgrade
# that brings a newer schema, deletion, kill -9. Every row that was there before is there after.
# shellcheck disable=SC2154 # test.sh has the variables

database=$CLUSTER/node/pv/kube9.db

# What the history says, as one line per row: runs, pillars, findings of the run that was made by hand. What
# schemas after the first added to a row did not survive the older one and is left out.
rows() {
	in_pod query runs list --limit 500 -o json | jq -cS '.runs[]' &&
		in_pod query assessments history --limit 500 -o json | jq -cS '.history[]' &&
		in_pod query assessments list --run security-and-reliability --limit 500 -o json | jq -cS '.assessments[] | del(.id, .exemptedBy, .exemptedReason, .exemptedUntil)'
}

remember_history() {
	rows >"$work/rows.unsorted" || fail "the history cannot be read"
	sort "$work/rows.unsorted" >"$work/rows"
	[[ $(wc -l <"$work/rows") -gt 50 ]] || fail "too few rows: $(wc -l <"$work/rows")"
	note "$(wc -l <"$work/rows") rows"
}

history_intact() {
	local lost
	rows >"$work/rows.now" || fail "the history cannot be read"
	lost=$(sort "$work/rows.now" | comm -23 "$work/rows" - | head -n 3)
	equal "" "$lost" "rows that are gone or changed"
	in_pod db check >/dev/null || fail "db check"
}

schema_is() {
	equal "$1" "$(sqlite3 "$database" 'PRAGMA user_version')" "schema"
}

pod_is_gone() {
	[[ -z $(k get pods -n kube9-system -l app.kubernetes.io/name=kube9-operator -o name) ]]
}

pod_is_ready() {
	[[ $(pod '.status.conditions[?(@.type=="Ready")].status') == True && -z $(pod .metadata.deletionTimestamp) ]]
}

lease_holder() {
	k get lease kube9-operator -n kube9-system -o 'jsonpath={.spec.holderIdentity}'
}

status_document() {
	k get configmap kube9-operator-status -n kube9-system -o 'jsonpath={.data.status}' | json "$1"
}

# PID: until it is gone; prints how many milliseconds that took.
end_of() {
	local start
	start=$(date +%s%N)
	while [[ -e /proc/$1 ]]; do
		(($(date +%s%N) - start < 40000000000)) || fail "the process is there after 40 s"
		sleep 0.01
	done
	echo $((($(date +%s%N) - start) / 1000000))
}

# The process is signalled directly, so that what is measured is its own. The container ends well and is
# started again.
sigterm() {
	local pid took restarts
	restarts=$(pod '.status.containerStatuses[0].restartCount')
	pid=$(operator_process)
	kill -TERM "$pid"
	took=$(end_of "$pid")
	note "SIGTERM to end: $took ms"
	((took <= 5000)) || fail "it took $took ms to end"
	wait_for 60 "started again" restarted $((restarts + 1))
	equal "0" "$(pod '.status.containerStatuses[0].lastState.terminated.exitCode')" "exit status"
}

# COUNT: the container was started that many times again, and is ready.
restarted() {
	[[ $(pod '.status.containerStatuses[0].restartCount') == "$1" ]] && pod_is_ready
}

# Nobody leads after it, and readers see at once that nobody looks after the cluster.
scaled_down() {
	k scale deployment kube9-operator -n kube9-system --replicas=0 || fail "kubectl scale"
	wait_for 40 "the Pod is gone" pod_is_gone
	equal "" "$(lease_holder)" "holder of the Lease"
	equal unhealthy "$(status_document health)" "health in the ConfigMap's last word"
	equal "Shutting down" "$(status_document error)" "error in the ConfigMap's last word"
}

# VERSION: what the operator's own migrations say.
schema_at() {
	[[ -x $work/schema_at ]] ||
		cc -std=gnu17 -D_GNU_SOURCE -I"$ROOT" -o "$work/schema_at" e2e/node/schema_at.c store/migrations.c || fail "cc"
	"$work/schema_at" "$@"
}

# TABLE FILE: its columns.
columns() {
	sqlite3 "$2" "SELECT group_concat(name) FROM pragma_table_info('$1')"
}

# A history as the first migration makes it, with the rows of this one.
make_schema_older() {
	local old=$work/old.db table names
	schema_is "$(schema_at)"
	sqlite3 "$database" .schema | sort >"$work/schema"
	schema_at 1 | sqlite3 "$old" >/dev/null || fail "the first schema cannot be made"
	# Then each run had rows of its own.
	names=$(columns results "$old" | sed 's/^id,run,//; s/\<subject,//')
	sqlite3 "$database" "ATTACH '$old' AS old; INSERT INTO old.results(run, subject, $names) SELECT s.run, r.id, r.${names//,/,r.} FROM spans s
		JOIN results r ON r.id BETWEEN s.first AND s.last" || fail "rows of results"
	for table in $(sqlite3 "$old" "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'results'"); do
		names=$(columns "$table" "$old")
		sqlite3 "$database" "ATTACH '$old' AS old; INSERT INTO old.$table($names) SELECT $names FROM main.$table" || fail "rows of $table"
	done
	equal ok "$(sqlite3 "$old" 'PRAGMA integrity_check')" "integrity"
	rm -f "$database" "$database"-*
	install -o 65532 -g 65532 -m 644 "$old" "$database"
	schema_is 1
	note "$(sqlite3 "$database" 'SELECT count(*) FROM results') results of $(sqlite3 "$database" 'SELECT count(*) FROM runs') runs"
}

helm_upgrade() {
	helm upgrade kube9-operator deploy/chart -n kube9-system --reuse-values --wait --timeout 90s "$@"
}

migrated() {
	schema_is "$(schema_at)"
	sqlite3 "$database" .schema | sort | diff "$work/schema" - || fail "the schema differs from a new one (above)"
	equal "@every 6h" "$(k get kube9config default -o 'jsonpath={.spec.assessment.schedule}')" "what was applied by hand"
	equal debug "$(k get deployment kube9-operator -n kube9-system -o 'jsonpath={.spec.template.spec.containers[0].env[?(@.name=="LOG_LEVEL")].value}')" \
		"the upgrade's new value"
	equal 1 "$(k get pods -n kube9-system -l app.kubernetes.io/name=kube9-operator -o name | wc -l)" "Pods after the upgrade"
}

# NAME: a run by hand, with all that follows.
assess_again() {
	k create -f - <<-RUN || fail "kubectl create"
		apiVersion: kube9.io/v1alpha1
		kind: AssessmentRun
		metadata: {name: $1}
		spec: {mode: Full}
	RUN
	wait_run "$1" "${2:-20}"
	equal "$(k get assessmentrun "$1" -o 'jsonpath={.status.score}')" "$(in_pod query runs get "$1" -o json | json score)" "score"
}

deleted() {
	local before
	before=$(pod .metadata.uid)
	k delete pod -n kube9-system -l app.kubernetes.io/name=kube9-operator --timeout=40s || fail "kubectl delete pod"
	wait_for 60 "another Pod is ready" pod_is_ready
	[[ $(pod .metadata.uid) != "$before" ]] || fail "the Pod is the same"
	wait_for 10 "the new Pod leads" leads "$(pod .metadata.uid)"
}

leads() {
	[[ $(lease_holder) == "$1" && $(status_document health) == healthy ]]
}

# While it writes.
killed() {
	local restarts
	restarts=$(pod '.status.containerStatuses[0].restartCount')
	k create -f - >/dev/null <<-RUN || fail "kubectl create"
		apiVersion: kube9.io/v1alpha1
		kind: AssessmentRun
		metadata: {name: killed}
		spec: {mode: Full}
	RUN
	kill -KILL "$(operator_process)"
	wait_for 60 "started again" restarted $((restarts + 1))
	equal 137 "$(pod '.status.containerStatuses[0].lastState.terminated.exitCode')" "exit status"
	wait_run killed 30
}

must "the history is read through kubectl exec" remember_history
it "SIGTERM: it ends by itself, in time" sigterm
it "scaled to none: the Lease is free, the ConfigMap has the last word" scaled_down
must "a database of schema 1 is in the volume" make_schema_older
must "helm upgrade --wait" helm_upgrade --set logLevel=debug
it "the upgrade migrated the history, took the new value and left what was applied by hand" migrated
it "the history is intact after the migration" history_intact
it "it assesses after the migration" assess_again after-upgrade
it "a Pod that is deleted is replaced and leads" deleted
it "the history is intact after it" history_intact
it "a process that is killed in its work goes on" killed
it "the history is intact after it" history_intact
