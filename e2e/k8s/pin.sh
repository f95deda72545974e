#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# pin.sh DIR VERSION: writes DIR/go.mod, go.sum and tools.go for k8s.io/kubernetes VERSION (v1.36.3).
# Run by hand when a version moves. k8s.io/kubernetes asks for its staging modules at v0.0.0, which
# exist nowhere: each is replaced by the release of the same minor and patch.
set -euo pipefail

[[ $# -eq 2 ]] || { echo "usage: pin.sh DIR vMAJOR.MINOR.PATCH" >&2; exit 2; }
dir=$1
version=$2
staging=v0.${version#v1.}
cd "$(dirname "$0")"
mkdir -p "$dir"

upstream=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/.*"GoMod": "\(.*\)",/\1/p')

{
	echo "module kube9.io/kube9-operator/e2e/k8s/$(basename "$dir")"
	echo
	grep -E '^go ' "$upstream"
	sed -n '/^godebug (/,/^)/p; /^godebug [^(]/p' "$upstream"
	echo
	echo "require k8s.io/kubernetes $version"
	echo
	echo "replace ("
	sed -n "s|^[[:space:]]*\(k8s.io/[^ ]*\) v0\.0\.0\$|\t\1 => \1 $staging|p" "$upstream"
	echo ")"
} >"$dir/go.mod"

cat >"$dir/tools.go" <<'TOOLS'
// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools pins the programs of control plane and node that e2e/build.sh builds.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubectl"
	_ "k8s.io/kubernetes/cmd/kubelet"
)
TOOLS

cd "$dir"
go mod tidy
