# shellcheck shell=bash
# Three processes on one database, their wall clocks right, an hour fast and an hour slow: one leads,
# two wait. A leader that ends hands over with its next look (at most 2 s later), of one that is killed
# the Lease's duration (15 s) is waited for; the times are stated. ROUNDS hand-overs of each kind.
# shellcheck source=e2e/replicas.sh
source "$E2E/replicas.sh"
audit_mark
replica_new a 0
replica_new b 3600
replica_new c -3600
for name in a b c; do replica_start "$name"; done
wait_for 20 "one of three leads" leader
first_run >/dev/null
sleep 1
standbys_wait

ended=() killed=()
for ((round = 1; round <= ${ROUNDS:-1}; round++)); do
	now=$(leader)
	proc_signal "$CASE_DIR/pids/$now" TERM
	ended+=("$(hand_over "$now" 20)")
	wait_for 20 "$now ended" operator_gone "$now"
	replica_start "$now"
	full_run "ended-$round"

	now=$(leader)
	proc_signal "$CASE_DIR/pids/$now" KILL
	killed+=("$(hand_over "$now" 40)")
	((${killed[-1]} > 8000)) || fail "$now's Lease was taken after ${killed[-1]} ms"
	replica_start "$now"
	full_run "killed-$round"
	standbys_wait
done
note "ms from SIGTERM to the next leader being ready: $(spread "${ended[@]}")"
note "ms from SIGKILL to the next leader being ready: $(spread "${killed[@]}")"
never_two_writers
