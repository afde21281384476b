#!/usr/bin/env bash
# Stop the server that up.sh started and remove its folder (--keep: stop it only; up.sh starts it again as it was).
set -euo pipefail
home=${FABRICA_POSTGRES_HOME:-/var/tmp/fabrica-postgres}
[ -f "$home/data/PG_VERSION" ] || exit 0
bin=/usr/lib/postgresql/$(cat "$home/data/PG_VERSION")/bin
as=""; [ "$(id -u)" = 0 ] && as="runuser -u postgres --"
if (cd / && $as "$bin/pg_ctl" -D "$home/data" status >/dev/null 2>&1); then
  (cd / && $as "$bin/pg_ctl" -D "$home/data" -m immediate -w -t 60 stop >/dev/null)
fi
[ "${1:-}" = --keep ] || rm -rf "$home"
