# shellcheck shell=bash
# Credentials in all the places where people leave them are found, and no byte of them leaves the
# operator: not into its database, log, metrics, objects or Events, nor into what the CLI prints.
readonly MARK=MARKq7Zx # part of every planted value
token=ghp_${MARK}TokenTextAbcdefghijklmnopqrs

k create namespace leaky >/dev/null
defer 'k delete namespace leaky --wait=false'
apply <<EOF
apiVersion: v1
kind: ConfigMap
metadata: {name: leaky, namespace: leaky}
data:
  password: ${MARK}configmap
  app.properties: "db.password=${MARK}line"
  key.pem: "-----BEGIN PRIVATE KEY-----\n${MARK}pem\n-----END PRIVATE KEY-----"
  token: $token
binaryData: {secret: $(printf '%s' "${MARK}binary" | base64 -w0)}
---
apiVersion: v1
kind: Secret
metadata: {name: leaky, namespace: leaky}
stringData: {password: ${MARK}secret}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: leaky
  namespace: leaky
  annotations: {token: ${MARK}annotation, kube9.io/exempt: ${MARK}exempt}
spec:
  selector: {matchLabels: {app: leaky}}
  template:
    metadata:
      labels: {app: leaky}
      annotations: {password: ${MARK}templateannotation}
    spec:
      containers:
        - name: app
          image: registry.example.org/leaky:1
          env:
            - {name: DB_PASSWORD, value: ${MARK}env}
            - {name: GITHUB, value: $token}
            - {name: PLAIN, value: ${MARK}plain}
          command: [sh, -c, "curl -H 'Authorization: Bearer $token' https://u:${MARK}url@example.org"]
          args: ["--password=${MARK}argument", --token, ${MARK}next, "postgres://u:${MARK}pg@db/x"]
          livenessProbe: {exec: {command: [sh, -c, "mysql -p${MARK}probe"]}}
          readinessProbe:
            httpGet:
              port: 80
              path: /?token=${MARK}path
              httpHeaders: [{name: Authorization, value: Bearer ${MARK}header}]
          lifecycle: {preStop: {exec: {command: [stop, "--password=${MARK}hook"]}}}
EOF

start_operator --log-level debug
apply "$ROOT/deploy/samples/kube9config.yaml"
name=$(first_run)

list=$(cli query assessments list --run "$name" --namespace leaky --limit 1000)
for check in hardcoded-credential-env credential-in-args credential-in-configmap; do
	grep -q "security/$check" <<<"$list" || fail "security/$check found nothing"
done

out=$CASE_DIR/said
mkdir "$out"
echo "$list" >"$out/list"
for format in json yaml table; do
	cli query assessments list --limit 1000 --format "$format" >"$out/list.$format"
	KUBECONFIG=$OPERATOR_CONFIG "$PROGRAM" assess --live --format "$format" >"$out/live.$format" 2>&1 ||
		fail "assess --live: $(tail -n 2 "$out/live.$format")"
done
operator_http /metrics >"$out/metrics"
k get kube9configs,assessmentruns -o json >"$out/resources"
k get configmaps,leases -n kube9-system -o json >"$out/own-objects"
k get events.events.k8s.io -A -o json >"$out/events"
stop_operator
cp "$DB"* "$CASE_DIR"/*.log "$out"
[[ $(find "$out" -size +0 | wc -l) -ge 12 ]] || fail "not everything was collected: $(ls "$out")"
# What was found out about them is there, so the search looks in the right places.
for file in "${DB##*/}" list.json live.table; do
	grep -qaF DB_PASSWORD "$out/$file" || fail "$file says nothing about the variable DB_PASSWORD"
done
! grep -rlaF "$MARK" "$out" >"$CASE_DIR/leaks" || fail "planted values in: $(cat "$CASE_DIR/leaks")"
