#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# inside.sh up|status DIR [VERSION]: what node.sh runs in the node's namespaces: mounts and network, then
# the programs. Each setting here was needed; what for is said where it does not show.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/proc.sh
source "$here/../proc.sh"
# shellcheck source=e2e/pki.sh
source "$here/../pki.sh"

command=$1 dir=$2 version=${3:-v1.36}
node=$dir/node
bin=$(cache_dir)/$version/bin
readonly NODE=node-1 ADDRESS=10.87.0.1 SUBNET=10.87.0.0/24 BRIDGE=node0

die() {
	echo "node.sh: $*" >&2
	exit 1
}

# Files of other programs' places come into an upper layer in DIR; /run starts empty.
make_mounts() {
	mount --make-rshared /
	mount -t proc proc /proc
	mount -t tmpfs tmpfs /run
	mkdir "$node"/{upper,work}
	mount -t overlay overlay -o "lowerdir=/var,upperdir=$node/upper,workdir=$node/work" /var
	# Settings of the whole machine that the kubelet insists on: it finds them as it wants them.
	pretend vm/overcommit_memory 1
	pretend vm/panic_on_oom 0
	pretend kernel/panic 10
	pretend kernel/panic_on_oops 1
	pretend kernel/keys/root_maxkeys 1000000
	pretend kernel/keys/root_maxbytes 25000000
}

# SETTING VALUE
pretend() {
	[[ -e /proc/sys/$1 ]] || return 0
	echo "$2" >"$node/${1//\//.}"
	mount --bind "$node/${1//\//.}" "/proc/sys/$1"
}

# The bridge's address is the node's, and the Pods' gateway.
make_network() {
	hostname "$NODE"
	ip link set lo up
	ip link add name "$BRIDGE" type bridge
	ip address add "$ADDRESS/${SUBNET#*/}" dev "$BRIDGE"
	ip link set "$BRIDGE" up
	# For the node itself to reach the Service address.
	ip route add default dev "$BRIDGE"
	echo 1 >/proc/sys/net/ipv4/ip_forward
	mkdir "$node/cni"
	cat >"$node/cni/10-node.conflist" <<-CNI
		{"cniVersion": "0.4.0", "name": "node", "plugins": [{"type": "bridge", "bridge": "$BRIDGE",
		 "isGateway": true, "hairpinMode": true, "ipam": {"type": "host-local", "routes": [{"dst": "0.0.0.0/0"}],
		 "ranges": [[{"subnet": "$SUBNET", "rangeStart": "10.87.0.10", "gateway": "$ADDRESS"}]]}}]}
	CNI
}

# In place of kube-proxy: the one Service that the operator uses, that of the API server.
make_service() {
	local chain
	for chain in PREROUTING OUTPUT; do
		iptables -w -t nat -A $chain -d 10.96.0.1 -p tcp --dport 443 -j DNAT --to "$ADDRESS:$(<"$dir/ports/apiserver")"
	done
}

# What is started from here on counts as the node's.
enter_cgroups() {
	local name
	for name in memory cpu cpuacct pids; do
		echo $$ >"/sys/fs/cgroup/$name/$(<"$node/cgroup")/sys/cgroup.procs"
	done
}

# restrict_oom_score_adj: a container's score cannot be less than ours.
start_containerd() {
	cat >"$node/containerd.toml" <<-TOML
		version = 2
		root = "$node/containerd"
		state = "/run/containerd"
		disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs",
		  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "localhost/pause:1"
		  restrict_oom_score_adj = true
		[plugins."io.containerd.grpc.v1.cri".cni]
		  bin_dir = "/usr/lib/cni"
		  conf_dir = "$node/cni"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		  runtime_type = "io.containerd.runc.v2"
	TOML
	proc_start "$dir/pids/containerd" "$dir/logs/containerd.log" containerd --config "$node/containerd.toml"
}

# The sandboxes' image: one program.
import_pause() {
	local digest
	tar -cf "$node/layer.tar" -C "$node" --owner=0 --group=0 pause
	digest=$(sha256sum "$node/layer.tar" | cut -d ' ' -f 1)
	jq -n --arg layer "sha256:$digest" '{architecture: "amd64", os: "linux", config: {Entrypoint: ["/pause"]},
		rootfs: {type: "layers", diff_ids: [$layer]}}' >"$node/config.json"
	jq -n '[{Config: "config.json", RepoTags: ["localhost/pause:1"], Layers: ["layer.tar"]}]' >"$node/manifest.json"
	tar -cf "$node/pause.tar" -C "$node" manifest.json config.json layer.tar
	ctr --namespace k8s.io images import "$node/pause.tar" >/dev/null
}

