#!/bin/sh
# Kept by Ansible; changes made here are overwritten.
# Redis takes users from a file only, and keeps that file itself once it runs. So the first start writes it, and a
# later one changes nothing but the two users of the platform, whose password may have been rotated meanwhile.
# Nobody logs in as default. But when Redis reads its append-only file at a start, it judges transactions by the rights of
# that user (redis/redis#14541), drops those that he may not do, and with them the change of the logical database.
set -eu
users=/data/users.acl
umask 077
touch "$users"
{
  grep -v -e '^user default ' -e '^user platform ' -e '^user health ' "$users" || true
  echo "user default off resetpass ~* &* +@all"
  echo "user platform on #$PLATFORM_ADMIN_HASH ~* &* +@all"
  echo "user health on #$PLATFORM_HEALTH_HASH -@all +ping"
} >"$users.new"
mv "$users.new" "$users"
# The image's entry point hands /data to the user redis only where it knows every file in it, and it does not know the
# users'. So whatever is not redis' yet is made so here: that file, and what a restore or an older image left as root's.
find /data ! -user redis -exec chown -h redis:redis {} +
unset PLATFORM_ADMIN_HASH PLATFORM_HEALTH_HASH REDISCLI_AUTH
exec docker-entrypoint.sh redis-server /usr/local/etc/platform/redis.conf
