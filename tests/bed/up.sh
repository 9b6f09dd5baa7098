#!/usr/bin/env bash
# Starts the real servers of the tests on loopback ports: a Kubernetes control plane whose nodes and pods kwok plays, and
# two registries. Ready in about ten seconds; then it stays until its standard input ends, and ends what it started.
#
#   tests/bed/up.sh [DIR]     DIR is created and kept; without it a temporary directory is used and removed
#
# Its one line of standard output is `READY DIR`: DIR/bed.env says where everything is, DIR/logs what the servers say.
# A test process holds the other end of standard input, so however that process ends, the servers end with it.
# From a terminal: end it with ctrl-D or ctrl-C.
# With SAFE_UPDATE_KEEP set the temporary directory stays, for a look at the logs.
set -euo pipefail
umask 077

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
nodes=3

say() { printf 'bed: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

for tool in openssl perl setpriv; do
  type -P "$tool" >/dev/null || fail "$tool is not on PATH; on Debian: apt-get install openssl perl-base util-linux"
done
programs=$("$here/get.sh" --have etcd kube-apiserver kube-controller-manager kube-scheduler kubectl kwok crane docker-registry)
declare -A program
while IFS='=' read -r name path; do program[$name]=$path; done <<<"$programs"

if [ $# -gt 0 ]; then
  dir=$(mkdir -p "$1" && cd "$1" && pwd)
  temporary=
else
  dir=$(mktemp -d "${TMPDIR:-/tmp}/safe-update-bed.XXXXXX")
  temporary=yes
fi
mkdir -p "$dir"/{certs,logs,etcd,home}

# ---- the end

finish() {
  local code=$? running
  trap - EXIT
  trap '' TERM INT HUP
  running=$(jobs -pr)
  # Nothing of this is to survive, so nothing has to be shut down in order. The shell would report each as killed.
  [ -z "$temporary" ] || [ -z "${SAFE_UPDATE_KEEP:-}" ] || say "kept $dir"
  exec 2>/dev/null
  # shellcheck disable=SC2086 # one process id a word
  [ -z "$running" ] || kill -KILL $running || true
  wait || true
  [ -z "$temporary" ] || [ -n "${SAFE_UPDATE_KEEP:-}" ] || rm -rf "$dir"
  exit "$code"
}
trap finish EXIT
trap 'exit 0' TERM
trap 'exit 130' INT HUP

# Standard input is the lifeline: when its other end is gone, so is the reason to run.
exec 3<&0 </dev/null
{
  cat <&3 >/dev/null || true
  kill -TERM $$
} &
lifeline=$!
exec 3<&-

# ---- starting servers

declare -A server
# start NAME COMMAND...: in the background, its output in logs/NAME. The kernel ends it when this script is killed.
start() {
  local name=$1
  shift
  setpriv --pdeathsig KILL "$@" >"$dir/logs/$name" 2>&1 &
  server[$name]=$!
}

# A server that is gone will not become ready: show what it said last instead of waiting.
all_alive() {
  local name
  for name in "${!server[@]}"; do
    kill -0 "${server[$name]}" 2>/dev/null && continue
    tail -n 20 "$dir/logs/$name" >&2
    fail "$name ended (above)"
  done
}

# wait_for WHAT COMMAND...: until the command succeeds, for half a minute at most.
wait_for() {
  local what=$1 until=$((SECONDS + 30))
  shift
  until "$@" >/dev/null 2>"$dir/logs/waiting"; do
    all_alive
    if [ $SECONDS -ge $until ]; then
      cat "$dir/logs/waiting" >&2
      fail "$what: not within 30 s. Logs: $dir/logs (set SAFE_UPDATE_KEEP=1 to keep them)"
    fi
    sleep 0.1
  done
}

# Sets `port` to a loopback port that nobody listens on. Below the range that the kernel hands out to connections, so
# that none of those can take it before its server does.
declare -A taken
free_port() {
  while :; do
    port=$((20000 + RANDOM % 12000))
    [ -z "${taken[$port]:-}" ] || continue
    (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
    taken[$port]=yes
    return
  done
}

free_port && etcd_port=$port
free_port && peer_port=$port
free_port && api_port=$port
free_port && registry_port=$port
free_port && private_port=$port

cd "$dir"

# ---- etcd first: it starts while the certificates are made

start etcd "${program[etcd]}" --data-dir etcd --unsafe-no-fsync --log-level warn \
  --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
  --listen-peer-urls "http://127.0.0.1:$peer_port" --initial-advertise-peer-urls "http://127.0.0.1:$peer_port" \
  --initial-cluster "default=http://127.0.0.1:$peer_port"

# ---- registries

# registry NAME PORT [AUTH]: one instance of docker-registry. Its data is in memory: on a disk it would wait for the disk
# at every tag.
registry() {
  cat >"$1.yml" <<YAML
version: 0.1
log: {level: warn}
storage:
  inmemory: {}
  delete: {enabled: true}
  maintenance: {uploadpurging: {enabled: false}}
http: {addr: "127.0.0.1:$2", relativeurls: true}
${3:-}
YAML
  start "$1" "${program[docker-registry]}" serve "$1.yml"
}

private_username=bed
private_password=$(openssl rand -hex 16)
perl -e 'printf "%s:%s\n", $ARGV[0], crypt($ARGV[1], q($2b$05$) . $ARGV[2])' \
  "$private_username" "$private_password" "$(openssl rand -hex 11)" >htpasswd
registry registry "$registry_port"
registry private-registry "$private_port" "auth: {htpasswd: {realm: bed, path: $dir/htpasswd}}"

# ---- certificates and users

new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
{
  new_key certs/ca.key
  openssl req -x509 -new -key certs/ca.key -subj /CN=bed-ca -days 30 -out certs/ca.crt
  new_key certs/server.key
  openssl req -new -key certs/server.key -subj /CN=kube-apiserver -out certs/server.csr
  openssl x509 -req -in certs/server.csr -CA certs/ca.crt -CAkey certs/ca.key -CAcreateserial -days 30 -out certs/server.crt \
    -extfile <(echo 'subjectAltName=DNS:localhost,DNS:kubernetes,IP:127.0.0.1,IP:10.0.0.1')
  new_key certs/service-account.key
  openssl ec -in certs/service-account.key -pubout -out certs/service-account.pub
} 2>logs/openssl || {
  cat logs/openssl >&2
  fail 'making the certificates failed (above)'
}

admin_token=$(openssl rand -hex 16)
servers_token=$(openssl rand -hex 16)
cat >tokens.csv <<CSV
$admin_token,admin,admin,"system:masters"
$servers_token,bed:servers,servers,"system:masters"
CSV

# kubeconfig FILE USER TOKEN
kubeconfig() {
  cat >"$1" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: bed, cluster: {server: "https://127.0.0.1:$api_port", certificate-authority: $dir/certs/ca.crt}}]
users: [{name: $2, user: {token: $3}}]
contexts: [{name: bed, context: {cluster: bed, user: $2, namespace: default}}]
current-context: bed
YAML
}
kubeconfig kubeconfig admin "$admin_token"
kubeconfig servers.kubeconfig bed:servers "$servers_token"

# ---- control plane

start kube-apiserver "${program[kube-apiserver]}" --etcd-servers="http://127.0.0.1:$etcd_port" \
  --bind-address=127.0.0.1 --secure-port="$api_port" --service-cluster-ip-range=10.0.0.0/24 --allow-privileged=true \
  --tls-cert-file=certs/server.crt --tls-private-key-file=certs/server.key --client-ca-file=certs/ca.crt \
  --service-account-issuer=https://kubernetes.default.svc \
  --service-account-key-file=certs/service-account.pub --service-account-signing-key-file=certs/service-account.key \
  --token-auth-file=tokens.csv --authorization-mode=RBAC \
  --audit-policy-file="$here/audit-policy.yaml" --audit-log-path="$dir/audit.log"

# The servers' user here, so that nothing of the start is in the audit log.
kubectl() { HOME=$dir/home "${program[kubectl]}" --kubeconfig "$dir/servers.kubeconfig" --request-timeout 10s "$@"; }

wait_for 'kube-apiserver is ready' kubectl get --raw /readyz

servers_kubeconfig=(--kubeconfig=servers.kubeconfig --authentication-kubeconfig=servers.kubeconfig --authorization-kubeconfig=servers.kubeconfig)
start kube-controller-manager "${program[kube-controller-manager]}" "${servers_kubeconfig[@]}" --leader-elect=false --secure-port=0 \
  --service-account-private-key-file=certs/service-account.key --root-ca-file=certs/ca.crt \
  --kube-api-qps=500 --kube-api-burst=1000 --concurrent-deployment-syncs=20 --concurrent-replicaset-syncs=20 \
  --concurrent-statefulset-syncs=10 --concurrent-namespace-syncs=20
start kube-scheduler "${program[kube-scheduler]}" "${servers_kubeconfig[@]}" --leader-elect=false --secure-port=0 \
  --kube-api-qps=500 --kube-api-burst=1000
start kwok "${program[kwok]}" --kubeconfig=servers.kubeconfig --config "$here/stages.yaml" --node-lease-duration-seconds=40 \
  --manage-all-nodes=false --manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake

for number in $(seq "$nodes"); do
  cat <<YAML
apiVersion: v1
kind: Node
metadata:
  name: node-$number
  annotations: {kwok.x-k8s.io/node: fake}
  labels: {type: kwok, kubernetes.io/arch: amd64, kubernetes.io/os: linux, kubernetes.io/hostname: node-$number}
---
YAML
done | kubectl create -f - >/dev/null

wait_for 'the nodes are ready' kubectl wait node --all --for=condition=Ready --timeout=5s
# Pods need it, and the controller manager makes it.
wait_for 'the default service account is there' kubectl get serviceaccount default
for port in "$registry_port" "$private_port"; do
  wait_for "a registry listens on port $port" bash -c "exec 4<>/dev/tcp/127.0.0.1/$port"
done
all_alive

cat >bed.env.new <<ENV
KUBECONFIG=$dir/kubeconfig
AUDIT_LOG=$dir/audit.log
REGISTRY=127.0.0.1:$registry_port
PRIVATE_REGISTRY=127.0.0.1:$private_port
PRIVATE_REGISTRY_USERNAME=$private_username
PRIVATE_REGISTRY_PASSWORD=$private_password
KUBECTL=${program[kubectl]}
CRANE=${program[crane]}
ENV
mv bed.env.new bed.env
echo "READY $dir"

# From here only two things can happen: the lifeline ends (which ends this script by a signal), or a server does.
ended=
wait -n -p ended || true
[ "$ended" = "$lifeline" ] || all_alive
