# shellcheck shell=bash
# A real Prometheus scrapes the operator: no sample is refused, every alert evaluates, every query of
# an alert names only metrics that are there, and every panel of the dashboard shows something.
folder=$ROOT/deploy/monitoring
"$folder/check.sh" >"$CASE_DIR/check.out" 2>&1 || fail "$(cat "$CASE_DIR/check.out")"
note "$(tail -n 1 "$CASE_DIR/check.out")"
apply "$ROOT/deploy/samples/kube9config.yaml"
start_operator
first_run >/dev/null

port=$(free_port)
api=http://127.0.0.1:$port
cat >"$CASE_DIR/prometheus.yml" <<EOF
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$folder/alerts.yaml]
scrape_configs:
  - job_name: kube9-operator
    static_configs: [{targets: ["127.0.0.1:$(<"$CASE_DIR/port-operator")"]}]
EOF
proc_start "$CASE_DIR/prometheus.pid" "$CASE_DIR/prometheus.log" prometheus --config.file="$CASE_DIR/prometheus.yml" \
	--storage.tsdb.path="$CASE_DIR/tsdb" --web.listen-address="127.0.0.1:$port" --log.level=warn
defer 'proc_stop "$CASE_DIR/prometheus.pid" 5'

# EXPRESSION: number of series it gives, or the error.
series() {
	curl -s --max-time 5 "$api/api/v1/query" --data-urlencode "query=$1" |
		jq -r 'if .status == "success" then .data.result | map(select(.value[1] != "NaN")) | length else .error end'
}
scraped() {
	[[ $(series 'count_over_time(up{job="kube9-operator"}[1m]) > 5 and up == 1') == 1 ]]
}
wait_for 30 "five scrapes" scraped
equal 0 "$(curl -s "$api/api/v1/targets" | jq '[.data.activeTargets[] | select(.lastError != "")] | length')" "targets in error"

# Rates need something to happen while Prometheus looks.
apply "$ROOT/deploy/samples/assessmentrun-by-pillar.yaml"
run_counted() {
	[[ $(series 'sum(increase(kube9_operator_assessment_run_duration_seconds_count[1h])) > 0') == 1 ]]
}
wait_for 30 "a run that Prometheus sees" run_counted
drawn=$("$K9E2E" dashboard -prometheus "$api" -svg "$CASE_DIR/dashboard.svg" "$folder/dashboard.json" 2>&1) || fail "$drawn"
note "$(jq '[.panels[] | select(.targets)] | length' "$folder/dashboard.json") panels, $drawn"
((${drawn%% *} > 20)) || fail "only $drawn"
[[ -z ${PLOT:-} ]] || cp "$CASE_DIR/dashboard.svg" "$PLOT"

rules_seen() {
	[[ $(curl -s "$api/api/v1/rules" | jq '[.data.groups[].rules[] | select(.health == "ok")] | length') == "$rules" ]]
}
rules=$(grep -c 'alert:' "$folder/alerts.yaml")
wait_for 10 "$rules rules that evaluate: $(curl -s "$api/api/v1/rules" | jq -c '[.data.groups[].rules[] | select(.health != "ok") | [.name, .lastError]]')" rules_seen
equal "" "$(curl -s "$api/api/v1/alerts" | jq -r '.data.alerts[] | select(.state == "firing") | .labels.alertname')" "alerts on a healthy operator"

# Each metric that an alert names is one of the operator's.
for metric in $(grep -oE '(kube9_operator|leader_election|process|controller_runtime|workqueue|rest_client|reflector)_[a-z_]+' "$folder/alerts.yaml" | sort -u); do
	grep -qF "\`$metric\`" "$ROOT/docs/metrics.md" || fail "no metric $metric"
done
grep -q ' error' "$CASE_DIR/prometheus.log" && fail "Prometheus complains: $(cat "$CASE_DIR/prometheus.log")"
true
