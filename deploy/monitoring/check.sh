#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The alerts: promtool finds them well-formed, every one fires and keeps quiet in alerts.test.yaml.
# That each metric the alerts and the dashboard ask for exists, and each panel shows something, is
# for the real Prometheus of e2e/cases/27-monitoring.
set -euo pipefail

cd "$(dirname "$0")"
promtool check rules alerts.yaml
promtool test rules alerts.test.yaml
missing=0
alerts=$(sed -n 's/^ *- alert: //p' alerts.yaml)
for alert in $alerts; do
	for sign in "alertname: $alert}" "alertname=\"$alert\", alertstate=\"firing\""; do
		grep -qF "$sign" alerts.test.yaml || {
			echo "alerts.test.yaml: nothing with $sign" >&2
			missing=$((missing + 1))
		}
	done
done
((missing == 0))
echo "$(wc -w <<<"$alerts") alerts, each seen firing and quiet"
