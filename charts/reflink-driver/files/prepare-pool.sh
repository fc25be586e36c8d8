# Mounts an XFS image on the pool folder, and makes it before if it does not exist.
# Environment: POOL, the folder; SIZE, of a new image. Run as root with the node's /dev; a mount made here must reach
# the node, so the folder above POOL has to be mounted with bidirectional propagation.
set -eu
image=$POOL.img

mkdir -p "$POOL"
if mountpoint -q "$POOL"; then
  echo "$POOL is mounted already"
  exit 0
fi

if [ ! -e "$image" ]; then
  rm -f "$image.new"
  truncate -s "$SIZE" "$image.new"
  # Without what kernels before 5.10 cannot mount.
  mkfs.xfs -q -m reflink=1,bigtime=0,inobtcount=0 "$image.new"
  sync "$image.new"
  mv "$image.new" "$image"
  echo "made $image of $SIZE"
fi

# Another process may take the free device first.
for attempt in 1 2 3 4 5; do
  device=$(losetup -f)
  # The kernel makes it known to its own /dev only; a node that is a container has another.
  [ -b "$device" ] || mknod -m 0660 "$device" b 7 "${device#/dev/loop}"
  if losetup "$device" "$image"; then
    if mount -t xfs "$device" "$POOL"; then
      # It stays attached until the unmount, and goes then.
      losetup -d "$device"
      echo "mounted $image on $POOL"
      exit 0
    fi
    losetup -d "$device"
    echo "cannot mount $image on $POOL" >&2
    exit 1
  fi
  echo "attempt $attempt: $device was not free" >&2
  sleep 1
done
echo "no free loop device for $image" >&2
exit 1
