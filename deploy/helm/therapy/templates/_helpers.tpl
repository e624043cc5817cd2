{{- define "therapy.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "therapy.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "therapy.labels" -}}
{{ include "therapy.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: therapy
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The processes that run for ever, in the order of values.yaml. */}}
{{- define "therapy.services" -}}
units spend claims clinicians gateway
{{- end -}}

{{/* The image; takes the root and the tag of one process, which may be empty. */}}
{{- define "therapy.image" -}}
{{- $image := .root.Values.image -}}
{{- if .tag -}}
{{ $image.repository }}:{{ .tag }}
{{- else if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "therapy.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: {{ .Values.user.uid }}
runAsGroup: {{ .Values.user.gid }}
# So that the mounted secrets, which are root's, can be read by this group alone.
fsGroup: {{ .Values.user.gid }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "therapy.securityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: ["ALL"]
{{- end -}}

{{/* What every pod of ours has; takes the root. */}}
{{- define "therapy.pod" -}}
serviceAccountName: {{ include "therapy.fullname" . }}
automountServiceAccountToken: false
# Kubernetes would write variables that begin with THERAPY_ into every pod.
enableServiceLinks: false
securityContext:
  {{- include "therapy.podSecurityContext" . | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Refuses numbers of pods that leave some of them less to do than others. */}}
{{- define "therapy.divides" -}}
{{- $partitions := int .root.Values.topics.partitions -}}
{{- $pods := int .pods -}}
{{- if or (gt $pods $partitions) (ne (mod $partitions $pods) 0) -}}
{{- fail (printf "%s is %d, which does not divide topics.partitions (%d)" .name $pods $partitions) -}}
{{- end -}}
{{- end -}}

{{/* The ports of HOST:PORT addresses, without doubles, as JSON. */}}
{{- define "therapy.ports" -}}
{{- $ports := list -}}
{{- range . -}}
{{- $ports = append $ports (int (regexFind "[0-9]+$" .)) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}
