# shellcheck shell=bash
# While nothing changes, nothing is written but the Lease and the heartbeat, nothing is denied, and
# hardly any CPU is used. MINUTES=5 watches for longer than the usual 20 s.
apply "$ROOT/deploy/samples/kube9config.yaml"
start_operator
first_run >/dev/null
wait_for 5 "Ready" condition_is Ready True
sleep 2
audit_mark
pid=$(operator_pid)
before=$(cpu_ms "$pid")
seconds=20
[[ -z ${MINUTES:-} ]] || seconds=$((MINUTES * 60))
sleep "$seconds"
used=$(($(cpu_ms "$pid") - before))
equal "" "$(audit_denied)" "denied requests while idle"
writes=$(audit_writes | grep -vE ' update coordination.k8s.io/leases kube9-system/kube9-operator$' |
	grep -vE ' patch configmaps kube9-system/kube9-operator-status$') || true
equal "" "$writes" "writes while idle"
note "$seconds s: $used ms of CPU, $(rss_kb "$pid") kB resident, $(audit_writes | wc -l) writes of Lease and heartbeat"
((used * 2000 <= seconds * 1000 + 40000)) || fail "$used ms of CPU in $seconds idle seconds"
