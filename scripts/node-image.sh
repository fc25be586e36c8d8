#!/usr/bin/env bash
# Prints the reference of an image that can be run as a K3s node, and makes sure that the engine has it:
# CSI_CLONE_NODE_IMAGE if set; else rancher/k3s if it is there or can be pulled; else a substitute built from Debian packages.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=images.sh
. "$here/images.sh"

k3s=rancher/k3s:v1.33.1-k3s1
node_files=$here/../integration-tests/node
packages=(etcd-server containerd runc containernetworking-plugins iptables iproute2 conntrack ethtool kmod
  openssl procps util-linux mount e2fsprogs xfsprogs btrfs-progs)

in_engine() { docker image inspect "$1" >/dev/null 2>&1; }

main() {
  local image
  if [ -n "${CSI_CLONE_NODE_IMAGE:-}" ]; then
    printf '%s\n' "$CSI_CLONE_NODE_IMAGE"
    return
  fi
  "$here/engine.sh" up
  image=$(docker image ls --format '{{.Repository}}:{{.Tag}}' rancher/k3s | grep -v '<none>' | head -n 1 || true)
  if [ -z "$image" ] && ! has_substitute && timeout 60 docker pull -q "$k3s" >/dev/null 2>&1; then
    image=$k3s
  fi
  [ -n "$image" ] || image=$(substitute)
  printf '%s\n' "$image"
}

# Whether a substitute was loaded before: then no registry has to be asked again.
has_substitute() { [ -n "$(docker image ls -q csi-clone/k3s-substitute)" ]; }

substitute() {
  local root binaries own image
  lock node-image
  binaries=$("$here/kubernetes-build.sh")
  root=$(debian_layer node essential "${packages[@]}")
  own=$(own_layer)
  image=csi-clone/k3s-substitute:v1.20.2-$(cat "$root.digest" "$binaries.digest" "$own.digest" "$here/node-image.sh" | sha256sum | cut -c 1-12)
  if ! in_engine "$image"; then
    say "loading $image into the engine"
    write_image "$scratch/node.tar" "$image" '{
      "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "KUBECONFIG=/etc/rancher/k3s/k3s.yaml"],
      "Entrypoint": ["/entrypoint.sh"], "Cmd": ["server"], "ExposedPorts": {"6443/tcp": {}},
      "Volumes": {"/var/lib/containerd": {}, "/var/lib/kubelet": {}, "/var/lib/csi-clone": {}, "/var/log": {}}}' \
      "$root" "$binaries" "$own"
    docker load -q -i "$scratch/node.tar" >&2
  fi
  printf '%s\n' "$image"
}

# The layer of our own files: entry point, configuration and the pause image.
own_layer() {
  local work layer pause
  pause=$(busybox_layer)
  layer=$(layer_path node-files "$(cat "$node_files"/* "$0" "$pause.digest")")
  if [ ! -e "$layer" ]; then
    work=$(new_folder)
    install -D -m 755 "$node_files/entrypoint.sh" "$work/entrypoint.sh"
    install -D -m 644 "$node_files/containerd.toml" "$work/etc/containerd/config.toml"
    install -D -m 644 "$node_files/pods.conflist" "$work/etc/cni/net.d/10-pods.conflist"
    install -D -m 644 "$node_files/kubelet.yaml" "$work/etc/kubernetes/kubelet.yaml"
    mkdir -p "$work/usr/share/node-images"
    write_image "$work/usr/share/node-images/pause.tar" csi-clone/pause:dev \
      '{"Entrypoint": ["/bin/tini-static", "--", "/bin/busybox", "sleep", "2147483647"]}' "$pause"
    store_layer "$layer" tar_folder "$work"
  fi
  printf '%s\n' "$layer"
}

main
