{{/* One installation to a cluster: the webhook configurations have fixed names, so has everything else. */}}
{{- define "csi-clone-webhook.name" -}}
csi-clone-webhook
{{- end -}}

{{- define "csi-clone-webhook.selector" -}}
app.kubernetes.io/name: csi-clone-webhook
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "csi-clone-webhook.labels" -}}
{{ include "csi-clone-webhook.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: csi-clone
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end -}}

{{/* The names under which the API server and people in the cluster call the Service. */}}
{{- define "csi-clone-webhook.dnsNames" -}}
{{- $service := printf "%s.%s.svc" (include "csi-clone-webhook.name" .) .Release.Namespace -}}
{{ $service }},{{ $service }}.{{ .Values.certificate.clusterDomain }}
{{- end -}}

{{/* Not empty if the webhook writes the caBundle of its configurations. */}}
{{- define "csi-clone-webhook.publishesCa" -}}
{{- if eq .Values.certificate.mode "self-managed" -}}
true
{{- else if and (eq .Values.certificate.mode "supplied") (empty .Values.certificate.caBundle) -}}
true
{{- end -}}
{{- end -}}

{{/* What the webhook configurations say to cert-manager, whose injector writes the caBundle. */}}
{{- define "csi-clone-webhook.caAnnotations" -}}
{{- if eq .Values.certificate.mode "cert-manager" -}}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ include "csi-clone-webhook.name" . }}
{{- end -}}
{{- end -}}

{{/* Where claims are looked at, and which of them; the same for both hooks and for the policy. */}}
{{- define "csi-clone-webhook.namespaceSelector" -}}
namespaceSelector:
  matchExpressions:
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values: {{ append .Values.webhook.exemptNamespaces .Release.Namespace | uniq | toJson }}
{{- end -}}

{{- define "csi-clone-webhook.matchConditions" -}}
matchConditions:
  - name: names-a-data-source
    expression: has(object.spec.dataSource) || has(object.spec.dataSourceRef)
{{- end -}}

{{/*
A CEL condition: whether the restriction refuses in the claim's namespace. The mode of the cluster, as the namespace's
label changes it. Arguments: context, code.
*/}}
{{- define "csi-clone-webhook.denies" -}}
{{- $label := printf "'csi-clone.io/mode.%s'" .code -}}
{{- $mode := "deny" -}}
{{- range $code, $set := .context.Values.policy.modes -}}
{{- if eq (lower $code) (lower $.code) -}}{{- $mode = $set -}}{{- end -}}
{{- end -}}
{{- if eq $mode "deny" -}}
!(has(namespaceObject.metadata.labels) && {{ $label }} in namespaceObject.metadata.labels && namespaceObject.metadata.labels[{{ $label }}] in ['warn', 'off'])
{{- else -}}
has(namespaceObject.metadata.labels) && {{ $label }} in namespaceObject.metadata.labels && namespaceObject.metadata.labels[{{ $label }}] == 'deny'
{{- end -}}
{{- end -}}

{{/*
What both hooks have in common. The caBundle is rendered only if it is given as a value: else somebody writes it
later, and Helm keeps what no revision of the chart has set.
Arguments: context, path.
*/}}
{{- define "csi-clone-webhook.hook" -}}
{{- $context := .context -}}
clientConfig:
  service:
    namespace: {{ $context.Release.Namespace }}
    name: {{ include "csi-clone-webhook.name" $context }}
    path: {{ .path }}
    port: 443
  {{- if eq $context.Values.certificate.mode "supplied" }}
  {{- with $context.Values.certificate.caBundle }}
  caBundle: {{ . | b64enc }}
  {{- end }}
  {{- end }}
rules:
  - operations: [CREATE]
    apiGroups: [""]
    apiVersions: [v1]
    resources: [persistentvolumeclaims]
    scope: Namespaced
matchPolicy: Equivalent
{{- if semverCompare ">=1.21-0" $context.Capabilities.KubeVersion.Version }}
{{ include "csi-clone-webhook.namespaceSelector" $context }}
{{- end }}
{{- if semverCompare ">=1.28-0" $context.Capabilities.KubeVersion.Version }}
{{ include "csi-clone-webhook.matchConditions" $context }}
{{- end }}
failurePolicy: {{ $context.Values.webhook.failurePolicy }}
timeoutSeconds: {{ $context.Values.webhook.timeoutSeconds }}
sideEffects: None
admissionReviewVersions: [v1]
{{- end -}}

{{/*
For claims that get their class after their creation: from 1.26 on the controller manager gives claims without one the
default class that comes later. Where the server cannot tell these updates from others (before 1.28), all updates of
claims come here, so that a webhook which is down must not be in their way.
Arguments: context, path.
*/}}
{{- define "csi-clone-webhook.classHook" -}}
{{- $context := .context -}}
{{- $sorts := semverCompare ">=1.28-0" $context.Capabilities.KubeVersion.Version -}}
clientConfig:
  service:
    namespace: {{ $context.Release.Namespace }}
    name: {{ include "csi-clone-webhook.name" $context }}
    path: {{ .path }}
    port: 443
rules:
  - operations: [UPDATE]
    apiGroups: [""]
    apiVersions: [v1]
    resources: [persistentvolumeclaims]
    scope: Namespaced
matchPolicy: Equivalent
{{ include "csi-clone-webhook.namespaceSelector" $context }}
{{- if $sorts }}
matchConditions:
  - name: clone-gets-a-class
    expression: >-
      (has(object.spec.dataSource) || has(object.spec.dataSourceRef))
      && has(object.spec.storageClassName) && !has(oldObject.spec.storageClassName)
{{- end }}
failurePolicy: {{ if $sorts }}{{ $context.Values.webhook.failurePolicy }}{{ else }}Ignore{{ end }}
timeoutSeconds: {{ $context.Values.webhook.timeoutSeconds }}
sideEffects: None
admissionReviewVersions: [v1]
{{- end -}}
