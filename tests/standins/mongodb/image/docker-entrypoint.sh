#!/bin/sh
# The published image's documented contract: MONGO_INITDB_* (and their _FILE variants) count on an empty /data/db only,
# a temporary server on the loopback interface makes the first user, and with one every later server enforces rights.
set -eu

fail() { printf 'error: %s\n' "$1" >&2; exit 1; }

[ "${1#-}" = "${1:-}" ] || set -- mongod "$@"
[ "${1:-}" = mongod ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  find /data/db /data/configdb \! -user mongodb -exec chown mongodb '{}' +
  exec setpriv --reuid=mongodb --regid=mongodb --init-groups "$0" "$@"
fi

# The published image would ignore it; here it is somebody's mistake.
for name in $(env | sed -n 's/^\(MONGO[A-Z_0-9]*\)=.*/\1/p'); do
  case $name in
    MONGO_INITDB_ROOT_USERNAME | MONGO_INITDB_ROOT_PASSWORD | MONGO_INITDB_ROOT_USERNAME_FILE \
      | MONGO_INITDB_ROOT_PASSWORD_FILE | MONGO_INITDB_DATABASE | MONGO_MAJOR) ;;
    *) fail "the image mongo does not know $name" ;;
  esac
done

if [ -n "${MONGO_INITDB_ROOT_USERNAME_FILE:-}" ]; then
  MONGO_INITDB_ROOT_USERNAME=$(cat "$MONGO_INITDB_ROOT_USERNAME_FILE")
fi
if [ -n "${MONGO_INITDB_ROOT_PASSWORD_FILE:-}" ]; then
  MONGO_INITDB_ROOT_PASSWORD=$(cat "$MONGO_INITDB_ROOT_PASSWORD_FILE")
fi
user=${MONGO_INITDB_ROOT_USERNAME:-}
password=${MONGO_INITDB_ROOT_PASSWORD:-}
if [ "${user:+set}" != "${password:+set}" ]; then
  fail "both of MONGO_INITDB_ROOT_USERNAME and MONGO_INITDB_ROOT_PASSWORD must be set, or none"
fi

shift
[ -z "$user" ] || set -- --auth "$@"
if [ ! -e /data/db/WiredTiger ]; then
  if [ -n "$user" ]; then
    mongod --port 27017 --bind_ip 127.0.0.1 &
    temporary=$!
    until mongosh --quiet --host 127.0.0.1 --eval 'db.adminCommand("ping").ok' >/dev/null 2>&1; do
      kill -0 "$temporary" || fail "the temporary server ended"
      sleep 0.1
    done
    printf '%s\n%s\n' "$user" "$password" | python3 -m standins.mongodb.first_user
    for script in /docker-entrypoint-initdb.d/*; do
      case $script in *.sh) sh "$script" ;; esac
    done
    kill -TERM "$temporary"
    wait "$temporary" || fail "the temporary server did not stop as it should"
  fi
  touch /data/db/WiredTiger
fi
unset MONGO_INITDB_ROOT_PASSWORD MONGO_INITDB_ROOT_USERNAME password user
exec mongod --bind_ip_all "$@"
