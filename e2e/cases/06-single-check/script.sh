# shellcheck shell=bash
# One check: it finds the privileged Pod and nothing else.
start_operator
first_run >/dev/null
apply "$ROOT/deploy/samples/assessmentrun-single-check.yaml"
expect expect.yaml
rows=$(cli query assessments list --run privileged-containers --status failing)
equal 1 "$(json total <<<"$rows")" "failing findings"
equal node-tuner "$(json assessments.0.objectName <<<"$rows")" "object of the finding"
