#!/usr/bin/env bash
# Prints export lines with which Testcontainers runs where no image can be pulled: eval "$(scripts/testcontainers-env.sh)".
# It sees to the engine, the node image and the image of Testcontainers' own checks, so the first run may take minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

"$here/engine.sh" up
node=$("$here/node-image.sh")
docker image inspect csi-clone/busybox:dev >/dev/null 2>&1 || "$here/part-images.sh" busybox

printf 'export %s=%q\n' CSI_CLONE_NODE_IMAGE "$node" \
  TESTCONTAINERS_RYUK_DISABLED true \
  TESTCONTAINERS_TINYIMAGE_CONTAINER_IMAGE csi-clone/busybox:dev
