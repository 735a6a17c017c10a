#!/bin/sh
# The published image rewrites its command by the first word; options given by the user come last and win.
set -e
word=$1
[ $# -eq 0 ] || shift
case $word in
  server) exec weed server -dir=/data -volume.max=0 -master.volumePreallocate -master.volumeSizeLimitMB=1024 "$@" ;;
  master) exec weed master -mdir=/data -volumePreallocate -volumeSizeLimitMB=1024 "$@" ;;
  volume) exec weed volume -dir=/data -max=0 "$@" ;;
  s3) exec weed s3 -domainName="$S3_DOMAIN_NAME" -key.file="$S3_KEY_FILE" -cert.file="$S3_CERT_FILE" "$@" ;;
  *) exec weed "$word" "$@" ;;
esac
