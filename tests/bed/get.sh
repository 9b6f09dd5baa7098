#!/usr/bin/env bash
# Gets the programs that the tests need: what KUBEBUILDER_ASSETS or PATH holds in a version that fits, else what the
# cache holds, else a build of the version that the file `versions` pins.
#
#   tests/bed/get.sh [--have] [NAME...]     the group `control` when no name is given
#
#   --have    builds nothing: what is missing is an error that says how to get it
#   NAME      a program of `versions`, or a group: `control`, `node`, `engine`, `dist` or `extra`
#
# Standard output: one NAME=PATH a line. Standard error: what is done, why, and how long it takes.
# The cache is ${XDG_CACHE_HOME:-~/.cache}/safe-update-bed/bin. A program enters it by a rename, so a build that was
# interrupted leaves nothing there; a lock keeps two builds from running side by side.
set -euo pipefail
shopt -s extglob

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/safe-update-bed
work=

say() { printf 'bed: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# The fields of one program's line; a name that has none is a mistake of the caller.
entry() {
  local line
  line=$(awk -v name="$1" '$1 == name' "$here/versions")
  [ -n "$line" ] || fail "no such program: $1 (tests/bed/versions has $(awk '/^[a-z]/ {printf "%s%s", sep, $1; sep=", "}' "$here/versions"))"
  read -r name pinned fits minutes group kind source package <<<"$line"
}

# The version that a program says it has: the first dotted number of its own answer, nothing when it does not run.
version_of() {
  local flag=--version answer
  case $name in
    kubectl) flag='version --client' ;;
    crane | kubectl-krew | helm-diff) flag=version ;;
    cargo-cyclonedx) flag='cyclonedx --version' ;;
    helm[34]) flag='version --short' ;;
    containerd-shim-runc-v2) flag=-v ;;
    ptp | host-local | loopback | busybox-static) flag= ;;
  esac
  # shellcheck disable=SC2086 # the flags are words of their own
  answer=$(CNI_COMMAND=VERSION "$1" $flag 2>/dev/null </dev/null) || return 0
  grep -oE -m1 '[0-9]+\.[0-9]+(\.[0-9]+)?' <<<"$answer" | head -n1 || true
}

# Sets `path` to a program that will do; false when there is none.
find_program() { elsewhere || cached; }

# Looks where others may have put it. A wrong version is passed over, and said.
elsewhere() {
  local found version called=${name/helm[34]/helm}
  for found in "${KUBEBUILDER_ASSETS:+$KUBEBUILDER_ASSETS/$name}" "$(type -P "$name" || true)" "$(type -P "$called" || true)"; do
    [ -n "$found" ] && [ -x "$found" ] || continue
    version=$(version_of "$found")
    # shellcheck disable=SC2053 # `fits` is a pattern
    if [[ $version == $fits ]]; then
      path=$found
      return
    fi
    say "$found is ${version:-of an unknown version}, the tests need $fits: passed over"
  done
  return 1
}

# Looks into the cache, where only the pinned version counts.
cached() {
  path=$cache/bin/$name
  [ -x "$path" ] && is_pinned "$(version_of "$path")"
}

is_pinned() { [[ $1 == "$pinned" || $1 == "$pinned".* ]]; }

