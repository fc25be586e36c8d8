#!/usr/bin/env bash
# Counts the tests of each tier (NAME:REPORT-FOLDER) and fails when one ran none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

status=0 passed=0 failed=0 skipped=0
for tier in "$@"; do
  # The counts stand in the opening tag of each suite, which may span lines.
  read -r t f s < <(find . -path "*/target/${tier#*:}/TEST-*.xml" -print0 | xargs -0 -r cat | tr '\n' ' ' |
    grep -o '<testsuite [^>]*>' | awk '
      function n(name) { return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : 0 }
      { t += n("tests"); f += n("errors") + n("failures"); s += n("skipped") }
      END { print t + 0, f + 0, s + 0 }')
  printf '%-9s %4d passed, %d failed, %d skipped\n' "${tier%%:*}:" $((t - f - s)) "$f" "$s"
  if ((t - s == 0)); then
    echo "${tier%%:*}: no test ran" >&2
    status=1
  fi
  if ((f > 0)); then status=1; fi
  passed=$((passed + t - f - s)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
