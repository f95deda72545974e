# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# plugin.sh (sourced, after lib.sh): the kubectl plugin as people have it, kubectl-kube9 beside
# kubectl in PATH, and what has to hold of it wherever exec works, by a kubelet or by a stand-in.

# Makes $PLUGIN_BIN with kubectl and the plugin, the first folder of PATH.
plugin_install() {
	PLUGIN_BIN=$CASE_DIR/plugin
	mkdir -p "$PLUGIN_BIN"
	ln -sf "$PROGRAM" "$PLUGIN_BIN/kubectl-kube9"
	ln -sf "$PROGRAM" "$PLUGIN_BIN/kubectl_complete-kube9"
	ln -sf "$KUBECTL" "$PLUGIN_BIN/kubectl"
	PATH=$PLUGIN_BIN:$PATH
}

# STATUS REGEXP WORDS...: `kubectl kube9 WORDS` ends so; what it prints, on stdout or stderr, matches.
# kubectl itself is left out, which does nothing but start the plugin.
plugin_says() {
	local want=$1 regexp=$2 status=0
	shift 2
	kubectl-kube9 "$@" >"$CASE_DIR/plugin.out" 2>"$CASE_DIR/plugin.err" || status=$?
	equal "$want" "$status" "exit status of kubectl kube9 $* ($(head -c 400 "$CASE_DIR/plugin.err"))"
	if ((want == 0 || want == 3)); then
		matches "$regexp" "$(<"$CASE_DIR/plugin.out")" "kubectl kube9 $*"
	else
		matches "$regexp" "$(<"$CASE_DIR/plugin.err")" "kubectl kube9 $*"
		equal "" "$(<"$CASE_DIR/plugin.out")" "stdout of kubectl kube9 $*"
		# kubectl exec adds a line of its own when the command there ends badly.
		equal 1 "$(grep -cvxF "command terminated with exit code $want" "$CASE_DIR/plugin.err")" "lines on stderr of kubectl kube9 $*"
	fi
}

# The whole plugin against a cluster whose operator is ready and has completed a run.
plugin_answers() {
	local run
	matches '^health +healthy' "$(kubectl kube9 status)" "kubectl kube9 status, by way of kubectl"
	plugin_says 0 '^health +healthy' status
	plugin_says 0 '"health": "healthy"' status -o json
	plugin_says 0 '^Score [0-9]+ [A-F]' report
	plugin_says 0 '^## Kubernetes assessment: ' report -o markdown
	plugin_says 0 '^<!DOCTYPE html>' report -o html
	plugin_says 0 '"version": "2.1.0"' report -o sarif
	plugin_says 3 '^Score ' report --fail-on low
	plugin_says 1 "no run 'nope'" report --run nope
	plugin_says 2 'kubectl kube9 report --help' report --bogus

	# A run on demand: what is printed is its own report, and the object says that it goes.
	plugin_says 0 '"summary"' assess --pillar reliability -o json
	run=$(kubectl get assessmentruns -o name | sed -n 's|^assessmentrun.kube9.io/\(kubectl-.*\)|\1|p')
	matches '^kubectl-[a-z0-9]+$' "$run" "the run of kubectl kube9 assess"
	equal "86400 Reliability Completed" "$(kubectl get assessmentrun "$run" -o \
		jsonpath='{.spec.ttlSecondsAfterFinished} {.spec.pillars[*]} {.status.phase}')" "the run $run"
	equal "$(json summary.score <"$CASE_DIR/plugin.out")" \
		"$(kubectl get assessmentrun "$run" -o jsonpath='{.status.score}')" "the score that assess printed"
	! grep -q '"pillar": "security",$' <(sed -n '/"findings"/,$p' "$CASE_DIR/plugin.out") ||
		fail "a run of one pillar reports another"
	plugin_says 3 '^Score ' assess --check 'reliability/*' --fail-on low
	plugin_says 1 'is Failed: ' assess --profile nope
}
