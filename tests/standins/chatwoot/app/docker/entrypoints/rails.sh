#!/bin/sh
# As the published one: a stale pid file is removed, PostgreSQL is waited for, then the command runs.
set -x
rm -rf /app/tmp/pids/server.pid /app/tmp/cache/*
until pg_isready -h "$POSTGRES_HOST" -p "${POSTGRES_PORT:-5432}" -U "$POSTGRES_USERNAME"; do sleep 2; done
bundle install
until bundle check; do sleep 2; done
exec "$@"
