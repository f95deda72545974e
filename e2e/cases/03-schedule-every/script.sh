# shellcheck shell=bash
# `@every` counts from lastScheduleTime: 57 s after the last one, the next minute's run is due in
# three, and there is no second first run.
apply config.yaml
last=$(date -u -d '-57 seconds' +%Y-%m-%dT%H:%M:%SZ)
k patch kube9config default --subresource=status --type=merge \
	-p "{\"status\":{\"lastScheduleTime\":\"$last\"}}"
start_operator
wait_for 8 "a scheduled run" some_run_done
expect expect.yaml
name=$(first_run)
due=$((($(date -d "$last" +%s) + 60) / 60))
equal "default-$due" "$name" "name of the scheduled run"
equal "$(k get kube9config default -o 'jsonpath={.metadata.uid}')" \
	"$(k get assessmentrun "$name" -o 'jsonpath={.metadata.ownerReferences[0].uid}')" "owner"
matches "^$(date -u -d "$last +60 seconds" +%Y-%m-%dT%H:%M)" \
	"$(k get kube9config default -o 'jsonpath={.status.lastScheduleTime}')" "lastScheduleTime"
