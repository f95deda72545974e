# shellcheck shell=bash
# Without the right to one kind, that kind alone is missing: the condition names it, its checks are
# skipped as no-permission and never pass, and nothing is requested that would be denied.
role=$(k get clusterrole kube9-operator -o json)
index=0
until [[ $(json "rules.$index.resources" <<<"$role") == *networkpolicies* ]]; do
	index=$((index + 1))
done
k patch clusterrole kube9-operator --type=json \
	-p "[{\"op\":\"replace\",\"path\":\"/rules/$index/resources\",\"value\":[\"ingresses\"]}]" >/dev/null
defer 'apply "$ROOT/deploy/manifests/20-clusterrole.yaml"'
sleep 0.5
audit_mark
apply config.yaml
start_operator
wait_for 5 "Ready without a permission" condition_is Ready True
wait_for 5 "PermissionsSufficient is False" condition_is PermissionsSufficient False
matches 'networkpolicies' "$(condition_text PermissionsSufficient)" "the condition's message"
first_run >/dev/null
rows=$(cli query assessments list --status skipped --limit 1000)
grep -q no-permission <<<"$rows" || fail "no check is skipped as no-permission"
passing=$(cli query assessments list --status passing --limit 1000)
! grep -q 'security/.*network-polic' <<<"$passing" || fail "a check passed without the right to look"
equal "" "$(audit_denied)" "denied requests"

apply "$ROOT/deploy/manifests/20-clusterrole.yaml"
# It asks again every five minutes; a restart asks at once.
stop_operator
start_operator
wait_for 8 "PermissionsSufficient is True again" condition_is PermissionsSufficient True
