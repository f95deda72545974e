# shellcheck shell=bash
# A run on demand, of two pillars.
start_operator
first=$(first_run)
apply "$ROOT/deploy/samples/assessmentrun-by-pillar.yaml"
expect expect.yaml
equal 2 "$(k get assessmentrun security-and-reliability -o json | json status.pillars.#)" pillars
rows=$(cli query assessments list --run security-and-reliability --pillar cost-optimization)
equal 0 "$(json total <<<"$rows")" "findings of another pillar"
rows=$(cli query assessments list --run security-and-reliability --pillar security)
[[ $(json total <<<"$rows") -ge 5 ]] || fail "too few security findings: $(json total <<<"$rows")"
equal 2 "$(cli query runs list | json total)" "runs in the history (with $first)"

# The configuration's score is that of the whole cluster still.
apply "$ROOT/deploy/samples/kube9config.yaml"
wait_for 5 "Ready" condition_is Ready True
equal "$first" "$(k get kube9config default -o 'jsonpath={.status.lastAssessment.name}')" "last assessment of the cluster"
