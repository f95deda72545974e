# shellcheck shell=bash
# What GitOps tools and people wait for.
start_operator
apply "$ROOT/deploy/samples/kube9config.yaml"
k wait --for=condition=Ready kube9config/default --timeout=10s
apply "$ROOT/deploy/samples/assessmentrun-by-pillar.yaml"
k wait --for=condition=Ready assessmentrun/security-and-reliability --timeout=10s
k wait --for=condition=Complete k9run/security-and-reliability --timeout=5s
k wait --for='jsonpath={.status.phase}=Completed' k9run/security-and-reliability --timeout=5s
k wait --for=condition=Ready k9run --all --timeout=10s
equal default "$(k get kube9 -o name | sed -n 's|^kube9config.kube9.io/||p')" "kubectl get kube9 (category)"

# A run that is over its time to live is deleted; its findings stay.
k create -f - >/dev/null <<'RUN'
apiVersion: kube9.io/v1alpha1
kind: AssessmentRun
metadata: {name: short-lived}
spec: {mode: Full, ttlSecondsAfterFinished: 3}
RUN
k wait --for=condition=Complete k9run/short-lived --timeout=10s
k wait --for=delete k9run/short-lived --timeout=6s
cli query runs get short-lived >/dev/null || fail "the history forgot the deleted run"

# A run that is cancelled before it starts ends as Cancelled.
k create -f - >/dev/null <<'RUN'
apiVersion: kube9.io/v1alpha1
kind: AssessmentRun
metadata: {name: unwanted}
spec: {mode: Full, cancel: true}
RUN
k wait --for=condition=Failed k9run/unwanted --timeout=5s
equal Cancelled "$(k get k9run unwanted -o 'jsonpath={.status.phase}')" "phase of a cancelled run"
