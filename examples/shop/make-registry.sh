#!/usr/bin/env bash
# Writes the registry on disk that the shop's images come from: one OCI layout for each repository,
# with an image index for each tag. The images themselves are not there; versions, platforms and
# dates are all that a plan needs. The same bytes come out on every run.
#
#   ./make-registry.sh [DIRECTORY]      (default: registry, beside this script)
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${1:-$here/registry}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# manifest ARCHITECTURE SEED: the descriptor of the image for one architecture.
manifest() {
  printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":1024,"platform":{"architecture":"%s","os":"linux"}}' \
    "$(printf '%s %s' "$2" "$1" | sha256)" "$1"
}

# repository NAME: begins the layout of a repository; `tag` adds to it, `finish` ends it.
repository() {
  name=$1
  layout=$root/$name
  entries=()
  rm -rf "$layout"
  mkdir -p "$layout/blobs/sha256"
  printf '{"imageLayoutVersion":"1.0.0"}' > "$layout/oci-layout"
}

# tag TAG [DATE|-] [ARCHITECTURES]: an image that was built on that day; `-` leaves the day out.
tag() {
  local tag=$1 day=${2:--} architectures=${3:-amd64 arm64} manifests=() annotations blob digest
  for architecture in $architectures; do
    manifests+=("$(manifest "$architecture" "$name:$tag")")
  done
  annotations="\"org.opencontainers.image.version\":\"$tag\""
  if [ "$day" != - ]; then
    annotations+=",\"org.opencontainers.image.created\":\"${day}T08:00:00Z\""
  fi
  blob=$(printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s],"annotations":{%s}}' \
    "$(IFS=,; echo "${manifests[*]}")" "$annotations")
  digest=$(printf '%s' "$blob" | sha256)
  printf '%s' "$blob" > "$layout/blobs/sha256/$digest"
  entry "$digest" "${#blob}" "$tag"
}

entry() {
  entries+=("$(printf '{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:%s","size":%s,"annotations":{"org.opencontainers.image.ref.name":"%s"}}' "$1" "$2" "$3")")
}

# tags DATE TAG...: several images of one day.
tags() {
  local day=$1
  shift
  for each in "$@"; do tag "$each" "$day"; done
}

# traps TAG...: tags that lie beside versions and are none. They share one image.
traps() {
  local blob digest
  blob=$(printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' \
    "$(manifest amd64 "$name")")
  digest=$(printf '%s' "$blob" | sha256)
  printf '%s' "$blob" > "$layout/blobs/sha256/$digest"
  for each in "$@"; do entry "$digest" "${#blob}" "$each"; done
}

finish() {
  {
    printf '{\n  "schemaVersion": 2,\n  "mediaType": "application/vnd.oci.image.index.v1+json",\n  "manifests": [\n'
    local last=$((${#entries[@]} - 1))
    for number in "${!entries[@]}"; do
      printf '    %s' "${entries[$number]}"
      if [ "$number" -lt "$last" ]; then printf ',\n'; else printf '\n'; fi
    done
    printf '  ]\n}\n'
  } > "$layout/index.json"
}

hash=7d1a5e0c9b3f4c62a8e1d0f7b6c5a4938271605f4e3d2c1b0a99887766554433

# The shop window: an Alpine variant, with a patch and two minors ahead.
repository docker.io/library/nginx
tags 2024-02-14 1.25.4 1.25.4-alpine 1.25.4-alpine-slim
tag 1.25.3-alpine 2023-10-24
tags 2024-04-16 1.25.5 1.25.5-alpine 1.25.5-alpine3.19
tags 2024-08-14 1.26.2 1.26.2-alpine
tags 2025-02-05 1.27.4 1.27.4-alpine 1.27.4-alpine3.21 1.27.4-perl
traps latest mainline stable alpine stable-alpine 1 1.25 1.25-alpine 1.27-alpine
finish

# The log collector beside it, pinned by digest.
repository docker.io/fluent/fluent-bit
tag 3.1.4 2024-07-19
tag 3.1.9 2024-10-02
tag 3.2.6 2025-02-14
traps latest 3.1 3.1.9-debug latest-debug windows-2022-3.1.9 sha256-$hash.sig
finish

# Our own builds.
repository ghcr.io/harbour-shop/assets
tag v2.3.0 2025-01-09
tag v2.4.0 2025-03-04
tag v2.4.1 2025-03-18
tags 2025-04-01 v3.0.0-rc.1 2.4.9
traps main latest sha-1f2e3d4 pr-812 sha256-$hash.sig sha256-$hash.att
finish

repository ghcr.io/harbour-shop/api
tags 2024-11-20 4.1.7 4.2.0
tag 4.2.1 2024-12-03
tag 5.0.0 2025-02-11
tag 5.1.0 2025-04-22
tag 5.2.0-rc.2 2025-05-06
# A build number and a date that somebody pushed by mistake: neither is version 9799770991.
traps 9799770991 20240115 main latest 5 5.1 sha256-$hash.sig
finish

repository ghcr.io/harbour-shop/worker
tag 1.17.3 2024-10-08
tag 1.18.0 2024-12-17
tags 2025-03-11 1.19.0-beta.1 1.19.0-beta.2
traps main latest sha-9c8b7a6
finish

repository ghcr.io/harbour-shop/cart
tag 2.7.4 2024-09-30
tag 2.7.5 2024-11-05
tag 2.7.6 2025-01-21
traps latest main
finish

repository ghcr.io/harbour-shop/payments
tag 1.4.2 2023-05-15
tag 1.4.3 2023-08-02
tag 1.9.0 2025-01-30
traps latest
finish

# The database: two numbers, and a major that the policy keeps away.
repository docker.io/library/postgres
tags 2023-11-09 16.1 16.1-alpine
tags 2024-11-21 16.6 16.6-alpine 16.6-bookworm 17.2
tag 17.4 2025-02-20
tags 2023-09-14 16rc1 16beta3
traps latest 16 17 alpine bookworm 9.6.24
finish

# Builds of one version are counted: -r5, -r16.
repository docker.io/bitnami/redis
tag 7.2.4-debian-11-r2 2024-02-01
tag 7.2.4-debian-12-r5 2024-02-22
tag 7.2.4-debian-12-r16 2024-05-13
tag 7.2.5-debian-12-r4 2024-07-24
tag 7.4.2-debian-12-r6 2025-03-05
traps latest 7.2 7.4 7.2.5 sha256-$hash.sig
finish

# And here as -ls212, with a prefix for single architectures.
repository lscr.io/linuxserver/healthchecks
tag v3.0.1-ls212 2024-01-15
tag v3.0.1-ls220 2024-03-11
tag v3.1-ls228 2024-05-06
tags 2024-03-11 amd64-v3.0.1-ls220 arm64v8-v3.0.1-ls220 version-v3.0.1
traps latest amd64-latest arm64v8-latest
finish

# Search runs on arm64 nodes, and one release was not built for them.
repository docker.io/getmeili/meilisearch
tag v1.6.2 2024-02-26
tag v1.7.6 2024-04-15
tag v1.8.4 2024-08-07 amd64
tags 2024-08-20 v1.9.0-rc.5 prototype-facets-0
traps latest nightly v1 v1.6 v1.8
finish

repository docker.io/restic/restic
tag 0.16.4 2024-02-04
tag 0.16.5 2024-07-01
# Built without a date, so nobody can say how old it is.
tag 0.17.3
traps latest
finish

repository quay.io/prometheus/node-exporter
tag v1.7.0 2023-11-12
tag v1.8.2 2024-07-14
tag v1.9.0-rc.0 2025-02-05
traps latest master main
finish
