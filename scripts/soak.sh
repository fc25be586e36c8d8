#!/usr/bin/env bash
# Long campaigns; each writes what came of it to docs/soak/NAME.md: soak.sh NAME [ARGS]
# A campaign is a function here that ends with a failure when it found something.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/jdk-and-maven.sh

# Writes standard input to the campaign's page, beneath its name and its circumstances.
page() {
  mkdir -p docs/soak
  {
    printf '# %s\n\n' "$1"
    printf '    ./dev soak %s\n\n' "$called"
    printf '%s, at %s, %s processors, Linux %s.\n\n' "$(date -u +%F)" "$(git rev-parse --short HEAD)" "$(nproc)" "$(uname -r)"
    cat
  } >"docs/soak/$name.md"
}

number() { # NAME VALUE
  [[ $2 =~ ^[1-9][0-9]*$ ]] || { echo "./dev soak $name: $1 is a number, not '$2'" >&2; exit 2; }
  echo "$2"
}

fuzz-webhook() { # [SECONDS]
  local seconds
  seconds=$(number SECONDS "${1:-600}")
  called="$name $seconds"
  local status=0 log=webhook/target/fuzz-webhook.log
  rm -f webhook/target/fuzz-webhook.json
  mkdir -p webhook/target
  JAZZER_FUZZ=1 mvn test -pl webhook -am -Dtest=ReviewFuzzTest -Dsurefire.failIfNoSpecifiedTests=false \
    -Dtests.native.skip=true -Dspotless.check.skip=true -DredirectTestOutputToFile=false \
    -Djazzer.internal.arg.0=fuzz -Djazzer.internal.arg.1="-max_total_time=$seconds" >"$log" 2>&1 || status=$?
  cat webhook/target/surefire-reports/*ReviewFuzzTest-output.txt >>"$log" 2>/dev/null || true
  local end
  end=$(grep -a -o 'Done [0-9]* runs in [0-9]* second(s)' "$log" | tail -n 1 || true)
  page 'The webhook under arbitrary bodies' <<TEXT
Jazzer, guided by coverage, changes the recorded reviews and sends each to \`/mutate\` and \`/validate\`, one in sixteen through TLS and HTTP.
A finding would be: an answer that is not one to the request's uid, a status of 5xx, an exception, a connection to anywhere but the cluster,
or in each of five tries more than 100 ms of processor time, or 5 s by the clock.

* $([ "$status" = 0 ] && echo "Nothing was found." || echo "**Something was found; see $log.**")
* The fuzzer says: ${end:-nothing, it did not come to its end}.
* What the answers were, and the longest that one input took at its quickest: \`$(cat webhook/target/fuzz-webhook.json 2>/dev/null)\`
TEXT
  return "$status"
}

# Kills processes of a module's test, which writes the page itself.
kills() { # MODULE TEST KILLS [KILLS [SEED]], the first number by default
  ((EUID == 0)) || { echo "./dev soak $name: needs root (loop devices, mounts)" >&2; exit 1; }
  local kills seed
  kills=$(number KILLS "${4:-$3}")
  seed=$(number SEED "${5:-$((RANDOM + 1))}")
  scripts/test-packages.sh
  mkdir -p docs/soak
  mvn -q test -pl "$1" -am -Dtest="$2" -Dsurefire.failIfNoSpecifiedTests=false \
    -Dspotless.check.skip=true -Dsoak.kills="$kills" -Dsoak.seed="$seed" -Dsoak.report="$PWD/docs/soak/$name.md"
}

kill-copy() { kills provisioner-lib/copy-engine KillCopyTest 200 "$@"; }        # [KILLS [SEED]]
kill-driver() { kills driver KillDriverTest 200 "$@"; }                         # [KILLS [SEED]]
kill-provisioner() { kills driver KillProvisionerTest 100 "$@"; }               # [KILLS [SEED]]

csi-requests() { # [REQUESTS [SEED]]
  local requests seed status=0 output=provisioner-lib/csi/target/surefire-reports
  requests=$(number REQUESTS "${1:-100000}")
  seed=$(number SEED "${2:-$((RANDOM + 1))}")
  called="$name $requests $seed"
  mvn -q test -pl provisioner-lib/csi -am -Dtest=AnyRequestTest -Dsurefire.failIfNoSpecifiedTests=false \
    -Dtests.native.skip=true -Dspotless.check.skip=true -Dcsi.requests="$requests" -Dcsi.seed="$seed" || status=$?
  page 'The driver under requests of any shape' <<TEXT
Random messages of every kind, well-formed on the wire and without regard for what they mean, sent by four callers to all three services over the socket.
A finding would be: an answer that tells of a fault of the driver (INTERNAL, UNKNOWN, UNAVAILABLE), one that takes more than 20 s, or a file outside the pool.

* $([ "$status" = 0 ] && echo "Nothing was found." || echo "**Something was found; see $output.**")
* \`$(grep -h 'requests, seed' "$output"/*AnyRequestTest-output.txt | tail -n 1)\`
TEXT
  return "$status"
}

name=${1:-}
shift || true
case $name in
  fuzz-webhook | kill-copy | kill-driver | kill-provisioner | csi-requests) "$name" "$@" ;;
  *) echo "./dev soak: unknown campaign '$name'; there are fuzz-webhook [SECONDS], kill-copy [KILLS [SEED]], kill-driver [KILLS [SEED]], kill-provisioner [KILLS [SEED]], csi-requests [REQUESTS [SEED]]" >&2; exit 2 ;;
esac
echo "see docs/soak/$name.md"
