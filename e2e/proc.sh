# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# proc.sh (sourced): background processes known by pid and start time, free ports, waiting.
# A pid alone is not enough: after a crash the number may belong to somebody else's process, so
# nothing is ever signalled unless the start time still matches.

cache_dir() {
	echo "${XDG_CACHE_HOME:-$HOME/.cache}/kube9-operator"
}

# PID: prints its start time in clock ticks since boot, nothing if it is gone or a zombie.
proc_start_time() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	# The name in parentheses may hold blanks: count from behind it.
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	[[ $1 == Z || $1 == X ]] || echo "${20}"
}

# PIDFILE: succeeds if the process recorded there is alive.
proc_alive() {
	local pid start
	[[ -s $1 ]] || return 1
	read -r pid start <"$1" || return 1
	[[ -n $start && $(proc_start_time "$pid") == "$start" ]]
}

# PIDFILE LOG COMMAND...: starts a daemon in a session of its own, appends its output to LOG and
# records it. Ctrl-C at the terminal does not reach it: its owner ends it in the right order.
proc_start() {
	local pidfile=$1 log=$2
	shift 2
	mkdir -p "$(dirname "$pidfile")" "$(dirname "$log")"
	setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
	local pid=$!
	disown "$pid" 2>/dev/null || true
	echo "$pid $(proc_start_time "$pid")" >"$pidfile"
}

# PIDFILE SIGNAL: sends the signal if the process is still the recorded one.
proc_signal() {
	proc_alive "$1" || return 0
	local pid _start
	read -r pid _start <"$1"
	kill -s "$2" "$pid" 2>/dev/null || true
}

# PIDFILE [SECONDS]: TERM, then KILL after SECONDS (10), then forgets it.
proc_stop() {
	local deadline=$((SECONDS + ${2:-10}))
	proc_signal "$1" TERM
	while proc_alive "$1"; do
		if ((SECONDS >= deadline)); then
			proc_signal "$1" KILL
			deadline=$((SECONDS + 10))
		fi
		sleep 0.02
	done
	rm -f "$1"
}

# PORT: succeeds if nobody listens on it.
port_is_free() {
	local hex
	printf -v hex '%04X' "$1"
	# 0A is LISTEN; a closed connection that still waits takes no port from a server.
	! grep -qsE "^ *[0-9]+: [0-9A-F]+:$hex [0-9A-F]+:[0-9A-F]+ 0A " /proc/net/tcp /proc/net/tcp6
}

# Prints a TCP port nobody listens on, below the range the kernel hands out by itself.
free_port() {
	local port
	while true; do
		port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
		! port_is_free "$port" || break
	done
	echo "$port"
}
