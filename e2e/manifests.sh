#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# manifests.sh DIR [FILES]: a tree of manifests that is the same each time: FILES (2,000) files of
# four objects and 2.5 kB each, a third of them in good order, a third not at all. For measuring.
set -euo pipefail

dir=$1
files=${2:-2000}

for ((team = 0; team < 40; team++)); do
	mkdir -p "$dir/team-$(printf %02d "$team")"
done

awk -v dir="$dir" -v files="$files" '
function deployment(i, good, bad) {
	o = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " app "\n  namespace: " ns "\n  labels:\n"
	o = o "    app.kubernetes.io/name: " app "\n    app.kubernetes.io/part-of: shop\n    team: " ns "\n"
	o = o "  annotations:\n    example.com/contact: team-" i % 40 "@example.com\n"
	o = o "spec:\n  replicas: " (bad ? 1 : 3) "\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: " app "\n"
	o = o "  template:\n    metadata:\n      labels:\n        app.kubernetes.io/name: " app "\n        team: " ns "\n    spec:\n"
	o = o "      serviceAccountName: " app "\n"
	if (good)
		o = o "      automountServiceAccountToken: false\n      securityContext:\n        runAsNonRoot: true\n        seccompProfile:\n          type: RuntimeDefault\n"
	if (bad)
		o = o "      hostNetwork: true\n"
	o = o "      containers:\n        - name: app\n          image: registry.example.com/shop/" app ":" (bad ? "latest" : "1." i % 20 ".3") "\n"
	o = o "          ports:\n            - name: http\n              containerPort: 8080\n"
	o = o "          env:\n            - name: LOG_LEVEL\n              value: info\n            - name: UPSTREAM\n              valueFrom:\n"
	o = o "                configMapKeyRef:\n                  name: " app "-settings\n                  key: upstream\n"
	if (!bad)
		o = o "          resources:\n            requests:\n              cpu: 100m\n              memory: 128Mi\n            limits:\n              memory: 256Mi\n"
	o = o "          readinessProbe:\n            httpGet:\n              path: /ready\n              port: http\n            periodSeconds: 5\n"
	if (good)
		o = o "          securityContext:\n            allowPrivilegeEscalation: false\n            readOnlyRootFilesystem: true\n            capabilities:\n              drop:\n                - ALL\n"
	if (bad)
		o = o "          securityContext:\n            privileged: true\n"
	o = o "          volumeMounts:\n            - name: scratch\n              mountPath: /tmp\n      volumes:\n        - name: scratch\n"
	o = o (bad ? "          hostPath:\n            path: /var/lib/" app "\n" : "          emptyDir:\n            sizeLimit: 64Mi\n")
	return o
}
function head(api, kind, name) {
	return "---\napiVersion: " api "\nkind: " kind "\nmetadata:\n  name: " name "\n  namespace: " ns "\n  labels:\n    app.kubernetes.io/name: " app "\n"
}
function service() {
	return head("v1", "Service", app) "spec:\n  selector:\n    app.kubernetes.io/name: " app "\n  ports:\n    - name: http\n      port: 80\n      targetPort: http\n"
}
function config(i,   o, k) {
	o = head("v1", "ConfigMap", app "-settings") "data:\n  upstream: http://app-" (i * 7) % files "." ns ".svc\n  settings.yaml: |\n"
	for (k = 0; k < 17; k++)
		o = o "    feature-" k ": " ((i + k) % 3 ? "enabled" : "disabled") "\n"
	return o
}
function extra(i) {
	if (i % 5 == 0)
		return head("policy/v1", "PodDisruptionBudget", app) "spec:\n  minAvailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: " app "\n"
	if (i % 5 == 1)
		return head("autoscaling/v2", "HorizontalPodAutoscaler", app) "spec:\n  minReplicas: 2\n  maxReplicas: 6\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: " app "\n"
	if (i % 5 == 2)
		return head("networking.k8s.io/v1", "NetworkPolicy", app) "spec:\n  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: " app "\n  policyTypes:\n    - Ingress\n  ingress:\n    - from:\n        - podSelector:\n            matchLabels:\n              team: " ns "\n"
	if (i % 5 == 3)
		return head("v1", "ServiceAccount", app)
	return head("rbac.authorization.k8s.io/v1", "Role", app) "rules:\n  - apiGroups: [\"\"]\n    resources: [configmaps]\n    verbs: [get, list, watch]\n"
}
BEGIN {
	for (i = 0; i < files; i++) {
		ns = sprintf("team-%02d", i % 40)
		app = sprintf("app-%04d", i)
		file = dir "/" ns "/" app ".yaml"
		printf "%s%s%s%s", deployment(i, i % 3 == 0, i % 3 == 1), service(), config(i), extra(i) >file
		close(file)
	}
}'
