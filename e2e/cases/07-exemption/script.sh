# shellcheck shell=bash
# What is exempted neither fails nor counts as passing: it is counted as exempted. An exemption that
# has expired exempts nothing.
apply config.yaml
start_operator
first_run >/dev/null
failing=$(cli query assessments list --status failing --namespace legacy --limit 1000)
! grep -q security/privileged-container <<<"$failing" || fail "an exempted finding is failing"
grep -q security/host-pid <<<"$failing" || fail "the expired exemption still exempts"
rows=$(cli query assessments list --check security/privileged-container)
equal passing "$(json assessments.0.status <<<"$rows")" "status of the check"
matches '1 exempted' "$(json assessments.0.message <<<"$rows")" "count of exempted objects"
accepted=$(cli query assessments list --check security/privileged-container --status skipped)
equal node-tuner "$(json assessments.0.objectName <<<"$accepted")" "the accepted finding"
equal node-tuner-is-privileged "$(json assessments.0.exemptedBy <<<"$accepted")" "who accepted it"
equal 'Tunes the node; reviewed by the platform team.' "$(json assessments.0.exemptedReason <<<"$accepted")" "why"
lowered=$(cli query assessments list --check security/host-path-sensitive --kind DaemonSet)
equal warning/medium "$(json assessments.0.status <<<"$lowered")/$(json assessments.0.severity <<<"$lowered")" "a downgraded finding"
matches '^2099-12-31' "$(json assessments.0.exemptedUntil <<<"$lowered")" "until when"
