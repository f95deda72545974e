#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test.sh PROGRAM: builds the image of PROGRAM twice, under different circumstances, and asks what users
# rely on: one digest, readable as OCI and as docker-archive, small, nothing inside that could run a
# command, and a program that works there as uid 65532 on a read-only root. Needs root, for mounts and
# chroot in a mount namespace of its own. The last line is "N passed, N failed".
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$(dirname "$here")")
program=$(realpath "${1:?usage: test.sh PROGRAM}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=cmake/counted.sh
source "$top/cmake/counted.sh"

# WANT GOT
equal() {
	[[ $1 == "$2" ]] || {
		echo "want '$1', got '$2'"
		return 1
	}
}

# Another folder, clock zone, language, file mode mask, and a program with another time.
build_again() {
	mkdir -p "$work/elsewhere/deep"
	cp "$program" "$work/elsewhere/kube9-operator"
	(umask 077 && cd / && TZ=Asia/Tokyo LC_ALL=C.UTF-8 \
		"$here/image.sh" "$work/elsewhere/kube9-operator" "$work/elsewhere/deep/image")
}

same_bytes() {
	cmp "$work/image/$1" "$work/elsewhere/deep/image/$1"
}

# KIND FORMAT: skopeo reads and copies it; the layer's files are those of the other way.
readable_as() {
	skopeo copy --quiet "$1:$work/image/kube9-operator.tar" "dir:$work/$1" &&
		equal "$(cat "$work/image/kube9-operator.digest")" "$(skopeo inspect --format '{{.Digest}}' \
			"oci-archive:$work/image/kube9-operator.tar")"
}

unpack() {
	local layer
	mkdir -p "$work/blobs" "$work/root"
	tar -xf "$work/image/kube9-operator.tar" -C "$work/blobs" &&
		layer=$(jq -r '.[0].Layers[0]' "$work/blobs/manifest.json") &&
		tar -xpf "$work/blobs/$layer" -C "$work/root" --same-owner --numeric-owner
}

config() {
	jq -cS "$1" "$work/blobs/$(jq -r '.[0].Config' "$work/blobs/manifest.json")"
}

# What the config of the archive says in the words of a Dockerfile, but for the values of build
# arguments, must be what deploy/Dockerfile says.
dockerfile_agrees() {
	config '.config' | jq -r '
		(.Labels | to_entries[] | select(.key | test("version|revision|created") | not) |
			"LABEL \(.key)=\"\(.value)\""),
		"ENV \(.Env[0])", "EXPOSE \(.ExposedPorts | keys[0])", "VOLUME \(.Volumes | keys[0])",
		"STOPSIGNAL \(.StopSignal)", "WORKDIR \(.WorkingDir)", "USER \(.User)",
		"ENTRYPOINT \(.Entrypoint | tojson)", "CMD \(.Cmd | tojson)"' | sort >"$work/is"
	sed -n '/^FROM scratch/,$p' "$top/deploy/Dockerfile" |
		grep -E '^(LABEL|ENV|EXPOSE|VOLUME|STOPSIGNAL|WORKDIR|USER|ENTRYPOINT|CMD) ' |
		grep -vE '^LABEL .*(version|revision|created)=' | sort >"$work/wanted"
	diff "$work/wanted" "$work/is"
}

dockerfile_version() {
	equal "$("$program" version -o json | jq -r .version)" \
		"$(sed -n 's/^ARG VERSION=//p' "$top/deploy/Dockerfile")"
}

# In the image: executables are the program and the loader.
nothing_else_runs() {
	equal "./lib64/ld-linux-x86-64.so.2 ./usr/local/bin/kube9-operator" \
		"$(cd "$work/root" && find . -type f -perm /111 | sort | tr '\n' ' ' | sed 's/ $//')"
}

no_shell() {
	! find "$work/root" \( -name '*sh' -o -name 'busybox*' -o -name 'apt*' -o -name 'dpkg*' -type f \
		-o -name 'perl*' -o -name 'python*' \) -not -path '*/usr/share/zoneinfo/*' | grep .
}

no_set_id() {
	! find "$work/root" -perm /6000 | grep .
}

owners() {
	equal "65532:65532 755" "$(stat -c '%u:%g %a' "$work/root/data")" &&
		equal "0:0 1777" "$(stat -c '%u:%g %a' "$work/root/tmp")" &&
		! find "$work/root" ! -uid 0 ! -path "$work/root/data" | grep . &&
		! find "$work/root" -type f -perm /022 | grep .
}

size() {
	local bytes
	bytes=$(find "$work/root" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
	echo "$bytes bytes unpacked"
	((bytes <= 25000000))
}

# ROOT IN ARGUMENTS...: the program of the image, as a container runs it: its root read-only, uid 65532
# without groups or capabilities, no new privileges, /data and /tmp writable, nothing of this machine's
# environment; the folder IN is at /in.
readonly INSIDE='set -e
	mount --bind "$1" "$1"
	for device in null urandom; do mount --bind "/dev/$device" "$1/dev/$device"; done
	mount --bind "$2" "$1/in"
	mount -o remount,bind,ro "$1"
	mount -t tmpfs -o mode=0755,uid=65532,gid=65532 none "$1/data"
	mount -t tmpfs -o mode=1777 none "$1/tmp"
	root=$1 chroot=$(command -v chroot)
	shift 2
	exec setpriv --no-new-privs --bounding-set=-all,+setuid,+setgid,+sys_chroot \
		env -i PATH=/usr/local/bin HOME=/data "$chroot" --userspec=65532:65532 --groups= "$root" kube9-operator "$@"'

contained() {
	mkdir -p "$work/run" "$work/in"
	[[ -d $work/run/dev ]] || {
		cp -a "$work/root/." "$work/run/"
		mkdir "$work/run/dev" "$work/run/in"
		touch "$work/run/dev/null" "$work/run/dev/urandom"
	}
	timeout 60 unshare --mount --propagation private bash -c "$INSIDE" contained "$work/run" "$work/in" "$@"
}

runs() {
	equal "$("$program" version -o json | jq -r .version)" "$(contained version -o json | jq -r .version)"
}

# Also what it may write: a document in /tmp and, by the same uid, nothing in /usr.
writes_where_it_may() {
	local rc=0
	contained assess /in/workloads.yaml --output /tmp/report.json -o json || return 1
	contained assess /in/workloads.yaml --output /usr/report.json -o json >"$work/out" 2>"$work/err" || rc=$?
	((rc == 1)) && grep -qi 'read-only' "$work/err" || {
		echo "exit status $rc: $(cat "$work/err")"
		return 1
	}
}

# PATH finds it: kubectl exec POD -- kube9-operator … has no shell to help.
assesses() {
	mkdir -p "$work/in"
	cp "$top/deploy/samples/workloads.yaml" "$work/in/"
	contained assess /in/workloads.yaml -o json >"$work/inside.json" &&
		"$program" assess "$top/deploy/samples/workloads.yaml" -o json >"$work/outside.json" &&
		equal "$(jq '.findings | length' "$work/outside.json")" "$(jq '.findings | length' "$work/inside.json")" &&
		(($(jq '.findings | length' "$work/inside.json") > 10))
}

# The library reads the certificates and a zone is found: neither comes from this machine.
zone_is_there() {
	equal "$(sha256sum </usr/share/zoneinfo/Europe/Berlin)" \
		"$(sha256sum <"$work/root/usr/share/zoneinfo/Europe/Berlin")" &&
		grep -q 'BEGIN CERTIFICATE' "$work/root/etc/ssl/certs/ca-certificates.crt"
}

# serve without a cluster: one line, which names the file and what is wrong.
ends_in_one_error() {
	local rc=0
	contained serve --kubeconfig /in/nowhere >"$work/out" 2>"$work/err" || rc=$?
	cat "$work/err"
	((rc == 1)) && [[ ! -s $work/out ]] && equal 1 "$(wc -l <"$work/err")" && grep -q '/in/nowhere' "$work/err"
}

bill_is_valid() {
	python3 - "$work/image/kube9-operator.cdx.json" "$work/root" <<-'PY'
		import json, os, re, sys
		bom = json.load(open(sys.argv[1]))
		assert bom["bomFormat"] == "CycloneDX" and bom["specVersion"] == "1.5"
		assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", bom["serialNumber"]), bom["serialNumber"]
		names = [c["name"] for c in bom["components"]]
		assert len(names) == len(set(names)), "a component twice"
		refs = {c["bom-ref"] for c in bom["components"]} | {bom["metadata"]["component"]["bom-ref"]}
		for d in bom["dependencies"]:
		    assert {d["ref"], *d["dependsOn"]} <= refs, d
		installed = set(os.listdir(sys.argv[2] + "/var/lib/dpkg/status.d"))
		assert installed <= set(names), installed - set(names)
		assert {"libcurl", "libnghttp2"} <= set(names), names
		assert "libssl3" in names and "libc6" in names and "ca-certificates" in names
	PY
}

# Each library of the image belongs to a component that the bill names.
bill_is_complete() {
	local file package
	while read -r file; do
		package=$(dpkg-query -S "${file#"$work/root"}" "/usr${file#"$work/root"}" 2>/dev/null | sed -n '1s/[:,].*//p')
		jq -e --arg p "$package" 'any(.components[]; .name == $p)' "$work/image/kube9-operator.cdx.json" >/dev/null ||
			{ echo "$file of '$package' is not in the bill"; return 1; }
	done < <(find "$work/root/lib" "$work/root/lib64" -type f)
}

# Or the same source would be another program in another folder.
names_no_folder() {
	! grep -aF -m 1 "$(cd "$here/../.." && pwd)/" "$program"
}

[[ $(id -u) == 0 ]] || {
	echo "image: needs root, for chroot and mounts: sudo $0 $1"
	exit 1
}
check "the program does not say where it was built" names_no_folder
check "the image can be built" "$here/image.sh" "$program" "$work/image"
((failed == 0)) || counted
check "it can be built elsewhere" build_again
check "two builds are one image" same_bytes kube9-operator.tar
check "two builds have one bill of materials" same_bytes kube9-operator.cdx.json
check "it is an OCI archive" readable_as oci-archive
check "it is a docker-archive" readable_as docker-archive
check "its layer can be unpacked" unpack
check "the Dockerfile says the same" dockerfile_agrees
check "the Dockerfile has the program's version" dockerfile_version
check "it holds at most 25 MB" size
check "nothing but program and loader can be run" nothing_else_runs
check "no shell and no package manager" no_shell
check "no set-id bits" no_set_id
check "only /data belongs to the user" owners
check "certificates and zones are in it" zone_is_there
check "version runs" runs
check "assess finds the same inside as outside" assesses
check "it writes to /tmp and nowhere in its root" writes_where_it_may
check "serve without a kubeconfig ends in one error" ends_in_one_error
check "the bill of materials is valid" bill_is_valid
check "the bill of materials is complete" bill_is_complete
counted
