#!/bin/sh
# Pool connections to POSTGRES_HOST in transaction mode, for the user postgres with POSTGRES_PASSWORD; arguments are
# lines of the configuration's section [pgbouncer].
set -eu
umask 077
cd /tmp
printf '"postgres" "%s"\n' "$POSTGRES_PASSWORD" >users.txt
cat >pgbouncer.ini <<EOF
[databases]
* = host=$POSTGRES_HOST port=5432
[pgbouncer]
listen_addr = *
listen_port = 6432
auth_type = scram-sha-256
auth_file = /tmp/users.txt
pool_mode = transaction
$(printf '%s\n' "$@")
EOF
exec pgbouncer pgbouncer.ini
