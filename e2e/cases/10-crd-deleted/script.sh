# shellcheck shell=bash
# The CRDs go (and with them every object), and come back: no restart, no crash, no hot loop, and
# the last good config stays in force in between.
apply config.yaml
start_operator
wait_for 5 "Ready" condition_is Ready True
first_run >/dev/null
pid=$(operator_pid)
k delete -f "$ROOT/crds" --timeout=20s
before=$(cpu_ms "$pid")
sleep 2
operator_alive || fail "the operator ended when its CRDs were deleted"
operator_http /healthz >/dev/null || fail "the operator is not alive without its CRDs"
used=$(($(cpu_ms "$pid") - before))
((used < 300)) || fail "the operator used $used ms of CPU in 2 s without its CRDs"

k apply --server-side -f "$ROOT/crds" >/dev/null
k wait --recursive=false --for=condition=Established --timeout=10s -f "$ROOT/crds" >/dev/null
apply config.yaml
wait_for 30 "Ready after the CRDs came back" condition_is Ready True
apply manual.yaml
wait_run manual 15
equal "$pid" "$(operator_pid)" "pid of the operator"
