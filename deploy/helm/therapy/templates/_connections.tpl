{{/*
How a process reaches Kafka and Redis. Secrets come as files below /run/therapy, never as values.
Each definition takes a dict: root, role (units, topics, probe, …), identity and redis (true where
the process uses Redis).
*/}}

{{/* Who a process is to Kafka, as JSON: username, passwordSecret, certificateSecret. */}}
{{- define "therapy.identity" -}}
{{- $values := .root.Values -}}
{{- $made := "" -}}
{{- if $values.strimzi.users.enabled -}}
{{- $made = printf "%s-%s" (include "therapy.fullname" .root) .role -}}
{{- end -}}
{{- dict
  "username" (coalesce .identity.username $made $values.kafka.sasl.username "")
  "passwordSecret" (coalesce .identity.passwordSecret $made $values.kafka.sasl.passwordSecret "")
  "certificateSecret" (coalesce .identity.certificateSecret $made $values.kafka.tls.certificateSecret "")
  | toJson -}}
{{- end -}}

{{- define "therapy.env" -}}
{{- $values := .root.Values -}}
{{- $kafka := $values.kafka -}}
{{- $identity := include "therapy.identity" . | fromJson -}}
- name: THERAPY_KAFKA_BOOTSTRAP_SERVERS
  value: {{ join "," $kafka.bootstrapServers | quote }}
- name: THERAPY_KAFKA_SECURITY_PROTOCOL
  value: {{ $kafka.securityProtocol }}
{{- if hasPrefix "SASL" $kafka.securityProtocol }}
{{- if not (and $identity.username $identity.passwordSecret) }}
{{- fail (printf "%s: SASL needs kafka.sasl.username and kafka.sasl.passwordSecret, or an identity" .role) }}
{{- end }}
- name: THERAPY_KAFKA_SASL_MECHANISM
  value: {{ $kafka.sasl.mechanism }}
- name: THERAPY_KAFKA_SASL_USERNAME
  value: {{ $identity.username | quote }}
- name: THERAPY_KAFKA_SASL_PASSWORD_FILE
  value: /run/therapy/kafka-password
{{- end }}
{{- if hasSuffix "SSL" $kafka.securityProtocol }}
{{- if or $kafka.tls.ca.secret $kafka.tls.ca.configMap }}
- name: THERAPY_KAFKA_TLS_CA_FILE
  value: /run/therapy/kafka-ca.crt
{{- end }}
{{- if include "therapy.showsCertificate" . }}
- name: THERAPY_KAFKA_TLS_CERT_FILE
  value: /run/therapy/kafka.crt
- name: THERAPY_KAFKA_TLS_KEY_FILE
  value: /run/therapy/kafka.key
{{- if $kafka.tls.keyPasswordKey }}
- name: THERAPY_KAFKA_TLS_KEY_PASSWORD_FILE
  value: /run/therapy/kafka-key-password
{{- end }}
{{- end }}
{{- end }}
{{- if .redis }}
{{- include "therapy.redisEnv" $values.redis }}
{{- end }}
{{- end -}}

{{- define "therapy.redisEnv" -}}
{{- if .urlSecret.name }}
- name: THERAPY_REDIS_URL_FILE
  value: /run/therapy/redis-url
{{- else }}
- name: THERAPY_REDIS_URL
  value: {{ .url | quote }}
{{- end }}
{{- if .passwordSecret.name }}
- name: THERAPY_REDIS_PASSWORD_FILE
  value: /run/therapy/redis-password
{{- end }}
{{- if or .tls.ca.secret .tls.ca.configMap }}
- name: THERAPY_REDIS_TLS_CA_FILE
  value: /run/therapy/redis-ca.crt
{{- end }}
{{- if .tls.certificateSecret }}
- name: THERAPY_REDIS_TLS_CERT_FILE
  value: /run/therapy/redis.crt
- name: THERAPY_REDIS_TLS_KEY_FILE
  value: /run/therapy/redis.key
{{- end }}
{{- end -}}

{{/* Not empty where we show Kafka a certificate: one is named, and it is the way to say who we are. */}}
{{- define "therapy.showsCertificate" -}}
{{- $identity := include "therapy.identity" . | fromJson -}}
{{- $users := .root.Values.strimzi.users -}}
{{- if and $users.enabled (ne $users.authentication "tls") -}}
{{- coalesce .identity.certificateSecret .root.Values.kafka.tls.certificateSecret -}}
{{- else -}}
{{- $identity.certificateSecret -}}
{{- end -}}
{{- end -}}

{{/* The sources of the volume with all files, as a list; empty where there are none. */}}
{{- define "therapy.files" -}}
{{- $values := .root.Values -}}
{{- $kafka := $values.kafka -}}
{{- $identity := include "therapy.identity" . | fromJson -}}
{{- if hasPrefix "SASL" $kafka.securityProtocol }}
- secret:
    name: {{ $identity.passwordSecret }}
    items:
      - {key: {{ $kafka.sasl.passwordKey }}, path: kafka-password}
{{- end }}
{{- if hasSuffix "SSL" $kafka.securityProtocol }}
{{- include "therapy.authorities" (dict "ca" $kafka.tls.ca "path" "kafka-ca.crt") }}
{{- with include "therapy.showsCertificate" . }}
- secret:
    name: {{ . }}
    items:
      - {key: {{ $kafka.tls.certificateKey }}, path: kafka.crt}
      - {key: {{ $kafka.tls.keyKey }}, path: kafka.key}
      {{- with $kafka.tls.keyPasswordKey }}
      - {key: {{ . }}, path: kafka-key-password}
      {{- end }}
{{- end }}
{{- end }}
{{- if .redis }}
{{- include "therapy.redisFiles" $values.redis }}
{{- end }}
{{- end -}}

{{- define "therapy.redisFiles" -}}
{{- if .urlSecret.name }}
- secret:
    name: {{ .urlSecret.name }}
    items:
      - {key: {{ .urlSecret.key }}, path: redis-url}
{{- end }}
{{- if .passwordSecret.name }}
- secret:
    name: {{ .passwordSecret.name }}
    items:
      - {key: {{ .passwordSecret.key }}, path: redis-password}
{{- end }}
{{- include "therapy.authorities" (dict "ca" .tls.ca "path" "redis-ca.crt") }}
{{- with .tls.certificateSecret }}
- secret:
    name: {{ . }}
    items:
      - {key: {{ $.tls.certificateKey }}, path: redis.crt}
      - {key: {{ $.tls.keyKey }}, path: redis.key}
{{- end }}
{{- end -}}

{{- define "therapy.authorities" -}}
{{- if .ca.secret }}
- secret:
    name: {{ .ca.secret }}
    items:
      - {key: {{ .ca.key }}, path: {{ .path }}}
{{- else if .ca.configMap }}
- configMap:
    name: {{ .ca.configMap }}
    items:
      - {key: {{ .ca.key }}, path: {{ .path }}}
{{- end }}
{{- end -}}

{{- define "therapy.mounts" -}}
{{- if include "therapy.files" . | trim }}
volumeMounts:
  - name: files
    mountPath: /run/therapy
    readOnly: true
{{- end }}
{{- end -}}

{{- define "therapy.volumes" -}}
{{- with include "therapy.files" . | trim }}
volumes:
  - name: files
    projected:
      # The group's alone, which is fsGroup.
      defaultMode: 0440
      sources:
        {{- . | nindent 8 }}
{{- end }}
{{- end -}}
