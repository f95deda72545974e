#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh [v1.36|v1.30 [peers|node]|helm|kube-score|popeye]: builds the control plane programs of one Kubernetes version, and the
# e2e tools, into the user's cache; with "peers" also what our library is compared with, with "node" what a node needs beside them; "helm": helm
# and kstatus, for the chart; "kube-score", "popeye": what assess is compared with. What is there already is skipped; what changed is built again.
# Needs Go and the Go module proxy. The first time takes about five minutes on two cores.
set -euo pipefail

readonly USAGE="usage: build.sh [v1.36|v1.30 [peers|node]|helm|kube-score|popeye]"
version=${1:-v1.36}
case $version in
v1.36 | v1.30 | helm | kube-score | popeye) ;;
-h | --help)
	echo "$USAGE"
	exit 0
	;;
*)
	echo "build.sh: unknown version '$version'. $USAGE" >&2
	exit 2
	;;
esac

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kube9-operator
bin=$cache/$version/bin
export CGO_ENABLED=0
# Debian's Go looks for a newer toolchain by itself; the pinned modules name what they need.
export GOFLAGS=-buildvcs=false

if ! command -v go >/dev/null; then
	echo "build.sh: Go is missing. Install Go 1.26 (https://go.dev/dl/) and put it on PATH." >&2
	exit 1
fi

mkdir -p "$cache/tools/bin"
exec 9>"$cache/build.lock"
if ! flock -n 9; then
	echo "build.sh: another build is running, waiting for it"
	flock 9
fi

# Reads the names of compiled packages (go build -v) and says every few seconds how far it is.
# NAME TOTAL
progress() {
	local name=$1 total=$2 start=$SECONDS last=$SECONDS count=0 line
	while true; do
		line=
		if IFS= read -r -t 1 line; then
			case $line in
			*' '*) echo "  $line" ;; # not a package name: a message
			*) count=$((count + 1)) ;;
			esac
		elif (($? <= 128)); then
			return 0 # end of file, not the time-out
		fi
		if ((SECONDS - last >= 4)); then
			printf '  [%4d s] %s: %d of at most %d packages compiled\n' \
				$((SECONDS - start)) "$name" "$count" "$total"
			last=$SECONDS
		fi
	done
}

# NAME MODULE_DIR OUT_DIR LDFLAGS PACKAGE...: one go build, skipped if its stamp still holds.
build() {
	local name=$1 dir=$2 out=$3 ldflags=$4
	shift 4
	local stamp=$out/.stamp-$name want total p missing=
	# Everything that decides the result: sources of ours, pinned sums, flags, compiler.
	want=$({
		go version
		echo "$ldflags" "$@"
		cat "$dir/go.sum"
		find "$dir" -name '*.go' -type f | LC_ALL=C sort | xargs cat
	} | sha256sum | cut -d' ' -f1)
	for p in "$@"; do
		[[ -x $out/${p##*/} ]] || missing=yes
	done
	if [[ -z $missing && -f $stamp && $(<"$stamp") == "$want" ]]; then
		echo "$name: up to date in $out"
		return 0
	fi
	echo "$name: building into $out"
	local start=$SECONDS
	cd "$dir"
	total=$(go list -deps -f x "$@" 2>/dev/null | wc -l) || total=0
	if ! nice go build -v -p 2 -trimpath -tags notest,grpcnotrace,selinux -ldflags "$ldflags" \
		-o "$out/" "$@" 2>&1 | progress "$name" "$total"; then
		echo "build.sh: building $name failed; the lines above say why" >&2
		echo "build.sh: it needs the Go module proxy (go env GOPROXY) and about 8 GB of disk" >&2
		exit 1
	fi
	echo "$want" >"$stamp"
	echo "$name: built in $((SECONDS - start)) s"
}

if [[ $version == helm ]]; then
	helm=$(sed -n 's|^require helm.sh/helm/v3 \(v[0-9.]*\)$|\1|p' "$here/helm/go.mod")
	build "helm-$helm" "$here/helm" "$cache/tools/bin" \
		"-s -w -X helm.sh/helm/v3/internal/version.version=$helm" helm.sh/helm/v3/cmd/helm
	build kstatus "$here/kstatus" "$cache/tools/bin" "-s -w" kube9.io/kube9-operator/e2e/kstatus
	exit 0
fi

case $version in
kube-score) peer=github.com/zegl/kube-score/cmd/kube-score ;;
popeye) peer=github.com/derailed/popeye ;;
*) peer= ;;
esac
if [[ -n $peer ]]; then
	build "$version" "$here/peers/$version" "$cache/tools/bin" "-s -w" "$peer"
	exit 0
fi

mkdir -p "$bin"
k8s_dir=$here/k8s/$version
release=$(sed -n 's|^require k8s.io/kubernetes \(v[0-9.]*\)$|\1|p' "$k8s_dir/go.mod")
minor=${version#v1.}
ver=k8s.io/component-base/version
ldflags="-s -w -X $ver.gitVersion=$release -X $ver.gitMajor=1 -X $ver.gitMinor=$minor"
build etcd "$here/etcd" "$bin" "-s -w" \
	kube9.io/kube9-operator/e2e/etcd kube9.io/kube9-operator/e2e/etcd/etcd-compact
build "kubernetes-$release" "$k8s_dir" "$bin" \
	"$ldflags" \
	k8s.io/kubernetes/cmd/{kube-apiserver,kubectl,kube-controller-manager}
build k9e2e "$here/tools" "$cache/tools/bin" "-s -w" kube9.io/kube9-operator/e2e/k9e2e
[[ ${2:-} != node ]] || build "node-$release" "$k8s_dir" "$bin" "$ldflags" \
	k8s.io/kubernetes/cmd/{kubelet,kube-scheduler}
[[ ${2:-} != peers ]] || build peer-informer "$here/peers" "$cache/tools/bin" "-s -w" \
	kube9.io/kube9-operator/e2e/peer-informer
