#!/usr/bin/env bash
# Makes the archive of a release for one platform, with its checksum, and where the tools are there, with its bill of
# materials and signature.
#
#   dist/build.sh [--out DIR] [--binary FILE] [--assets DIR] [--bare] [TARGET]
#   dist/build.sh --only-binary [TARGET]
#
#   --out DIR       where the archive goes, instead of target/archives
#   --binary FILE   packs this program instead of building one; it is not checked then
#   --assets DIR    takes man pages and completion scripts from there instead of making them (dist/assets.rs)
#   --bare          no bill of materials, no signature
#   --only-binary   builds the program, prints where it is, and packs nothing
#   TARGET          a triple of Rust; without one, musl of this machine if rustup and gcc have it, else gnu, linked statically too
#
# Standard output: the files that were made, one a line. The same program and commit give the same bytes: time stamps are
# SOURCE_DATE_EPOCH or the time of the commit, and no path of this machine is in the program (`just dist-verify`).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
name=kubectl-safe_update
largest=16000000
out=$root/target/archives binary='' assets='' bare='' only_binary='' target='' work='' leftover=

say() { printf 'dist: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}
clean() {
  [ -z "$work" ] || rm -rf "$work"
  [ -z "$leftover" ] || rm -f "$leftover"
}
trap clean EXIT

while [ $# -gt 0 ]; do
  case $1 in
    --out | --binary | --assets)
      [ $# -gt 1 ] || fail "$1 wants a value"
      declare "${1#--}=$2"
      shift
      ;;
    --bare) bare=yes ;;
    --only-binary) only_binary=yes ;;
    -*) fail "unknown option $1; the head of dist/build.sh has all" ;;
    *) target=$1 ;;
  esac
  shift
done

# The compiler that cargo will take: rustup chooses by directory.
rust() { (cd "$root" && rustc "$@"); }

# The target that needs nothing of the machine it runs on, as far as this one can build it.
default_target() {
  local host musl compiler
  host=$(rust -vV | sed -n 's/^host: //p')
  musl=${host/%-gnu/-musl}
  compiler=${musl/-unknown-/-}-gcc
  # A crate brings C along, which the compiler of musl has to translate (musl-tools in Debian).
  if [ -d "$(rust --print sysroot)/lib/rustlib/$musl" ] && type -P "$compiler" >/dev/null; then
    printf '%s\n' "$musl"
  else
    printf '%s\n' "$host"
  fi
}

# For Linux on another machine than this one: the compiler and linker that Debian has for it. What somebody set counts first.
cross() {
  local host machine=${target%%-*} compiler name
  host=$(rust -vV | sed -n 's/^host: //p')
  case $target in
    *-linux-*) ;;
    *) return ;;
  esac
  case $host in
    "$machine"-*-linux-*) return ;;
  esac
  compiler=$machine-linux-gnu-gcc name=${target//-/_}
  local cc=CC_$name linker
  linker=CARGO_TARGET_$(tr '[:lower:]' '[:upper:]' <<<"$name")_LINKER
  export "$cc=${!cc:-$compiler}" "$linker=${!linker:-$compiler}"
  type -P "${!linker}" >/dev/null || fail "${!linker} is not on PATH, and $target cannot be linked without it (Debian: gcc-${machine//_/-}-linux-gnu), or set $linker and $cc"
}

# A path as the compiler writes it: on Windows bash has other ones.
native() { cygpath -w "$1" 2>/dev/null || printf '%s\n' "$1"; }

