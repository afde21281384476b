#!/usr/bin/env bash
# Stops the cluster of up.sh, by its pid files only. --purge also removes its folder; --fast kills at once.
root=${FABRICA_SLURM_ROOT:-/var/tmp/fabrica-slurm}
signal=TERM purge=
for one in "$@"; do case $one in --fast) signal=KILL ;; --purge) purge=1 ;; esac; done
lives() { [ -r "/proc/$1/status" ] && ! grep -q '^State:.Z' "/proc/$1/status"; } # a zombie is dead
stop() {
  local file pid pids=""
  for file in "$@"; do
    [ -f "$file" ] || continue
    pid=$(cat "$file" 2>/dev/null)
    case $(cat "/proc/$pid/comm" 2>/dev/null) in # a file that outlived its daemon may name anybody by now
      slurm* | mariadbd | munged) ;;
      *) continue ;;
    esac
    kill -CONT "$pid" 2>/dev/null
    kill -$signal "$pid" 2>/dev/null && pids="$pids $pid"
  done
  for pid in $pids; do
    for _ in $(seq 100); do lives "$pid" || break; sleep .05; done
    lives "$pid" && kill -9 "$pid" 2>/dev/null
  done
  rm -f "$@"
}
rm -f "$root/up"
export SLURM_CONF=$root/etc/slurm.conf
if [ -f "$SLURM_CONF" ]; then # jobs first: a dead slurmd leaves their processes behind
  for try in $(seq 16); do
    jobs=$(timeout 3 squeue -h -a -o %A -t R,CG,S 2>/dev/null | sort -u | head -1000)
    [ -z "$jobs" ] && break
    [ "$try" = 1 ] && echo "$jobs" | timeout 10 xargs -r scancel 2>/dev/null
    [ "$try" = 8 ] && echo "$jobs" | timeout 10 xargs -r scancel -f -s KILL 2>/dev/null
    sleep .5
  done
fi
stop "$root"/run/slurmrestd.pid "$root"/run/slurmd-*.pid
stop "$root/run/slurmctld.pid"
stop "$root/run/slurmdbd.pid"
stop "$root/db/my.pid" "$root/munge/munged.pid"
[ -n "$purge" ] && rm -rf "$root"
exit 0