# The names of what runs in the node and what it says when it ends.
alive() {
	proc_alive "$dir/pids/$1" || {
		tail -n 15 "$dir/logs/$1.log" >&2
		die "$1 ended; its log: $dir/logs/$1.log"
	}
}

# WHAT PROGRAM COMMAND...: until the command succeeds, while the program lives.
wait_for() {
	local what=$1 program=$2 deadline=$((SECONDS + 60))
	shift 2
	until "$@" >"$node/wait.out" 2>&1; do
		alive "$program"
		((SECONDS < deadline)) || {
			tail -n 15 "$dir/logs/$program.log" >&2
			die "not within 60 s: $what"
		}
		sleep 0.1
	done
}

start_scheduler() {
	proc_start "$dir/pids/kube-scheduler" "$dir/logs/kube-scheduler.log" "$bin/kube-scheduler" \
		--kubeconfig="$dir/kubeconfig" --leader-elect=false --secure-port=0
}

# Nothing here may depend on how full the machine's disk is.
make_kubelet_config() {
	make_cert kubelet "/O=system:nodes/CN=system:node:$NODE" "extendedKeyUsage=clientAuth"
	make_cert kubelet-serving "/O=system:nodes/CN=system:node:$NODE" "subjectAltName=IP:$ADDRESS"
	make_kubeconfig "$node/kubelet.kubeconfig" kubelet "https://$ADDRESS:$(<"$dir/ports/apiserver")"
	: >"$node/resolv.conf"
	cat >"$node/kubelet.yaml" <<-CONFIG
		apiVersion: kubelet.config.k8s.io/v1beta1
		kind: KubeletConfiguration
		address: $ADDRESS
		authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $dir/pki/ca.crt}}
		authorization: {mode: Webhook}
		tlsCertFile: $dir/pki/kubelet-serving.crt
		tlsPrivateKeyFile: $dir/pki/kubelet-serving.key
		containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
		cgroupDriver: cgroupfs
		cgroupRoot: /$(<"$node/cgroup")
		failSwapOn: false
		resolvConf: $node/resolv.conf
		maxOpenFiles: $(ulimit -Hn)
		volumePluginDir: $node/plugins
		imageGCHighThresholdPercent: 100
		evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%"}
	CONFIG
	[[ $version == v1.30 ]] || echo 'failCgroupV1: false' >>"$node/kubelet.yaml"
}

start_kubelet() {
	make_kubelet_config
	proc_start "$dir/pids/kubelet" "$dir/logs/kubelet.log" "$bin/kubelet" --config="$node/kubelet.yaml" \
		--kubeconfig="$node/kubelet.kubeconfig" --root-dir="$node/kubelet" --node-ip="$ADDRESS" \
		--hostname-override="$NODE"
}

kubectl() {
	"$bin/kubectl" --kubeconfig "$dir/kubeconfig" "$@"
}

# Ready, without the taint of its beginning, and with the account that Pods get.
usable() {
	[[ $(kubectl get node "$NODE" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}{.spec.taints}') == True ]] &&
		kubectl get serviceaccount default
}

up() {
	local began
	began=$(date +%s%N)
	make_mounts
	make_network
	enter_cgroups
	start_containerd
	"$here/../cluster.sh" up "$dir" --version "$version" --with-controller-manager --node-address "$ADDRESS"
	make_service
	start_scheduler
	wait_for "containerd answers" containerd ctr version
	import_pause
	start_kubelet
	wait_for "the node is Ready" kubelet usable
	printf 'node ready in %d ms\n' $((($(date +%s%N) - began) / 1000000))
}

status() {
	local name
	"$here/../cluster.sh" status "$dir" || true
	for name in kube-scheduler containerd kubelet; do
		proc_alive "$dir/pids/$name" && echo "$name: running" || echo "$name: not running"
	done
	kubectl get nodes,pods -A -o wide
}

case $command in
up) up ;;
status) status ;;
esac
