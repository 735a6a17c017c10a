#!/bin/sh
# Written by the role borgstack.platform.docker; run by docker-in-order.service.
#
# stop: stops all containers, each with the signal and the time that it is declared with, and those of a Compose project
# after what needs them. Docker takes that for the operator's will and would not start them with the host: which ones ran
# is written down before.
# start: starts those. What an operator had stopped stays stopped; after a power cut there is nothing to do, since
# Docker starts itself what ran.
set -eu
record=$STATE_DIRECTORY/ran

stop() {
  # Of other restart policies Docker itself knows what to do when the host is back.
  restarted='{{if eq .HostConfig.RestartPolicy.Name "unless-stopped"}}{{.Id}}{{end}}'
  docker ps --quiet --no-trunc | xargs --no-run-if-empty docker inspect --format "$restarted" >"$record.new"
  sync "$record.new"
  mv "$record.new" "$record"
  sync "$STATE_DIRECTORY"
  # What cannot be stopped must not keep the rest from it.
  docker compose ls --quiet | xargs --no-run-if-empty -I '{}' docker compose --project-name '{}' stop || true
  docker ps --quiet | xargs --no-run-if-empty docker stop >/dev/null
}

start() {
  [ -e "$record" ] || exit 0
  # Without Docker this fails, and is tried again when Docker starts.
  docker version --format '{{.Server.Version}}' >/dev/null
  # What is gone since, or does not start, is told in the journal.
  xargs --no-run-if-empty --max-args=1 --max-procs=8 docker start <"$record" >/dev/null || true
  rm "$record"
}

"$1"
