# shellcheck shell=bash
# Kinds of other projects: nothing is asked about them while they are not installed; once they are, each
# is listed and watched with the rights that the chart gives for it, and nothing is denied.
kinds() {
	sed -nE 's/^KIND\([A-Z_]+, *"([^"]+)", *"([^"]+)", *"([^"]+)", *"([^"]+)", *(true|false),.*optional = true.*/\1 \2 \3 \4/p' \
		"$ROOT/apis/kinds.def" | grep -v '^kube9.io '
}

definitions() {
	local group version kind plural
	while read -r group version kind plural; do
		cat <<-CRD
			---
			apiVersion: apiextensions.k8s.io/v1
			kind: CustomResourceDefinition
			metadata: {name: $plural.$group, labels: {kube9-e2e: others}, annotations: {api-approved.kubernetes.io: "unapproved, for a test"}}
			spec:
			  group: $group
			  scope: Namespaced
			  names: {kind: $kind, listKind: ${kind}List, plural: $plural, singular: ${kind,,}}
			  versions:
			    - name: $version
			      served: true
			      storage: true
			      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
		CRD
	done < <(kinds)
}

# Every kind has been listed and is watched.
all_used() {
	local group plural rest verb missing=
	audit_uses >"$CASE_DIR/uses"
	while read -r group rest plural; do
		plural=${plural##* }
		for verb in list watch; do
			grep -qw "$verb $group/$plural" "$CASE_DIR/uses" || missing+=" $verb $group/$plural"
		done
	done < <(kinds)
	echo "not used:$missing"
	[[ -z $missing ]]
}

groups=$(kinds | cut -d' ' -f1 | sort -u | paste -sd'|')
[[ -n $groups ]] || fail "apis/kinds.def names no kinds of others"
audit_mark
start_operator
first_run >/dev/null
! audit_uses | grep -E "$groups" || fail "something was asked of kinds that are not installed (above)"
defer 'k delete crd -l kube9-e2e=others --wait=false >/dev/null'
definitions >"$CASE_DIR/definitions.yaml"
apply "$CASE_DIR/definitions.yaml"
wait_for 20 "every kind listed and watched" all_used
equal "" "$(audit_denied)" "denied requests"
note "$(kinds | wc -l) kinds of others listed and watched, none denied"
