# shellcheck shell=bash
# The chart on a real API server: what it renders is accepted whole; installed, it gives the operator
# just the rights of deploy/manifests and the settings of its values; an upgrade changes the settings of
# the object that the install made; people have what their Roles say and no more; an uninstall leaves
# the definitions, their objects and the claim, and nothing else, or nothing at all where told so.
chart=$ROOT/deploy/chart
export HELM_CACHE_HOME=$CASE_DIR/helm HELM_CONFIG_HOME=$CASE_DIR/helm HELM_DATA_HOME=$CASE_DIR/helm
kinds=
token=$(dirname "$CLUSTER")/operator.token

helm() {
	"$(cache_dir)/tools/bin/helm" "$@" >"$CASE_DIR/helm.out" 2>&1 || fail "helm $*: $(tail -n 5 "$CASE_DIR/helm.out")"
}

# What the next case finds is what it was before, but for a new account, which has a new token.
put_back() {
	"$(cache_dir)/tools/bin/helm" uninstall kube9-operator -n kube9-system --ignore-not-found
	k delete crd kube9configs.kube9.io assessmentruns.kube9.io --ignore-not-found --timeout=20s
	k delete pvc kube9-operator-data -n kube9-system --ignore-not-found --wait=false
	k delete rolebinding,clusterrolebinding -l kube9-e2e=people -A
	k apply --server-side --force-conflicts -f "$ROOT/crds" -f "$ROOT/deploy/manifests"
	operator_token "$token" 24h
}

# Every object with the release's label, Events and what people keep left out.
of_the_release() {
	k get "$kinds" -A -l app.kubernetes.io/instance=kube9-operator --ignore-not-found -o \
		jsonpath='{range .items[*]}{.kind}/{.metadata.name}{"\n"}{end}' | sort
}

# USER VERB RESOURCE [ARGUMENTS...]
may() {
	local user=$1
	shift
	k auth can-i "$@" --as="$user" -n kube9-system >/dev/null
}

rules() {
	k get "$@" -o json | json rules
}

schedule() {
	k get kube9config default -o jsonpath='{.spec.assessment.schedule}'
}

# As files, first: rendered, and by kustomize.
"$(cache_dir)/tools/bin/helm" template kube9-operator "$chart" -n kube9-system \
	--kube-version "$(k version -o json | json serverVersion.gitVersion)" >"$CASE_DIR/rendered.yaml"
for source in "-f $CASE_DIR/rendered.yaml" "-k $ROOT/deploy/kustomize/base"; do
	# shellcheck disable=SC2086
	k apply --dry-run=server --server-side --force-conflicts $source >"$CASE_DIR/dry-run.out" 2>&1 ||
		fail "apply --dry-run=server $source: $(tail -n 5 "$CASE_DIR/dry-run.out")"
	! grep -i warning "$CASE_DIR/dry-run.out" || fail "the server warns of $source (above)"
	note "$(wc -l <"$CASE_DIR/dry-run.out") objects accepted by apply --dry-run=server ${source%% *}"
done

# A cluster that has never seen it.
for role in "clusterrole kube9-operator" "role kube9-operator -n kube9-system" "role kube9-operator-events -n default"; do
	# shellcheck disable=SC2086
	rules $role >>"$CASE_DIR/rules.manifests"
done
defer 'put_back >"$CASE_DIR/put_back.out" 2>&1'
k delete --ignore-not-found -f "$ROOT/deploy/manifests/10-serviceaccount.yaml" -f "$ROOT/deploy/manifests/20-clusterrole.yaml" \
	-f "$ROOT/deploy/manifests/30-role.yaml" -f "$ROOT/crds" --timeout=20s >"$CASE_DIR/delete.out"
helm install kube9-operator "$chart" -n kube9-system --set config.spec.assessment.schedule="@every 5h" \
	--set rbac.optional.policyReports=true
matches 'STATUS: deployed' "$(<"$CASE_DIR/helm.out")" "helm install"
matches 'kubectl get k9c,k9run' "$(<"$CASE_DIR/helm.out")" "the notes"
equal "@every 5h" "$(schedule)" "the Kube9Config of the install"

# The chart's account has the rights that the other cases use (99-rights-used), no more and no fewer.
for role in "clusterrole kube9-operator" "role kube9-operator -n kube9-system" "role kube9-operator-events -n default"; do
	# shellcheck disable=SC2086
	rules $role >>"$CASE_DIR/rules.chart"
done
cmp -s "$CASE_DIR/rules.manifests" "$CASE_DIR/rules.chart" ||
	fail "the chart's rules are not those of deploy/manifests: $(diff "$CASE_DIR/rules.manifests" "$CASE_DIR/rules.chart")"
