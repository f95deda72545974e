# shellcheck shell=bash
# A leader that dies without a word: the same Pod resumes at once, another one after the Lease's
# duration (15 s) and at most 2 s more; never two at a time.
launch_operator a
wait_for 10 "a ready" operator_ready a
first_run >/dev/null
kill_operator a
begin=$(date +%s%N)
launch_operator a
wait_for 3 "a resumes its own Lease" operator_ready a
note "own Lease resumed after $((($(date +%s%N) - begin) / 1000000)) ms"

launch_operator b
sleep 0.5
kill_operator a
begin=$(date +%s%N)
wait_for 18 "b took over a dead leader's Lease" operator_ready b
took=$((($(date +%s%N) - begin) / 1000000))
((took > 8000)) || fail "b took the Lease of a foreign holder after $took ms"
note "foreign Lease taken after $took ms"
k create -f - >/dev/null <<'RUN'
apiVersion: kube9.io/v1alpha1
kind: AssessmentRun
metadata: {name: after}
spec: {mode: Full}
RUN
wait_run after
