#!/usr/bin/env bash
# Fills in the manifest of krew (krew/safe-update.yaml) with the version and with the checksums of the archives.
#
#   dist/krew.sh [DIR]
#
#   DIR   where the archives are and the manifest goes, instead of target/archives
#
# An archive that is not there is an error: a manifest names all of them. Standard output: the file that was made.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
directory=${1:-$root/target/archives}
template=$root/krew/safe-update.yaml

fail() {
  printf 'krew: %s\n' "$*" >&2
  exit 1
}

[ -d "$directory" ] || fail "there is no directory $directory: make the archives with dist/build.sh TARGET"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
manifest=$(sed "1,/^apiVersion/ {/^#/d}; s/@VERSION@/$version/g" "$template")
missing=()
while read -r archive; do
  if [ ! -f "$directory/$archive" ]; then
    missing+=("$archive")
    continue
  fi
  [ ! -f "$directory/$archive.sha256" ] || (cd "$directory" && sha256sum --quiet --check "$archive.sha256") || fail "$archive is not what its checksum was made of: make it anew"
  checksum=$(sha256sum "$directory/$archive" | cut -d' ' -f1)
  # The first one that is left belongs to this archive: both come in the order of the file.
  manifest=${manifest/@SHA256@/$checksum}
done < <(sed -n 's|^ *uri: .*/||p' <<<"$manifest")
[ ${#missing[@]} -eq 0 ] || fail "not in $directory: ${missing[*]}. Each is made by dist/build.sh TARGET, on a machine that can build it"
printf '%s\n' "$manifest" >"$directory/safe-update.yaml"
printf '%s\n' "$directory/safe-update.yaml"
