#!/usr/bin/env bash
# Start a throw-away PostgreSQL server of its own and print the DATABASE_URL to export:
#
#   export DATABASE_URL="$(tests/postgres/up.sh)"
#
# FABRICA_POSTGRES_HOME  its folder (default /var/tmp/fabrica-postgres); FABRICA_POSTGRES_PORT  its port on 127.0.0.1
# (default 16950). Run again it does nothing but print. It forgets what it holds when the machine loses its power:
# nothing is flushed to the disk. The server never runs as root: started by root, it runs as the user postgres.
set -euo pipefail
home=${FABRICA_POSTGRES_HOME:-/var/tmp/fabrica-postgres}
port=${FABRICA_POSTGRES_PORT:-16950}
newest() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1; }
bin=$(newest)
if [ -z "$bin" ]; then
  echo "PostgreSQL is missing: it is installed with apt." >&2
  sudo=""; [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq postgresql >/dev/null
  bin=$(newest)
fi
as=""; owner=$(id -un)
if [ "$(id -u)" = 0 ]; then as="runuser -u postgres --"; owner=postgres; fi
running() { (cd / && $as "$bin/pg_ctl" -D "$home/data" status >/dev/null 2>&1); }
mkdir -p "$home"
exec 9>"$home/lock"; flock -w 60 9 # two at once: the second waits, and finds it running
if [ ! -f "$home/made" ]; then
  rm -rf "$home/data" "$home/socket" "$home/password"
  install -d -m 700 -o "$owner" "$home/data"
  install -d -m 755 -o "$owner" "$home/socket"
  (umask 077; od -An -tx1 -N16 /dev/urandom | tr -d ' \n' >"$home/password"); chown "$owner" "$home/password"
  (cd / && $as "$bin/initdb" -D "$home/data" -U fabrica --pwfile="$home/password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null)
  # One line each: `pg_ctl` would need a second layer of quotes.
  cat >>"$home/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$home/socket'
fsync = off
full_page_writes = off
max_connections = 60
shared_buffers = 256MB
CONF
  touch "$home/made"
fi
if ! running; then
  (cd / && $as "$bin/pg_ctl" -D "$home/data" -l "$home/data/server.log" -o "-p $port" -w -t 60 start >/dev/null 9>&-) ||
    { echo "PostgreSQL did not start; see $home/data/server.log" >&2; tail -5 "$home/data/server.log" >&2; exit 1; }
fi
port=$(sed -n 4p "$home/data/postmaster.pid") # the port it was started with
echo "postgresql://fabrica:$(cat "$home/password")@127.0.0.1:$port/postgres"
