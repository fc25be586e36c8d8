#!/usr/bin/env bash
# Every test, tier by tier: formatting and unit, native calls, embedded control plane, cluster.
# Sets up what a tier needs; a tier that ran no test fails the run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/jdk-and-maven.sh

cluster=yes
case ${1:-} in
  "") ;;
  --no-cluster) cluster=no ;;
  *) echo "./dev test: unknown option '$1' (known: --no-cluster)" >&2; exit 2 ;;
esac

if ((EUID != 0)) && [[ $cluster == yes ]]; then
  echo "./dev test: the native and cluster tests need root (loop devices, mounts, a container engine). Run it as root, or with --no-cluster." >&2
  exit 1
fi
if ((EUID == 0)); then scripts/test-packages.sh; fi

# All that the tests put outside of the checkout is below one folder or carries one label, and goes at the end.
tmp=$(mktemp -d "${TMPDIR:-/tmp}/csi-clone-test.XXXXXX")
export CSI_CLONE_RUN=${tmp##*/}
clean_up() {
  scripts/cleanup.sh "$tmp" || true
  rm -rf --one-file-system "$tmp"
}
trap clean_up EXIT

find . -path '*/target/*-reports/TEST-*.xml' -delete 2>/dev/null || true
status=0
echo "== formatting, unit, native and embedded tests"
# Two modules at a time: much of what they do is waiting.
mvn -q -T 2 verify -Dtests.tmp="$tmp" || status=$?

if [[ $cluster == yes && $status == 0 ]]; then
  echo "== cluster tests"
  scripts/engine.sh up
  CSI_CLONE_NODE_IMAGE=$(scripts/node-image.sh)
  export CSI_CLONE_NODE_IMAGE
  scripts/part-images.sh
  eval "$(scripts/testcontainers-env.sh)"
  mvn -q verify -Pcluster -pl integration-tests -am -Dtests.unit.skip=true -Dtests.native.skip=true \
    -Dspotless.check.skip=true -Dtests.tmp="$tmp" || status=$?
fi

tiers=(unit:surefire-reports embedded:embedded-reports)
if ((EUID == 0)); then tiers+=(native:native-reports); else echo "native: not run, needs root"; fi
if [[ $cluster == yes ]]; then tiers+=(cluster:failsafe-reports); fi
scripts/test-count.sh "${tiers[@]}" || status=1
exit "$status"
