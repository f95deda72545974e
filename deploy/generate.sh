#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# generate.sh [--check]: makes all that follows from other files of the repository: the chart's copies
# of the rules in deploy/manifests, of deploy/monitoring/alerts.yaml and of crds/, the schema of config.spec, the chart's README and the
# kustomize base, which is the chart rendered with its defaults. --check writes nothing and says which
# file is not what it would make (status 1).
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
helm=${HELM:-${XDG_CACHE_HOME:-$HOME/.cache}/kube9-operator/tools/bin/helm}
[[ -x $helm ]] || {
	echo "generate.sh: $helm is missing: run e2e/build.sh helm" >&2
	exit 1
}
check=
[[ ${1:-} != --check ]] || check=yes
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
stale=0

# FILE: what stands on stdin is its content.
put() {
	cat >"$made/new"
	[[ -s $made/new ]] || {
		echo "generate.sh: $1 would be empty" >&2
		exit 1
	}
	if ! cmp -s "$made/new" "$1"; then
		if [[ -n $check ]]; then
			echo "$1 is not what deploy/generate.sh makes:"
			diff "$1" "$made/new" 2>&1 | head -n 10 || true
			stale=1
		else
			mkdir -p "$(dirname "$1")"
			cp "$made/new" "$1"
			echo "wrote $1"
		fi
	fi
}

rules() {
	python3 deploy/tools/rules.py "$@"
}

# A base for others to build on says nothing of Helm.
render() {
	"$helm" template kube9-operator deploy/chart --namespace kube9-system --skip-tests --kube-version 1.36.0 \
		--api-versions kube9.io/v1alpha1/Kube9Config |
		grep -vE '^ +(helm.sh/(chart|resource-policy)|app.kubernetes.io/managed-by): ' |
		sed '/^# Source: /d'
}

rules deploy/manifests/20-clusterrole.yaml ClusterRole kube9-operator | put deploy/chart/files/rbac/cluster.yaml
rules deploy/manifests/30-role.yaml Role kube9-operator | put deploy/chart/files/rbac/namespace.yaml
rules deploy/manifests/30-role.yaml Role kube9-operator-events | put deploy/chart/files/rbac/events.yaml
for crd in crds/*.yaml; do
	put "deploy/chart/files/$crd" <"$crd"
done
grep -v "^#" deploy/monitoring/alerts.yaml | put deploy/chart/files/alerts.yaml
python3 deploy/tools/config_schema.py deploy/chart/values.schema.json crds/kube9configs.yaml |
	put deploy/chart/values.schema.json
python3 deploy/tools/readme.py deploy/chart/values.yaml deploy/chart/README.md.in | put deploy/chart/README.md
put deploy/kustomize/base/namespace.yaml <deploy/manifests/00-namespace.yaml
{
	echo '# Made by deploy/generate.sh from deploy/chart; do not edit.'
	render | python3 deploy/tools/objects.py
} | put deploy/kustomize/base/operator.yaml
exit $stale
