# shellcheck shell=bash
# Two serve processes on one database: one leads, the other waits (not ready, opens nothing). A
# leader that ends gives its Lease back: the other one takes over at once.
launch_operator a
wait_for 10 "a ready" operator_ready a
name=$(first_run)
launch_operator b
sleep 1.5
operator_alive b || fail "the standby ended"
operator_http /healthz b >/dev/null || fail "the standby is not alive"
! operator_http /readyz b >/dev/null || fail "the standby says it is ready"
! readlink "/proc/$(operator_pid b)/fd/"* | grep -q "^$DB" || fail "the standby has opened the database"
holder=$(k get lease kube9-operator -n kube9-system -o 'jsonpath={.spec.holderIdentity}')
matches '^a-' "$holder" "holder of the Lease"

stop_operator a
wait_for 5 "b took over" operator_ready b
holder=$(k get lease kube9-operator -n kube9-system -o 'jsonpath={.spec.holderIdentity}')
matches '^b-' "$holder" "holder after the hand-over"
# It continues the same history, and makes no second first run.
sleep 1
equal 1 "$(k get assessmentruns -o name | wc -l)" "runs after the hand-over"
k create -f - >/dev/null <<'RUN'
apiVersion: kube9.io/v1alpha1
kind: AssessmentRun
metadata: {name: after}
spec: {mode: Full}
RUN
wait_run after
equal 2 "$(cli query runs list | json total)" "runs in the history (with $name)"
stop_operator b
equal "" "$(k get lease kube9-operator -n kube9-system -o 'jsonpath={.spec.holderIdentity}')" \
	"holder after both ended"
