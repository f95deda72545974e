# shellcheck shell=bash
# The API server goes away for a while: the operator waits without spinning, catches up with what
# changed, and serves on.
apply config.yaml
start_operator
wait_for 5 "Ready" condition_is Ready True
first_run >/dev/null
pid=$(operator_pid)
"$E2E/cluster.sh" stop-apiserver "$CLUSTER"
before=$(cpu_ms "$pid")
sleep 1.5
used=$(($(cpu_ms "$pid") - before))
((used < 300)) || fail "the operator used $used ms of CPU in 1.5 s without an API server"
operator_http /healthz >/dev/null || fail "the operator is not alive without the API server"
"$E2E/cluster.sh" start-apiserver "$CLUSTER"
apply manual.yaml
wait_run manual 20
operator_alive || fail "the operator ended"
equal "$pid" "$(operator_pid)" "pid of the operator"
