#!/usr/bin/env bash
# A whole Slurm cluster on this machine, for development and tests: munge, MariaDB, slurmdbd, slurmctld, virtual nodes with
# pretended GPUs, slurmrestd with JWT. As root, without systemd. Debian 12 (Slurm 22.05) and 13 (24.11).
#
# Everything lies in one folder with sockets and ports of its own; nothing of /etc/slurm, /etc/munge or /var/lib/mysql is
# touched. What it leaves on the machine: packages, the UNIX accounts fp0001 to fp0016 (group fabrica-runs) that jobs run
# as, one sudo rule for them, and for them the way (x) through the closed folders above this checkout and its interpreter.
# A second call answers at once when the cluster is up. `down.sh` stops it.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
root=${FABRICA_SLURM_ROOT:-/var/tmp/fabrica-slurm}
nodes=${FABRICA_SLURM_NODES:-4}
gpus=${FABRICA_SLURM_GPUS:-2}
cpus=8
port=${FABRICA_SLURM_PORT:-17800} # +17 slurmctld, +19 slurmdbd, +20 slurmrestd, +33 MariaDB, +100… slurmd
runs=16
say() { printf '%s slurm: %s\n' "$(date +%T)" "$*" >&2; }
[ "$(id -u)" = 0 ] || { echo "The cluster is started as root: sudo make cluster" >&2; exit 2; }

packages="slurmctld slurmd slurmdbd slurmrestd slurm-client slurm-wlm-basic-plugins slurm-wlm-mysql-plugin slurm-wlm-jwt-plugin munge mariadb-server mariadb-client sudo acl openssh-server"
missing=""
for one in $packages; do
  dpkg-query -W -f='${Status}' "$one" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $one"
done
if [ -n "$missing" ]; then
  say "installing$missing"
  # no service may start on installation: these are private daemons
  if [ ! -e /usr/sbin/policy-rc.d ]; then printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; fi
  apt-get update -qq || true
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $missing >/var/tmp/fabrica-slurm-apt.log 2>&1 || { tail -20 /var/tmp/fabrica-slurm-apt.log >&2; exit 3; }
fi

# The accounts that jobs run as, and the one rule by which the portal hands over jobs as one of them.
getent group fabrica-runs >/dev/null || groupadd fabrica-runs
for number in $(seq "$runs"); do
  name=$(printf 'fp%04d' "$number")
  id "$name" >/dev/null 2>&1 || useradd -m -s /usr/sbin/nologin -G fabrica-runs "$name"
done
id fabrica >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin fabrica # the portal's own account in tests
id slurmrest >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin slurmrest # slurmrestd refuses root and SlurmUser
id slurm >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin slurm
mkdir -p /etc/sudoers.d
install -m 440 "$here/sudoers" /etc/sudoers.d/fabrica-dev
interpreter=$(readlink -f "$here/../../.venv/bin/python" 2>/dev/null || command -v python3)
for folder in "$here" "$interpreter"; do
  while [ "$folder" != / ]; do
    folder=$(dirname "$folder")
    [ $((0$(stat -c %a "$folder") & 1)) = 1 ] || setfacl -m g:fabrica-runs:--x,u:fabrica:--x "$folder"
  done
done

export SLURM_CONF=$root/etc/slurm.conf
tell() {
  cat <<C
export SLURM_CONF=$root/etc/slurm.conf
export FABRICA_SLURM_REST=http://127.0.0.1:$((port + 20))
export FABRICA_SLURM_JWT_KEY=$root/etc/jwt_hs256.key
export FABRICA_SLURM_ROOT=$root
C
}
if [ -f "$root/up" ] && timeout 5 scontrol ping 2>/dev/null | grep -q UP &&
  timeout 10 sacctmgr -nP show cluster 2>/dev/null | grep -q '^dev|' &&
  [ "$(timeout 5 sinfo -h -N -p all -o '%N %T' | grep -cE ' (idle|mixed|allocated|completing)$')" = "$nodes" ]; then
  tell
  exit 0
