# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# leftovers.sh (sourced by test.sh): what a node must not change or leave, whatever ended it.
# shellcheck disable=SC2154 # test.sh has the variables

# What does not depend on who else works on this machine.
machine_state() {
	local path
	for path in /run/containerd /run/netns /run/xtables.lock /var/log/containers /var/log/pods /var/lib/cni /var/lib/kubelet \
		/var/lib/containerd; do
		[[ ! -e $path ]] || echo "$path"
	done
	for path in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys \
		kernel/keys/root_maxbytes net/ipv4/ip_forward; do
		echo "$path $(cat /proc/sys/$path 2>/dev/null)"
	done
	hostname
	ip -o link | sed 's/ mtu.*//'
	iptables -w -t nat -S
}

# GROUP: nothing of the node whose folder was $CLUSTER and whose cgroup was GROUP.
no_trace() {
	local found
	[[ ! -e $CLUSTER ]] || fail "$CLUSTER is there: $(find "$CLUSTER" | head -n 5)"
	found=$(find /sys/fs/cgroup -maxdepth 3 -name "$1")
	equal "" "$found" "cgroups"
	found=$(grep -l "$CLUSTER" /proc/[0-9]*/mountinfo 2>/dev/null)
	equal "" "$found" "processes that see mounts of the node"
	echo "$CLUSTER" >"$work/pattern" # in a file, or grep finds itself
	found=$(grep -laF -f "$work/pattern" /proc/[0-9]*/cmdline 2>/dev/null)
	equal "" "$found" "processes with the node's folder in their command line"
	machine_state | diff "$work/before" - >&2 || fail "the machine is not what it was (above)"
}

# SECONDS SIGNAL: up, ended by a signal to all of its processes, as Ctrl-C sends it.
interrupted_up() {
	local rc=0
	timeout --signal="$2" "$1" "$E2E/node.sh" up "$CLUSTER" --version "$version" >"$work/interrupted" 2>&1 || rc=$?
	cat "$work/interrupted"
	equal 124 "$rc" "up's end after $1 s"
}

down() {
	"$E2E/node.sh" down "$CLUSTER"
}

# A Pod that runs when its node is taken away.
running() {
	k run busy --image=localhost/pause:1 --image-pull-policy=Never || fail "kubectl run"
	k wait --for=condition=Ready --timeout=60s pod/busy || fail "the Pod is not ready"
}

nothing_is_left() {
	local group
	group=$(<"$CLUSTER/node/cgroup")
	it "a Pod runs" running
	it "down ends all" down
	it "it left no process, mount, cgroup, interface, rule, setting or file" no_trace "$group"
	it "an up that is interrupted cleans up" interrupted_up 2.5 INT
	it "after Ctrl-C nothing is left" no_trace "$group"
}
