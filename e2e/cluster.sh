#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# cluster.sh: a Kubernetes control plane (etcd, kube-apiserver, on request kube-controller-manager)
# on this machine, on free ports, with everything it makes under one folder. Ready in about 3 s.
# The programs come from build.sh. There is no node: Pods are objects that nothing starts.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/proc.sh
source "$here/proc.sh"
# shellcheck source=e2e/pki.sh
source "$here/pki.sh"

usage() {
	cat <<'USAGE'
usage: cluster.sh COMMAND DIR [OPTIONS]
  up DIR [--version v1.36|v1.30] [--with-controller-manager] [--node-address IP]
                         start it, or what is missing of it; continues with the data found in DIR;
                         --node-address: at that address, for the kubelet that node.sh starts there
  stop DIR               stop it, keep its data
  down DIR               stop it and remove everything that up made in DIR
  status DIR             say what runs
  stop-apiserver DIR     stop kube-apiserver alone
  start-apiserver DIR    start it again and wait until it is ready
  restart-apiserver DIR  both
  compact-etcd DIR       throw away the history in etcd: older watches get 410 Gone
In DIR: kubeconfig (admin), audit.log, logs/, pids/, pki/, etcd/, version
USAGE
}

die() {
	echo "cluster.sh: $*" >&2
	exit 1
}

make_policy() {
	cat >"$dir/audit-policy.yaml" <<'POLICY'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  # Who holds it, and in which order it was written: k9e2e audit reigns.
  - level: RequestResponse
    verbs: [create, update, patch]
    resources: [{group: coordination.k8s.io, resources: [leases]}]
  - level: Metadata
POLICY
}

# NAME: prints the port kept for it in DIR, or keeps a free one. Ports stay the same while they are
# free, so that a kubeconfig somebody copied works again after a restart.
port_of() {
	mkdir -p "$dir/ports"
	[[ -s $dir/ports/$1 ]] || free_port >"$dir/ports/$1"
	cat "$dir/ports/$1"
}

start_etcd() {
	proc_alive "$dir/pids/etcd" && return 0
	local client peer
	client=http://127.0.0.1:$(port_of etcd)
	peer=http://127.0.0.1:$(port_of etcd-peer)
	proc_start "$dir/pids/etcd" "$dir/logs/etcd.log" "$bin/etcd" --data-dir "$dir/etcd" \
		--listen-client-urls "$client" --advertise-client-urls "$client" \
		--listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" \
		--initial-cluster "default=$peer" --unsafe-no-fsync --log-level error
}

# Where it can be reached: a control plane alone is nobody's but this machine's.
address() {
	cat "$dir/node-address" 2>/dev/null || echo 127.0.0.1
}

start_apiserver() {
	proc_alive "$dir/pids/kube-apiserver" && return 0
	local more=(--authorization-mode=RBAC)
	[[ ! -f $dir/node-address ]] || more=("--authorization-mode=Node,RBAC"
		--kubelet-preferred-address-types=InternalIP --kubelet-certificate-authority="$dir/pki/ca.crt"
		--kubelet-client-certificate="$dir/pki/admin.crt" --kubelet-client-key="$dir/pki/admin.key")
	proc_start "$dir/pids/kube-apiserver" "$dir/logs/kube-apiserver.log" "$bin/kube-apiserver" \
		--etcd-servers="http://127.0.0.1:$(port_of etcd)" \
		--secure-port="$(port_of apiserver)" --bind-address="$(address)" \
		--advertise-address="$(address)" --endpoint-reconciler-type=none \
		--tls-cert-file="$dir/pki/server.crt" --tls-private-key-file="$dir/pki/server.key" \
		--client-ca-file="$dir/pki/ca.crt" --service-account-key-file="$dir/pki/sa.pub" \
		--service-account-signing-key-file="$dir/pki/sa.key" \
		--service-account-issuer=https://kubernetes.default.svc \
		--service-cluster-ip-range=10.96.0.0/16 \
		--audit-policy-file="$dir/audit-policy.yaml" --audit-log-path="$dir/audit.log" \
		--max-requests-inflight=800 --max-mutating-requests-inflight=400 --allow-privileged \
		"${more[@]}"
}

start_controller_manager() {
	proc_alive "$dir/pids/kube-controller-manager" && return 0
	proc_start "$dir/pids/kube-controller-manager" "$dir/logs/kube-controller-manager.log" \
		"$bin/kube-controller-manager" --kubeconfig="$dir/kubeconfig" --secure-port=0 \
		--leader-elect=false --kube-api-qps=300 --kube-api-burst=600 --node-monitor-period=1s \
		--root-ca-file="$dir/pki/ca.crt" --service-account-private-key-file="$dir/pki/sa.key"
}

ready() {
	curl -sf -o /dev/null --max-time 2 --cacert "$dir/pki/ca.crt" --cert "$dir/pki/admin.crt" \
		--key "$dir/pki/admin.key" "https://$(address):$(port_of apiserver)/readyz"
}

