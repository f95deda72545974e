#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# node.sh: one whole Kubernetes node on this machine: the control plane of cluster.sh, kube-scheduler,
# kubelet, and Debian's containerd and runc. All of it lives in process, mount and network namespaces of
# its own, whose first process is node/pause.c: when that one is killed the kernel ends every process,
# mount and interface of the node, whatever state they are in. Outside there are only files in DIR and
# cgroups with a name of their own; down removes both. Needs root and cgroup v1 (see check).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/proc.sh
source "$here/proc.sh"

readonly CGROUPS=(cpu cpuacct cpuset memory devices freezer blkio pids systemd)
readonly PROGRAMS=(containerd ctr runc iptables ip unshare nsenter cc /usr/lib/cni/bridge /usr/lib/cni/host-local)

usage() {
	cat <<'USAGE'
usage: node.sh COMMAND [DIR] [ARGUMENTS]
  check                       can this machine run a node? If not, says why and ends with 77
  up DIR [--version v1.36|v1.30]
                              start it; DIR must be new or empty
  exec DIR COMMAND...         run a command inside it: its network, processes and mounts
  import DIR TAR              give it a container image, as an OCI archive or docker-archive
  init DIR                    print the pid of its first process, whose namespaces are the node's
  down DIR                    end it and remove everything that up made
  status DIR                  say what runs
In DIR: what cluster.sh has there, and node/: containerd, kubelet and their settings
USAGE
}

die() {
	echo "node.sh: $*" >&2
	exit 1
}

cannot() {
	echo "node.sh: this machine cannot run a node: $*"
	exit 77
}

# The pid of the node's first process, as seen from outside.
init_of() {
	local outer _start
	proc_alive "$dir/pids/node" || return 1
	read -r outer _start <"$dir/pids/node"
	read -r init _ <"/proc/$outer/task/$outer/children" || true
	[[ -n ${init:-} ]] && echo "$init"
}

inside() {
	local init
	init=$(init_of) || die "no node runs in $dir"
	nsenter --target "$init" --mount --net --pid --uts -- bash -c 'cd "$0" && exec "$@"' "$PWD" "$@"
}

# What up needs of the kernel, tried in namespaces that end at once.
cmd_check() {
	local name said
	[[ $(id -u) == 0 ]] || cannot "it needs root"
	for name in "${CGROUPS[@]}"; do
		[[ -d /sys/fs/cgroup/$name && -e /sys/fs/cgroup/$name/release_agent ]] ||
			cannot "/sys/fs/cgroup/$name is no cgroup v1 hierarchy"
		[[ -w /sys/fs/cgroup/$name ]] || cannot "/sys/fs/cgroup/$name cannot be written"
	done
	for name in "${PROGRAMS[@]}"; do
		command -v "$name" >/dev/null || die "$name is missing: cmake/deps.sh installs it"
	done
	said=$(unshare --fork --pid --mount --net --uts --propagation private -- bash -euc '
		mount -t tmpfs tmpfs /run
		mkdir /run/{upper,work,to}
		mount -t overlay overlay -o lowerdir=/var,upperdir=/run/upper,workdir=/run/work /run/to
		ip link add name try0 type bridge
		ip link add name try1 type veth peer name try2
		iptables -t nat -A OUTPUT -p tcp -d 10.96.0.1 --dport 443 -j DNAT --to 127.0.0.1:1
		[ "$(cat /proc/sys/net/bridge/bridge-nf-call-iptables)" = 1 ]
	' 2>&1) || cannot "$(tail -n 1 <<<"${said:-no net.bridge.bridge-nf-call-iptables}")"
}

make_cgroups() {
	local root=/sys/fs/cgroup name group
	for name in "${CGROUPS[@]}"; do
		for group in "$1" "$1/sys"; do
			mkdir "$root/$name/$group"
			[[ $name != cpuset ]] || {
				cat "$root/cpuset/cpuset.cpus" >"$root/cpuset/$group/cpuset.cpus"
				cat "$root/cpuset/cpuset.mems" >"$root/cpuset/$group/cpuset.mems"
			}
		done
	done
}

# NAME: no process is in them any more, but the kernel needs a moment to know. runc makes one in every
# hierarchy there is, also in those that make_cgroups leaves alone.
remove_cgroups() {
	local group left deadline=$((SECONDS + 10))
	[[ $1 == kube9-node-* && $1 != */* ]] || die "'$1' is no name of a cgroup of ours"
	while true; do
		left=
		for group in /sys/fs/cgroup/*/"$1"; do
			[[ ! -d $group ]] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || left=$group
		done
		[[ -n $left ]] || return 0
		((SECONDS < deadline)) || die "cgroup $left cannot be removed"
		sleep 0.1
	done
}

cmd_up() {
	local version=v1.36 group
	[[ ${1:-} != --version ]] || version=${2:?--version needs v1.36 or v1.30}
	cmd_check
	[[ ! -e $dir || -z $(ls -A "$dir") ]] || die "$dir is not empty; node.sh down $dir first"
	for name in kubelet kube-scheduler; do
		[[ -x $(cache_dir)/$version/bin/$name ]] ||
			die "$(cache_dir)/$version/bin/$name is missing; run e2e/build.sh $version node first"
	done
	mkdir -p "$dir/node" "$dir/logs"
	chmod 700 "$dir"
	# An interrupted up is ended as well as a whole one.
	trap 'cmd_down' EXIT
	trap 'exit 130' INT TERM
	cc -static -Os -Wall -Wextra -Werror -o "$dir/node/pause" "$here/node/pause.c"
	group=kube9-node-$(cksum <<<"$dir" | cut -d ' ' -f 1)
	echo "$group" >"$dir/node/cgroup"
	make_cgroups "$group"
	proc_start "$dir/pids/node" "$dir/logs/node.log" unshare --fork --pid --kill-child --mount --net --uts \
		--propagation private -- "$dir/node/pause"
	until init_of >/dev/null; do
		sleep 0.02
	done
	inside "$here/node/inside.sh" up "$dir" "$version"
	trap - EXIT INT TERM
}

cmd_down() {
	proc_signal "$dir/pids/node" KILL
	proc_stop "$dir/pids/node"
	[[ ! -s $dir/node/cgroup ]] || remove_cgroups "$(<"$dir/node/cgroup")"
	rm -rf "$dir/node" "$dir/pids/node" "$dir"/pids/{etcd,kube-apiserver,kube-controller-manager,kube-scheduler,containerd,kubelet} \
		"$dir"/logs/{node,kube-scheduler,containerd,kubelet}.log
	"$here/cluster.sh" down "$dir"
}

case ${1:-} in
-h | --help)
	usage
	exit 0
	;;
check)
	cmd_check
	echo "this machine can run a node"
	exit 0
	;;
esac
if [[ $# -lt 2 || $2 == -* ]]; then
	usage >&2
	exit 2
fi
command=$1
dir=$(realpath -m "$2")
shift 2
case $command in
up) cmd_up "$@" ;;
exec) inside "$@" ;;
init) init_of || die "no node runs in $dir" ;;
import) inside ctr --namespace k8s.io images import "$(realpath "$1")" ;;
down) cmd_down ;;
status) inside "$here/node/inside.sh" status "$dir" ;;
*)
	usage >&2
	exit 2
	;;
esac
