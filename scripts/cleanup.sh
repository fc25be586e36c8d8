#!/usr/bin/env bash
# Removes what test runs have left behind, and nothing that anyone still uses; safe to call at any time.
#
#   cleanup.sh [FOLDER]...
#
# - Containers with the label io.csiclone.run; with CSI_CLONE_RUN set, only those whose label has that value.
# - Loop devices that our pools and volumes in containers had, once no living process can reach their backing file. A
#   container that is killed takes its mounts along, but its loop devices are the host kernel's and stay.
# - With folders: mounts under them, and loop devices whose backing file lies under them.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

containers() {
  local ids
  timeout 10 docker info >/dev/null 2>&1 || return 0
  mapfile -t ids < <(docker ps -aq --filter "label=io.csiclone.run${CSI_CLONE_RUN:+=$CSI_CLONE_RUN}")
  [ ${#ids[@]} = 0 ] && return
  say "removing ${#ids[@]} containers"
  timeout 120 docker rm -f -v "${ids[@]}" >/dev/null || say "some containers could not be removed"
}

# Prints for each loop device: itself, its file's inode, the file's path as the kernel sees it from here, and the name
# given at set-up. After an unmount the path says little. The name shows where /sys is hidden from losetup.
loop_devices() {
  join <(losetup -l -n --raw -O NAME,BACK-INO,BACK-FILE | sort) <(
    unshare -m sh -c 'mount -t tmpfs none /sys && exec losetup -l -n --raw -O NAME,BACK-FILE' | sort
  )
}

# Whether any living process still sees the file of inode $1 at one of the further arguments; one process for each mount
# namespace is asked.
reachable() {
  local inode=$1 root path
  shift
  for root in "${roots[@]}"; do
    for path in "$@"; do
      [ "$(stat -c %i "$root$path" 2>/dev/null)" = "$inode" ] && return
    done
  done
  return 1
}

orphaned_loop_devices() {
  local devices device inode path name roots orphans=() left
  # First the devices, then the namespaces: one that comes later owns none of these devices.
  mapfile -t devices < <(loop_devices)
  mapfile -t roots < <(stat -L -c '%i %n' /proc/[0-9]*/ns/mnt 2>/dev/null | sort -u -k 1,1 | sed 's|^[0-9]* \(.*\)/ns/mnt$|\1/root|')
  for device in "${devices[@]}"; do
    read -r _ inode path name <<<"$device"
    case "$name" in
      */csi-clone*/*.img | /var/lib/kubelet/*/kubernetes.io/csi/*) ;;
      *) continue ;;
    esac
    reachable "$inode" "$path" "$name" || orphans+=("${device%% *} $inode $name")
  done
  [ ${#orphans[@]} = 0 ] && return
  say "detaching ${orphans[*]%% *}"
  # A volume's device goes first; only then can that of the pool it lay in.
  for _ in {1..10}; do
    mapfile -t left < <(comm -12 <(loop_devices | awk '{ print $1, $2, $4 }' | sort) <(printf '%s\n' "${orphans[@]}" | sort))
    [ ${#left[@]} = 0 ] && return
    for device in "${left[@]}"; do losetup -d "${device%% *}" 2>/dev/null || true; done
    sleep 0.3
  done
  say "these loop devices are still held: ${left[*]%% *}"
}

# Unmounts what is mounted under the folder $1, the newest mount first, and detaches the loop devices of files in it.
under_folder() {
  local folder device name target
  folder=$(cd "$1" 2>/dev/null && pwd -P) || return 0
  for _ in 1 2 3; do
    while read -r target; do
      say "unmounting $target"
      umount "$target" 2>/dev/null || umount -l "$target" || true
    done < <(awk -v folder="$folder/" 'index($2 "/", folder) == 1 { print $2 }' /proc/self/mounts | tac)
    while read -r device name; do
      [[ $name == "$folder"/* ]] || continue
      say "detaching $device of $name"
      losetup -d "$device" 2>/dev/null || true
    done < <(losetup -l -n --raw -O NAME,BACK-FILE)
  done
}

containers
[ "$(id -u)" = 0 ] || exit 0 # without root no test made mounts or loop devices
orphaned_loop_devices
for folder in "$@"; do under_folder "$folder"; done
