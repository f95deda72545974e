# shellcheck shell=bash
# Chains of mutations of Kube9Config and AssessmentRun, drawn from the schema that the API server
# has: each is refused with a message that names the field, or in force, or refused in a condition;
# an earlier spec gives the earlier state; an operator that knows nothing comes to the same.
#   ACTO_STEPS=1000 ACTO_SEED=7 ACTO_TRIAL=3   (make acto STEPS= SEED= TRIAL=)

# There is no kubelet: Pods that nobody starts are a finding after ten minutes, and the same run would
# come to another result then.
running='{"status": {"phase": "Running", "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}]}}'
while read -r namespace pod; do
	k patch pod "$pod" -n "$namespace" --subresource=status --type=strategic -p "$running" >/dev/null
done < <(k get pods -A -o 'jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{"\n"}{end}')
answer=0
"$K9E2E" acto -kubeconfig "$KUBECONFIG" -program "$PROGRAM" -operator-config "$OPERATOR_CONFIG" \
	-dir "$CASE_DIR" -audit "$CLUSTER/audit.log" -sample "$ROOT/deploy/samples/kube9config.yaml" \
	-steps "${ACTO_STEPS:-60}" -seed "${ACTO_SEED:-1}" -trial "${ACTO_TRIAL:--1}" || answer=$?
((answer == 0)) || fail "acto (above)"
