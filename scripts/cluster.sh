#!/usr/bin/env bash
# A developer's cluster with both charts installed: up prints the kubeconfig's path, up --bare leaves the charts out, down removes it all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/jdk-and-maven.sh

cluster() {
  eval "$(scripts/testcontainers-env.sh)"
  # Without it the node would be removed when the command ends.
  export TESTCONTAINERS_REUSE_ENABLE=true
  "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED -Dorg.slf4j.simpleLogger.log.org.testcontainers=error \
    -Dorg.slf4j.simpleLogger.showThreadName=false -Dorg.slf4j.simpleLogger.showShortLogName=true \
    -cp "integration-tests/target/classes:integration-tests/target/lib/*" io.csiclone.cluster.ClusterCommand "$@"
}

case ${1:-} in
  up)
    scripts/engine.sh up >&2
    CSI_CLONE_NODE_IMAGE=$(scripts/node-image.sh)
    export CSI_CLONE_NODE_IMAGE
    [[ ${2:-} == --bare ]] || scripts/part-images.sh >&2
    cluster "$@"
    ;;
  down)
    cluster down
    # Loop devices of volumes that were still in use when the node went.
    CSI_CLONE_RUN=by-hand scripts/cleanup.sh
    ;;
  *) echo "./dev cluster: up or down" >&2; exit 2 ;;
esac
