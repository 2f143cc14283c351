{{- define "common.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-{{ .name }}
data:
  {{- toYaml .data | nindent 2 }}
{{- end -}}
