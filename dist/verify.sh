#!/usr/bin/env bash
# Builds the archive of this machine's platform twice, from the last commit, in two directories that share nothing, and
# compares what came out. Takes two full builds.
#
#   dist/verify.sh [TARGET]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Names of two lengths, so that a path that is left shows.
for place in one another/place; do
  git clone --quiet --no-local "$root" "$work/$place"
  env -u CARGO_TARGET_DIR "$work/$place/dist/build.sh" --bare --out "$work/out/$place" "$@"
done
cd "$work/out"
sha256sum one/*.tar.gz another/place/*.tar.gz
cmp one/*.tar.gz another/place/*.tar.gz
printf 'the same bytes twice\n'
