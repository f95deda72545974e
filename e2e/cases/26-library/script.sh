# shellcheck shell=bash
# The installed library in the hands of somebody else: both examples, built from a prefix by the CMake
# package and by pkg-config, follow a real cluster through a restart of its API server.
build=$ROOT/build/dev
prefix=$CASE_DIR/prefix
"$ROOT/cmake/test_install.sh" "$build" "$prefix" >"$CASE_DIR/install.log" 2>&1 ||
	fail "the library: $(tail -n 20 "$CASE_DIR/install.log")"

# Two namespaces: nobody here counts what is in use, so a quota lets no Pod in.
for ns in library library-pods; do
	k create namespace "$ns" >/dev/null
	defer "k delete namespace $ns --wait=false >/dev/null"
done
k create serviceaccount default -n library-pods >/dev/null

start_example() { # NAME PROGRAM
	proc_start "$CASE_DIR/pids/$1" "$CASE_DIR/$1.log" "$prefix/examples/$2" "$KUBECONFIG"
}

printed() { # REGEXP
	grep -qE "$1" "$CASE_DIR/watch.log"
}

pod() { # NAME
	k apply --server-side -f - >/dev/null <<POD
apiVersion: v1
kind: Pod
metadata: {name: $1, namespace: library-pods}
spec:
  serviceAccountName: default
  automountServiceAccountToken: false
  containers: [{name: c, image: "registry.invalid/c:1"}]
POD
}

team() { # NAME PODS
	k apply --server-side --force-conflicts -f - >/dev/null <<TEAM
apiVersion: v1
kind: ConfigMap
metadata:
  name: $1
  namespace: library
  labels: {kube9.io/example: team}
  annotations: {kube9.io/pods: "$2"}
TEAM
}

quota_is() { # NAME PODS ("": there is none)
	[[ $(k get resourcequota -n library --ignore-not-found "team-$1" \
		-o jsonpath='{.spec.hard.pods}') == "$2" ]]
}

start_example watch pod_watch-gcc
start_example quota configmap_controller-gcc
pod before
wait_for 10 "the Pod is printed" printed '^now +library-pods/before Pending$'

team payments 10
wait_for 10 "a quota for payments" quota_is payments 10
team payments 20
wait_for 10 "the quota follows the ConfigMap" quota_is payments 20
k patch resourcequota -n library team-payments --type=merge -p '{"spec":{"hard":{"pods":"99"}}}' >/dev/null
wait_for 10 "a quota that was changed is put right" quota_is payments 20
k delete resourcequota -n library team-payments >/dev/null
wait_for 10 "a quota that was deleted comes back" quota_is payments 20

"$E2E/cluster.sh" restart-apiserver "$CLUSTER" >/dev/null
team search 5
wait_for 40 "it goes on after the API server" quota_is search 5
pod after
wait_for 40 "a Pod after the API server" printed '^now +library-pods/after Pending$'
k delete pod -n library-pods before --grace-period=0 --force >/dev/null 2>&1
wait_for 20 "a Pod that is gone" printed '^gone +library-pods/before '

# While nobody looks: level-triggered, so the state at the start is enough.
proc_stop "$CASE_DIR/pids/quota" 5
k delete configmap -n library payments >/dev/null
k label configmap -n library search kube9.io/example- >/dev/null
team idle 1
start_example quota configmap_controller
wait_for 20 "a quota for what came meanwhile" quota_is idle 1
wait_for 10 "no quota without its ConfigMap" quota_is payments ""
wait_for 10 "no quota without the label" quota_is search ""
