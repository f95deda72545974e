# shellcheck shell=bash
# Chains of mutations of Kube9Config and AssessmentRun, drawn from the schema that the API server
# has: each is refused with a message that names the field, or in force, or refused in a condition;
# an earlier spec gives the earlier state; an operator that knows nothing comes to the same.
#   ACTO_STEPS=1000 ACTO_SEED=7 ACTO_TRIAL=3   (make acto STEPS= SEED= TRIAL=)
answer=0
"$K9E2E" acto -kubeconfig "$KUBECONFIG" -program "$PROGRAM" -operator-config "$OPERATOR_CONFIG" \
	-dir "$CASE_DIR" -audit "$CLUSTER/audit.log" -sample "$ROOT/deploy/samples/kube9config.yaml" \
	-steps "${ACTO_STEPS:-60}" -seed "${ACTO_SEED:-1}" -trial "${ACTO_TRIAL:--1}" || answer=$?
((answer == 0)) || fail "acto (above)"