# Builds one Go program in a module of our own. `go install PACKAGE@VERSION` would refuse modules with replace lines;
# ours answers those of Kubernetes, whose staging modules are published as v0.MINOR.PATCH.
build_go() {
  type -P go >/dev/null || fail "$name is built with Go, which is not on PATH: install Go 1.26 or newer (https://go.dev/dl/), or put $name $fits on PATH"
  local ldflags='-s -w' minor=${pinned#1.} stamp=k8s.io/component-base/version
  mkdir "$work/module"
  cd "$work/module"
  export GOFLAGS=-buildvcs=false GOWORK=off
  case $source in
    k8s.io/kubernetes)
      # Asked for before there is a go.mod: inside of a module go would read all that it requires.
      logged go list -m -f '{{.GoMod}}' "$source@v$pinned"
      awk -v version="v0.${pinned#1.}" '$2 == "=>" && $3 ~ /^\.\/staging\// {print "replace " $1 " => " $1 " " version}' \
        "$(tail -n 1 "$work/log")" >"$work/replace"
      ldflags+=" -X $stamp.gitVersion=v$pinned -X $stamp.gitMajor=1 -X $stamp.gitMinor=${minor%%.*}"
      ;;
    helm.sh/helm/*) ldflags+=" -X $source/internal/version.version=v$pinned" ;;
    github.com/databus23/helm-diff/*) ldflags+=" -X $source/cmd.Version=$pinned" ;;
    github.com/rhysd/actionlint) ldflags+=" -X $source.version=$pinned" ;;
    sigs.k8s.io/krew) ldflags+=" -X $source/internal/version.gitTag=v$pinned" ;;
    github.com/google/go-containerregistry) ldflags+=" -X $source/cmd/crane/cmd.Version=$pinned" ;;
  esac
  printf 'module bed\n\ngo 1.26.0\n\nrequire %s v%s\n\n' "$source" "$pinned" >go.mod
  [ ! -e "$work/replace" ] || cat "$work/replace" >>go.mod
  logged go build -mod=mod -trimpath -ldflags "$ldflags" -o "$work/$name" "$source/${package#.}"
}

# Builds in `work`, out of reach of the repository's toolchain file, and with a target directory that goes with it.
build_cargo() {
  cd "$work"
  export CARGO_TARGET_DIR=$work/target
  logged cargo install "$source" --version "$pinned" --locked --root "$work/root"
  mv "$work/root/bin/$name" "$work/$name"
}

# Takes a program out of a Debian package without installing it: that needs no root and starts no service.
build_deb() {
  unpack_debs "$source"
  mv "package/$package" "$work/$name"
}

# The same for one that needs other files beside it: all lie in a tree, and the program is a script that starts it there.
build_debs() {
  local tree=$cache/trees/$name
  # shellcheck disable=SC2086 # one package a word
  unpack_debs ${source//,/ }
  rm -rf "$tree"
  mkdir -p "$cache/trees"
  mv package "$tree"
  local variable=${name^^}_TREE library
  library=$(printf '%s:' "$tree"/usr/lib/*-linux-*)
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%q %s=%q exec %q "$@"\n' "${library%:}" "$variable" "$tree" "$tree/$package" >"$work/$name"
  chmod 755 "$work/$name"
}

# Puts the files of packages together below `package`.
unpack_debs() {
  type -P apt-get dpkg-deb >/dev/null || fail "$name is taken from Debian's packages ($*); on this system install it by hand, so that $name $fits is on PATH"
  local apt=(apt-get -q -o APT::Sandbox::User= -o Dir::Cache="$work/apt")
  mkdir -p "$work/apt/archives/partial" "$work/lists/partial"
  cd "$work"
  if ! "${apt[@]}" download "$@" >log 2>&1; then
    # No package lists here, or outdated ones: fetch them, for this once.
    apt+=(-o Dir::State::Lists="$work/lists")
    logged "${apt[@]}" update
    logged "${apt[@]}" download "$@"
  fi
  local file
  for file in *.deb; do
    logged dpkg-deb -x "$file" package
  done
}

# Runs a command whose output matters only when it fails.
logged() {
  "$@" >"$work/log" 2>&1 || {
    tail -n 30 "$work/log" >&2
    fail "getting $name failed (above) in: $*. Repeat when that is solved, or put $name $fits on PATH"
  }
}

build() {
  local from
  case $kind in
    go) from="built from $source v$pinned through the Go module proxy" ;;
    cargo) from="built from crate $source $pinned" ;;
    deb | debs) from="taken from Debian's packages ($source)" ;;
  esac
  mkdir -p "$cache/bin"
  exec 9>"$cache/lock"
  flock -n 9 || {
    say "waiting for another get.sh to finish (lock $cache/lock)"
    flock 9
  }
  if cached; then
    exec 9>&-
    return
  fi
  say "$name is not here: $from, about $minutes min, once"
  work=$(mktemp -d "$cache/work.XXXXXX")
  local start=$SECONDS version
  # In a shell of its own, for its working directory and environment.
  ("build_$kind")
  version=$(version_of "$work/$name")
  is_pinned "$version" || fail "the new $name says version '$version', wanted $pinned: not kept"
  path=$cache/bin/$name
  mv "$work/$name" "$path"
  rm -rf "$work"
  work=
  exec 9>&-
  say "$name $version: $((SECONDS - start)) s, kept in $path"
}

clean() { [ -z "$work" ] || rm -rf "$work"; }
trap clean EXIT

have=
if [ "${1:-}" = --have ]; then
  have=yes
  shift
fi
case ${1:-} in -*) fail "unknown option $1; usage: get.sh [--have] [NAME...]" ;; esac
type -P flock >/dev/null || fail 'flock is not on PATH: install util-linux'
[ $# -gt 0 ] || set -- control

names=()
for wanted in "$@"; do
  case $wanted in
    control | node | engine | dist | extra) mapfile -t -O "${#names[@]}" names < <(awk -v group="$wanted" '/^[a-z]/ && $5 == group {print $1}' "$here/versions") ;;
    *) names+=("$wanted") ;;
  esac
done

missing=()
for wanted in "${names[@]}"; do
  entry "$wanted"
  if find_program; then
    printf '%s=%s\n' "$name" "$path"
  elif [ -n "$have" ]; then
    missing+=("$name")
  else
    build
    printf '%s=%s\n' "$name" "$path"
  fi
done
[ ${#missing[@]} -eq 0 ] || fail "missing: ${missing[*]}. Get them once with: $here/get.sh ${missing[*]}"
