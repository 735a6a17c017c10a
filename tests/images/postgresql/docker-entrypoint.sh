#!/bin/bash
# The published image's documented contract, nothing more: POSTGRES_* read on an empty data directory only, _FILE
# variants for four of them, the 18+ volume layout enforced, initialisation on a socket-only server.
set -Eeuo pipefail

fail() { printf 'Error: %s\n' "$1" >&2; exit 1; }

value_or_file() {
  local name=$1 file_name=${1}_FILE
  if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then fail "both $name and $file_name are set"; fi
  if [ -n "${!file_name:-}" ]; then export "$name=$(<"${!file_name}")"; fi
  unset "$file_name"
}

[ "${1:-}" = postgres ] || [ "${1#-}" != "${1:-}" ] || exec "$@"
[ "${1#-}" = "$1" ] || set -- postgres "$@"

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
  find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$BASH_SOURCE" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if grep -q ' /var/lib/postgresql/data ' /proc/self/mounts; then
    fail "unused mount/volume at /var/lib/postgresql/data: mount a single volume at /var/lib/postgresql"
  fi
  for name in POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB POSTGRES_INITDB_ARGS; do value_or_file "$name"; done
  : "${POSTGRES_USER:=postgres}" "${POSTGRES_DB:=$POSTGRES_USER}" "${POSTGRES_INITDB_ARGS:=}"
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    fail "POSTGRES_PASSWORD is not set and the database is not initialised"
  fi
  # Word splitting is the documented behaviour of POSTGRES_INITDB_ARGS.
  # shellcheck disable=SC2086
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") $POSTGRES_INITDB_ARGS
  method=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption "-D" "$PGDATA")}
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
  export PGPASSWORD=$POSTGRES_PASSWORD
  pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
  if [ "$POSTGRES_DB" != postgres ]; then
    createdb --username "$POSTGRES_USER" --no-password --maintenance-db postgres "$POSTGRES_DB"
  fi
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) bash "$script" ;;
      *.sql) psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --dbname "$POSTGRES_DB" -f "$script" ;;
    esac
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
fi
exec "$@"
