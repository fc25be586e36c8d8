#!/usr/bin/env bash
# A Kubernetes node of one container: what rancher/k3s does for tests, from Debian packages.
#
#   server [--tls-san=NAME]...    other flags of K3s are taken and ignored
#
# Kubeconfig at /etc/rancher/k3s/k3s.yaml, API on 6443, and the log line "Node controller sync successful" once a pod can run.
set -euo pipefail

node=$(hostname)
node_ip=$(hostname -I | awk '{ print $1 }')
pods=10.42.0.0/16
services=10.43.0.0/16
api=https://127.0.0.1:6443
pki=/etc/kubernetes/pki
logs=/var/log/node
kubeconfig=/etc/rancher/k3s/k3s.yaml

say() { printf '%(%H:%M:%S)T %s\n' -1 "$*"; }

die() {
  say "$*" >&2
  exit 1
}

# Runs a part in the background with a log file of its own.
start() {
  local name=$1
  shift
  "$@" >"$logs/$name.log" 2>&1 &
  parts[$!]=$name
}

# Waits up to $1 seconds for a command to succeed; ends the node if a part dies meanwhile.
wait_for() {
  local seconds=$1 pid
  shift
  for ((i = 0; i < seconds * 5; i++)); do
    "$@" >/dev/null 2>&1 && return
    for pid in "${!parts[@]}"; do
      kill -0 "$pid" 2>/dev/null || part_ended "$pid"
    done
    sleep 0.2
  done
  die "gave up after $seconds seconds: $*"
}

part_ended() {
  tail -n 20 "$logs/${parts[$1]}.log" >&2
  die "${parts[$1]} ended; the lines above are its last."
}

mounts_and_cgroups() {
  # A volume that a driver's pod mounts has to appear in the kubelet's and in other pods' mount tables.
  mount --make-rshared /
  # The kubelet's cgroups lie under this container's own, so that nodes on one machine do not end each other's pods.
  cgroup_root=$(awk -F: '$2 ~ /(^|,)memory(,|$)/ || $1 == 0 { print $3; exit }' /proc/self/cgroup)
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    # Version 2: a group that hands its controllers on must hold no process itself.
    local own=/sys/fs/cgroup$cgroup_root controller pid
    mkdir -p "$own/init"
    while read -r pid; do echo "$pid" >"$own/init/cgroup.procs" || true; done <"$own/cgroup.procs"
    for controller in $(<"$own/cgroup.controllers"); do echo "+$controller" >"$own/cgroup.subtree_control" || true; done
  fi
}

# Nothing may leave the container. New connections outwards are refused. The service network gets a route into a bridge
# without ports, for a packet needs a route before the service rules see it; what no rule has taken is refused too.
network() {
  local outside chain
  outside=$(ip -o route show default | awk '{ print $5; exit }')
  sysctl -qw net.ipv4.ip_forward=1
  ip link add void type bridge
  ip link set void up
  ip route add "$pods" dev void
  ip route add "$services" dev void src "$node_ip"
  for chain in OUTPUT FORWARD; do
    [ -z "$outside" ] || iptables -A "$chain" -o "$outside" -m conntrack --ctstate NEW -j REJECT
    iptables -A "$chain" -d "$services" -j REJECT
  done
}

# A key and a certificate of our CA: file name, subject, then further lines of extensions.
certificate() {
  local name=$1 subject=$2
  # In the form "EC PRIVATE KEY", as K3s writes it: clients guess the algorithm from it.
  openssl ecparam -name prime256v1 -genkey -noout -out "$pki/$name.key"
  openssl req -new -key "$pki/$name.key" -subj "$subject" 2>/dev/null |
    openssl x509 -req -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -days 3650 -out "$pki/$name.crt" -extfile <(printf '%s\n' "${@:3}") 2>/dev/null
}

# A kubeconfig for the bearer of certificate $1, written to $2.
kubeconfig() {
  kubectl config set-cluster default --kubeconfig "$2" --server "$api" --certificate-authority "$pki/ca.crt" --embed-certs
  kubectl config set-credentials default --kubeconfig "$2" --client-certificate "$pki/$1.crt" --client-key "$pki/$1.key" --embed-certs
  kubectl config set-context default --kubeconfig "$2" --cluster default --user default
  kubectl config use-context default --kubeconfig "$2"
} >/dev/null

