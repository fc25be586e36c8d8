#!/usr/bin/env bash
# Long campaigns; each writes what came of it to docs/soak/NAME.md: soak.sh NAME [SECONDS]
# A campaign is a function here that ends with a failure when it found something.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/jdk-and-maven.sh

# Writes standard input to the campaign's page, beneath its name and its circumstances.
page() {
  mkdir -p docs/soak
  {
    printf '# %s\n\n' "$1"
    printf '    ./dev soak %s %s\n\n' "$name" "$seconds"
    printf '%s, at %s, %s processors, Linux %s.\n\n' "$(date -u +%F)" "$(git rev-parse --short HEAD)" "$(nproc)" "$(uname -r)"
    cat
  } >"docs/soak/$name.md"
}

fuzz-webhook() {
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

name=${1:-}
seconds=${2:-600}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "./dev soak: SECONDS is a number, not '$seconds'" >&2; exit 2; }
case $name in
  fuzz-webhook) "$name" ;;
  *) echo "./dev soak: fuzz-webhook" >&2; exit 2 ;;
esac
echo "see docs/soak/$name.md"
