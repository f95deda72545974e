# shellcheck shell=bash
# A cluster with 2,000 more Pods (last: they stay). Their 100 owners are judged, not each Pod.
"$K9E2E" load -kubeconfig "$KUBECONFIG" -pods 2000 -namespaces 4 >"$CASE_DIR/load.out" ||
	fail "loading failed"
note "$(cat "$CASE_DIR/load.out")"
begin=$(date +%s%N)
start_operator
note "ready after $((($(date +%s%N) - begin) / 1000000)) ms"
name=$(first_run)
pid=$(operator_pid)
before=$(cpu_ms "$pid")
k create -f - >/dev/null <<'RUN'
apiVersion: kube9.io/v1alpha1
kind: AssessmentRun
metadata: {name: loaded}
spec: {mode: Full}
RUN
wait_run loaded
note "assessment: $(($(cpu_ms "$pid") - before)) ms of CPU; $(rss_kb "$pid") kB resident"
rows=$(cli query assessments list --run loaded --status failing --namespace load-0 --limit 1000)
[[ $(json total <<<"$rows") -ge 12 ]] || fail "findings in load-0: $(json total <<<"$rows")"
! grep -q '"team-0000-0' <<<"$rows" || fail "a Pod is reported instead of its owner"
equal "$(k get assessmentrun "$name" -o 'jsonpath={.status.counts.failing}')" \
	"$(k get assessmentrun loaded -o 'jsonpath={.status.counts.failing}')" "failing checks of both runs"
