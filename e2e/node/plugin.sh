# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# plugin.sh (sourced by test.sh): the kubectl plugin where exec is real.
# shellcheck disable=SC2154 # test.sh has the variables

# shellcheck source=e2e/plugin.sh
source "$E2E/plugin.sh"

# By its name, inside the node's network; kubectl finds it in PATH.
mkdir -p "$work/plugin"
ln -sf "$(realpath "${OPERATOR:-build/release/kube9-operator}")" "$work/plugin/kubectl-kube9"
in_the_node kubectl-kube9 "$work/plugin/kubectl-kube9"

it "kubectl kube9 status, report and assess, in every format" plugin_answers
