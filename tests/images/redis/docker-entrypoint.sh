#!/bin/bash
# Does what the published image's does, step by step (see CONTRACT.md), in words of its own.
set -e

as_redis() { setpriv --reuid redis --regid redis --clear-groups "$@"; }

# Whether it may have a capability at all, by the name that setpriv's dump has for it: setuid, sys_resource, …
may() { setpriv --dump | grep -q "Capability bounding set:.*\b$1\b"; }

left_alone() { echo "Notice: Unknown file '$1' found in $2. Permissions will not be modified."; }

# Makes files (by name, each ended by a zero byte) usable for the user redis; a failure is told and stops nothing.
hand_over() {
  local file wanted
  while IFS= read -r -d '' file; do
    wanted=$1
    case $wanted in
      rw) ! as_redis test -r "$file" -a -w "$file" || continue ;;
      r) ! as_redis test -r "$file" || continue ;;
    esac
    [ ! -d "$file" ] || wanted=${wanted}x
    chown redis "$file" || echo "Warning: cannot change owner to 'redis' for '$file'"
    chmod "u+$wanted" "$file" || echo "Warning: cannot change mode to 'u+$wanted' for '$file'"
  done
}

# A directory that holds anything unexpected is left alone as a whole.
hand_over_data() {
  local stranger
  stranger=$(find . -mindepth 1 -maxdepth 1 ! -name '*.rdb' ! \( -type d -name appendonlydir \) -print -quit)
  if [ -n "$stranger" ]; then
    left_alone "$stranger" "data dir"
  else
    find . -print0 | hand_over rw
  fi
}

hand_over_configuration() {
  local folder stranger
  [ -f "$1" ] || return 0
  folder=$(dirname "$1")
  stranger=$(find "$folder" -mindepth 1 -maxdepth 1 ! -name "$(basename "$1")" -print -quit)
  if [ -n "$stranger" ]; then
    left_alone "$stranger" "'$folder'"
  else
    printf '%s\0' "$folder" "$1" | hand_over r
  fi
}

if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi
is_server=
[ "$(basename "$1")" != redis-server ] || is_server=yes
configuration=
[ "${2#-}" != "${2:-}" ] || configuration=${2:-}

if [ -n "$is_server" ] && [ -z "$SKIP_DROP_PRIVS" ] && [ "$(id -u)" = 0 ] && may setuid && may setgid; then
  if [ -z "$SKIP_FIX_PERMS" ]; then
    hand_over_data
    hand_over_configuration "$configuration"
  fi
  kept=
  ! may sys_resource || kept=,+sys_resource
  exec setpriv --reuid redis --regid redis --clear-groups --nnp \
    --inh-caps=-all$kept --ambient-caps=-all$kept --bounding-set=-all$kept "$0" "$@"
fi

if [ "$(umask)" = 0022 ]; then umask 0077; fi
# Here the published image appends --loadmodule for each of its modules; this one has none.
[ -z "$is_server" ] || echo "Starting Redis Server"
exec "$@"
