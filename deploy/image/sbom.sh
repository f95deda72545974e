#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# sbom.sh ROOT NAME VERSION EPOCH: the bill of materials (CycloneDX 1.5, JSON) of the root file system
# that rootfs.sh laid out, on stdout. Its packages are those whose status entries rootfs.sh left there;
# libcurl and nghttp2 are linked into the program and known from the packages they were built from.
# Equal input gives equal bytes: the serial number is drawn from the content.
set -euo pipefail

root=$1 name=$2 version=$3 epoch=$4
arch=$(dpkg --print-architecture)
# shellcheck source=/dev/null
distro=$(. "$root/etc/os-release" && echo "${ID}-${VERSION_ID:-sid}")

# FIELD FILE
field() {
	sed -n "s/^$1: //p" "$2" | head -n 1
}

# NAME VERSION SOURCE ARCH LINKED: one component.
component() {
	jq -n --arg name "$1" --arg version "$2" --arg source "$3" --arg arch "$4" --arg linked "$5" \
		--arg distro "$distro" '
		("pkg:deb/debian/\($name | @uri)@\($version | @uri)?arch=\($arch)&distro=\($distro)") as $purl |
		{type: "library", "bom-ref": $purl, name: $name, version: $version, purl: $purl,
		 properties: [{name: "kube9:source", value: $source}, {name: "kube9:linked", value: $linked}]}'
}

from_status() {
	local status source
	for status in "$root"/var/lib/dpkg/status.d/*; do
		source=$(field Source "$status")
		component "$(field Package "$status")" "$(field Version "$status")" \
			"${source:-$(field Package "$status")}" "$(field Architecture "$status")" file
	done
}

# Only where the program has them inside: a build with the shared libcurl has none.
from_program() {
	local library package source
	for library in libcurl:libcurl4-openssl-dev libnghttp2:libnghttp2-dev; do
		package=${library#*:}
		! ls "$root"/lib/*/"${library%:*}".so.* >/dev/null 2>&1 || continue
		source=$(dpkg-query -W -f '${source:Package}' "$package")
		component "${library%:*}" "$(dpkg-query -W -f '${source:Version}' "$package")" "$source" "$arch" static
	done
}

program_hash=$(sha256sum "$root/usr/local/bin/kube9-operator" | cut -d ' ' -f 1)
components=$({
	from_status
	from_program
} | jq -s 'sort_by(.name)')
serial=$(printf '%s%s' "$program_hash" "$components" | sha256sum |
	sed -E 's/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/urn:uuid:\1-\2-5\3-a\4-\5/')
jq -n --arg name "$name" --arg version "$version" --arg serial "$serial" --arg hash "$program_hash" \
	--arg time "$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)" --argjson components "$components" '{
	bomFormat: "CycloneDX", specVersion: "1.5", serialNumber: $serial, version: 1,
	metadata: {
		timestamp: $time,
		component: {type: "container", "bom-ref": $name, name: $name, version: $version}
	},
	components: ([{type: "application", "bom-ref": "kube9-operator", name: "kube9-operator",
		version: $version, hashes: [{alg: "SHA-256", content: $hash}],
		licenses: [{license: {id: "Apache-2.0"}}]}] + $components),
	dependencies: [{ref: $name, dependsOn: ["kube9-operator"]},
		{ref: "kube9-operator", dependsOn: [$components[]."bom-ref"]}]
}'
