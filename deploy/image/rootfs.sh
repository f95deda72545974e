#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# rootfs.sh PROGRAM DIR: lays out in DIR, which must be new, all that the image holds: the stripped
# program, the loader and libraries that ldd names for it, CA certificates, time zones, passwd and
# group, and the mount points /data and /tmp. No shell and no package manager. Of each Debian package
# that a file came from the image keeps the copyright and the status entry, which scanners read.
# deploy/Dockerfile runs this too. Owners are not set here: the tar of image.sh and COPY --chown do.
set -euo pipefail

readonly USER_ID=65532

die() {
	echo "rootfs.sh: $*" >&2
	exit 1
}

[[ $# == 2 ]] || die "usage: rootfs.sh PROGRAM DIR"
program=$1 root=$2
[[ -x $program ]] || die "$program: no such program; run make build PRESET=release"
[[ ! -e $root ]] || die "$root: is there already; name a new folder"
umask 022
packages=()

# FILE: the Debian package it belongs to. /lib is a link to /usr/lib, and dpkg knows either name.
owner_of() {
	local file real
	real=$(realpath "$1")
	for file in "$1" "$real" "/usr$1" "${1#/usr}" "${real#/usr}"; do
		dpkg-query -S "$file" 2>/dev/null | sed -n '1s/^\([^:,]*\).*/\1/p' | grep . && return 0
	done
	die "$1: no Debian package has this file"
}

# FILE [MODE]: a file of the machine at the same place.
take() {
	install -D -m "${2:-0644}" "$(realpath "$1")" "$root$1"
	packages+=("$(owner_of "$1")")
}

# Every path that ldd prints, the loader's as well.
libraries() {
	local said
	said=$(ldd "$program") || die "ldd $program: $said"
	! grep -F 'not found' <<<"$said" || die "$program: a library is missing (above)"
	grep -oE '(/[^ ]+)+ \(0x' <<<"$said" | sed 's/ (0x$//'
}

take_libraries() {
	local library
	while read -r library; do
		case $library in
		*/ld-linux*) take "$library" 0755 ;;
		*) take "$library" ;;
		esac
	done < <(libraries)
}

# assessment.timeZone names one of them. posix/ and right/ hold each zone a second and third time.
take_zones() {
	mkdir -p "$root/usr/share"
	cp -R /usr/share/zoneinfo "$root/usr/share/zoneinfo"
	rm -rf "$root"/usr/share/zoneinfo/{posix,right,localtime,posixrules,leapseconds,leap-seconds.list}
	chmod -R u=rwX,go=rX "$root/usr/share/zoneinfo"
	packages+=(tzdata)
}

take_certificates() {
	install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
	packages+=(ca-certificates)
}

write_accounts() {
	install -D -m 0644 /dev/stdin "$root/etc/passwd" <<PASSWD
root:x:0:0:root:/nonexistent:/sbin/nologin
kube9:x:$USER_ID:$USER_ID:kube9-operator:/data:/sbin/nologin
PASSWD
	install -D -m 0644 /dev/stdin "$root/etc/group" <<GROUP
root:x:0:
kube9:x:$USER_ID:
GROUP
	install -D -m 0644 /dev/stdin "$root/etc/nsswitch.conf" <<<'hosts: files dns'
}

# PACKAGE: what scanners look for, and the terms its authors ask to be kept.
note_package() {
	mkdir -p "$root/var/lib/dpkg/status.d"
	dpkg-query -s "$1" | sed '/^Conffiles:/,/^[A-Z]/{/^Conffiles:/d;/^ /d}' >"$root/var/lib/dpkg/status.d/$1"
	install -D -m 0644 "$(realpath "/usr/share/doc/$1/copyright")" "$root/usr/share/doc/$1/copyright"
}

install -D -m 0755 "$program" "$root/usr/local/bin/kube9-operator"
strip --strip-all "$root/usr/local/bin/kube9-operator"
take_libraries
take_certificates
take_zones
take /etc/os-release
write_accounts
while read -r package; do
	note_package "$package"
done < <(printf '%s\n' "${packages[@]}" | LC_ALL=C sort -u)
install -d -m 0755 "$root/data"
install -d -m 1777 "$root/tmp"
