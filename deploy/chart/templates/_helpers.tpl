{{- define "kube9.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* A release that is named after the chart gives its name alone: kube9-operator. */}}
{{- define "kube9.fullname" -}}
{{- $name := include "kube9.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "kube9.selector" -}}
app.kubernetes.io/name: kube9-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kube9.labels" -}}
{{ include "kube9.selector" . }}
app.kubernetes.io/part-of: kube9
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* metadata of an object: list ROOT NAME NAMESPACE ANNOTATIONS. No namespace: the object has none. */}}
{{- define "kube9.metadata" -}}
{{- $root := index . 0 }}
{{- $annotations := merge (dict) (index . 3) $root.Values.commonAnnotations }}
metadata:
  name: {{ index . 1 }}
  {{- with index . 2 }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "kube9.labels" $root | nindent 4 }}
  {{- with $annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- /* What is known and accepted of an object: list ROOT CHECKS REASON, as annotations. */}}
{{- define "kube9.exempt" -}}
kube9.io/exempt: {{ index . 1 | join "," | quote }}
kube9.io/exempt-reason: {{ index . 2 | quote }}
{{- end }}

{{- define "kube9.account" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "kube9.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- define "kube9.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "kube9.claim" -}}
{{- .Values.persistence.existingClaim | default (printf "%s-data" (include "kube9.fullname" .)) }}
{{- end }}

{{- /* The Secret with the API key; empty: there is none. */}}
{{- define "kube9.apiKeySecret" -}}
{{- if .Values.apiKeySecret.name }}
{{- .Values.apiKeySecret.name }}
{{- else if .Values.apiKey }}
{{- print "kube9-operator-config" }}
{{- end }}
{{- end }}

{{- /* What may touch nothing: of every container of the chart. */}}
{{- define "kube9.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}
