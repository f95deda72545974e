# shellcheck shell=bash
# Ten minutes were missed: one run for the newest of them, not ten.
apply config.yaml
last=$(date -u -d '-10 minutes' +%Y-%m-%dT%H:%M:%SZ)
k patch kube9config default --subresource=status --type=merge \
	-p "{\"status\":{\"lastScheduleTime\":\"$last\"}}"
before=$(($(date +%s) / 60))
start_operator
name=$(first_run)
due=${name#default-}
((due >= before && due <= before + 1)) || fail "the run is for minute $due, now is $before"
sleep 1
equal 1 "$(k get assessmentruns -o name | wc -l)" "number of runs"

# Suspended: nothing more is scheduled.
k patch kube9config default --type=merge -p '{"spec":{"assessment":{"suspend":true}}}'
wait_for 5 "Ready for the new generation" condition_is Ready True
equal "" "$(k get kube9config default -o 'jsonpath={.status.nextAssessmentTime}')" \
	"nextAssessmentTime while suspended"
