#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# stop-local.sh (make stop): ends what run-local.sh left running. The data in .run/ stays, and the
# next make run goes on with it; rm -r .run starts afresh.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/proc.sh
source "$here/proc.sh"

run=${RUN_DIR:-$(dirname "$here")/.run}
if [[ ! -d $run ]]; then
	echo "nothing runs: there is no $run"
	exit 0
fi
running=
for name in kube9-operator kube-apiserver etcd; do
	! proc_alive "$run/pids/$name" || running=yes
done
proc_stop "$run/pids/kube9-operator"
"$here/cluster.sh" stop "$run"
[[ -n $running ]] && word=stopped || word="nothing was running"
echo "$word; data kept in $run (remove the folder to start afresh)"
