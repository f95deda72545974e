# shellcheck shell=bash
# Whatever is wrong around it, the operator says so in one clear line: no crash, no hot loop, no
# silence.

# WANTED_EXIT REGEXP WHAT COMMAND...: ends by itself within 5 s with one line on stderr like that.
ends_with() {
	local want=$1 pattern=$2 what=$3 status=0
	shift 3
	timeout 5 "$@" >"$CASE_DIR/out" 2>"$CASE_DIR/err" || status=$?
	equal "$want" "$status" "exit status: $what ($(tail -n 2 "$CASE_DIR/err"))"
	matches "$pattern" "$(cat "$CASE_DIR/err")" "$what"
	equal 1 "$(wc -l <"$CASE_DIR/err")" "lines on stderr: $what ($(cat "$CASE_DIR/err"))"
	equal "" "$(cat "$CASE_DIR/out")" "stdout: $what"
}

# INSTANCE REGEXP WHAT: serve says it in its log within 5 s, without many lines or much CPU.
complains() {
	local log=$CASE_DIR/$1.log lines
	wait_for 5 "$3 (log says /$2/)" grep -qE -- "$2" "$log"
	if operator_alive "$1"; then
		local pid before
		pid=$(operator_pid "$1")
		before=$(cpu_ms "$pid")
		sleep 1.5
		before=$(($(cpu_ms "$pid") - before))
		((before < 200)) || fail "$3: $before ms of CPU in 1.5 s"
	fi
	lines=$(wc -l <"$log")
	((lines <= 40)) || fail "$3: $lines lines of log"
	! grep -qE 'Segmentation|AddressSanitizer|core dumped' "$log" || fail "$3: crashed"
}

# INSTANCE CONFIG DB
launch_with() {
	OPERATOR_CONFIG=$2 DB=$3 launch_operator "$1"
}

ends_with 2 'unknown|frobnicate' "unknown flag" "$PROGRAM" serve --frobnicate
ends_with 2 'bogus' "unknown command" "$PROGRAM" bogus
ends_with 2 'format' "unknown format" "$PROGRAM" query status --db "$DB" --format=xml
ends_with 1 'does-not-exist' "no such kubeconfig" \
	"$PROGRAM" serve --kubeconfig /tmp/does-not-exist --db "$DB"
printf 'clusters: [\n' >"$CASE_DIR/broken.kubeconfig"
ends_with 1 'broken.kubeconfig' "kubeconfig that is no YAML" \
	"$PROGRAM" serve --kubeconfig "$CASE_DIR/broken.kubeconfig" --db "$DB"
ends_with 1 'no-such.db' "query without a database" \
	"$PROGRAM" query status --db "$CASE_DIR/no-such.db"
[[ ! -e $CASE_DIR/no-such.db ]] || fail "query made a database"

# A token that has expired; the operator recovers when its file holds a good one.
uid=$(k get serviceaccount kube9-operator -n kube9-system -o 'jsonpath={.metadata.uid}')
"$K9E2E" token -key "$CLUSTER/pki/sa.key" -uid "$uid" -namespace kube9-system \
	-name kube9-operator -expires -1h >"$CASE_DIR/token"
sed "s|tokenFile:.*|tokenFile: $CASE_DIR/token|" "$OPERATOR_CONFIG" >"$CASE_DIR/expired.kubeconfig"
launch_with expired "$CASE_DIR/expired.kubeconfig" "$CASE_DIR/expired.db"
complains expired 'token|401|[Uu]nauthorized' "expired token"
operator_token "$CASE_DIR/token" 1h

# A server whose certificate another CA has signed.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=other \
	-keyout "$CASE_DIR/other.key" -out "$CASE_DIR/other.crt" 2>/dev/null
sed "s|certificate-authority-data:.*|certificate-authority-data: $(base64 -w0 "$CASE_DIR/other.crt")|" \
	"$OPERATOR_CONFIG" >"$CASE_DIR/wrong-ca.kubeconfig"
launch_with wrong-ca "$CASE_DIR/wrong-ca.kubeconfig" "$DB"
complains wrong-ca 'certificate' "wrong CA"
kill_operator wrong-ca

# No permission at all: an account that nobody gave a role.
k create serviceaccount nobody -n default >/dev/null
defer 'k delete serviceaccount nobody -n default'
k create token nobody -n default --duration=1h >"$CASE_DIR/nobody.token"
sed "s|tokenFile:.*|tokenFile: $CASE_DIR/nobody.token|" "$OPERATOR_CONFIG" >"$CASE_DIR/nobody.kubeconfig"
launch_with nobody "$CASE_DIR/nobody.kubeconfig" "$DB"
complains nobody 'permission|forbidden|not allowed' "no permission at all"
kill_operator nobody

# Without rights the Lease is asked for every 30 s.
wait_for 40 "recovery with a good token" operator_ready expired
stop_operator expired
