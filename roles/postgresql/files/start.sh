#!/bin/sh
# Kept by Ansible; changes made here are overwritten.
# The server reads its key as the user postgres, who may not read what is root's. So root lays it where only he may, and
# hands over to the image's entry point, which becomes him.
set -eu
key=/run/postgresql/server.key
(umask 077 && cp /usr/local/etc/platform/server.key "$key")
chown postgres:postgres "$key"
exec docker-entrypoint.sh "$@"
