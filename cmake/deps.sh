#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs everything the build and the tests need from Debian packages: the one list there is.
# Does nothing, and asks nothing of the network, when all of it is installed already.
#
# usage: cmake/deps.sh          install what is missing (root, or sudo)
#        cmake/deps.sh --list   print the list and exit
#        cmake/deps.sh --build  install only what the release build needs (deploy/Dockerfile)
set -eu

# What builds the program.
build='build-essential cmake ninja-build pkg-config libcurl4-openssl-dev libwebsockets-dev
       libyaml-dev libyyjson-dev libsqlite3-dev libssl-dev zlib1g-dev'
# What the second compiler, the sanitizers, the fuzzers and the lint stage need.
test='clang clang-format clang-tidy lld llvm libclang-rt-dev libcmocka-dev shellcheck spin zsh fish'
# What validates the documents of `assess`: cmake/test_formats.sh.
formats='python3-jsonschema libxml2-utils chromium fonts-dejavu-core'
# What makes and reads the chart, reads the image and runs the health check of Argo CD: deploy/tests, deploy/image/test.sh.
deploy='skopeo lua5.4 python3-yaml util-linux'
# What scrapes the operator and judges the alerts: deploy/monitoring, e2e/cases/27-monitoring.
monitoring='prometheus'
# What a node is made of: e2e/node.sh.
node='containerd runc containernetworking-plugins iptables iproute2'
# What the release build needs to make its own small libcurl.
release='libnghttp2-dev dpkg-dev'
# What the scripts call.
tools='git jq openssl sqlite3 curl ca-certificates procps time tzdata'

say() { printf 'deps: %s\n' "$*"; }
die() { printf 'deps: %s\n' "$*" >&2; exit 1; }

have() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

[ -r /etc/os-release ] || die "no /etc/os-release: install by hand: $(echo $build $test $tools)"
# shellcheck source=/dev/null
. /etc/os-release
codename=${VERSION_CODENAME:-}

# libclang-rt carries the compiler's major number up to Debian 12.
case $codename in
bookworm) test=$(echo "$test" | sed 's/libclang-rt-dev/libclang-rt-14-dev/') ;;
esac
# shellcheck disable=SC2086
all=$(echo $build $test $formats $deploy $monitoring $node $release $tools)

# shellcheck disable=SC2086
[ "${1:-}" != --build ] || all=$(echo $build $release $tools)

if [ "${1:-}" = --list ]; then
    echo "$all" | tr ' ' '\n'
    exit 0
fi

# Docker's own packages bring both and exclude Debian's.
if command -v containerd >/dev/null && command -v runc >/dev/null; then
    all=$(echo "$all" | sed 's/ containerd runc / /')
fi

command -v dpkg-query >/dev/null || die "needs a Debian or Ubuntu machine; the list is: $all"

missing=
for p in $all; do
    have "$p" || missing="$missing $p"
done
if [ -z "$missing" ]; then
    say "all $(echo "$all" | wc -w) packages are installed"
    exit 0
fi

if [ "$(id -u)" = 0 ]; then
    root=
elif command -v sudo >/dev/null; then
    root=sudo
else
    die "not root and no sudo; as root: apt-get install$missing"
fi
say "missing:$missing"

# Debian 12 has no yyjson. Its package from Debian 13 runs on 12's libc, so trixie is added with a
# pin that admits these two packages alone; mirror and keyring are the machine's own.
admit_yyjson_from_trixie() {
    list=/etc/apt/sources.list.d/kube9-trixie.sources
    pins=/etc/apt/preferences.d/kube9-trixie
    [ -f $list ] && [ -f $pins ] && return
    mirror=$(apt-get indextargets --format '$(SITE)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)' 2>/dev/null |
        sed -n "s/^[^|]*|$codename|main|//p" | head -n 1)
    [ -n "$mirror" ] || die "found no Debian mirror for $codename in the apt sources"
    say "yyjson comes from trixie at $mirror (pinned: no other package does)"
    key=/usr/share/keyrings/debian-archive-keyring.gpg
    {
        echo 'Types: deb'
        echo "URIs: $mirror"
        echo 'Suites: trixie'
        echo 'Components: main'
        [ ! -f $key ] || echo "Signed-By: $key"
    } | $root tee $list >/dev/null
    $root tee $pins >/dev/null <<'PINS'
Package: *
Pin: release n=trixie
Pin-Priority: -1

Package: libyyjson0 libyyjson-dev
Pin: release n=trixie
Pin-Priority: 500
PINS
}

case " $missing " in
*" libyyjson-dev "*)
    case $codename in
    bookworm) admit_yyjson_from_trixie ;;
    esac
    ;;
esac

say "reading the package lists"
$root apt-get -q -o Acquire::Retries=3 update >/tmp/kube9-deps.$$ 2>&1 || {
    cat /tmp/kube9-deps.$$ >&2
    rm -f /tmp/kube9-deps.$$
    die "apt-get update failed"
}
rm -f /tmp/kube9-deps.$$
say "installing (a few minutes on a fresh machine)"
# shellcheck disable=SC2086
$root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
    -o Dpkg::Use-Pty=0 install --no-install-recommends $missing |
    grep -E '^(Get:|Setting up|E:|W:|[0-9]+ upgraded)' || true

for p in $missing; do
    have "$p" || die "$p is still not installed: run apt-get install $p and read what it says"
done
say "done"
