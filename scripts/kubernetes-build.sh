#!/usr/bin/env bash
# Builds Kubernetes' node and control plane from Debian's source package and prints the file of the layer that holds the
# binaries under /usr/bin. About four minutes on two cores; the result is cached by the package's version and the steps of the build.
set -euo pipefail
# shellcheck source=images.sh
. "$(dirname "$0")/images.sh"

package=kubernetes_1.20.5+really1.20.2
version=1.20.2
parts=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)

build() {
  local work=$1 flags="-s -w" module
  export GOPATH=$work/gopath GOCACHE=$work/gocache GO111MODULE=off CGO_ENABLED=0 HOME=$work PATH=/usr/lib/go-1.19/bin:$PATH
  unset GOFLAGS GOROOT
  mkdir -p "$GOPATH/src/k8s.io"
  cd "$GOPATH/src/k8s.io"
  private_apt apt-get source --download-only --only-source "kubernetes=$(source_version)"
  dpkg-source --no-check -x kubernetes_*.dsc kubernetes
  cd kubernetes
  # The vendored reflect2 1.0.1 calls the runtime as it was before Go 1.18: writing a map as JSON crashes. Debian has 1.0.2.
  rm -r vendor/github.com/modern-go/reflect2
  cp -r /usr/share/gocode/src/github.com/modern-go/reflect2 vendor/github.com/modern-go/
  # The API server does not build without its generated OpenAPI definitions.
  make gen_openapi
  # The vendored paths are those the binaries are linked with; stamped elsewhere they would call themselves v0.0.0.
  for module in component-base/version client-go/pkg/version; do
    module=k8s.io/kubernetes/vendor/k8s.io/$module
    flags+=" -X $module.gitVersion=v$version -X $module.gitMajor=1 -X $module.gitMinor=20 -X $module.gitTreeState=clean"
  done
  mkdir -p "$work/root/usr/bin"
  go build -trimpath -ldflags "$flags" -o "$work/root/usr/bin/" "${parts[@]/#/./cmd/}"
}

source_version() {
  private_apt apt-cache showsrc --only-source kubernetes |
    awk -v wanted="${package#*_}" '$1 == "Version:" && index($2, wanted) == 1 { print $2; exit }'
}

lock kubernetes
layer=$(layer_path kubernetes "$package ${parts[*]} $(declare -f build)")
if [ ! -e "$layer" ]; then
  refresh_private_apt 720
  install_packages golang-1.19-go golang-github-modern-go-reflect2-dev make rsync dpkg-dev
  [ -n "$(source_version)" ] || die "the machine's Debian mirror has no source package $package."
  work=$(new_folder)
  say "building Kubernetes $version, log in $cache/kubernetes.log"
  # In the background, because a function tested with || would not stop at its first failure.
  build "$work" >"$cache/kubernetes.log" 2>&1 &
  wait $! || die "Kubernetes does not build; see $cache/kubernetes.log, which ends: $(tail -n 1 "$cache/kubernetes.log")"
  store_layer "$layer" tar_folder "$work/root"
fi
printf '%s\n' "$layer"
