#!/usr/bin/env bash
# Long campaigns, one a name; each writes its result, with its seed, below docs/soak.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/jdk-and-maven.sh

kill_copy() { # [KILLS [SEED]]
  ((EUID == 0)) || { echo "./dev soak kill-copy: needs root (loop devices, mounts)" >&2; exit 1; }
  scripts/test-packages.sh
  mkdir -p docs/soak
  mvn -q test -pl provisioner-lib/copy-engine -am -Dtest=KillCopyTest -Dsurefire.failIfNoSpecifiedTests=false \
    -Dspotless.check.skip=true -Dsoak.kills="${1:-200}" -Dsoak.seed="${2:-$RANDOM}" -Dsoak.report="$PWD/docs/soak/kill-copy.md"
}

case ${1:-} in
  kill-copy) kill_copy "${@:2}" ;;
  *) echo "./dev soak: unknown campaign '${1:-}' (known: kill-copy [KILLS [SEED]])" >&2; exit 2 ;;
esac
