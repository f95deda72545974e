# shellcheck shell=bash
# The main job: apply a Kube9Config, get an AssessmentRun, ask the CLI for every finding.
start_operator
apply "$ROOT/deploy/samples/kube9config.yaml"
expect expect.yaml
name=$(first_run)
uid=$(k get assessmentrun "$name" -o 'jsonpath={.metadata.uid}')
equal "$uid" "$(k get assessmentrun "$name" -o 'jsonpath={.status.historyID}')" "historyID"

status=$(cli query status)
equal operated "$(json mode <<<"$status")" "query status: mode"
equal free "$(json tier <<<"$status")" "query status: tier"
runs=$(cli query runs list)
equal 1 "$(json total <<<"$runs")" "query runs list: total"

list=$(cli query assessments list --run "$name" --status failing --limit 1000)
[[ $(json total <<<"$list") -ge 5 ]] || fail "too few failing findings: $(json total <<<"$list")"
equal "$(json total <<<"$list")" "$(json assessments.# <<<"$list")" "rows of the list"
# What was loaded bad is found, what was loaded good is not.
grep -q security/privileged-container <<<"$list" || fail "the privileged Pod was not found"
grep -q security/rbac-wildcard <<<"$list" || fail "the wildcard ClusterRole was not found"
good=$(cli query assessments list --run "$name" --status failing --namespace shop --limit 1000)
! grep -q security/run-as-non-root <<<"$good" || fail "the good Deployment is reported"

# The counts of the object, of the summary and of the history are the same facts.
failing=$(k get assessmentrun "$name" -o 'jsonpath={.status.counts.failing}')
summary=$(cli query assessments summary)
grep -q "\"failing\": *$failing\b" <<<"$summary" ||
	fail "summary does not say failing $failing: $summary"
history=$(cli query assessments history)
[[ $(json total <<<"$history") -ge 6 ]] || fail "history has no row per pillar: $history"

for format in json yaml table; do
	cli query assessments list --format "$format" >"$CASE_DIR/out" || fail "--format $format"
	[[ -s $CASE_DIR/out ]] || fail "--format $format: no output"
done
columns=$(k get assessmentruns)
for column in PHASE SCORE GRADE FAILING WARNING DURATION AGE; do
	grep -q "\b$column\b" <<<"$columns" || fail "kubectl get shows no $column: $columns"
done
cli db check >"$CASE_DIR/out" || fail "db check: $(cat "$CASE_DIR/out")"
