# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# uninstall.sh (sourced by test.sh): what `helm uninstall` leaves: the claim with its history, the
# definitions and their objects. An install over it goes on where it was; crds.keep=false leaves none.
# shellcheck disable=SC2154 # test.sh has the variables

# What is in the namespace or bears the release's label, but for Events and what every namespace has.
left_over() {
	local all here
	all=$(k api-resources --verbs=list -o name | grep -vE '^events|componentstatuses' | paste -sd,)
	here=$(k api-resources --verbs=list --namespaced -o name | grep -vE '^events' | paste -sd,)
	{
		k get "$all" -A -l app.kubernetes.io/instance=kube9-operator --ignore-not-found \
			-o 'jsonpath={range .items[*]}{.kind}/{.metadata.name}{"\n"}{end}'
		k get "$here" -n kube9-system --ignore-not-found -o 'jsonpath={range .items[*]}{.kind}/{.metadata.name}{"\n"}{end}' |
			grep -vxE 'ConfigMap/kube-root-ca.crt|ServiceAccount/default'
	} 2>/dev/null | sort -u
}

uninstalled() {
	k get assessmentruns -o name | sort >"$work/runs"
	helm uninstall kube9-operator -n kube9-system --wait --timeout 60s || fail "helm uninstall"
	wait_for 40 "the Pod is gone" pod_is_gone
	equal "CustomResourceDefinition/assessmentruns.kube9.io CustomResourceDefinition/kube9configs.kube9.io Kube9Config/default PersistentVolumeClaim/kube9-operator-data" \
		"$(left_over | paste -sd' ')" "what is left"
	k get assessmentruns -o name | sort | diff "$work/runs" - || fail "runs are gone (above)"
	equal Bound "$(k get pvc kube9-operator-data -n kube9-system -o 'jsonpath={.status.phase}')" "claim"
	[[ -s $database ]] || fail "the history is gone"
}

installed_over_it() {
	helm_install || fail "helm install"
	wait_for 10 "it leads" leads "$(pod .metadata.uid)"
}

uninstalled_with_definitions() {
	helm_upgrade --set crds.keep=false,config.create=false || fail "helm upgrade"
	helm uninstall kube9-operator -n kube9-system --wait --timeout 60s || fail "helm uninstall"
	wait_for 40 "the Pod is gone" pod_is_gone
	wait_for 40 "the definitions are gone" no_definitions
	equal "PersistentVolumeClaim/kube9-operator-data" "$(left_over | paste -sd' ')" "what is left"
}

no_definitions() {
	[[ -z $(k get crd -o name | grep kube9) ]]
}

it "helm uninstall leaves the claim, the definitions and their objects, and nothing else" uninstalled
it "an install over it comes up" installed_over_it
it "and has the history of before" history_intact
it "with crds.keep=false an uninstall takes definitions and objects, too" uninstalled_with_definitions
