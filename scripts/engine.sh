#!/usr/bin/env bash
# Makes sure that a Docker engine answers, or stops the one that this script started.
#
#   engine.sh up      nothing if `docker info` works; else, as root on Debian, installs and starts one
#   engine.sh down    stops the engine that `up` started, and no other
#
# The daemon outlives the calling shell. Its data, log and pid file lie in the engine folder of the cache.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

state=$cache/engine
pidfile=$state/dockerd.pid

answers() { timeout 10 docker info >/dev/null 2>&1; }

# A process that has ended stays in /proc until its parent asks for it, which may be never.
lives() { grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status"; }

ours() {
  local pid
  pid=$(cat "$pidfile" 2>/dev/null) && lives "$pid" && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]
}

up() {
  answers && return
  [ -z "${DOCKER_HOST:-}" ] || die "no engine answers at DOCKER_HOST=$DOCKER_HOST: start it or unset the variable."
  need_debian "no Docker engine answers, and installing one"
  need_root "no Docker engine answers, and starting one"
  lock engine
  answers && return
  if ! command -v dockerd >/dev/null; then
    # Older engines cannot start a privileged container where a capability is missing from the bounding set.
    install_packages docker.io iptables
  fi
  command -v docker >/dev/null || install_packages docker-cli
  answers && return # where systemd runs, the package has started it
  start
}

start() {
  mkdir -p "$state/data"
  ours && die "the engine of process $(cat "$pidfile") runs but does not answer; see $state/dockerd.log."
  rm -f "$pidfile"
  say "starting dockerd"
  # Without our descriptors: a lock that the caller holds would be the daemon's for as long as it lives.
  (
    for fd in /proc/self/fd/*; do
      ((${fd##*/} <= 2)) || eval "exec ${fd##*/}>&-"
    done
    exec setsid dockerd --pidfile "$pidfile" --data-root "$state/data" </dev/null >"$state/dockerd.log" 2>&1
  ) &
  local pid=$!
  for _ in {1..60}; do
    answers && return
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.5
  done
  tail -n 5 "$state/dockerd.log" >&2
  die "dockerd did not come up within 30 seconds; see $state/dockerd.log."
}

down() {
  ours || return 0
  local pid
  pid=$(cat "$pidfile")
  say "stopping dockerd, process $pid"
  kill "$pid"
  for _ in {1..60}; do
    lives "$pid" || return 0
    sleep 0.5
  done
  die "dockerd, process $pid, did not stop within 30 seconds."
}

case "${1:-}" in
  up | down) "$1" ;;
  *) die "usage: engine.sh up|down" ;;
esac
