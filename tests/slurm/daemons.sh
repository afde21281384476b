#!/usr/bin/env bash
# Starts Slurm's daemons of a prepared folder, in the order that works: daemons.sh FOLDER PORT NODES
set -euo pipefail
root=$1 port=$2 nodes=$3
export SLURM_CONF=$root/etc/slurm.conf
listens() { for _ in $(seq 300); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0; sleep .1; done; echo "nothing listens on $1" >&2; return 1; }
slurmdbd
listens $((port + 19))
# with enforcement slurmctld does not start on a cluster that the accounting does not know
for _ in $(seq 100); do
  sacctmgr -i add cluster dev >/dev/null 2>&1 || true
  sacctmgr -nP show cluster 2>/dev/null | grep -q '^dev|' && break
  sleep .2
done
# the portal's account administers accounts and ends jobs, and is no more than that on the machine
sacctmgr -i add user fabrica account=root adminlevel=Administrator >/dev/null 2>&1 || true
slurmctld -i
listens $((port + 17))
for number in $(seq "$nodes"); do
  name=$(printf 'gpu%02d' "$number")
  mkdir -p "$root/spool/$name"
  slurmd -N "$name"
done
for _ in $(seq 150); do [ "$(sinfo -h -N -p all -o '%T' | grep -c '^idle$')" = "$nodes" ] && break; sleep .2; done
case "$(slurmctld -V | awk '{print $2}')" in
  22.*) api="openapi/v0.0.38,openapi/dbv0.0.38" ;;
  *) api="openapi/slurmctld,openapi/slurmdbd" ;;
esac
touch "$root/log/slurmrestd.log"
chown slurmrest "$root/log/slurmrestd.log"
(
  cd /
  SLURM_JWT=daemon exec setsid setpriv --reuid=slurmrest --regid=slurmrest --clear-groups env SLURM_CONF="$SLURM_CONF" SLURM_JWT=daemon \
    slurmrestd -a rest_auth/jwt -s "$api" -t 4 127.0.0.1:$((port + 20)) </dev/null >>"$root/log/slurmrestd.log" 2>&1 &
  echo $! >"$root/run/slurmrestd.pid"
)
listens $((port + 20))
[ "$(sinfo -h -N -p all -o '%T' | grep -c '^idle$')" = "$nodes" ] || { sinfo -N -l >&2; exit 5; }