certificates() {
  local san=$1 name subject
  mkdir -p "$pki" "$(dirname "$kubeconfig")"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=csi-clone-test-ca -days 3650 \
    -keyout "$pki/ca.key" -out "$pki/ca.crt" 2>/dev/null
  openssl genrsa -out "$pki/service-account.key" 2048 2>/dev/null
  certificate apiserver /CN=kube-apiserver "subjectAltName=$san" extendedKeyUsage=serverAuth
  while read -r name subject; do
    certificate "$name" "$subject" extendedKeyUsage=clientAuth
    kubeconfig "$name" "/etc/kubernetes/$name.conf"
  done <<EOF
admin /O=system:masters/CN=system:admin
kubelet /O=system:nodes/CN=system:node:$node
controller-manager /CN=system:kube-controller-manager
scheduler /CN=system:kube-scheduler
proxy /CN=system:kube-proxy
EOF
  install -m 644 /etc/kubernetes/admin.conf "$kubeconfig"
}

control_plane() {
  # The state lies in memory: it ends with the container, and nothing waits for a disk.
  start etcd etcd --data-dir /run/etcd --log-level warn --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster default=http://127.0.0.1:2380
  start apiserver kube-apiserver --advertise-address "$node_ip" --secure-port 6443 --etcd-servers http://127.0.0.1:2379 \
    --service-cluster-ip-range "$services" --allow-privileged --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
    --client-ca-file "$pki/ca.crt" --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
    --kubelet-client-certificate "$pki/admin.crt" --kubelet-client-key "$pki/admin.key" --kubelet-preferred-address-types InternalIP \
    --service-account-issuer https://kubernetes.default.svc.cluster.local --service-account-key-file "$pki/service-account.key" \
    --service-account-signing-key-file "$pki/service-account.key"
}

controllers() {
  # The default limit of 20 requests a second would be what a measurement of provisioning measures.
  start controller-manager kube-controller-manager --kubeconfig /etc/kubernetes/controller-manager.conf --leader-elect=false \
    --use-service-account-credentials --service-account-private-key-file "$pki/service-account.key" --root-ca-file "$pki/ca.crt" \
    --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key" --kube-api-qps 300 --kube-api-burst 600
  start scheduler kube-scheduler --kubeconfig /etc/kubernetes/scheduler.conf --leader-elect=false --kube-api-qps 300 --kube-api-burst 600
  start proxy kube-proxy --kubeconfig /etc/kubernetes/proxy.conf --proxy-mode iptables --cluster-cidr "$pods" --hostname-override "$node" \
    --conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0 --conntrack-tcp-timeout-close-wait 0
}

# Every tar of the image's own folder and of K3s' air-gap folder.
import_images() {
  local tar
  for tar in /usr/share/node-images/*.tar /var/lib/rancher/k3s/agent/images/*.tar; do
    [ -e "$tar" ] || continue
    ctr -n k8s.io images import "$tar" >/dev/null || die "image tar $tar cannot be imported."
  done
}

node_parts() {
  start containerd containerd --config /etc/containerd/config.toml
  wait_for 30 ctr version
  import_images
  start kubelet kubelet --config /etc/kubernetes/kubelet.yaml --kubeconfig /etc/kubernetes/kubelet.conf --hostname-override "$node" \
    --node-ip "$node_ip" --container-runtime remote --container-runtime-endpoint unix:///run/containerd/containerd.sock --cgroup-root "$cgroup_root"
}

# shellcheck disable=SC2317 # called through wait_for
node_ready() {
  [ "$(kubectl get node "$node" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ] &&
    kubectl -n default get serviceaccount default
}

[ "${1:-}" = server ] || die "usage: server [--tls-san=NAME]..."
shift
san="DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,DNS:$node"
san+=",IP:127.0.0.1,IP:10.43.0.1,IP:$node_ip"
while [ $# -gt 0 ]; do
  case "$1" in
    --tls-san) set -- "--tls-san=${2:?--tls-san needs a name}" "${@:3}" && continue ;;
    --tls-san=*[!0-9.]*) [[ $1 == *:* ]] && san+=",IP:${1#*=}" || san+=",DNS:${1#*=}" ;;
    --tls-san=*) san+=",IP:${1#*=}" ;;
    *) say "flag $1 is not for this node and is ignored" ;;
  esac
  shift
done

declare -A parts=()
export KUBECONFIG=$kubeconfig
mkdir -p "$logs"
trap 'say "stopping"; exit 0' TERM INT
mounts_and_cgroups
network
certificates "$san"
say "starting the node $node at $node_ip"
control_plane
node_parts
wait_for 60 kubectl get --raw /readyz
controllers
wait_for 120 node_ready
say "Node controller sync successful"
wait -n -p ended "${!parts[@]}"
part_ended "$ended"
