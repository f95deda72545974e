# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# clock.sh (sourced by test.sh): the node's clock jumps. The kernel's clock is that of the whole machine
# and of everybody who works on it, and time namespaces do not reach the wall clock: so it is moved for
# the operator's process alone, while it runs, by a library in its volume (e2e/clock_skew.c). To the
# operator that is the same; to the kubelet and the API server it is a Pod whose clock is wrong.
# shellcheck disable=SC2154 # test.sh has the variables

readonly JUMP=$((6 * 3600 + 1800)) # one interval of the schedule, and less than its deadline of 1 h more

# SECONDS: from now on it is that much later for the operator.
jump() {
	echo "$1" >"$CLUSTER/node/pv/skew.new"
	chmod 644 "$CLUSTER/node/pv/skew.new"
	mv "$CLUSTER/node/pv/skew.new" "$CLUSTER/node/pv/skew"
}

movable() {
	cc -shared -fPIC -O1 -Wall -Wextra -Werror -o "$CLUSTER/node/pv/clock_skew.so" e2e/clock_skew.c || fail "cc"
	jump 0
	helm_upgrade --set 'env[0].name=LD_PRELOAD,env[0].value=/data/clock_skew.so' \
		--set 'env[1].name=CLOCK_SKEW_FILE,env[1].value=/data/skew' || fail "helm upgrade"
	wait_for 10 "the new Pod leads" leads "$(pod .metadata.uid)"
}

# FIELD: a time of the Kube9Config, in seconds.
config_time() {
	date -d "$(k get kube9config default -o "jsonpath={.status.$1}")" +%s
}

scheduled_runs() {
	k get assessmentruns -l kube9.io/trigger=Scheduled -o name | sort
}

same_process() {
	equal "$1" "$(operator_process) $(lease_holder) $(pod '.status.containerStatuses[0].restartCount')" \
		"process, holder of the Lease and restarts"
	pod_is_ready || fail "the Pod is not ready"
}

identity() {
	echo "$(operator_process) $(lease_holder) $(pod '.status.containerStatuses[0].restartCount')"
}

# It notices at its next pass, which is what happens when the configuration is touched.
touch_config() {
	k annotate kube9config default touched="$1" --overwrite >/dev/null || fail "kubectl annotate"
}

one_more_run() {
	[[ $(scheduled_runs | wc -l) == "$1" && -z $(runs_in_phase 'Pending|Running|') ]]
}

forward() {
	local was runs
	was=$(identity)
	runs=$(scheduled_runs | wc -l)
	jump $JUMP
	touch_config forward
	wait_for 20 "the run that became due" one_more_run $((runs + 1))
	sleep 3 # more than the Lease's retry period: were it judged by the wall clock, it would be lost
	same_process "$was"
	equal $((runs + 1)) "$(scheduled_runs | wc -l)" "scheduled runs"
	(($(config_time lastScheduleTime) > $(date +%s) + 3600)) || fail "lastScheduleTime: the clock did not jump"
}

# As many requests as at rest, no run, and the next one not later than one interval from now.
backward() {
	local was runs size writes now
	was=$(identity)
	runs=$(scheduled_runs)
	jump 0
	touch_config backward
	wait_for 10 "the schedule follows the clock" next_is_within $((6 * 3600 + 60))
	size=$(stat -c %s "$CLUSTER/audit.log")
	sleep 5
	same_process "$was"
	equal "$runs" "$(scheduled_runs)" "scheduled runs"
	writes=$("$K9E2E" audit -from "$size" writes "$CLUSTER/audit.log" | wc -l)
	note "$writes writes within 5 s"
	((writes <= 12)) || fail "$writes writes within 5 s"
	now=$(date +%s)
	(($(config_time nextAssessmentTime) > now)) || fail "nextAssessmentTime is past"
}

# Times to come, which the jump left behind, are not believed.
next_is_within() {
	(($(config_time nextAssessmentTime) <= $(date +%s) + $1 && $(config_time lastScheduleTime) <= $(date +%s) + 60))
}

# The next process finds times to come in its history.
after_a_restart() {
	deleted
	wait_for 10 "the schedule follows the clock" next_is_within $((6 * 3600 + 60))
}

must "a process whose clock can be moved" movable
it "six and a half hours forward: it leads on, and one run is made up for" forward
it "back again: it leads on, writes no more than at rest, and the schedule goes on" backward
it "it assesses on demand" assess_again after-jump
it "a new process is not misled by times to come" after_a_restart
it "the history is intact after it" history_intact
