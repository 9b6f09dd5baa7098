#!/usr/bin/env bash
# Adds one real node to the control plane that up.sh holds in DIR: kubelet and containerd, real pulls, real processes.
# Needs root. Ready in some seconds; then it stays until its standard input ends, and leaves nothing behind.
#
#   tests/bed/node.sh DIR
#
# Its one line of standard output is `READY NODE`. A pod asks for the node by `nodeName`, or by nodeSelector (type=real)
# and toleration (real=yes:NoSchedule): nothing else lands there. Images come from the bed's open registry. kwok leaves
# the node alone, because it lacks the annotation of kwok's own.
#
# Everything runs in a process and a mount namespace of its own, so that the end of one process ends all of them, and
# takes what they mounted along. The network is the host's; each pod has a pair of interfaces that goes with it.
set -euo pipefail
umask 077

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf 'bed: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# ---- inside of the namespaces: process 1, whose end is the end of all

# inside DIR CGROUP: starts both servers, and ends when one of them does.
inside() {
  cd "$1"
  export PATH=$1/bin:$PATH
  # Mounts inside are shared among pods as the node's are; those outside see none of them.
  mount --make-rshared /
  mkdir -p /run/netns
  mount -t tmpfs bed /run/netns
  containerd --config containerd.toml >logs/containerd 2>&1 &
  until [ -S containerd.sock ]; do
    kill -0 $! 2>/dev/null || exit 1
    sleep 0.1
  done
  kubelet --config kubelet.yaml --kubeconfig kubeconfig --root-dir "$1/kubelet" --cert-dir "$1/pki" \
    --hostname-override "$2" --node-labels type=real >logs/kubelet 2>&1 &
  wait -n
  exit 1
}
if [ "${1:-}" = --inside ]; then
  inside "$2" "$3"
fi

# ---- outside

[ $# -eq 1 ] && [ -r "$1/bed.env" ] || fail 'usage: node.sh DIR, where DIR is that of a running up.sh (it has bed.env)'
bed=$(cd "$1" && pwd)
[ "$(id -u)" = 0 ] || fail 'a real node needs root (containers, mounts, cgroups): run the tests as root, or leave out those of real_node'
for tool in unshare setpriv mount; do
  type -P "$tool" >/dev/null || fail "$tool is not on PATH; on Debian: apt-get install util-linux mount"
done

programs=$("$here/get.sh" --have kubectl crane node)
declare -A program
while IFS='=' read -r name path; do program[$name]=$path; done <<<"$programs"

registry=$(sed -n 's/^REGISTRY=//p' "$bed/bed.env")
node=real-$$
# The kernel allows a socket's path 107 characters, and containerd adds to it: directly under /tmp.
dir=$(mktemp -d /tmp/bed-node.XXXXXX)
mkdir -p "$dir"/{bin,cni,image,logs}
for name in containerd containerd-shim-runc-v2 runc ptp host-local loopback kubelet; do
  ln -s "${program[$name]}" "$dir/bin/$name"
done

kubectl() { HOME=$dir "${program[kubectl]}" --kubeconfig "$bed/servers.kubeconfig" "$@"; }

node_process=
finish() {
  local code=$? cgroup
  trap - EXIT
  trap '' TERM INT HUP
  exec 2>/dev/null
  # The kernel kills everything in the namespace with its process 1, and that with this one.
  [ -z "$node_process" ] || kill -KILL "$node_process" || true
  wait || true
  # A bed that stays would keep it as a node that is lost.
  kubectl --request-timeout=2s delete node "$node" --wait=false >/dev/null || true
  for cgroup in /sys/fs/cgroup/"$node" /sys/fs/cgroup/*/"$node"; do
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

# ---- images: one static program that is all commands

crane() {
  HOME=$dir "${program[crane]}" "$@" >"$dir/logs/crane" 2>&1 || {
    cat "$dir/logs/crane" >&2
    fail "pushing the node's images to $registry failed (above)"
  }
}
cp "${program[busybox-static]}" "$dir/image/busybox"
chmod 755 "$dir/image" "$dir/image/busybox"
tar -C "$dir/image" -cf "$dir/image.tar" busybox
crane append -f "$dir/image.tar" -t "$registry/bed/busybox:1" --oci-empty-base
crane mutate "$registry/bed/busybox:1" --set-platform linux/amd64 -t "$registry/bed/busybox:1"
crane mutate "$registry/bed/busybox:1" --entrypoint /busybox,sleep,2000000 -t "$registry/bed/pause:1"

# ---- configuration

# A subnet of this node's own: others may run beside it.
subnet=10.$((64 + RANDOM % 128)).$((RANDOM % 256))
cat >"$dir/cni/10-bed.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "$node", "plugins": [{"type": "ptp", "ipMasq": false, "ipam":
  {"type": "host-local", "dataDir": "$dir/ipam", "ranges": [[{"subnet": "$subnet.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
JSON
# Without restrict_oom_score_adj nothing starts where even root may not lower a score.
cat >"$dir/containerd.toml" <<TOML
version = 2
root = "$dir/containerd"
state = "$dir/run"
[grpc]
  address = "$dir/containerd.sock"
[ttrpc]
  address = "$dir/containerd.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$registry/bed/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$dir/bin"
    conf_dir = "$dir/cni"
TOML
# A kubelet empties the cgroup that it works in of pods that it does not know, so each has its own.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir "/sys/fs/cgroup/$node"
else
  for controller in /sys/fs/cgroup/*/; do
    [ -L "${controller%/}" ] || mkdir "$controller$node"
  done
  # A cpuset starts empty, and an empty one holds no process.
  for file in cpuset.cpus cpuset.mems; do
    [ ! -e "/sys/fs/cgroup/cpuset/$file" ] || cat "/sys/fs/cgroup/cpuset/$file" >"/sys/fs/cgroup/cpuset/$node/$file"
  done
fi
while :; do
  port=$((20000 + RANDOM % 12000))
  (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
done
cat >"$dir/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: $port
readOnlyPort: 0
healthzPort: 0
cgroupDriver: cgroupfs
cgroupRoot: /$node
failSwapOn: false
failCgroupV1: false
makeIPTablesUtilChains: false
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
enforceNodeAllocatable: []
evictionHard: {nodefs.available: 1%, imagefs.available: 1%}
containerRuntimeEndpoint: unix://$dir/containerd.sock
podLogsDir: $dir/pods
registerWithTaints: [{key: real, value: "yes", effect: NoSchedule}]
YAML
cp "$bed/servers.kubeconfig" "$dir/kubeconfig"

setpriv --pdeathsig KILL unshare --pid --mount --fork --mount-proc --kill-child=KILL \
  "${BASH_SOURCE[0]}" --inside "$dir" "$node" >"$dir/logs/node" 2>&1 &
node_process=$!

until=$((SECONDS + 60))
until kubectl wait node "$node" --for=condition=Ready --timeout=1s >/dev/null 2>&1; do
  if [ $SECONDS -ge $until ] || ! kill -0 "$node_process" 2>/dev/null; then
    tail -n 15 "$dir"/logs/{node,containerd,kubelet} >&2 || true
    fail "the real node does not get ready (above). Logs: $dir/logs (set SAFE_UPDATE_KEEP=1 to keep them)"
  fi
  sleep 0.1
done
echo "READY $node"

# From here only two things can happen: the lifeline ends (which ends this script by a signal), or the node does.
wait "$node_process" || true
tail -n 15 "$dir"/logs/{node,containerd,kubelet} >&2 || true
fail 'the real node ended (above)'
