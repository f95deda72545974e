#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds a static libcurl that knows http, https and HTTP/2 and nothing else, from the source
# package of the libcurl that is installed, with the distribution's patches. The distribution's
# shared one pulls in LDAP, SSH, Kerberos, RTMP and their 30 libraries, which cost every process
# resident memory (docs/adr/0001). Prints the prefix on stdout; progress goes to stderr.
#
# The result is kept under ~/.cache/kube9-operator/curl-<version>; a second call is instant.
set -eu

say() { printf 'curl: %s\n' "$*" >&2; }
die() { printf 'curl: %s\n' "$*" >&2; exit 1; }

version=$(dpkg-query -W -f '${source:Version}' libcurl4-openssl-dev 2>/dev/null) ||
    die "libcurl4-openssl-dev is not installed: run make deps"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kube9-operator
recipe=$(cksum <"$0" | cut -d ' ' -f 1)
prefix=$cache/curl-$version
stamp=$prefix/built-by-$recipe
if [ -f "$stamp" ]; then
    echo "$prefix"
    exit 0
fi

mkdir -p "$cache"
work=$(mktemp -d "$cache/build-curl.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# A private apt state with source lines for the machine's own mirrors: nothing in /etc changes,
# and no root is needed.
mkdir -p "$work/lists/partial" "$work/source"
key=
for k in /usr/share/keyrings/debian-archive-keyring.gpg \
    /usr/share/keyrings/debian-archive-keyring.pgp /usr/share/keyrings/ubuntu-archive-keyring.gpg; do
    [ ! -f "$k" ] || key="[signed-by=$k] "
done
# shellcheck disable=SC2016
apt-get indextargets --format '$(SOURCESENTRY) $(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    grep -v kube9-trixie | cut -d ' ' -f 2- | sort -u | sed "s|.*|deb-src $key& main|" \
    >"$work/sources.list"
[ -s "$work/sources.list" ] || die "found no mirror in the apt sources"
apt() {
    apt-get -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::Lists="$work/lists" -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= \
        -o APT::Sandbox::User= -o Acquire::Retries=3 -o Acquire::Languages=none "$@"
}

logged() {
    "$@" >>"$work/log" 2>&1 || {
        tail -n 30 "$work/log" >&2
        die "failed: $*"
    }
}

say "fetching the source package of $version"
logged apt update
cd "$work/source"
# The exact version leaves the mirror when a security update follows; the update will do.
apt source "curl=$version" >>"$work/log" 2>&1 || logged apt source curl
src=$(find "$work/source" -mindepth 1 -maxdepth 1 -type d)
[ -f "$src/CMakeLists.txt" ] || die "no curl source tree in $work/source"

say "building $(basename "$src")"
on='ENABLE_IPV6 ENABLE_THREADED_RESOLVER CURL_USE_OPENSSL USE_NGHTTP2 CURL_ZLIB HTTP_ONLY
    CURL_DISABLE_ALTSVC CURL_DISABLE_COOKIES CURL_DISABLE_DOH CURL_DISABLE_GETOPTIONS
    CURL_DISABLE_HSTS CURL_DISABLE_LIBCURL_OPTION CURL_DISABLE_MIME CURL_DISABLE_NETRC
    CURL_DISABLE_NTLM CURL_DISABLE_PROGRESS_METER CURL_DISABLE_FORM_API'
off='BUILD_CURL_EXE BUILD_SHARED_LIBS BUILD_TESTING ENABLE_MANUAL CURL_BROTLI CURL_ZSTD
     CURL_USE_GSSAPI CURL_USE_LIBSSH CURL_USE_LIBSSH2 CURL_USE_LIBPSL USE_LIBIDN2
     USE_LIBRTMP ENABLE_UNIX_SOCKETS'
set --
for o in $on; do set -- "$@" "-D$o=ON"; done
for o in $off; do set -- "$@" "-D$o=OFF"; done
logged cmake -S "$src" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_INSTALL_PREFIX="$work/out" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_C_COMPILER=gcc \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
    -DCMAKE_C_FLAGS='-O2 -g1 -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections' \
    "$@"
logged ninja -C "$work/build" install

rm -rf "$prefix"
mkdir -p "$prefix/lib"
cp -r "$work/out/include" "$prefix/"
cp "$work/out/lib/libcurl.a" "$prefix/lib/"
cp "$src/COPYING" "$prefix/"
: >"$stamp"
say "done: $prefix"
echo "$prefix"
