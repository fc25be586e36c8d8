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

# Prints device, inode, device number of the file system and name given at set-up for each loop device. Without /sys,
# losetup asks the kernel for that name; in /sys stands the path as seen from here, which is nothing after an unmount.
loop_devices() {
  local inode device number name
  declare -A names=()
  while read -r device name; do names[$device]=$name; done < <(
    unshare -m sh -c 'mount -t tmpfs none /sys && exec losetup -l -n --raw -O NAME,BACK-FILE'
  )
  while read -r device inode number; do
    printf '%s %s %s %s\n' "$device" "$inode" "$number" "${names[$device]:-}"
  done < <(losetup -l -n --raw -O NAME,BACK-INO,BACK-MAJ:MIN)
}

# Whether the file of inode $1 is still to be seen under the name $2 by any living process.
reachable() {
  local root
  for root in "${roots[@]}"; do
    [ "$(stat -c %i "$root$2" 2>/dev/null)" = "$1" ] && return
  done
  return 1
}

# Detaches orphans until none is left: a volume's device goes first, then the pool it lay in can go.
orphaned_loop_devices() {
  local device inode number name round found orphans=() roots=()
  # One process for each mount namespace is enough.
  mapfile -t roots < <(stat -L -c '%i %n' /proc/[0-9]*/ns/mnt 2>/dev/null | sort -u -k 1,1 | sed 's|^[0-9]* \(.*\)/ns/mnt$|\1/root|')
  for round in {1..10}; do
    found=0
    while read -r device inode number name; do
      case "$name" in
        */csi-clone*/*.img | /var/lib/kubelet/*/kubernetes.io/csi/*) ;;
        *) continue ;;
      esac
      reachable "$inode" "$name" && continue
      [ "$round" = 1 ] && orphans+=("$device")
      losetup -d "$device" 2>/dev/null || true
      found=1
    done < <(loop_devices)
    [ $found = 0 ] && break
    sleep 0.3
  done
  [ ${#orphans[@]} = 0 ] || say "detached ${orphans[*]}"
  [ $found = 0 ] || say "some of these loop devices are still held: ${orphans[*]}"
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
