#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# chart.sh PROGRAM: what can be asked of the chart and the kustomize base without a cluster: they are of
# one source, wrong values are refused by name, every switch switches, explicit false stays false, and
# our own checks find nothing. What needs an API server is e2e/cases/27-helm. Needs helm
# (e2e/build.sh helm) and kubectl. The last line is "N passed, N failed".
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
program=$(realpath "${1:?usage: chart.sh PROGRAM}")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kube9-operator
helm=$cache/tools/bin/helm
kubectl=$(find "$cache"/v*/bin/kubectl 2>/dev/null | tail -n 1)
kubectl=${kubectl:-kubectl}
tests=deploy/tests chart=deploy/chart
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=cmake/counted.sh
source cmake/counted.sh
export HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm

# WHAT COMMAND...: check, two at a time, for the rows of tables; settle counts them.
later=0
check_later() {
	later=$((later + 1))
	local said=$work/later-$later what=$1
	shift
	("$@" >"$said" 2>&1 || echo "FAILED: $what" >"$said.failed") &
	((later % 2)) || wait
}

settle() {
	local n
	wait
	for ((n = 1; n <= later; n++)); do
		if [[ -e $work/later-$n.failed ]]; then
			failed=$((failed + 1))
			cat "$work/later-$n.failed"
			tail -n 15 "$work/later-$n"
		else
			passed=$((passed + 1))
		fi
	done
}

# OUT ARGUMENTS...: the chart as it would be applied.
render() {
	local out=$1
	shift
	"$helm" template kube9-operator $chart --namespace kube9-system --kube-version 1.36.0 "$@" >"$out"
}

# FILE FILTER: the filter over the list of all objects.
objects() {
	python3 -c 'import json, sys, yaml; print(json.dumps([o for o in yaml.safe_load_all(sys.stdin) if o]))' <"$1" |
		jq -cS "$2"
}

# VALUE PATTERN
refused() {
	local said
	! said=$(render /dev/null --set-json "$1" 2>&1) || {
		echo "was accepted"
		return 1
	}
	grep -qE -- "$2" <<<"$said" || {
		echo "said: $said"
		return 1
	}
}

# SWITCH STATE: prints the file with the chart rendered so, once for all lines that ask for it.
switched() {
	local out=$work/switched-$1-$2
	[[ -s $out ]] || { render "$out.$BASHPID" --set-json "$1=$2" && mv "$out.$BASHPID" "$out"; } || return 1
	echo "$out"
}

