# shellcheck shell=bash
# A leader that dies without a word: the same Pod resumes its own Lease at once. (Another one waits
# for the Lease's end: 60-leader-hand-over-times.)
launch_operator a
wait_for 10 "a ready" operator_ready a
first_run >/dev/null
kill_operator a
begin=$(date +%s%N)
launch_operator a
wait_for 3 "a resumes its own Lease" operator_ready a
note "own Lease resumed after $((($(date +%s%N) - begin) / 1000000)) ms"
k create -f - >/dev/null <<'RUN'
apiVersion: kube9.io/v1alpha1
kind: AssessmentRun
metadata: {name: after}
spec: {mode: Full}
RUN
wait_run after
