# shellcheck shell=bash
# kill -9 in the middle of runs, five times: afterwards every run ends, nothing stays Running, the
# database is sound, and no finding is stored twice.
start_operator
first_run >/dev/null

# NUMBER: four runs at once, killed a little later each time.
round() {
	local i
	for i in 1 2 3 4; do
		printf 'apiVersion: kube9.io/v1alpha1\nkind: AssessmentRun\nmetadata: {name: r%d-%d}\nspec: {mode: Full}\n---\n' \
			"$1" "$i"
	done | k create -f - >/dev/null
	sleep "0.0$((RANDOM % 9 + 1))"
	kill_operator
	cli db check >"$CASE_DIR/check.out" 2>&1 || fail "db check after kill -9: $(cat "$CASE_DIR/check.out")"
	start_operator
}

for n in 1 2 3 4 5; do
	round "$n"
done
all_ended() {
	[[ $(runs_in_phase 'Completed|Partial|Failed|Cancelled' | wc -l) == 21 ]] || {
		runs_in_phase '.*'
		return 1
	}
}
wait_for 20 "all 21 runs ended" all_ended
# What is complete has its history, whole.
for name in $(runs_in_phase Completed); do
	got=$(cli query assessments list --run "$name" --limit 1) || fail "no findings of $name"
	total=$(json total <<<"$got")
	[[ -z ${first_total:-} ]] && first_total=$total
	equal "$first_total" "$total" "rows of $name"
done
note "completed $(runs_in_phase Completed | wc -l) of 21, $first_total rows each"
