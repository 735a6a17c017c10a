#!/bin/bash
# Start a server with an empty data directory and the password in POSTGRES_PASSWORD; arguments go to the server.
set -euo pipefail
initdb --username=postgres --auth=scram-sha-256 --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
  --encoding=UTF8 --locale=C.UTF-8 >/dev/null
printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
