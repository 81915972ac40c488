#!/usr/bin/env bash
# `ameia scan --render` with the real tools: a chart that helm made, and overlays that kubectl builds.
# Usage: interop.sh AMEIA. A tool that is not here is named and skipped.
set -euo pipefail
ameia=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0

# What a report has to say, and what it must not.
says() { grep -q -- "$2" "$1" || { echo "interop: $1 does not say: $2" >&2; failed=1; }; }
hides() { if grep -q -- "$2" "$1"; then echo "interop: $1 says: $2" >&2; failed=1; fi; }
scan() { "$ameia" scan --no-config --render "$1" -o json >"$1.json" || { echo "interop: the scan of $1 failed" >&2; failed=1; }; }
is_here() { command -v "$1" >/dev/null || { echo "interop: SKIPPED $1: it is not on the PATH" >&2; return 1; }; }

if is_here helm; then
  helm create chart >/dev/null
  helm create chart/charts/part >/dev/null
  helm create library >/dev/null
  sed -i 's/^type: application/type: library/' library/Chart.yaml
  helm create broken >/dev/null
  echo '{{ .Values.not.there }}' >>broken/templates/service.yaml
  for chart in chart library broken; do scan "$chart"; done
  says chart.json '"file":"chart!rendered.yaml"'
  says chart.json '"kind":"Deployment","namespace":"","name":"release-name-part"'
  hides chart.json 'a template of the Helm chart'
  says library.json 'a Helm library chart'
  says broken.json 'helm template broken failed with exit code 1'
  says broken.json 'a template of the Helm chart broken'
  helm package chart >/dev/null
  scan chart-0.1.0.tgz
  says chart-0.1.0.tgz.json '"file":"chart-0.1.0.tgz!rendered.yaml"'
  echo "interop: helm: done"
fi

if is_here kubectl; then
  mkdir -p site/base site/prod site/part site/far
  cat >site/base/pod.yaml <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: web, image: nginx}]}
Y
  echo 'resources: [pod.yaml]' >site/base/kustomization.yaml
  printf 'kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnameSuffix: -v2\n' >site/part/kustomization.yaml
  cat >site/prod/kustomization.yaml <<'Y'
resources: [../base]
components: [../part]
namespace: prod
patches:
- path: host.yaml
Y
  printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {hostNetwork: true}\n' >site/prod/host.yaml
  echo 'resources: ["https://example.com/org/repo//base?ref=v1"]' >site/far/kustomization.yaml
  scan site
  says site.json '"namespace":"prod","name":"web-v2"},"location":{"file":"site/prod!rendered.yaml"'
  says site.json 'AM-POD-011'
  hides site.json '"file":"site/base/pod.yaml"'
  hides site.json '"file":"site/prod/host.yaml"'
  says site.json 'kubectl kustomize site/far failed'
  echo "interop: kubectl: done"
fi
exit $failed