# SWITCH LINE: the line follows the switch.
switches() {
	local line=${2#!} on=true off=false with without
	[[ $2 == "$line" ]] || on=false off=true
	with=$(switched "$1" $on) && without=$(switched "$1" $off) || return 1
	grep -qE -- "$line" "$with" || {
		echo "$1=$on: no line '$line'"
		return 1
	}
	! grep -nE -- "$line" "$without" || {
		echo "$1=$off: has the line '$line'"
		return 1
	}
}

too_old() {
	local said
	! said=$("$helm" template x $chart --kube-version 1.29.9 2>&1) && grep -q '>=1.30' <<<"$said"
}

# Each switch of the schema is in the table, but for those of the next function.
no_switch_forgotten() {
	local all
	all=$(jq -r 'paths(. == {"type": "boolean"}) | map(select(. != "properties")) | join(".")' $chart/values.schema.json |
		grep -v '^config\.spec\.' | sort)
	diff <(echo "$all") <({
		grep -v '^#' $tests/switches.tsv | cut -f 1
		printf '%s\n' crds.keep persistence.keep
	} | sort -u)
}

keeps() {
	render "$work/on" && render "$work/off" --set-json 'crds.keep=false,persistence.keep=false' || return 1
	[[ $(objects "$work/on" '[.[] | select(.metadata.annotations."helm.sh/resource-policy" == "keep") | .kind] | unique') == \
		'["CustomResourceDefinition","PersistentVolumeClaim"]' ]] || {
		echo "kept: $(objects "$work/on" '[.[] | select(.metadata.annotations."helm.sh/resource-policy" == "keep") | .kind]')"
		return 1
	}
	! grep -n 'resource-policy' "$work/off"
}

# A value that is false in the Kube9Config's spec arrives as false.
false_arrives() {
	render "$work/out" --set-json 'config.spec={"events":{"enabled":false},"assessment":{"suspend":false}}' &&
		[[ $(objects "$work/out" '.[] | select(.kind == "Kube9Config").spec') == \
			'{"assessment":{"suspend":false},"events":{"enabled":false}}' ]]
}

# With every switch off only groups of Kubernetes itself and our own are left: no rule of another project
# came into deploy/manifests without a switch.
others_have_switches() {
	render "$work/out" --set-json "rbac.optional=$(jq -c '.properties.rbac.properties.optional.properties | map_values(false)' \
		$chart/values.schema.json)" || return 1
	! objects "$work/out" '.[] | select(.kind == "ClusterRole" and .metadata.name == "kube9-operator").rules[].apiGroups[]' |
		grep -E '\.' | grep -vE '"(kube9\.io|(admissionregistration|apiextensions|coordination|discovery|events|metrics|networking|policy|rbac.authorization|scheduling|storage)\.k8s\.io)"'
}

# The right to write reports comes with the setting that asks for them.
reports_follow_the_setting() {
	render "$work/out" --set config.spec.assessment.policyReports=true && grep -q -- '- wgpolicyk8s.io' "$work/out" &&
		! grep -q -- '- wgpolicyk8s.io' "$work/default"
}

# FILE KIND NAME: rules of a role in it.
rules_of() {
	objects "$1" ".[] | select(.kind == \"$2\" and .metadata.name == \"$3\").rules"
}

rules_agree() {
	local manifest kind name
	render "$work/rules" --set rbac.optional.policyReports=true || return 1
	while read -r manifest kind name; do
		diff <(rules_of "deploy/manifests/$manifest" "$kind" "$name") <(rules_of "$work/rules" "$kind" "$name") || return 1
		[[ -n $(rules_of "$work/rules" "$kind" "$name") ]] || return 1
	done <<-'ROLES'
		20-clusterrole.yaml ClusterRole kube9-operator
		30-role.yaml Role kube9-operator
		30-role.yaml Role kube9-operator-events
	ROLES
}

# The definitions are crds/*.yaml, to the last digit; labels and annotations come on top.
crds_agree() {
	cat crds/*.yaml | sed 's/^apiVersion:/---\n&/' >"$work/crds"
	diff <(objects "$work/crds" '.[] | {n: .metadata.name, s: .spec}') \
		<(objects "$work/default" '.[] | select(.kind == "CustomResourceDefinition") | {n: .metadata.name, s: .spec}')
	! grep -nE '[0-9]e\+[0-9]' "$work/default"
}

# The base holds the chart's objects and the namespace: what Helm alone knows does not count.
base_agrees() {
	local plain='[.[] | select(.metadata.annotations."helm.sh/hook" != "test") |
		del(.metadata.annotations | select(.)["helm.sh/resource-policy","helm.sh/hook","helm.sh/hook-delete-policy",
			"meta.helm.sh/release-name","meta.helm.sh/release-namespace"]) |
		del(.metadata.labels["helm.sh/chart","app.kubernetes.io/managed-by"]) |
		if .kind == "Deployment" then del(.spec.template.metadata.labels["helm.sh/chart","app.kubernetes.io/managed-by"]) else . end |
		if .metadata.annotations == {} then del(.metadata.annotations) else . end] | sort_by(.kind, .metadata.namespace, .metadata.name) | .[]'
	"$kubectl" kustomize deploy/kustomize/base >"$work/base" || return 1
	cat "$work/default" deploy/manifests/00-namespace.yaml | sed 's/^# SPDX.*/---/' >"$work/both"
	diff <(objects "$work/both" "$plain") <(objects "$work/base" "$plain")
}

# Argo CD applies a wave when the one before is healthy. A claim may wait for its consumer, so that it
# has to be in the wave of the Deployment.
waves_are_in_order() {
	"$kubectl" kustomize deploy/gitops/argocd >"$work/gitops" || return 1
	diff - <(objects "$work/gitops" '[.[] | {wave: (.metadata.annotations."argocd.argoproj.io/sync-wave" // "0"), kind}] | unique |
		group_by(.wave | tonumber) | .[] | "\(.[0].wave): \(map(.kind) | join(" "))"' | jq -r .) <<-'WAVES'
		-3: Namespace
		-2: CustomResourceDefinition
		-1: ClusterRole ClusterRoleBinding Role RoleBinding ServiceAccount
		0: ConfigMap Deployment Lease NetworkPolicy PersistentVolumeClaim Service
		1: Kube9Config
	WAVES
}

# But for Argo CD's annotations the sample is the base.
sample_is_the_base() {
	local plain='.[] | del(.metadata.annotations | select(.)["argocd.argoproj.io/sync-wave","argocd.argoproj.io/sync-options"]) |
		if .metadata.annotations == {} then del(.metadata.annotations) else . end'
	diff <(objects "$work/base" "$plain" | sort) <(objects "$work/gitops" "$plain" | sort)
}

# What people would miss is not pruned.
pruned_last() {
	diff <(objects "$work/gitops" '.[] | select(.metadata.annotations."argocd.argoproj.io/sync-options" == "Prune=false").kind' | sort -u) \
		<(printf '"%s"\n' CustomResourceDefinition PersistentVolumeClaim)
}

# PROFILE FILE: no finding at all.
finds_nothing() {
	"$program" assess "$2" --profile "$1" -o json >"$work/findings.json" || return 1
	jq -r '.findings[] | "\(.severity) \(.check) \(.object.kind)/\(.object.name) \(.message)"' "$work/findings.json"
	jq -e '.findings == []' "$work/findings.json" >/dev/null
}

# Everything that a value can switch on, at once.
all_on() {
	render "$work/all" --set-json 'podDisruptionBudget.enabled=true,metrics.serviceMonitor.enabled=true' \
		--set-json 'metrics.prometheusRule.enabled=true,apiKey="not-a-real-key",rbac.secretNames=["argocd-token"]' \
		--set-json 'commonLabels={"team":"platform"},commonAnnotations={"note":"x"},podLabels={"pod":"y"}' \
		--set-json 'imagePullSecrets=[{"name":"pull"}],priorityClassName="high",nodeSelector={"disk":"ssd"}' \
		--set-json 'tolerations=[{"key":"a","operator":"Exists"}],env=[{"name":"DISABLE_HTTP2","value":"1"}]' \
		--set "image.digest=sha256:$(printf '%064d' 1)" --api-versions kube9.io/v1alpha1/Kube9Config || return 1
	# What these values name has to be there.
	cat >>"$work/all" <<-'OTHERS'
		---
		apiVersion: scheduling.k8s.io/v1
		kind: PriorityClass
		metadata: {name: high, labels: {team: platform}}
		value: 1000
		---
		apiVersion: v1
		kind: Secret
		metadata: {name: pull, namespace: kube9-system, labels: {team: platform}}
		type: kubernetes.io/dockerconfigjson
	OTHERS
}

labels_everywhere() {
	[[ $(objects "$work/all" '[.[] | select(.metadata.annotations."helm.sh/hook" != "test") | .metadata.labels.team] | unique') == '["platform"]' ]]
}

secrets_by_name() {
	[[ $(objects "$work/all" '[.[] | select(.kind | endswith("Role")) | .rules[] | select(.resources | index("secrets"))]') == \
		'[{"apiGroups":[""],"resourceNames":["argocd-token","kube9-operator-config"],"resources":["secrets"],"verbs":["get"]}]' ]] &&
		! grep -n 'not-a-real-key' "$work/all" && ! grep -q secrets <(objects "$work/default" '.[] | select(.kind == "Role" or .kind == "ClusterRole")')
}

api_key_by_reference() {
	render "$work/out" --set apiKeySecret.name=mine --set apiKeySecret.key=k || return 1
	! grep -q 'kind: Secret' "$work/out" || return 1
	[[ $(objects "$work/out" '.[] | select(.kind == "Kube9Config").spec') == '{"server":{"apiKeySecretRef":{"key":"k","name":"mine"}}}' ]]
}

# What the VS Code extension looks for: DESIGN and its contract.
client_contract() {
	[[ $(objects "$work/default" '.[] | select(.kind == "Deployment") | [.metadata.name, .spec.template.metadata.labels."app.kubernetes.io/name",
		.spec.template.spec.containers[0].name, .spec.strategy.type]') == '["kube9-operator","kube9-operator","operator","Recreate"]' ]]
}

# What is exempted, by which object, with a reason: nothing that is not in the list.
exempt_are_known() {
	diff $tests/exempt.txt <(objects "$work/default" '.[] | select(.metadata.annotations."kube9.io/exempt") |
		select(.metadata.annotations."kube9.io/exempt-reason" | length > 20) |
		"\(.kind)/\(.metadata.name) \(.metadata.annotations."kube9.io/exempt" | split(",") | sort | join(","))"' | jq -r . | sort)
}

# Alerts ask for metrics that there are.
alerts_name_metrics() {
	local metric
	for metric in $(grep -oE '(kube9_operator|leader_election|store)_[a-z_]+' $chart/files/alerts.yaml | sort -u); do
		grep -q "^| \`$metric\` " docs/metrics.md || {
			echo "$metric is not in docs/metrics.md"
			return 1
		}
	done
}

versions_agree() {
	local version
	version=$("$program" version -o json | jq -r .version)
	[[ $(sed -n 's/^\(appVersion\|version\): *//p' $chart/Chart.yaml | sort -u) == "$version" ]]
}

check "all that is generated is up to date" deploy/generate.sh --check
check "helm lint" "$helm" lint --strict $chart
check "it can be rendered" render "$work/default"
check "an older Kubernetes is refused" too_old
check "chart and program have one version" versions_agree
check "rules are those of deploy/manifests" rules_agree
check "rules for other projects can be left out" others_have_switches
check "rights to write reports follow the setting" reports_follow_the_setting
check "definitions are those of crds/" crds_agree
check "the kustomize base has the same objects" base_agrees
check "the waves of Argo CD are in order" waves_are_in_order
check "the sample for Argo CD is the base" sample_is_the_base
check "Argo CD prunes neither definitions nor history" pruned_last
check "what the VS Code extension looks for" client_contract
check "it can be rendered with everything on" all_on
check "labels are on every object" labels_everywhere
check "Secrets are allowed by name alone" secrets_by_name
check "an API key by reference makes no Secret" api_key_by_reference
check "volume and definitions are kept unless told" keeps
check "false in config.spec stays false" false_arrives
check "alerts ask for metrics that there are" alerts_name_metrics
check "no switch is without a test" no_switch_forgotten
while IFS=$'\t' read -r value pattern; do
	check_later "refused: $value" refused "$value" "$pattern"
done < <(grep -v '^#' $tests/bad-values.tsv)
while IFS=$'\t' read -r value line; do
	check_later "switch: $value" switches "$value" "$line"
done < <(grep -v '^#' $tests/switches.tsv)
settle
for profile in default pss-restricted; do
	check "nothing is found by profile $profile" finds_nothing $profile "$work/default"
done
check "nothing is found with everything on" finds_nothing default "$work/all"
check "what is exempted is known" exempt_are_known
python3 deploy/tests/gitops.py lua5.4 "$cache/tools/bin/kstatus" >"$work/said" || sed '$d' "$work/said"
read -r p f < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$work/said")
passed=$((passed + ${p:-0})) failed=$((failed + ${f:-1}))
echo "Argo CD's health and kstatus of every status that the reconcilers write: ${p:-0} right, ${f:-1} wrong"
echo "exempted, with the reason in the annotation: $(tr '\n' ';' <$tests/exempt.txt)"
counted
