#!/usr/bin/env bash
# Packs the plugin of Helm as Helm 4 wants it, <name>-<version>.tgz, with its provenance when a key is given.
#
#   dist/helm-plugin.sh [--out DIR] [--binary FILE] [--key NAME [--keyring FILE] [--passphrase FILE]]
#
#   --out DIR          where it goes, instead of target/archives
#   --binary FILE      packs this program along, for one platform. Without one the plugin's installer fetches it
#   --key NAME         signs with this key: its name or a part of it
#   --keyring FILE     the secret keys, as `gpg --export-secret-keys` writes them, instead of ~/.gnupg/secring.gpg
#   --passphrase FILE  the passphrase of the key
#
# Helm packs it itself, because the signature is over what it packs: $HELM_BIN, else helm on PATH, of version 4.
# Standard output: the files that were made, one a line.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
name=safe-upgrade
out=$root/target/archives binary='' key='' keyring='' passphrase='' work=

fail() {
  printf 'helm-plugin: %s\n' "$*" >&2
  exit 1
}
clean() { [ -z "$work" ] || rm -rf "$work"; }
trap clean EXIT

while [ $# -gt 0 ]; do
  case $1 in
    --out | --binary | --key | --keyring | --passphrase)
      [ $# -gt 1 ] || fail "$1 wants a value"
      declare "${1#--}=$2"
      shift
      ;;
    *) fail "unknown option $1; the head of dist/helm-plugin.sh has all" ;;
  esac
  shift
done
[ -n "$key" ] || [ -z "$keyring$passphrase" ] || fail '--keyring and --passphrase go with --key'

helm=${HELM_BIN:-helm}
says=$("$helm" version --template '{{.Version}}' 2>/dev/null) || fail "$helm cannot be run: name Helm 4 in HELM_BIN"
case $says in
  v4.*) ;;
  *) fail "$helm is $says, and packing a plugin needs Helm 4: name it in HELM_BIN" ;;
esac
version=$(sed -n 's/^version: *//p' "$root/plugin.yaml")

# From here on the working directory is another one.
mkdir -p "$out"
out=$(realpath "$out")
helm=$(realpath "$(type -P "$helm")")
for path in binary keyring passphrase; do
  [ -z "${!path}" ] || declare "$path=$(realpath "${!path}")"
done
work=$(mktemp -d)
mkdir -p "$work/$name/helm-plugin"
cd "$root"
install -m 644 plugin.yaml completion.yaml LICENSE "$work/$name/"
install -m 755 plugin.complete "$work/$name/"
install -m 755 helm-plugin/install.sh "$work/$name/helm-plugin/"
[ -z "$binary" ] || install -D -m 755 "$binary" "$work/$name/bin/safe-update"
# The same commit gives the same bytes, as far as helm packs the same ones.
find "$work/$name" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" {} +

signing=(--sign=false)
if [ -n "$key" ]; then
  signing=(--sign --key "$key" --keyring "${keyring:-$HOME/.gnupg/secring.gpg}")
  [ -z "$passphrase" ] || signing+=(--passphrase-file "$passphrase")
fi
"$helm" plugin package "$work/$name" --destination "$work" "${signing[@]}" >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  fail "$helm could not pack the plugin"
}
# What belongs to other bytes of that name.
rm -f "$out/$name-$version.tgz".*
for file in "$name-$version.tgz" "$name-$version.tgz.prov"; do
  [ -e "$work/$file" ] || continue
  mv -f "$work/$file" "$out/$file"
  printf '%s\n' "$out/$file"
done