operator_token "$token" 24h
audit_mark
start_operator
wait_for 10 "Ready with the chart's rights" condition_is Ready True
wait_for 5 "PermissionsSufficient" condition_is PermissionsSufficient True
run=$(first_run)
equal "" "$(audit_denied)" "denied requests"

# Upgrades: the first one takes over what a hook made, the next one changes it in place; a wrong value is
# refused and changes nothing. What the values leave open stays as somebody set it.
k patch kube9config default --type=merge -p '{"spec":{"assessment":{"timeoutSeconds":200}}}' >/dev/null
helm upgrade kube9-operator "$chart" -n kube9-system --set config.spec.assessment.schedule="@every 5h"
equal "@every 5h 200" "$(schedule) $(k get kube9config default -o jsonpath='{.spec.assessment.timeoutSeconds}')" \
	"the Kube9Config after an upgrade that changes nothing of it"
helm upgrade kube9-operator "$chart" -n kube9-system --set config.spec.assessment.schedule="@every 7h"
equal "@every 7h" "$(schedule)" "the Kube9Config after the first upgrade"
wait_for 5 "Ready after the first upgrade" condition_is Ready True
uid=$(k get kube9config default -o jsonpath='{.metadata.uid}')
helm upgrade kube9-operator "$chart" -n kube9-system --set config.spec.assessment.schedule="@every 8h"
equal "@every 8h $uid" "$(schedule) $(k get kube9config default -o jsonpath='{.metadata.uid}')" "the Kube9Config after the second upgrade"
if said=$("$(cache_dir)/tools/bin/helm" upgrade kube9-operator "$chart" -n kube9-system --set config.spec.assessment.mode=full 2>&1); then
	fail "a wrong mode was accepted"
fi
matches "config/spec/assessment/mode" "$said" "the refusal"
k get assessmentrun "$run" >/dev/null || fail "the upgrade lost the run $run"

# People, each with one Role of the chart.
for grant in "rolebinding ann role=kube9-query" "rolebinding ben role=kube9-status-reader" \
	"clusterrolebinding eve clusterrole=kube9-operator-edit" "clusterrolebinding vic clusterrole=kube9-operator-view"; do
	read -r kind user role <<<"$grant"
	k create "$kind" "kube9-e2e-$user" "--$role" --user="$user" -n kube9-system >/dev/null
	k label "$kind" "kube9-e2e-$user" kube9-e2e=people -n kube9-system >/dev/null
done
for right in "ann create pods --subresource=exec" "ann get pods --subresource=exec" "ann list pods" "ann get pods" "ann get deployments" \
	"ben get configmap/kube9-operator-status" "eve create assessmentruns" "vic list kube9configs"; do
	# shellcheck disable=SC2086
	wait_for 5 "$right" may $right
done
! may ann get secrets && ! may ann delete pods && ! may ann get configmaps || fail "kube9-query is too wide"
k get configmap kube9-operator-status -n kube9-system --as=ben >/dev/null || fail "kube9-status-reader cannot read the status"
! k get configmaps -n kube9-system --as=ben >/dev/null 2>&1 || fail "kube9-status-reader lists ConfigMaps"
k get kube9configs,assessmentruns --as=vic >/dev/null || fail "view cannot read the custom resources"
! may vic create assessmentruns || fail "view may start runs"
k create --as=eve -f "$ROOT/deploy/samples/assessmentrun-single-check.yaml" >/dev/null || fail "edit cannot start a run"
wait_run privileged-containers

# Uninstalled.
stop_operator
kinds=$(k api-resources --verbs=list -o name | grep -vE '^events|componentstatuses' | paste -sd,)
helm uninstall kube9-operator -n kube9-system
equal "CustomResourceDefinition/assessmentruns.kube9.io CustomResourceDefinition/kube9configs.kube9.io Kube9Config/default PersistentVolumeClaim/kube9-operator-data" \
	"$(of_the_release | paste -sd' ')" "what an uninstall leaves"
equal "" "$(k get configmap,lease -n kube9-system -o name | grep kube9 | paste -sd' ')" "what the operator wrote, after an uninstall"
k get assessmentrun "$run" >/dev/null || fail "the uninstall lost the run $run"

# Over what was kept it is installed as before; with crds.keep=false nothing stays but the claim.
helm install kube9-operator "$chart" -n kube9-system --set config.spec.assessment.schedule="@every 9h"
equal "@every 9h" "$(schedule)" "the Kube9Config after a second install"
helm upgrade kube9-operator "$chart" -n kube9-system --set crds.keep=false --set persistence.keep=false --set config.create=false
helm uninstall kube9-operator -n kube9-system
definitions_gone() {
	[[ -z $(k get crd -o name | grep kube9) ]]
}
wait_for 20 "definitions gone with crds.keep=false" definitions_gone
