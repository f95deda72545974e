# shellcheck shell=bash
# The oracle of the leader's cases is judged itself: forged audit logs, each with one lie in it, have
# to be found out, and an honest one has to pass.
log=$CASE_DIR/forged.log
version=0

# SECOND INSTANCE VERB RESOURCE CODE [BODIES]: one event, received then and answered 10 ms later.
event() {
	printf '{"stage":"ResponseComplete","verb":"%s","requestReceivedTimestamp":"2026-01-01T00:%02d:%02d.000000Z","stageTimestamp":"2026-01-01T00:%02d:%02d.010000Z","user":{"username":"system:serviceaccount:kube9-system:kube9-operator","extra":{"authentication.kubernetes.io/credential-id":["JTI=%s"]}},"objectRef":{"resource":"%s","namespace":"kube9-system","name":"x"},"responseStatus":{"code":%d}%s}\n' \
		"$3" $(($1 / 60)) $(($1 % 60)) $(($1 / 60)) $(($1 % 60)) "$2" "$4" "$5" "${6:-}" >>"$log"
}

# SECOND INSTANCE HOLDER: a Lease write that the server took.
lease() {
	version=$((version + 1))
	event "$1" "$2" update leases 200 \
		",\"requestObject\":{\"spec\":{\"holderIdentity\":\"$3\"}},\"responseObject\":{\"metadata\":{\"resourceVersion\":\"$version\"}}"
}

write() {
	event "$1" "$2" patch configmaps "${3:-200}"
}

# a leads from 0 s, renews at 2 s.
begin() {
	: >"$log"
	version=0
	lease 0 a a
	write 1 a
	lease 2 a a
	write 3 a
}

# WHAT REGEXP: the log has to be found out, with that reason.
found_out() {
	local report
	! report=$("$K9E2E" audit reigns "$log" 2>&1) || fail "not found out: $1"
	matches "$2" "$report" "$1"
}

begin
lease 18 b b
write 19 b
lease 20 b ''
lease 21 a a
write 22 a
write 40 b 409
report=$("$K9E2E" audit reigns "$log") || fail "an honest log: $report"
matches '^4 writes by others than the Lease, 1 refused, 3 reigns, 1 renewals, 0 violations$' \
	"$(tail -n 1 <<<"$report")" "an honest log"
matches '^hand-over a -> b: not renewed for 16000 ms$' "$report" "an honest log"
matches '^hand-over b -> a: free for 1000 ms$' "$report" "an honest log"

begin
lease 18 b b
write 19 a
found_out "the old leader writes while the new one leads" 'a patch configmaps while b led'

begin
write 14 a
found_out "a leader writes past its renew deadline" 'a patch configmaps 1000 ms after the end of its reign'

begin
write 4 b
found_out "a standby writes" 'JTI=b patch configmaps before it ever led'

begin
lease 8 b b
found_out "a Lease is taken too soon" 'b took the Lease from a only 6010 ms after its last renewal'

begin
lease 4 b ''
found_out "somebody else gives the Lease back" 'gave back a Lease that was not its own'

begin
lease 4 a ''
write 5 a
found_out "a leader writes after it gave back" 'after the end of its reign'

begin
lease 4 a b
found_out "one process speaks for two" 'holds the Lease as a and as b'

: >"$log"
found_out "an empty log" 'nothing to judge'

event 1 a update leases 200
found_out "a log without bodies" 'does not record the bodies'
