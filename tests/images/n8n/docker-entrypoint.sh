#!/bin/sh
# As in the published image: the arguments are n8n's own.
exec n8n "$@"
