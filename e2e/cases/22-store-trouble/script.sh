# shellcheck shell=bash
# A database that cannot be used degrades one condition and nothing else: the operator reconciles,
# runs end without history, and a file that it does not understand is left as it is.
apply config.yaml

# A database of a release that is not yet written.
start_operator
first_run >/dev/null
stop_operator
printf '\x00\x00\x7f\xff' | dd of="$DB" bs=1 seek=60 conv=notrunc status=none # user_version
sum=$(sha256sum <"$DB")
start_operator
wait_for 8 "StoreHealthy is False" condition_is StoreHealthy False
wait_for 5 "Ready all the same" condition_is Ready True
matches 'newer' "$(condition_text StoreHealthy)" "a newer database"
k create -f - >/dev/null <<'RUN'
apiVersion: kube9.io/v1alpha1
kind: AssessmentRun
metadata: {name: unstored}
spec: {mode: Full}
RUN
wait_run unstored
expect expect.yaml
stop_operator
equal "$sum" "$(sha256sum <"$DB")" "content of the newer database"

# A folder that cannot be written (root may write anywhere but there).
DB=/sys/kube9.db
start_operator
wait_for 8 "StoreHealthy is False" condition_is StoreHealthy False
matches '/sys' "$(condition_text StoreHealthy)" "a folder that cannot be written"
grep -q 'going on without history.*/sys' "$CASE_DIR/operator.log" || fail "the log does not say so"
stop_operator

# A file that is no database is set aside, never deleted.
DB=$CASE_DIR/torn.db
head -c 20000 /dev/urandom >"$DB"
sum=$(sha256sum <"$DB" | cut -c1-64)
start_operator
wait_for 8 "a new database" cli db check
found=
for file in "$CASE_DIR"/torn.db*; do
	[[ $(sha256sum <"$file" | cut -c1-64) != "$sum" ]] || found=$file
done
[[ -n $found ]] || fail "the corrupt file is gone: $(ls "$CASE_DIR")"
