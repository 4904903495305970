{{- /* What the server and the making of its tables share. */ -}}
{{- define "tollgate.container" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
env:
  - name: TOLLGATE_BACKEND
    value: {{ .Values.backend }}
  - name: TOLLGATE_SERVER__LISTEN
    value: "[::]:8000"
  - name: TOLLGATE_SERVER__DATA_DIR
    value: /data
  - name: TOLLGATE_SERVER__METRICS_LISTEN
    value: {{ printf "[::]:%d" (int .Values.metrics.port) | quote }}
  - name: TOLLGATE_SERVER__SHUTDOWN_GRACE_SECONDS
    value: {{ .Values.shutdownGraceSeconds | quote }}
  {{- if .Values.ingress.enabled }}
  - name: TOLLGATE_SERVER__PUBLIC_URL
    value: {{ printf "%s://%s" (ternary "https" "http" (ne .Values.ingress.tlsSecret "")) .Values.ingress.host | quote }}
  {{- end }}
  {{- range $name, $value := .Values.env }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
{{- with .Values.existingSecret }}
envFrom:
  - secretRef:
      name: {{ . }}
{{- end }}
volumeMounts:
  - name: config
    mountPath: /config
    readOnly: true
  - name: data
    mountPath: /data
{{- end -}}
