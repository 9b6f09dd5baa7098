#!/usr/bin/env bash
# Starts a container engine of its own: dockerd with its own socket and data, in a process and a mount namespace, so that the
# end of one process ends all of them. Needs root. It stays until its standard input ends, and leaves nothing behind.
#
#   tests/bed/engine.sh
#
# Its one line of standard output is `READY SOCKET DOCKER`: where it listens, and the client that can talk to it. There is no
# network of its own: containers have the host's or none.
set -euo pipefail
umask 077

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf 'bed: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

[ "$(id -u)" = 0 ] || fail 'a container engine needs root: run the tests as root, or leave out those of container_image'
for tool in unshare setpriv mount; do
  type -P "$tool" >/dev/null || fail "$tool is not on PATH; on Debian: apt-get install util-linux mount"
done
programs=$("$here/get.sh" --have engine containerd containerd-shim-runc-v2 runc)
declare -A program
while IFS='=' read -r name path; do program[$name]=$path; done <<<"$programs"

# The kernel allows a socket's path 107 characters: directly under /tmp.
dir=$(mktemp -d /tmp/bed-engine.XXXXXX)
mkdir "$dir/bin"
for tool in dockerd docker containerd containerd-shim-runc-v2 runc; do
  ln -s "${program[$tool]}" "$dir/bin/$tool"
done
name=bed-engine-$$

engine=
# shellcheck disable=SC2317 # the trap calls it
finish() {
  local code=$? cgroup
  trap - EXIT
  trap '' TERM INT HUP
  exec 2>/dev/null
  # The kernel kills everything in the namespace with its process 1, and that with this one.
  [ -z "$engine" ] || kill -KILL "$engine" || true
  wait || true
  for cgroup in /sys/fs/cgroup/"$name" /sys/fs/cgroup/*/"$name"; do
    [ ! -d "$cgroup" ] || find "$cgroup" -depth -type d -exec rmdir {} \; || true
  done
  [ -n "${SAFE_UPDATE_KEEP:-}" ] || rm -rf "$dir"
  exit "$code"
}
trap finish EXIT
trap 'exit 0' TERM
trap 'exit 130' INT HUP

# Standard input is the lifeline, as it is for up.sh.
exec 3<&0 </dev/null
{
  cat <&3 >/dev/null || true
  kill -TERM $$
} &
exec 3<&-

PATH=$dir/bin:$PATH setpriv --pdeathsig KILL unshare --pid --mount --fork --mount-proc --kill-child=KILL \
  dockerd --data-root "$dir/data" --exec-root "$dir/run" --pidfile "$dir/pid" --host "unix://$dir/socket" \
  --cgroup-parent "/$name" --bridge=none --iptables=false --ip6tables=false >"$dir/log" 2>&1 &
engine=$!

until=$((SECONDS + 40))
until DOCKER_HOST=unix://$dir/socket "$dir/bin/docker" info >/dev/null 2>&1; do
  if [ $SECONDS -ge $until ] || ! kill -0 "$engine" 2>/dev/null; then
    tail -n 20 "$dir/log" >&2
    fail "dockerd does not answer (above). Log: $dir/log (set SAFE_UPDATE_KEEP=1 to keep it)"
  fi
  sleep 0.1
done
echo "READY $dir/socket $dir/bin/docker"
wait "$engine" || true
fail "dockerd has ended: $dir/log"
