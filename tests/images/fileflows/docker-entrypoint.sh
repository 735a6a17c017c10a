#!/bin/bash
# What the published image's entry point does with PUID and PGID, step by step; CONTRACT.md says where each is from.
set -e

if [ -z "$PUID" ]; then
  # As root, and the shell becomes the server.
  exec python3 /app/standin/server.py
fi

group="${PGID:-$PUID}"
user=fileflows
if id "$PUID" >/dev/null 2>&1; then
  user="$(id -nu "$PUID")"
else
  getent group "$group" >/dev/null || groupadd -g "$group" fileflows
  useradd -u "$PUID" -g "$group" "$user"
fi
chown -R "$PUID:$group" /app
# So that a server that is not root may call `su` for its DockerMods.
passwd -d root >/dev/null
# The shell stays, and waits.
su -c "python3 /app/standin/server.py" "$user"
