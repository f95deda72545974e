# shellcheck shell=bash
# Without its Kube9Config the operator goes on with defaults; with it again, that one is in force.
apply config.yaml
start_operator
wait_for 5 "Ready" condition_is Ready True
name=$(first_run)
matches '' "$(cli query assessments list --run "$name" --pillar security)" "findings"
k delete kube9config default --timeout=5s
apply manual.yaml
wait_run manual
# The config asked for one pillar; its absence means all six.
equal 6 "$(k get assessmentrun manual -o json | json status.pillars.#)" "pillars with defaults"
operator_alive || fail "the operator ended"

apply config.yaml
wait_for 5 "Ready again" condition_is Ready True
equal "" "$(audit_denied)" "denied requests"
