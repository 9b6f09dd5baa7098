#!/usr/bin/env bash
# Proves an archive in a Debian with nothing in it: installed as its README says and as a plugin of Helm, completed, used,
# removed, and nothing left behind. Needs root, debootstrap, and a mirror of Debian.
#
#   dist/prove.sh [--suite NAME] [--mirror URL] ARCHIVE PLUGIN PROGRAM...
#
#   ARCHIVE   what dist/build.sh made
#   PLUGIN    what dist/helm-plugin.sh made
#   PROGRAM   kubectl, helm of any version: put into the root under their own names
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
suite=stable mirror=http://deb.debian.org/debian work=

say() { printf 'prove: %s\n' "$*"; }
fail() {
  printf 'prove: %s\n' "$*" >&2
  exit 1
}
clean() {
  [ -z "$work" ] || {
    if mountpoint -q "$work/root/proc"; then
      umount "$work/root/proc" || return
    fi
    rm -rf --one-file-system "$work"
  }
}
trap clean EXIT

while [ $# -gt 0 ]; do
  case $1 in
    --suite | --mirror)
      [ $# -gt 1 ] || fail "$1 wants a value"
      declare "${1#--}=$2"
      shift
      ;;
    -*) fail "unknown option $1; the head of dist/prove.sh has all" ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 2 ] || fail 'usage: dist/prove.sh [--suite NAME] [--mirror URL] ARCHIVE PLUGIN PROGRAM...'
[ "$(id -u)" = 0 ] || fail 'a root of its own needs root'
type -P debootstrap >/dev/null || fail 'debootstrap is not on PATH: install it (Debian: debootstrap)'
archive=$(realpath "$1") plugin=$(realpath "$2")
shift 2

work=$(mktemp -d)
say "a Debian ($suite) with nothing in it, from $mirror"
debootstrap --variant=minbase "$suite" "$work/root" "$mirror" >"$work/log" 2>&1 || {
  tail -n 20 "$work/log" >&2
  fail 'debootstrap failed (above)'
}
helms=()
kubectl=
for program in "$@"; do
  name=$(basename "$program")
  install -m 755 "$program" "$work/root/usr/local/bin/$name"
  case $name in
    helm*) helms+=("$name") ;;
    kubectl) kubectl=yes ;;
  esac
done
[ -n "$kubectl" ] && [ ${#helms[@]} -gt 0 ] || fail 'kubectl and a helm have to be among the programs: nothing would be proved otherwise'
mkdir "$work/root/given"
cp "$archive" "$work/root/given/archive.tar.gz"
cp -r "$root/examples/shop" "$work/root/given/shop"
# Helm 4 takes the name of the plugin from that of the file.
mkdir "$work/root/given/plugin"
cp "$plugin" "$work/root/given/plugin/"
mount -t proc proc "$work/root/proc"

cat >"$work/root/given/inside.sh" <<'INSIDE'
set -eu -o pipefail
export HOME=/root PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin NO_COLOR=1
cd /root
everything() { find / -xdev \( -path /proc -o -path /tmp/files.\* \) -prune -o -print | sort; }
# Not `grep -q`: it closes the pipe early, and the end of who writes would be a failure.
has() { grep -- "$1" >/dev/null || { echo "no '$1' in what was printed" >&2; exit 1; }; }

everything >/tmp/files.before
echo '- from the archive, behind kubectl'
mkdir /tmp/unpacked
tar -xzf /given/archive.tar.gz -C /tmp/unpacked
install -m 755 /tmp/unpacked/kubectl-safe_update /usr/local/bin/
kubectl safe-update version | has safe-update
kubectl safe-update plan -f /given/shop | has '13 targets: '
kubectl safe-update completion install | has kubectl_complete-safe_update
kubectl __complete safe-update pl 2>/dev/null | has '^plan'
kubectl __complete safe-update plan -f /given/shop --only '' 2>/dev/null | has '^helm'
kubectl safe-update completion uninstall >/dev/null
# As bash asks at a tab.
(
  set +u
  . /tmp/unpacked/completions/kubectl-safe_update.bash
  COMP_WORDS=(kubectl-safe_update expl) COMP_CWORD=1
  "$(complete -p kubectl-safe_update | sed 's/.* -F \([^ ]*\) .*/\1/')" kubectl-safe_update expl kubectl-safe_update
  printf '%s\n' "${COMPREPLY[@]}"
) | has '^explain$'
rm -r /usr/local/bin/kubectl-safe_update /tmp/unpacked

for helm in "$@"; do
  echo "- as a plugin of $helm"
  # Helm 3 takes files from a server or a directory only.
  case $($helm version --template '{{.Version}}') in
    v3.*)
      mkdir /tmp/plugin
      tar -xzf /given/plugin/*.tgz -C /tmp/plugin
      source=("$(dirname "$(find /tmp/plugin -name plugin.yaml)")")
      ;;
    *) source=(--verify=false /given/plugin/*.tgz) ;;
  esac
  SAFE_UPDATE_TARBALL=/given/archive.tar.gz $helm plugin install "${source[@]}" >/dev/null
  $helm plugin list | has safe-upgrade
  $helm safe-upgrade version | has safe-update
  $helm safe-upgrade plan -f /given/shop | has '13 targets: '
  $helm __complete safe-upgrade pl 2>/dev/null | has '^plan'
  $helm plugin uninstall safe-upgrade >/dev/null
  rm -rf /tmp/plugin
done

# What it keeps on purpose is the cache; what helm and kubectl keep is theirs.
rm -rf /root/.cache/safe-update
everything >/tmp/files.after
diff /tmp/files.before /tmp/files.after >/tmp/files.changed || [ $? = 1 ]
changed=$(grep -vE ' /root/\.(cache|config|local/share)(/helm(/.*)?)?$| /root/\.local$| /root/\.kube(/.*)?$' /tmp/files.changed | grep '^[<>]' || true)
[ -z "$changed" ] || {
  printf '%s\n' "$changed" 'that was left behind, or taken away' >&2
  exit 1
}
echo '- nothing is left behind'
INSIDE
say 'inside of it'
chroot "$work/root" bash /given/inside.sh "${helms[@]}" || fail 'it does not hold there (above)'
say "$(basename "$archive") holds in an empty Debian"