# Fails at once when etcd or kube-apiserver ended, and shows the end of its log.
wait_ready() {
	local deadline=$((SECONDS + 60)) name
	until ready; do
		for name in etcd kube-apiserver; do
			proc_alive "$dir/pids/$name" && continue
			tail -n 15 "$dir/logs/$name.log" >&2
			die "$name ended; its log: $dir/logs/$name.log"
		done
		if ((SECONDS >= deadline)); then
			tail -n 15 "$dir/logs/kube-apiserver.log" >&2
			die "kube-apiserver is not ready after 60 s; its log: $dir/logs/kube-apiserver.log"
		fi
		sleep 0.1
	done
}

cmd_up() {
	local with_kcm='' node='' began name kept=$version
	while (($#)); do
		case $1 in
		--version)
			[[ $# -ge 2 ]] || die "--version needs v1.36 or v1.30"
			version=$2
			shift 2
			;;
		--with-controller-manager)
			with_kcm=yes
			shift
			;;
		--node-address)
			node=${2:?--node-address needs an IP address}
			shift 2
			;;
		*) die "unknown option $1; see cluster.sh --help" ;;
		esac
	done
	bin=$(cache_dir)/$version/bin
	for name in etcd kube-apiserver kube-controller-manager kubectl; do
		[[ -x $bin/$name ]] || die "$bin/$name is missing; run e2e/build.sh $version first"
	done
	mkdir -p "$dir"
	chmod 700 "$dir"
	if [[ -f $dir/version && $kept != "$version" ]]; then
		die "$dir holds a $kept cluster; run cluster.sh down $dir first"
	fi
	echo "$version" >"$dir/version"
	[[ -z $node ]] || echo "$node" >"$dir/node-address"
	began=$(date +%s%N)
	# A port kept from an earlier start may be somebody else's now.
	if ! proc_alive "$dir/pids/etcd" && ! proc_alive "$dir/pids/kube-apiserver"; then
		for name in etcd etcd-peer apiserver; do
			[[ ! -s $dir/ports/$name ]] || port_is_free "$(<"$dir/ports/$name")" ||
				rm "$dir/ports/$name"
		done
	fi
	make_policy
	make_pki "$(address)"
	start_etcd
	start_apiserver
	make_kubeconfig "$dir/kubeconfig" admin "https://$(address):$(port_of apiserver)"
	wait_ready
	[[ -z $with_kcm ]] || start_controller_manager
	printf 'kubernetes %s ready in %d ms: KUBECONFIG=%s\n' "$version" \
		$((($(date +%s%N) - began) / 1000000)) "$dir/kubeconfig"
}

cmd_stop() {
	proc_stop "$dir/pids/kube-controller-manager"
	proc_stop "$dir/pids/kube-apiserver" 1
	proc_stop "$dir/pids/etcd"
}

cmd_down() {
	cmd_stop
	rm -rf "$dir/etcd" "$dir/pki" "$dir/ports" "$dir/version" "$dir/node-address" "$dir/kubeconfig" "$dir/audit.log" \
		"$dir/audit-policy.yaml" "$dir"/logs/{etcd,kube-apiserver,kube-controller-manager}.log
	rmdir --ignore-fail-on-non-empty "$dir/logs" "$dir/pids" 2>/dev/null || true
	rmdir --ignore-fail-on-non-empty "$dir" 2>/dev/null || true
}

cmd_status() {
	local name state=0
	echo "kubernetes $version in $dir"
	for name in etcd kube-apiserver kube-controller-manager; do
		if proc_alive "$dir/pids/$name"; then
			echo "$name: running, pid $(cut -d' ' -f1 "$dir/pids/$name")"
		else
			echo "$name: not running"
			[[ $name == kube-controller-manager ]] || state=1
		fi
	done
	if ((state == 0)) && ready; then
		echo "ready: KUBECONFIG=$dir/kubeconfig"
	else
		echo "not ready"
		state=1
	fi
	return $state
}

case ${1:-} in
-h | --help)
	usage
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
version=v1.36
[[ ! -f $dir/version ]] || version=$(<"$dir/version")
bin=$(cache_dir)/$version/bin
if [[ $command != up && ! -f $dir/version ]]; then
	[[ $command != down && $command != stop ]] || exit 0
	die "no cluster in $dir; start one with cluster.sh up $dir"
fi

case $command in
up) cmd_up "$@" ;;
stop) cmd_stop ;;
down) cmd_down ;;
status) cmd_status ;;
stop-apiserver) proc_stop "$dir/pids/kube-apiserver" 1 ;;
start-apiserver)
	start_apiserver
	wait_ready
	;;
restart-apiserver)
	proc_stop "$dir/pids/kube-apiserver" 1
	start_apiserver
	wait_ready
	;;
compact-etcd) "$bin/etcd-compact" "http://127.0.0.1:$(port_of etcd)" ;;
*)
	usage >&2
	exit 2
	;;
esac
