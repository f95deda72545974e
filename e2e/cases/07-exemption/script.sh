# shellcheck shell=bash
# What is exempted is skipped with that reason: neither failing nor passing. An expired exemption
# exempts nothing.
apply config.yaml
start_operator
first_run >/dev/null
failing=$(cli query assessments list --status failing --namespace legacy --limit 1000)
! grep -q security/privileged-container <<<"$failing" || fail "an exempted finding is failing"
grep -q security/host-pid <<<"$failing" || fail "the expired exemption still exempts"
skipped=$(cli query assessments list --check security/privileged-container --status skipped)
equal exempted "$(json assessments.0.reason <<<"$skipped")" "reason of the skipped check"
