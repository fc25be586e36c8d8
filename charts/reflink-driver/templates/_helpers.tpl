{{/* One installation to a cluster: the CSIDriver object has a fixed name, so has everything else. */}}
{{- define "reflink-driver.name" -}}
reflink-driver
{{- end -}}

{{/* For what is not in a namespace. */}}
{{- define "reflink-driver.clusterName" -}}
csi-clone-reflink-driver
{{- end -}}

{{- define "reflink-driver.csiName" -}}
reflink.csi-clone.io
{{- end -}}

{{- define "reflink-driver.pluginDir" -}}
{{ .Values.kubeletDir }}/plugins/{{ include "reflink-driver.csiName" . }}
{{- end -}}

{{/* Not empty when the driver tells the scheduler how much room each node has. */}}
{{- define "reflink-driver.tellsCapacity" -}}
{{- if and .Values.storageCapacity (eq .Values.provisioner "embedded") (semverCompare ">=1.21-0" .Capabilities.KubeVersion.Version) -}}
true
{{- end -}}
{{- end -}}

{{- define "reflink-driver.selector" -}}
app.kubernetes.io/name: reflink-driver
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "reflink-driver.labels" -}}
{{ include "reflink-driver.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: csi-clone
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end -}}
