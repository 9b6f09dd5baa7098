#!/usr/bin/env bash
# Fills a control plane and a registry with a large, plausible estate, for measuring: 10,000 Deployments in 50
# namespaces that run 2,000 different images of 500 repositories with 20 tags each. About a minute and a half.
#
#   tests/bed/scale.sh KUBECONFIG REGISTRY_HOST     as tests/bed/up.sh starts them
#
# The Deployments have no replicas (it is their reading that is measured) and are about 7 KB each as the API server
# returns them. Every repository publishes 1.0.0 to 1.3.4; its Deployments run 1.0.0, 1.1.2, 1.2.3 and 1.3.4, so that
# three in four have something newer.
set -euo pipefail

deployments=10000
namespaces=50
repositories=500
writers=6

say() { printf 'scale: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

[ $# -eq 2 ] || fail 'usage: scale.sh KUBECONFIG REGISTRY_HOST'
kubeconfig=$1 registry=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
type -P curl >/dev/null || fail 'curl is not on PATH; on Debian: apt-get install curl'
kubectl_path=$("$here/get.sh" --have kubectl | cut -d= -f2-)
work=$(mktemp -d "${TMPDIR:-/tmp}/safe-update-scale.XXXXXX")
trap 'rm -rf "$work"' EXIT

kubectl() { HOME=$work "$kubectl_path" --kubeconfig "$kubeconfig" "$@"; }

repository_name() { printf 'team-%02d/app-%03d' $(($1 / 20)) "$1"; }

# ---- the registry: one image, uploaded once, mounted into every repository and published under every tag

digest_of() { printf 'sha256:%s' "$(sha256sum "$1" | cut -d' ' -f1)"; }

# Takes curl's configuration of many requests from standard input. Any answer of 400 or more is a failure.
many_requests() {
  curl --disable --no-progress-meter --fail --noproxy "*" --parallel --parallel-max 16 --config - >/dev/null
}

fill_registry() {
  local start=$SECONDS base="http://$registry/v2" first location blob
  cd "$work"
  head -c 1024 /dev/zero >layer.tar
  gzip -n9 <layer.tar >layer
  printf '{"architecture":"amd64","os":"linux","created":"2026-01-01T00:00:00Z","config":{},"rootfs":{"type":"layers","diff_ids":["%s"]}}' \
    "$(digest_of layer.tar)" >config
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":%d}]}' \
    "$(digest_of config)" "$(stat -c %s config)" "$(digest_of layer)" "$(stat -c %s layer)" >manifest

  first=$(repository_name 0)
  for blob in config layer; do
    location=$(curl --disable --no-progress-meter --fail --noproxy '*' --request POST --dump-header - --output /dev/null \
      "$base/$first/blobs/uploads/" | sed -n 's/^[Ll]ocation: *//p' | tr -d '\r')
    [[ $location == http* ]] || location=http://$registry$location
    curl --disable --no-progress-meter --fail --noproxy '*' --upload-file "$blob" \
      "$location&digest=$(digest_of "$blob")"
  done

  local number blobs
  blobs="$(digest_of config) $(digest_of layer)"
  for number in $(seq 1 $((repositories - 1))); do
    for blob in $blobs; do
      printf 'next\nrequest = POST\nurl = "%s/%s/blobs/uploads/?mount=%s&from=%s"\n' \
        "$base" "$(repository_name "$number")" "$blob" "$first"
    done
  done | many_requests
  for number in $(seq 0 $((repositories - 1))); do
    first=$(repository_name "$number")
    for tag in 1.{0..3}.{0..4}; do
      printf 'next\nupload-file = manifest\nheader = "content-type: application/vnd.oci.image.manifest.v1+json"\nurl = "%s/%s/manifests/%s"\n' \
        "$base" "$first" "$tag"
    done
  done | many_requests
  say "registry: $repositories repositories with 20 tags each in $((SECONDS - start)) s"
}

# ---- the cluster

# manifests WRITER: every writer's share of the Deployments, as YAML. What a chart of a company renders: labels,
# annotations, probes, environment, volumes, a side container.
manifests() {
  awk -v writer="$1" -v writers="$writers" -v deployments="$deployments" -v namespaces="$namespaces" \
    -v repositories="$repositories" -v registry="$registry" '
    BEGIN {
      split("1.0.0 1.1.2 1.2.3 1.3.4", tags, " ")
      for (e = 0; e < 18; e++)
        environment = environment sprintf("\n        - {name: SERVICE_SETTING_%02d, value: \"value-of-setting-%02d.example.internal:8080\"}", e, e)
      for (i = writer; i < deployments; i += writers) {
        # 2,000 images: each repository with four tags, each image run by five Deployments.
        image = i % (repositories * 4)
        r = image % repositories
        tag = tags[int(image / repositories) + 1]
        name = sprintf("app-%05d", i)
        labels = "{app.kubernetes.io/name: " name ", app.kubernetes.io/instance: " name ", app.kubernetes.io/part-of: shop, app.kubernetes.io/component: backend, team: team-" sprintf("%02d", r / 20) "}"
        printf "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: %s\n  namespace: bench-%02d\n  labels: %s\n", name, i % namespaces, labels
        printf "  annotations:\n    example.com/owner: team-%02d@example.com\n    example.com/runbook: https://runbooks.example.com/services/%s\n    example.com/checksum-config: \"%064d\"\n", r / 20, name, i
        printf "spec:\n  replicas: 0\n  revisionHistoryLimit: 3\n  selector: {matchLabels: {app.kubernetes.io/name: %s}}\n", name
        printf "  template:\n    metadata:\n      labels: %s\n      annotations: {prometheus.io/scrape: \"true\", prometheus.io/port: \"9090\"}\n    spec:\n      terminationGracePeriodSeconds: 45\n", labels
        printf "      securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}\n"
        printf "      containers:\n      - name: app\n        image: %s/team-%02d/app-%03d:%s\n", registry, r / 20, r, tag
        printf "        ports: [{name: http, containerPort: 8080}, {name: metrics, containerPort: 9090}]\n"
        printf "        resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 512Mi}}\n"
        printf "        livenessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 20}\n        readinessProbe: {httpGet: {path: /readyz, port: http}, periodSeconds: 5}\n"
        printf "        volumeMounts: [{name: config, mountPath: /etc/app, readOnly: true}, {name: scratch, mountPath: /tmp}]\n"
        printf "        env:%s\n", environment
        printf "      volumes: [{name: config, configMap: {name: %s}}, {name: scratch, emptyDir: {}}]\n", name
      }
    }'
}

fill_cluster() {
  local start=$SECONDS number pids=()
  for number in $(seq 0 $((namespaces - 1))); do
    printf -- '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: bench-%02d}\n' "$number"
  done | kubectl create -f - >/dev/null
  for number in $(seq 0 $((writers - 1))); do
    manifests "$number" | kubectl create --validate=false -f - >/dev/null 2>"$work/writer-$number" &
    pids+=($!)
  done
  for number in "${!pids[@]}"; do
    wait "${pids[$number]}" || {
      tail -n 5 "$work/writer-$number" >&2
      fail "writer $number failed (above)"
    }
  done
  say "cluster: $deployments Deployments in $namespaces namespaces in $((SECONDS - start)) s"
}

fill_registry
fill_cluster
