#!/usr/bin/env bash
# The public API of the published modules beside its baseline: api.sh check|accept (docs/decisions/0090).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/jdk-and-maven.sh

modules=()
for baseline in provisioner-lib/*/api-baseline.jar; do modules+=("$(dirname "$baseline")"); done
list=$(IFS=,; echo "${modules[*]}")
build() { mvn -q "$@" -pl "$list" -am -DskipTests -Dmaven.test.skip=true -Dspotless.check.skip=true; }

case ${1:-check} in
  check) build verify ;;
  accept)
    build verify -Dapi.held=false
    for module in "${modules[@]}"; do
      grep -v '^=== \|^Comparing ' "$module/target/japicmp/api.diff" | sed "s|^|${module##*/}: |" || true
      # Not its sources or documentation, which a release builds beside it.
      jar=$(find "$module/target" -maxdepth 1 -name 'csi-clone-*.jar' ! -name '*-sources.jar' ! -name '*-javadoc.jar')
      "$JAVA_HOME/bin/java" scripts/HeaderJar.java "$jar" "$module/api-baseline.jar"
    done
    ;;
  *) echo "./dev api: unknown command '$1' (known: check, accept)" >&2; exit 2 ;;
esac
