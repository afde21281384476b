#!/usr/bin/env bash
# A second cluster, on the Slurm of Debian 13 (24.11), in a Debian of its own: debian13.sh [up | down [--purge]]
#
# Built by debootstrap from this machine's own mirror, once; a second call answers at once when the cluster is up. It
# shares this machine's network, so that slurmrestd answers on loopback; its accounts have the numbers that they have
# here; the folder $jobs is the same on both sides. `down` unmounts everything, `--purge` also removes the Debian.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
debian=${FABRICA_TRIXIE:-/var/tmp/fabrica-trixie}
jobs=${FABRICA_TRIXIE_JOBS:-/var/tmp/fabrica-rest-jobs}
root=/var/tmp/fabrica-slurm13 # in that Debian
port=${FABRICA_TRIXIE_PORT:-18800}
say() { printf '%s debian 13: %s\n' "$(date +%T)" "$*" >&2; }
[ "$(id -u)" = 0 ] || { echo "The cluster is started as root: sudo $0" >&2; exit 2; }

inside() {
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
    FABRICA_SLURM_ROOT=$root FABRICA_SLURM_PORT="$port" ${http_proxy:+http_proxy="$http_proxy"} chroot "$debian" "$@"
}
mounted() { awk -v at="$1" '$2 == at { found = 1 } END { exit !found }' /proc/self/mounts; }
release() { # what lies deepest goes first
  awk -v at="$debian/" 'index($2, at) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r one; do
    umount "$one" 2>/dev/null || umount -l "$one"
  done
}

if [ "${1:-up}" = down ]; then
  [ -x "$debian/opt/fabrica/tests/slurm/down.sh" ] && mounted "$debian/proc" && inside /opt/fabrica/tests/slurm/down.sh
  release
  if [ "${2:-}" = --purge ]; then
    awk -v at="$debian/" 'index($2, at) == 1 { exit 1 }' /proc/self/mounts || { echo "$debian is still mounted" >&2; exit 3; }
    rm -rf --one-file-system "$debian" "$jobs"
  fi
  exit 0
fi

mirror() {
  local found
  found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null | grep -v '^#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 | tr -d ' ') || true
  echo "${found:-http://deb.debian.org/debian}"
}
if [ ! -f "$debian/etc/fabrica-built" ]; then
  say "building it in $debian from $(mirror)"
  command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap >/dev/null
  release
  rm -rf --one-file-system "$debian"
  script=trixie
  [ -e /usr/share/debootstrap/scripts/trixie ] || script=sid # an older debootstrap: the same steps under another name
  debootstrap --variant=minbase --include=ca-certificates,python3-minimal trixie "$debian" "$(mirror)" "/usr/share/debootstrap/scripts/$script" >/var/tmp/fabrica-trixie.log 2>&1 ||
    { tail -20 /var/tmp/fabrica-trixie.log >&2; exit 3; }
  touch "$debian/etc/fabrica-built"
fi
command -v setfacl >/dev/null || apt-get install -y -qq acl >/dev/null # the portal's side of a job's folder
mkdir -p "$jobs" "$debian$jobs"
chmod 755 "$jobs"
mounted "$debian/proc" || mount -t proc proc "$debian/proc"
mounted "$debian/dev" || mount --bind /dev "$debian/dev"
mounted "$debian$jobs" || mount --bind "$jobs" "$debian$jobs"
cp -L /etc/resolv.conf /etc/hosts "$debian/etc/"

# The accounts that jobs run as, with the same numbers on both sides: folders are given to numbers.
getent group fabrica-runs >/dev/null || groupadd fabrica-runs
inside getent group fabrica-runs >/dev/null || inside groupadd fabrica-runs
for name in fabrica $(seq -f 'fp%04g' 16); do
  if ! id "$name" >/dev/null 2>&1; then
    if [ "$name" = fabrica ]; then useradd -r -M -s /usr/sbin/nologin fabrica; else useradd -m -s /usr/sbin/nologin -G fabrica-runs "$name"; fi
  fi
  inside id "$name" >/dev/null 2>&1 && continue
  if [ "$name" = fabrica ]; then more=(-M); else more=(-m -G fabrica-runs); fi
  inside useradd -u "$(id -u "$name")" -s /usr/sbin/nologin "${more[@]}" "$name"
done
mkdir -p "$debian/opt/fabrica/tests/slurm"
cp "$here"/{up.sh,down.sh,daemons.sh,mariadb.sh,sudoers} "$debian/opt/fabrica/tests/slurm/"

inside /opt/fabrica/tests/slurm/up.sh >/dev/null
"$here/tokens.py" "$debian$root/etc/jwt_hs256.key" "$debian$root/tokens"
cat <<C
export FABRICA_TRIXIE=$debian
export FABRICA_TRIXIE_JOBS=$jobs
export FABRICA_TRIXIE_REST=http://127.0.0.1:$((port + 20))
export FABRICA_TRIXIE_TOKENS=$debian$root/tokens
C
