#!/usr/bin/env bash
# Records what a real API server sends, for the tests that read it: record.sh reviews
# The recordings go into the checkout, in a folder named after the server's version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/jdk-and-maven.sh

# Runs the cluster test $1, which keeps what it sees.
record() {
  scripts/part-images.sh
  eval "$(scripts/testcontainers-env.sh)"
  mvn -q verify -Pcluster -pl integration-tests -am -Dit.test="$1" -Dfailsafe.failIfNoSpecifiedTests=false \
    -Dtests.unit.skip=true -Dtests.native.skip=true -Dspotless.check.skip=true -Dcsiclone.record=true
}

case ${1:-} in
  reviews) record ClassDefaultingIT ;;
  *) echo "./dev record: reviews" >&2; exit 2 ;;
esac
