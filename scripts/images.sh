# shellcheck shell=bash
# Container images without registry and without engine: layers are tars that are cached by what they are made of, and an
# image is a tar of layers in the format of `docker save`, which `docker load` and `ctr images import` read.
# Sourced; it brings lib.sh along.

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mkdir -p "$cache"
scratch=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# Prints a new empty folder that everyone may read; all of them go when the script ends.
new_folder() {
  local folder
  folder=$(mktemp -d -p "$scratch")
  chmod 755 "$folder"
  printf '%s\n' "$folder"
}

# Prints where the layer $1 with the key $2 lies in the cache.
layer_path() { printf '%s/layers/%s-%s.tar.zst' "$cache" "$1" "$(printf '%s' "$2" | sha256sum | cut -c 1-12)"; }

# Stores the tar that a command writes as the layer file $1, with the digest of its uncompressed bytes beside it. The
# command follows; nothing is stored if it fails.
store_layer() {
  local layer=$1
  shift
  mkdir -p "$(dirname "$layer")"
  command -v zstd >/dev/null || install_packages zstd
  "$@" | zstd -q -1 -T0 -f -o "$layer.part" - || die "the layer $(basename "$layer") cannot be made; see above."
  zstd -q -dc "$layer.part" | sha256sum | cut -d ' ' -f 1 >"$layer.digest"
  mv "$layer.part" "$layer"
}

# A tar of the folder $1 on stdout, the same bytes for the same files.
tar_folder() { tar -C "$1" --sort=name --mtime=@0 --owner="${2:-0}" --group="${2:-0}" --numeric-owner -cf - .; }

# What identifies Debian packages as they would be installed now.
package_versions() { private_apt apt-cache show --no-all-versions "$@" | grep -E '^(Package|Version):'; }

# A tar of a Debian root on stdout: mmdebstrap's variant, packages. Without root it needs subordinate user ids.
debian_root() {
  local variant=$1
  shift
  debian_sources deb | SOURCE_DATE_EPOCH=1 mmdebstrap --quiet --mode=auto --variant="$variant" --format=tar \
    --include="$(IFS=, && echo "$*")" --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "$(os_release VERSION_CODENAME)" - -
}

# Prints the file of a layer with a Debian root: name, mmdebstrap's variant, packages.
debian_layer() {
  local name=$1 variant=$2 layer
  shift 2
  refresh_private_apt 10080
  layer=$(layer_path "$name" "$variant $(package_versions "$@")")
  if [ ! -e "$layer" ]; then
    install_packages mmdebstrap
    refresh_private_apt 60
    layer=$(layer_path "$name" "$variant $(package_versions "$@")")
    say "making the layer $name"
    store_layer "$layer" debian_root "$variant" "$@"
  fi
  printf '%s\n' "$layer"
}

# Prints the file of a layer with a static busybox under the names of all its applets, and a static init.
busybox_layer() {
  local debian layer work
  debian=$(debian_layer busybox-packages extract busybox-static tini)
  layer=$(layer_path busybox "$(cat "$debian.digest" "${BASH_SOURCE[0]}")")
  if [ ! -e "$layer" ]; then
    work=$(new_folder)
    mkdir "$work/packages" "$work/root"
    zstd -q -dc "$debian" | tar -C "$work/packages" -xf - --wildcards '*/busybox' '*/tini-static'
    mkdir -p "$work"/root/{bin,sbin,usr/bin,usr/sbin,etc,root,proc,sys,dev,var}
    mkdir -m 1777 "$work/root/tmp"
    find "$work/packages" -name busybox -type f -perm -u+x -exec cp {} "$work/root/bin/" ';'
    find "$work/packages" -name tini-static -type f -exec cp {} "$work/root/bin/" ';'
    "$work/root/bin/busybox" --list-full | while read -r applet; do
      [ -e "$work/root/$applet" ] || ln -s /bin/busybox "$work/root/$applet"
    done
    echo 'root:x:0:0:root:/root:/bin/sh' >"$work/root/etc/passwd"
    store_layer "$layer" tar_folder "$work/root"
  fi
  printf '%s\n' "$layer"
}

# Writes the image $2 to the tar $1: its configuration as JSON ($3), then its layer files from bottom to top.
write_image() {
  local tar=$1 name=$2 config=$3 work layer digests=() names=()
  shift 3
  work=$(new_folder)
  for layer in "$@"; do
    digests+=("\"sha256:$(cat "$layer.digest")\"")
    names+=("$(basename "$layer")")
    ln -s "$layer" "$work/"
  done
  printf '{"architecture":"%s","os":"linux","created":"1970-01-01T00:00:00Z","config":%s,"rootfs":{"type":"layers","diff_ids":[%s]}}' \
    "$(dpkg --print-architecture)" "$config" "$(IFS=, && echo "${digests[*]}")" >"$work/config.json"
  printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":[%s]}]' "$name" "$(printf ',"%s"' "${names[@]}" | cut -c 2-)" >"$work/manifest.json"
  mkdir -p "$(dirname "$tar")"
  tar -C "$work" -chf "$tar.part" --mtime=@0 manifest.json config.json "${names[@]}"
  mv "$tar.part" "$tar"
}
