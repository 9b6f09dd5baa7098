#!/bin/sh
# Puts the program of the plugin into its directory. Helm runs this after `helm plugin install` and, with the word
# update, after `helm plugin update`. It needs no root, and writes only into the plugin's directory.
#
# Where the program comes from, the first that applies:
#
#   SAFE_UPDATE_TARBALL=FILE  an archive of a release on this machine
#   SAFE_UPDATE_BIN=FILE      a program on this machine, which is copied
#   bin/safe-update           of this version: it came with the plugin, nothing is done
#   the release               fetched with curl, else wget, and held against its checksum
#
# SAFE_UPDATE_URL names another place than the project's releases, such as a mirror.
set -eu

mode=${1:-install}
directory=$(cd "$(dirname "$0")/.." && pwd)
releases=${SAFE_UPDATE_URL:-https://github.com/safe-update/safe-update/releases/download}
# A checkout on Windows may have other line ends.
version=$(sed -n 's/^version: *//p' "$directory/plugin.yaml" | tr -d '\r')
temporary=

say() { printf 'safe-upgrade: %s\n' "$*"; }
fail() {
  printf 'safe-upgrade: %s\n' "$*" >&2
  exit 1
}
clean() {
  code=$?
  [ -z "$temporary" ] || rm -rf "$temporary"
  # Helm keeps a plugin whose installer failed, and then refuses to install it.
  [ $code = 0 ] || [ "$mode" = update ] || printf 'safe-upgrade: before the next attempt: helm plugin uninstall safe-upgrade\n' >&2
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

case $(uname -s) in
  Linux) system=unknown-linux-musl suffix= ;;
  Darwin) system=apple-darwin suffix= ;;
  MINGW* | MSYS* | CYGWIN* | Windows_NT) system=pc-windows-msvc suffix=.exe ;;
  *) fail "there is no release for $(uname -s): build the program, and set SAFE_UPDATE_BIN to it" ;;
esac
case $(uname -m) in
  x86_64 | amd64) machine=x86_64 ;;
  aarch64 | arm64) machine=aarch64 ;;
  *) fail "there is no release for $(uname -m): build the program, and set SAFE_UPDATE_BIN to it" ;;
esac
program=$directory/bin/safe-update$suffix

# Inside of the plugin's directory, so that the last step is a rename on one disk.
work() {
  mkdir -p "$directory/bin"
  # What one left that was killed, not what one has that runs.
  find "$directory/bin" -name '.install.*' -prune -mmin +60 -exec rm -rf {} +
  temporary=$(mktemp -d "$directory/bin/.install.XXXXXX")
}

# The last step: nobody ever sees half of a program.
put() {
  chmod 755 "$1"
  says=$("$1" --version 2>/dev/null) || fail "$2 does not run on this machine"
  case $says in
    'safe-update '*) ;;
    *) fail "$2 is another program" ;;
  esac
  mv -f "$1" "$program"
  say "$says, from $2, is now $program"
  [ "$says" = "safe-update $version" ] || say "the plugin is of version $version: better take a program of the same"
}

unpack() {
  mkdir "$temporary/archive"
  # Not by name: tar takes what has a colon in it for another host.
  tar -xzf - -C "$temporary/archive" <"$1" || fail "$1 is no archive of a release"
  for name in safe-update kubectl-safe_update; do
    found=$(find "$temporary/archive" -type f -name "$name$suffix" | head -n 1)
    [ -z "$found" ] || break
  done
  [ -n "$found" ] || fail "$1 holds no safe-update$suffix"
  put "$found" "$2"
}

fetch() {
  # The checksum comes the same way, so from TLS to plain HTTP nothing is followed.
  case $1 in
    https://*) secure=yes ;;
    *) secure= ;;
  esac
  if command -v curl >/dev/null 2>&1; then
    curl ${secure:+--proto-redir =https} --fail --silent --show-error --location --connect-timeout 20 --max-time 600 --retry 2 --output "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    # What follows no redirect to plain HTTP is not in every wget.
    [ -z "$secure" ] || ! wget --help 2>&1 | grep -q -- --https-only || secure=--https-only
    [ "$secure" != yes ] || fail 'this wget cannot be kept from plain HTTP, and curl is not here: set SAFE_UPDATE_TARBALL to an archive that you fetched otherwise'
    wget $secure --quiet --timeout=60 --output-document="$2" "$1"
  else
    fail 'neither curl nor wget is here: set SAFE_UPDATE_TARBALL to an archive that you fetched otherwise'
  fi
}

# Says what computes checksums here.
summer() {
  if command -v sha256sum >/dev/null 2>&1; then
    echo sha256sum
  elif command -v shasum >/dev/null 2>&1; then
    echo 'shasum -a 256'
  fi
}

if [ -n "${SAFE_UPDATE_TARBALL:-}" ]; then
  [ -f "$SAFE_UPDATE_TARBALL" ] || fail "SAFE_UPDATE_TARBALL: there is no file $SAFE_UPDATE_TARBALL"
  work
  unpack "$SAFE_UPDATE_TARBALL" "$SAFE_UPDATE_TARBALL"
elif [ -n "${SAFE_UPDATE_BIN:-}" ]; then
  [ -f "$SAFE_UPDATE_BIN" ] || fail "SAFE_UPDATE_BIN: there is no file $SAFE_UPDATE_BIN"
  work
  cp -- "$SAFE_UPDATE_BIN" "$temporary/program$suffix"
  put "$temporary/program$suffix" "$SAFE_UPDATE_BIN"
elif [ -x "$program" ] && [ "$("$program" --version 2>/dev/null)" = "safe-update $version" ]; then
  say "safe-update $version is there already"
else
  archive=safe-update-$version-$machine-$system.tar.gz
  url=$releases/v$version/$archive
  summer=$(summer)
  [ -n "$summer" ] || fail 'neither sha256sum nor shasum is here, so the release cannot be checked: set SAFE_UPDATE_BIN or SAFE_UPDATE_TARBALL'
  say "$mode: fetching $url"
  work
  fetch "$url" "$temporary/$archive" || fail "$url cannot be fetched; without a network set SAFE_UPDATE_TARBALL or SAFE_UPDATE_BIN"
  fetch "$url.sha256" "$temporary/$archive.sha256" || fail "$url.sha256 cannot be fetched, and without it the release is not trusted"
  wanted=$(cut -d' ' -f1 <"$temporary/$archive.sha256" | sed -n 1p)
  [ "${#wanted}" = 64 ] || fail "$url.sha256 holds no checksum, and without it the release is not trusted"
  # shellcheck disable=SC2086 # its flags are words of their own
  got=$($summer <"$temporary/$archive" | cut -d' ' -f1)
  [ "$wanted" = "$got" ] || fail "$url has the checksum $got, not $wanted: not installed"
  unpack "$temporary/$archive" "$url"
fi
