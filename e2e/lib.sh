# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# lib.sh (sourced by run.sh in the process of one case): what a case's script.sh may call. The case
# runs in its folder; CASE_DIR is a fresh folder for its database, logs and pids. Every wait has a
# limit, and fail says what was expected.
# Given by run.sh: E2E, ROOT, CLUSTER (folder of cluster.sh), CASE_DIR, KUBECONFIG, KUBECTL, K9E2E,
# PROGRAM, OPERATOR_CONFIG.

# shellcheck source=e2e/proc.sh
source "$E2E/proc.sh"
# shellcheck source=e2e/operator.sh
source "$E2E/operator.sh"

DB=$CASE_DIR/kube9.db
cleanups=()

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

note() {
	echo "  $*"
}

k() {
	"$KUBECTL" "$@"
}

# COMMAND: runs at the end of the case, also after a failure; the last one first.
defer() {
	cleanups=("$1" "${cleanups[@]}")
}

run_cleanups() {
	local command pidfile
	for command in "${cleanups[@]}"; do
		eval "$command" || true
	done
	for pidfile in "$CASE_DIR"/pids/*; do
		[[ ! -f $pidfile ]] || {
			proc_signal "$pidfile" CONT
			proc_stop "$pidfile" 5
		}
	done
}

# SECONDS MESSAGE COMMAND...: until the command succeeds, 10 times a second. A command that answers
# 99 says that waiting makes no sense any more.
wait_for() {
	local limit=$1 message=$2 deadline status
	shift 2
	deadline=$(($(date +%s%N) + limit * 1000000000))
	while true; do
		status=0
		"$@" >"$CASE_DIR/wait.out" 2>&1 || status=$?
		((status != 0)) || return 0
		if ((status == 99)); then
			tail -n 5 "$CASE_DIR/wait.out" >&2
			fail "$message: cannot happen any more"
		fi
		if (($(date +%s%N) > deadline)); then
			tail -n 5 "$CASE_DIR/wait.out" >&2
			fail "not within $limit s: $message"
		fi
		sleep 0.1
	done
}

# PATH: one value of the JSON document on stdin.
json() {
	"$K9E2E" json "$1"
}

# WANT GOT WHAT
equal() {
	[[ $1 == "$2" ]] || fail "$3: want '$1', is '$2'"
}

# REGEXP TEXT WHAT
matches() {
	grep -qE -- "$1" <<<"$2" || fail "$3: want /$1/, is '$2'"
}

apply() {
	k apply --server-side --force-conflicts -f "${1:--}" >"$CASE_DIR/apply.out" 2>&1 ||
		fail "apply: $(cat "$CASE_DIR/apply.out")"
}

# REGEXP WHAT: the manifest on stdin must be refused with a message like that.
refused() {
	local answer
	if answer=$(k apply --server-side -f - 2>&1); then
		fail "$2: was accepted"
	fi
	matches "$1" "$answer" "$2"
}

# FILE [SECONDS]: waits until the cluster holds what the file says.
expect() {
	"$K9E2E" match -timeout "${2:-10}s" -kubectl "$KUBECTL" "$1" ||
		fail "the cluster differs from ${1##*/}"
}

# PATH [INSTANCE]: what /healthz, /readyz or /metrics answers.
operator_http() {
	curl -sf --max-time 2 "http://127.0.0.1:$(<"$CASE_DIR/port-${2:-operator}")$1"
}

