# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# counted.sh (sourced, with $work a folder): what scripts share that end with "N passed, N failed".
passed=0
failed=0

# check WHAT COMMAND...: what the command says is shown when it fails.
check() {
    local what=$1
    shift
    if "$@" >"${work:?}/said" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
        tail -n 20 "$work/said"
    fi
}

# The last line, and the script's exit status.
counted() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
}
