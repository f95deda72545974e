# shellcheck shell=bash
# A leader that is stopped (SIGSTOP) for longer than its Lease: another one leads. When it goes on it
# writes nothing any more, says why, and ends.
# shellcheck source=e2e/replicas.sh
source "$E2E/replicas.sh"
audit_mark
replica_new a 0
replica_new b 0
replica_start a
wait_for 20 "a leads" replica_ready a
first_run >/dev/null
replica_start b
# Work is under way, so that there is something to write when it goes on.
k create -f - >/dev/null <<'RUN'
apiVersion: kube9.io/v1alpha1
kind: AssessmentRun
metadata: {name: before}
spec: {mode: Full}
RUN
sleep 1
proc_signal "$CASE_DIR/pids/a" STOP
note "b leads $(hand_over a 40) ms after a stopped"
wait_run before
full_run meanwhile
k annotate assessmentrun meanwhile resumed=yes >/dev/null
since=$(audit_size)
proc_signal "$CASE_DIR/pids/a" CONT
wait_for 20 "a ended" operator_gone a
grep -q 'leadership lost' "$CASE_DIR/a.log" || fail "a does not say why it ended"
full_run after
equal "" "$(writes_of a "$since")" "writes of a after it went on"
[[ -n $(writes_of b "$since") ]] || fail "no writes of b are seen: what is looked for is wrong"
never_two_writers
