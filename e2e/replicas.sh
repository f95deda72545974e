# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# replicas.sh (sourced by a case, after lib.sh): several serve processes on one database, each with a
# token and a network of its own. The audit log tells them apart by the id of their tokens; their
# network is a relay that can be told to break (k9e2e relay).
# What `network` does: pass, stall (open, nothing moves), half (answers are lost), cut.

replicas=()

# NAME SKEW: prepares a replica whose wall clock is SKEW seconds off, and starts its relay.
replica_new() {
	local name=$1 config=$CASE_DIR/$1.kubeconfig context server
	replicas+=("$name")
	echo "$2" >"$CASE_DIR/$name.skew"
	operator_token "$CASE_DIR/$name.token" 24h
	operator_kubeconfig "$config" "$CASE_DIR/$name.token"
	context=$(k --kubeconfig "$config" config view -o 'jsonpath={.contexts[0].context.cluster}')
	server=$(k --kubeconfig "$config" config view -o 'jsonpath={.clusters[0].cluster.server}')
	network "$name" pass
	free_port >"$CASE_DIR/$name.relay"
	proc_start "$CASE_DIR/pids/relay-$name" "$CASE_DIR/relay-$name.log" "$K9E2E" relay \
		-to "${server#https://}" -listen "127.0.0.1:$(<"$CASE_DIR/$name.relay")" \
		-control "$CASE_DIR/$name.network"
	k --kubeconfig "$config" config set "clusters.$context.server" \
		"https://127.0.0.1:$(<"$CASE_DIR/$name.relay")" >/dev/null
	# An hour ago the server's certificate was not valid yet.
	(($2 >= 0)) || {
		k --kubeconfig "$config" config unset "clusters.$context.certificate-authority-data"
		k --kubeconfig "$config" config set "clusters.$context.insecure-skip-tls-verify" true
	} >/dev/null
}

# NAME MODE
network() {
	echo "$2" >"$CASE_DIR/$1.network.new"
	mv "$CASE_DIR/$1.network.new" "$CASE_DIR/$1.network"
}

clock_skew_library() {
	[[ -f $CASE_DIR/clock_skew.so ]] ||
		cc -shared -fPIC -O1 -o "$CASE_DIR/clock_skew.so" "$E2E/clock_skew.c"
	echo "$CASE_DIR/clock_skew.so"
}

# NAME: starts it, again too, without waiting.
replica_start() {
	local skew
	skew=$(<"$CASE_DIR/$1.skew")
	if ((skew == 0)); then
		OPERATOR_CONFIG=$CASE_DIR/$1.kubeconfig launch_operator "$1"
	else
		OPERATOR_CONFIG=$CASE_DIR/$1.kubeconfig CLOCK_SKEW=$skew LD_PRELOAD=$(clock_skew_library) \
			launch_operator "$1"
	fi
}

replica_ready() {
	operator_alive "$1" && operator_http /readyz "$1" >/dev/null
}

# The name of the one that is ready; fails when there is none or more than one.
leader() {
	local name found=
	for name in "${replicas[@]}"; do
		! replica_ready "$name" || {
			[[ -z $found ]] || fail "$found and $name are ready at a time"
			found=$name
		}
	done
	[[ -n $found ]] && echo "$found"
}

# NAME: it is none but NAME that leads.
another_leads() {
	local now
	now=$(leader) || return 1
	[[ $now != "$1" ]]
}

# All but the leader are alive, not ready, and have not opened the database.
standbys_wait() {
	local name now
	now=$(leader) || fail "nobody leads"
	for name in "${replicas[@]}"; do
		[[ $name != "$now" ]] && operator_alive "$name" || continue
		operator_http /healthz "$name" >/dev/null || fail "standby $name is not alive"
		! readlink "/proc/$(operator_pid "$name")/fd/"* | grep -q "^$DB" ||
			fail "standby $name has opened the database"
	done
}

# NAME SECONDS: waits until somebody but NAME leads, and prints how many ms that took.
hand_over() {
	local begin
	begin=$(date +%s%N)
	wait_for "$2" "another than $1 leads" another_leads "$1"
	echo $((($(date +%s%N) - begin) / 1000000))
}

# NAME: the leader does a whole run of that name.
full_run() {
	k create -f - >/dev/null <<-RUN
		apiVersion: kube9.io/v1alpha1
		kind: AssessmentRun
		metadata: {name: $1}
		spec: {mode: Full}
	RUN
	wait_run "$1"
}

# NAME: what the audit log calls it.
credential_of() {
	printf 'JTI=%s' "$(jwt_payload "$CASE_DIR/$1.token" | json jti)"
}

jwt_payload() {
	local text
	text=$(cut -d. -f2 "$1" | tr '_-' '/+')
	while ((${#text} % 4)); do text+='='; done
	base64 -d <<<"$text"
}

# NAME OFFSET: the writes that a replica sent since then, also those of the Lease and refused ones.
writes_of() {
	"$K9E2E" audit -instance "$(credential_of "$1")" -from "$2" writes "$CLUSTER/audit.log"
}

audit_size() {
	stat -c %s "$CLUSTER/audit.log"
}

# Never two writers, by the audit log since audit_mark.
never_two_writers() {
	local report
	report=$("$K9E2E" audit -from "$(audit_from)" reigns "$CLUSTER/audit.log" 2>&1) ||
		fail "two writers: $report"
	while read -r line; do note "$line"; done < <(sed -E "s/-[^ ]*-uid//g" <<<"$report")
}

# NUMBERS...: smallest, median, largest.
spread() {
	printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END {
		printf "min %d, median %d, max %d of %d\n", v[1], v[int((NR + 1) / 2)], v[NR], NR }'
}
