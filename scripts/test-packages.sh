#!/usr/bin/env bash
# The tools that the native tests call; installs what is missing (root, Debian).
set -euo pipefail

declare -A package=([mkfs.xfs]=xfsprogs [mkfs.btrfs]=btrfs-progs [mkfs.ext4]=e2fsprogs [losetup]=mount [blkid]=util-linux
  [qemu-img]=qemu-utils [nbdcopy]=libnbd-bin [fio]=fio)
missing=()
for tool in "${!package[@]}"; do
  command -v "$tool" >/dev/null || missing+=("${package[$tool]}")
done
((${#missing[@]})) || exit 0
command -v apt-get >/dev/null || {
  echo "The native tests need these packages: ${missing[*]}. Install them and try again." >&2
  exit 1
}
echo "Installing ${missing[*]}..." >&2
apt-get -q update >/dev/null
DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" >/dev/null