build() {
  local sysroot home target_directory unit=$'\x1f' flags
  home=${CARGO_HOME:-$HOME/.cargo}
  target_directory=${CARGO_TARGET_DIR:-$root/target}
  sysroot=$(rust --print sysroot)
  [ -d "$sysroot/lib/rustlib/$target" ] || fail "Rust cannot build for $target yet: rustup target add $target"
  cross
  # The last one that fits counts, so the inner directory comes last.
  flags="--remap-path-prefix=$(native "$home")=/cargo"
  flags+="$unit--remap-path-prefix=$(native "$root")=/safe-update"
  flags+="$unit--remap-path-prefix=$(native "$target_directory")=/target"
  # Half a megabyte of relocations becomes some kilobytes.
  case $target in
    *-linux-*) flags+="$unit-Clink-arg=-Wl,-z,pack-relative-relocs" ;;
  esac
  case $target in
    *-linux-gnu | *-windows-msvc) flags+="$unit-Ctarget-feature=+crt-static" ;;
  esac
  # The linker of Windows writes the time into the program, unless it is told not to.
  case $target in
    *-windows-msvc) flags+="$unit-Clink-arg=/Brepro" ;;
  esac
  say "building for $target with the profile dist: several minutes the first time"
  (
    cd "$root"
    unset RUSTFLAGS
    CARGO_ENCODED_RUSTFLAGS=$flags cargo build --quiet --locked --profile dist --target "$target" --bin "$name" >&2
  )
  binary=$target_directory/$target/dist/$name$suffix
  check "$home" "$target_directory"
}

# What must not be in a release.
check() {
  local size path
  size=$(wc -c <"$binary")
  [ "$size" -le "$largest" ] || fail "$binary has $size bytes, more than $largest"
  for path in "$@" "$root"; do
    ! LC_ALL=C grep -qaF -e "$(native "$path")/" -e "$(native "$path")\\" "$binary" || fail "$binary contains the path $path of this machine"
  done
  say "$binary: $size bytes"
}

# The bill of materials: every crate that is linked in, for this target.
materials() {
  local tool file=$root/safe-update-$target.cdx.json
  if ! tool=$("$root/tests/bed/get.sh" cargo-cyclonedx | sed -n 's/^cargo-cyclonedx=//p') || [ -z "$tool" ]; then
    say "NO BILL OF MATERIALS: cargo-cyclonedx cannot be had here (above); a release needs it"
    return
  fi
  # It writes beside Cargo.toml always.
  leftover=$file
  (cd "$root" && "$tool" cyclonedx --quiet --format json --spec-version 1.5 --target "$target" --override-filename "safe-update-$target.cdx")
  # Crates of the workspace are named by their path.
  sed "s|path+file://$root|path+file:///safe-update|g" "$file" >"$out/$archive.cdx.json"
  rm "$file"
  printf '%s\n' "$out/$archive.cdx.json"
}

sign() {
  if ! type -P cosign >/dev/null; then
    say 'NOT SIGNED: cosign is not on PATH; a release needs it'
    return
  fi
  local file
  for file in "$@"; do
    cosign sign-blob --yes --bundle "$file.sigstore.json" "$file" >&2
    printf '%s\n' "$file.sigstore.json"
  done
}

[ -n "$target" ] || target=$(default_target)
case $target in
  *windows*) suffix=.exe ;;
  *) suffix= ;;
esac
[ -n "$binary" ] || build
if [ -n "$only_binary" ]; then
  printf '%s\n' "$binary"
  exit
fi

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
archive=safe-update-$version-$target.tar.gz
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH=$epoch
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)

if [ -z "$assets" ]; then
  assets=$work/assets
  (cd "$root" && cargo run --quiet --locked --example assets -- "$assets" >&2)
fi
mkdir "$work/archive"
cp "$binary" "$work/archive/$name$suffix"
cp "$root/LICENSE" "$work/archive/LICENSE"
cp "$root/dist/README.md" "$work/archive/README.md"
cp -R "$assets/completions" "$assets/man" "$work/archive/"
chmod -R u=rwX,go=rX "$work/archive"
find "$work/archive" -type f ! -name "$name$suffix" -exec chmod 644 {} +
chmod 755 "$work/archive/$name$suffix"

unset TAR_OPTIONS GZIP
# No `./` before the names, no links, nobody's name, one time: what krew and Helm unpack, and the same bytes each time.
(
  cd "$work/archive"
  export LC_ALL=C
  tar --create --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -- *
) | gzip -n >"$work/$archive"
# What belongs to other bytes of that name.
rm -f "$out/$archive".*
mv "$work/$archive" "$out/$archive"
(cd "$out" && sha256sum "$archive" >"$archive.sha256")
printf '%s\n' "$out/$archive" "$out/$archive.sha256"
[ -z "$bare" ] || exit 0
materials
sign "$out/$archive"