# INSTANCE [ARGUMENTS...]: starts serve without waiting.
launch_operator() {
	local name=$1
	shift
	free_port >"$CASE_DIR/port-$name"
	# The Lease's holder is the Pod: as in a restarted container, it stays the same.
	POD_UID=$name-${CASE_DIR##*.}-uid proc_start "$CASE_DIR/pids/$name" "$CASE_DIR/$name.log" "$PROGRAM" serve \
		--kubeconfig "$OPERATOR_CONFIG" --db "$DB" \
		--listen "127.0.0.1:$(<"$CASE_DIR/port-$name")" "$@"
}

operator_ready() {
	operator_alive "${1:-operator}" || {
		echo "kube9-operator ended (log below)"
		return 99
	}
	operator_http /readyz "${1:-operator}"
}

operator_gone() {
	! operator_alive "${1:-operator}"
}

# [ARGUMENTS...]: starts serve and waits until it is ready.
start_operator() {
	launch_operator operator "$@"
	wait_for 10 "operator ready" operator_ready
}

operator_pid() {
	cut -d' ' -f1 "$CASE_DIR/pids/${1:-operator}"
}

operator_alive() {
	proc_alive "$CASE_DIR/pids/${1:-operator}"
}

# [INSTANCE]: TERM; it has to end by itself.
stop_operator() {
	proc_signal "$CASE_DIR/pids/${1:-operator}" TERM
	wait_for 6 "operator ended after SIGTERM" operator_gone "${1:-operator}"
	rm -f "$CASE_DIR/pids/${1:-operator}"
}

# [INSTANCE]
kill_operator() {
	local pidfile=$CASE_DIR/pids/${1:-operator}
	proc_signal "$pidfile" KILL
	proc_stop "$pidfile" 1
}

# WORDS...: a CLI command on the case's database.
cli() {
	"$PROGRAM" "$@" --db "$DB"
}

# NAME [PHASES]: the run has reached one of the phases (Completed or Partial).
run_in_phase() {
	k get assessmentrun "$1" -o jsonpath='{.status.phase}' | grep -qxE "${2:-Completed|Partial}"
}

# NAME [SECONDS]
wait_run() {
	wait_for "${2:-10}" "run $1 completed" run_in_phase "$1"
}

# The names of all runs in a phase.
runs_in_phase() {
	k get assessmentruns \
		-o jsonpath='{range .items[*]}{.status.phase}{" "}{.metadata.name}{"\n"}{end}' |
		sed -nE "s/^($1) //p"
}

some_run_done() {
	[[ -n $(runs_in_phase 'Completed|Partial') ]]
}

# Waits for a completed run and prints the newest one's name.
first_run() {
	wait_for 10 "a first assessment" some_run_done
	runs_in_phase 'Completed|Partial' | tail -n 1
}

# TYPE STATUS: the Kube9Config has that condition, about its newest generation.
condition_is() {
	local condition=".status.conditions[?(@.type=='$1')]" generation seen status
	read -r generation seen status < <(k get kube9config default -o jsonpath="{.metadata.generation} {$condition.observedGeneration} {$condition.status}{'\n'}") || true
	echo "$1 is '$status' for generation '$seen' of '$generation'"
	[[ $status == "$2" && $seen == "$generation" ]]
}

# TYPE: reason and message of the Kube9Config's condition.
condition_text() {
	k get kube9config default -o \
		jsonpath="{.status.conditions[?(@.type=='$1')].reason}: {.status.conditions[?(@.type=='$1')].message}"
}

# Where the audit log ends now; audit_writes and audit_denied look from here on.
audit_mark() {
	stat -c %s "$CLUSTER/audit.log" >"$CASE_DIR/audit.mark"
}

audit_from() {
	cat "$CASE_DIR/audit.mark" 2>/dev/null || echo 0
}

audit_writes() {
	"$K9E2E" audit -from "$(audit_from)" writes "$CLUSTER/audit.log"
}

audit_denied() {
	"$K9E2E" audit -from "$(audit_from)" denied "$CLUSTER/audit.log"
}

audit_uses() {
	"$K9E2E" audit -from "$(audit_from)" uses "$CLUSTER/audit.log"
}

# PID: CPU time it used so far, in ms.
cpu_ms() {
	local stat
	stat=$(<"/proc/$1/stat")
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	echo $(((${12} + ${13}) * 1000 / $(getconf CLK_TCK)))
}

# PID: resident memory in kB.
rss_kb() {
	sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}
