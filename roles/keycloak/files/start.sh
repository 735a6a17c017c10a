#!/bin/sh
# Runs kc.sh on what was built before, by this image and for these options; builds it where there is no such thing.
#
# The published image is built for no database in particular: a start without a build takes as long as both, each time
# that the container is made anew.
set -eu
home=/opt/keycloak
built=$home/lib/quarkus
kept=$home/data/built

# Whatever a build takes in: the image, what was added to it, and options. A few too many only cost a build.
sources() {
  cat "$home/version.txt"
  find "$home/lib/lib" "$home/providers" "$home/conf" -type f -printf '%p %s %T@\n' | sort
  env | sort | while read -r setting; do
    case $setting in
      KC_*PASSWORD*) ;;
      KC_*) echo "$setting" ;;
    esac
  done
}

of=$(sources | sha256sum)
if [ "$(cat "$kept/of" 2>/dev/null)" = "$of" ]; then
  cp "$kept"/files/* "$built"
else
  (
    # A build has no use for them, so that it cannot keep them.
    unset KC_DB_PASSWORD KC_BOOTSTRAP_ADMIN_PASSWORD
    "$home/bin/kc.sh" build
  )
  rm -rf "$kept"
  mkdir -p "$kept/files"
  cp "$built"/* "$kept/files"
  # Last: what is half copied counts for nothing.
  echo "$of" >"$kept/of"
fi
exec "$home/bin/kc.sh" "$@"
