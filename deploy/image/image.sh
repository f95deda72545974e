#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# image.sh PROGRAM [OUT]: packs PROGRAM (a release build) as a container image, without a daemon and
# without a registry, into OUT (build/image): kube9-operator.tar, which is an OCI layout and a
# docker-archive at once, kube9-operator.cdx.json, the bill of materials, and kube9-operator.digest.
# One layer, not compressed: registries and runtimes compress it themselves. Equal program, equal
# commit and equal packages give equal bytes.
#   IMAGE              name in the archive (ghcr.io/alto9/kube9-operator:VERSION)
#   SOURCE_DATE_EPOCH  time of everything in it (the commit's)
#   REVISION           the commit (git's HEAD)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$(dirname "$here")")
readonly USER_ID=65532 MAX_BYTES=25000000

die() {
	echo "image.sh: $*" >&2
	exit 1
}

(($# == 1 || $# == 2)) || die "usage: image.sh PROGRAM [OUT]"
program=$1 out=${2:-$top/build/image}
export LC_ALL=C TZ=UTC
umask 022
version=$("$program" version -o json | jq -er .version) || die "$program does not tell its version"
commit=$(git -C "$top" rev-parse HEAD 2>/dev/null || true)
REVISION=${REVISION:-${commit:-unknown}}
: "${SOURCE_DATE_EPOCH:=$(git -C "$top" log -1 --format=%ct 2>/dev/null || true)}"
[[ $SOURCE_DATE_EPOCH =~ ^[0-9]+$ ]] ||
	die "SOURCE_DATE_EPOCH is '$SOURCE_DATE_EPOCH': outside of git, give the time of the image in seconds since 1970"
image=${IMAGE:-ghcr.io/alto9/kube9-operator:$version}
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
mkdir -p "$out"
work=$(mktemp -d "$out/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# TAR DIR OWNER TAR_ARGS...: sorted, one time, owners by number.
pack() {
	local tar=$1 dir=$2 owner=$3
	shift 3
	tar --file="$tar" --directory="$dir" --format=gnu --sort=name --mtime="@$SOURCE_DATE_EPOCH" \
		--owner="$owner" --group="$owner" --numeric-owner "$@"
}

# FILE: moves it among the blobs; prints its digest.
blob() {
	local digest
	digest=$(sha256sum "$1" | cut -d ' ' -f 1)
	mv "$1" "$work/oci/blobs/sha256/$digest"
	echo "sha256:$digest"
}

# DIGEST: the size of that blob.
size_of() {
	stat -c %s "$work/oci/blobs/sha256/${1#sha256:}"
}

# DIFF_ID: what deploy/Dockerfile says in its last stage, too; test.sh compares them.
make_config() {
	jq -cS -n --arg layer "$1" --arg created "$created" --arg arch "$(dpkg --print-architecture)" \
		--arg version "$version" --arg revision "$REVISION" --arg user "$USER_ID" '{
		architecture: $arch, os: "linux", created: $created,
		config: {
			User: "\($user):\($user)", WorkingDir: "/data",
			Entrypoint: ["/usr/local/bin/kube9-operator"], Cmd: ["serve"],
			Env: ["PATH=/usr/local/bin"],
			ExposedPorts: {"8080/tcp": {}}, Volumes: {"/data": {}}, StopSignal: "SIGTERM",
			Labels: {
				"org.opencontainers.image.title": "kube9-operator",
				"org.opencontainers.image.description": "Assesses a Kubernetes cluster and keeps its history",
				"org.opencontainers.image.source": "https://github.com/alto9/kube9-operator",
				"org.opencontainers.image.licenses": "Apache-2.0",
				"org.opencontainers.image.version": $version,
				"org.opencontainers.image.revision": $revision,
				"org.opencontainers.image.created": $created
			}
		},
		rootfs: {type: "layers", diff_ids: [$layer]},
		history: [{created: $created, created_by: "deploy/image/image.sh"}]
	}'
}

# CONFIG LAYER
make_manifest() {
	jq -cS -n --arg config "$1" --argjson config_size "$(size_of "$1")" \
		--arg layer "$2" --argjson layer_size "$(size_of "$2")" '{
		schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
		config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $config, size: $config_size},
		layers: [{mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $layer, size: $layer_size}]
	}'
}

# MANIFEST
make_index() {
	jq -cS -n --arg manifest "$1" --argjson size "$(size_of "$1")" --arg image "$image" \
		--arg arch "$(dpkg --print-architecture)" '{
		schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
		manifests: [{
			mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $manifest, size: $size,
			platform: {architecture: $arch, os: "linux"},
			annotations: {"io.containerd.image.name": $image,
				"org.opencontainers.image.ref.name": ($image | sub(".*:"; ""))}
		}]
	}'
}

# CONFIG LAYER: where docker load looks.
make_docker_manifest() {
	jq -cS -n --arg config "${1#sha256:}" --arg layer "${2#sha256:}" --arg image "$image" \
		'[{Config: "blobs/sha256/\($config)", RepoTags: [$image], Layers: ["blobs/sha256/\($layer)"]}]'
}

"$here/rootfs.sh" "$program" "$work/root"
bytes=$(find "$work/root" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
((bytes <= MAX_BYTES)) || die "the image would have $bytes bytes, more than $MAX_BYTES"

mkdir -p "$work/oci/blobs/sha256"
pack "$work/layer" "$work/root" 0 --create --exclude=./data .
pack "$work/layer" "$work/root" "$USER_ID" --append ./data
layer=$(blob "$work/layer")
make_config "$layer" >"$work/config"
config=$(blob "$work/config")
make_manifest "$config" "$layer" >"$work/manifest"
manifest=$(blob "$work/manifest")
make_index "$manifest" >"$work/oci/index.json"
echo '{"imageLayoutVersion":"1.0.0"}' >"$work/oci/oci-layout"
make_docker_manifest "$config" "$layer" >"$work/oci/manifest.json"
pack "$work/tar" "$work/oci" 0 --create blobs index.json manifest.json oci-layout

"$here/sbom.sh" "$work/root" "${image%:*}" "$version" "$SOURCE_DATE_EPOCH" >"$work/sbom"
mv "$work/tar" "$out/kube9-operator.tar"
mv "$work/sbom" "$out/kube9-operator.cdx.json"
echo "$manifest" >"$out/kube9-operator.digest"
echo "$image: $bytes bytes in $(find "$work/root" -type f | wc -l) files, $manifest"
