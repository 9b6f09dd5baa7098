#!/usr/bin/env bash
# Lays out what the container image holds, and builds it.
#
#   dist/image.sh [--binary FILE] [--tag NAME] [--layout-only] [TARGET]
#
#   --binary FILE   this program, instead of the one that dist/build.sh makes for TARGET
#   --tag NAME      what the image is called, instead of safe-update:VERSION
#   --layout-only   stops before the engine is asked: target/image/ARCHITECTURE is there then
#
# The engine is `docker`, where it says one (DOCKER_HOST). A program that is linked to libraries takes them along, so the
# image runs what was built; a release is linked statically. The certificates are those of this machine.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary='' tag='' layout_only='' target=

say() { printf 'image: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --binary | --tag)
      [ $# -gt 1 ] || fail "$1 wants a value"
      declare "${1#--}=$2"
      shift
      ;;
    --layout-only) layout_only=yes ;;
    -*) fail "unknown option $1; the head of dist/image.sh has all" ;;
    *) target=$1 ;;
  esac
  shift
done

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
[ -n "$binary" ] || binary=$("$root/dist/build.sh" --only-binary ${target:+"$target"})
case ${target:-$(uname -m)} in
  x86_64*) architecture=amd64 ;;
  aarch64* | arm64*) architecture=arm64 ;;
  *) fail "no image is made for ${target:-$(uname -m)}" ;;
esac

certificates=
for file in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
  [ -z "$file" ] || [ ! -s "$file" ] || { certificates=$file && break; }
done
[ -n "$certificates" ] || fail 'no certificates of authorities are here: install the package ca-certificates, or set SSL_CERT_FILE'

layout=$root/target/image/$architecture
rm -rf "$layout"
mkdir -p "$layout/root/usr/local/bin" "$layout/root/etc/ssl/certs" "$layout/root/tmp" "$layout/home/safe-update"
cp "$binary" "$layout/root/usr/local/bin/kubectl-safe_update"
cp "$certificates" "$layout/root/etc/ssl/certs/ca-certificates.crt"
cp "$root/LICENSE" "$layout/root/LICENSE"
printf 'root:x:0:0::/:\nsafe-update:x:65532:65532::/home/safe-update:\n' >"$layout/root/etc/passwd"
printf 'root:x:0:\nsafe-update:x:65532:\n' >"$layout/root/etc/group"
printf 'hosts: files dns\n' >"$layout/root/etc/nsswitch.conf"

# Which libraries a program wants, the loader among them; none for one that is linked statically.
libraries() { ldd "$1" 2>/dev/null | grep -oE '(^|[[:space:]])/[^ ]+' | tr -d '[:blank:]' || true; }
while read -r library; do
  [ -n "$library" ] || continue
  say "$(basename "$binary") is linked to $library, which comes along"
  mkdir -p "$layout/root$(dirname "$library")"
  cp -L "$library" "$layout/root$library"
done < <(libraries "$binary")

chmod -R u=rwX,go=rX "$layout"
chmod 755 "$layout/root/usr/local/bin/kubectl-safe_update"
chmod 1777 "$layout/root/tmp"
chmod 775 "$layout/home/safe-update"
find "$layout" -exec touch --no-dereference --date="@$epoch" {} +
[ -z "$layout_only" ] || exit 0

type -P docker >/dev/null || fail "docker is not on PATH; $layout is laid out, and Dockerfile says the rest"
tag=${tag:-safe-update:$version}
docker build --quiet --tag "$tag" \
  --build-arg "TARGETARCH=$architecture" \
  --build-arg "VERSION=$version" \
  --build-arg "REVISION=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)" \
  --build-arg "CREATED=$(date --utc --date="@$epoch" +%Y-%m-%dT%H:%M:%SZ)" \
  --file "$root/Dockerfile" "$root" >&2
printf '%s\n' "$tag"
