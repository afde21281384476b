#!/usr/bin/env bash
# Starts the cluster's MariaDB: mariadb.sh FOLDER PORT
set -euo pipefail
[ -e "$1/log/mariadb.log" ] || install -o mysql -m 644 /dev/null "$1/log/mariadb.log" # it writes there as mysql
mariadbd --no-defaults --user=mysql --datadir="$1/db" --socket="$1/db/my.sock" --pid-file="$1/db/my.pid" \
  --port="$2" --bind-address=127.0.0.1 --innodb-buffer-pool-size=128M --innodb-lock-wait-timeout=900 \
  --innodb-flush-log-at-trx-commit=0 --skip-log-bin --log-error="$1/log/mariadb.log" </dev/null >/dev/null 2>&1 &
for _ in $(seq 300); do mariadb-admin --no-defaults -S "$1/db/my.sock" ping >/dev/null 2>&1 && exit 0; sleep .1; done
echo "MariaDB does not answer: see $1/log/mariadb.log" >&2
exit 4
