{{/* What every object carries beside its own. */}}
{{- define "sluice.labels" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* By which Services, budgets and policies find the controller's pods. */}}
{{- define "sluice.selector" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/component: controller
{{- end }}

{{/* An object of files/, with our labels: (dict "root" $ "object" …). */}}
{{- define "sluice.object" -}}
{{- $metadata := .object.metadata }}
{{- $labels := merge (dict) (default (dict) $metadata.labels) (include "sluice.labels" .root | fromYaml) }}
{{- toYaml (merge (dict "metadata" (merge (dict "labels" $labels) $metadata)) .object) }}
{{- end }}

{{- define "sluice.image" -}}
{{- with .Values.image }}
{{- with .registry }}{{ . }}/{{ end }}{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{/* The version in which the API server serves MutatingAdmissionPolicy; empty: it does not. */}}
{{- define "sluice.mutating" -}}
{{- range list "v1beta1" "v1" }}
{{- if $.Capabilities.APIVersions.Has (printf "admissionregistration.k8s.io/%s/MutatingAdmissionPolicy" .) }}{{ . }} {{ end }}
{{- end }}
{{- end }}

{{/* "admission v1", "admission v1beta1" or "pause": which policies are installed. */}}
{{- define "sluice.policies" -}}
{{- $version := include "sluice.mutating" . | trim | splitList " " | last }}
{{- if or (eq .Values.hold "pause") (and (eq .Values.hold "auto") (not $version)) }}pause
{{- else if $version }}admission {{ $version }}
{{- else }}
{{- fail "hold: admission takes an API server that serves MutatingAdmissionPolicy (on by default from Kubernetes 1.36); set hold to auto or pause. For helm template add --api-versions admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" }}
{{- end }}
{{- end }}

{{/* An end point as its flag has it. */}}
{{- define "sluice.endpoint" -}}
{{ .name }}={{ .url }}{{ with .namespaces }} namespaces={{ join "," . }}{{ end }}
{{- end }}

{{- define "sluice.args" -}}
- controller
- --controller-namespace={{ .Release.Namespace }}
- --hold={{ .Values.hold }}
{{- range .Values.prometheus }}
- {{ printf "--prometheus=%s" (include "sluice.endpoint" .) | quote }}
{{- end }}
{{- range .Values.sources }}
- {{ printf "--source=%s" (include "sluice.endpoint" .) | quote }}
{{- end }}
{{- with .Values.controller }}
{{- if ne .policies "own" }}
- --policies={{ .policies }}
{{- end }}
{{- if .enforceNamespaceMatcher }}
- --enforce-namespace-matcher
{{- end }}
{{- with .trustedNamespaces }}
- --trusted-namespaces={{ join "," . }}
{{- end }}
- --scrape-lag={{ .scrapeLag }}
- --min-interval={{ .minInterval }}
- --cluster-domain={{ .clusterDomain }}
- --concurrency={{ .concurrency }}
- --log-level={{ .logLevel }}
{{- end }}
{{- end }}

{{/* A binding of one of our roles to the controller: (dict "root" $ "kind" … "role" … "roleKind" … "namespace" …). */}}
{{- define "sluice.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .role }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    app.kubernetes.io/component: rbac
    {{- include "sluice.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ default "ClusterRole" .roleKind }}
  name: {{ .role }}
subjects:
  - kind: ServiceAccount
    name: sluice
    namespace: {{ .root.Release.Namespace }}
{{- end }}