fi
"$here/down.sh" --fast >/dev/null 2>&1 || true
rm -rf "$root"
mkdir -p "$root"/{etc,run,log,spool,state,db,munge,dev}
chmod 755 "$root" "$root"/*
host=$(hostname -s)
getent hosts "$host" >/dev/null || echo "127.0.0.1 $host" >>/etc/hosts # slurmctld and srun must resolve it

head -c 1024 /dev/urandom >"$root/munge/munge.key"
chmod 400 "$root/munge/munge.key"
chown -R munge:munge "$root/munge"
chmod 755 "$root/munge"
runuser -u munge -- munged --key-file="$root/munge/munge.key" --socket="$root/munge/munge.socket" \
  --pid-file="$root/munge/munged.pid" --log-file="$root/munge/munged.log" --seed-file="$root/munge/seed"

# MariaDB on loopback: slurmdbd takes no socket path.
chown -R mysql:mysql "$root/db"
mariadb-install-db --no-defaults --user=mysql --datadir="$root/db" --skip-test-db --auth-root-authentication-method=socket >"$root/log/mariadb-install.log" 2>&1
"$here/mariadb.sh" "$root" $((port + 33))
mariadb --no-defaults -S "$root/db/my.sock" -e "CREATE DATABASE slurm_acct_db; CREATE USER 'slurm'@'127.0.0.1' IDENTIFIED BY 'only-here'; CREATE USER 'slurm'@'localhost' IDENTIFIED BY 'only-here'; GRANT ALL ON slurm_acct_db.* TO 'slurm'@'127.0.0.1'; GRANT ALL ON slurm_acct_db.* TO 'slurm'@'localhost';"

head -c 32 /dev/urandom >"$root/etc/jwt_hs256.key"
chown slurm:slurm "$root/etc/jwt_hs256.key"
chmod 600 "$root/etc/jwt_hs256.key"
chown slurm:slurm "$root/state" "$root/log" "$root/run"
cat >"$root/etc/slurmdbd.conf" <<C
AuthType=auth/munge
AuthInfo=socket=$root/munge/munge.socket
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key=$root/etc/jwt_hs256.key
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((port + 19))
SlurmUser=slurm
LogFile=$root/log/slurmdbd.log
PidFile=$root/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((port + 33))
StorageUser=slurm
StoragePass=only-here
StorageLoc=slurm_acct_db
C
chown slurm:slurm "$root/etc/slurmdbd.conf"
chmod 600 "$root/etc/slurmdbd.conf" # slurmdbd refuses anything wider
cat >"$root/etc/slurm.conf" <<C
ClusterName=dev
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$((port + 17))
SlurmUser=slurm
AuthType=auth/munge
# cred_expire is also how long a job that was put back waits before it may start again (120 s by default)
AuthInfo=socket=$root/munge/munge.socket,cred_expire=10
CredType=cred/munge
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key=$root/etc/jwt_hs256.key
StateSaveLocation=$root/state
SlurmdSpoolDir=$root/spool/%n
SlurmctldPidFile=$root/run/slurmctld.pid
SlurmdPidFile=$root/run/slurmd-%n.pid
SlurmctldLogFile=$root/log/slurmctld.log
SlurmdLogFile=$root/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=5
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
MailProg=/bin/true
LaunchParameters=disable_send_gids
SlurmdParameters=config_overrides
TreeWidth=65533
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
DefMemPerCPU=10
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,bf_continue,bf_window=10080,bf_resolution=60,sched_interval=2,sched_min_interval=100000,batch_sched_delay=0,defer_batch=0
PriorityType=priority/multifactor
PriorityCalcPeriod=1
PriorityDecayHalfLife=7-0
PriorityMaxAge=3-0
PriorityWeightAge=1000
PriorityWeightFairshare=10000
PriorityWeightQOS=20000
# Large Scale takes the place of Playground: partitions of two tiers over the same nodes
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
MinJobAge=300
KillWait=10
OverTimeLimit=0
SlurmdTimeout=30
MessageTimeout=10
MaxArraySize=1001
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((port + 19))
AccountingStoragePass=$root/munge/munge.socket
AccountingStorageTRES=gres/gpu,gres/gpu:h200
AccountingStorageEnforce=associations,limits,qos,safe
PriorityFlags=NO_NORMAL_TRES
C
for number in $(seq "$nodes"); do
  name=$(printf 'gpu%02d' "$number")
  echo "NodeName=$name NodeAddr=127.0.0.1 NodeHostname=$host Port=$((port + 100 + number)) CPUs=$cpus Boards=1 SocketsPerBoard=1 CoresPerSocket=$cpus ThreadsPerCore=1 RealMemory=16000 Gres=gpu:h200:$gpus State=UNKNOWN" >>"$root/etc/slurm.conf"
  for index in $(seq 0 $((gpus - 1))); do
    device=$root/dev/$name-gpu$index # a copy of /dev/null: distinct devices have indexes, so CUDA_VISIBLE_DEVICES is set
    mknod -m 666 "$device" c 1 3 2>/dev/null || : >"$device"
  done
  echo "NodeName=$name Name=gpu Type=h200 File=$root/dev/$name-gpu[0-$((gpus - 1))]" >>"$root/etc/gres.conf"
done
last=$(printf '%02d' "$nodes")
weights='TRESBillingWeights="CPU=0,GRES/gpu=1.0"'
cat >>"$root/etc/slurm.conf" <<C
PartitionName=all Nodes=gpu[01-$last] Default=YES MaxTime=2-0 DefaultTime=00:10:00 State=UP PriorityTier=1 PreemptMode=REQUEUE $weights
PartitionName=large Nodes=gpu[01-$last] MaxTime=2-0 DefaultTime=00:10:00 State=UP PriorityTier=10 PreemptMode=OFF $weights
PartitionName=short Nodes=gpu[01-$last] MaxTime=1 DefaultTime=00:01:00 State=UP PriorityTier=1 PreemptMode=REQUEUE $weights
C
# 22.05 always loads a cgroup plugin and knows no "disabled"; v1 loads anywhere and touches nothing here
case "$(slurmctld -V | awk '{print $2}')" in 22.*) echo "CgroupPlugin=cgroup/v1" ;; *) echo "CgroupPlugin=disabled" ;; esac >"$root/etc/cgroup.conf"
chmod 644 "$root"/etc/{slurm,gres,cgroup}.conf

"$here/daemons.sh" "$root" "$port" "$nodes"
touch "$root/up"
say "up: $(sinfo -h -p all -o '%D nodes %T %G')"
tell
