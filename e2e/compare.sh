# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# compare.sh (sourced, with $runs): what measurements of us and of others in one run share.

# FUNCTION WHO...: each in turn, RUNS times.
in_turn() {
	local run one
	for ((run = 1; run <= ${runs:?}; run++)); do
		for one in "${@:2}"; do
			"$1" "$one"
		done
	done
}

# DIVISOR: "min median max" of the numbers on stdin, one a line.
spread_of() {
	sort -g | awk -v d="$1" '{v[NR] = $1 / d} END {print v[1], (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[NR]}'
}
