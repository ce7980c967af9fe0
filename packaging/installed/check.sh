#!/bin/bash
# check.sh: installs axismirror.deb, which lies beside it, on the machine that this runs on, and holds what the package promises against what
# dpkg, systemd, udev and the kernel make of it. A line for each check, `CHECK ok WHAT` or `CHECK FAILED WHAT: why`, and at the end
# `CHECKS OK FAILED`. Changes the machine: for a throw-away one, started by systemd, with an ADC as the default settings say.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C SYSTEMD_PAGER='' SYSTEMD_COLORS=0
here=$(dirname "$0")
settings=/etc/axismirror/axismirror.toml
unit=axismirror.service
# Numbers of users that nobody has.
member=61234 stranger=61235
passed=0 failed=0

# check WHAT COMMAND...: the command succeeds; else what it says is the reason.
check() {
  local what=$1 said
  shift
  if said=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "CHECK ok $what"
  else
    failed=$((failed + 1))
    echo "CHECK FAILED $what: $(tail -n 4 <<< "$said" | tr '\n' ' ')"
  fi
}
# is WHAT FOUND EXPECTED
is() { check "$1" same "$2" "$3"; }
same() { [ "$1" = "$2" ] || { echo "'$1' and not '$2'" && false; }; }
# silent COMMAND...: succeeds and says nothing.
silent() {
  local said status=0
  said=$("$@" 2>&1) || status=$?
  [ $status = 0 ] && [ -z "$said" ] || { echo "status $status: $said" && false; }
}
# says TEXT COMMAND...: succeeds and says this. refuses TEXT COMMAND...: fails, for this reason.
says() { answers 0 "$@"; }
refuses() { answers '[1-9]*' "$@"; }
answers() {
  local wanted=$1 text=$2 said status=0
  shift 2
  said=$("$@" 2>&1) || status=$?
  # shellcheck disable=SC2053  # the right sides are patterns
  [[ $status = $wanted && $said = *"$text"* ]] || { echo "status $status: $said" && false; }
}
# within SECONDS COMMAND...: succeeds sooner or later.
within() {
  local left=$(($1 * 4))
  shift
  until "$@" > /dev/null 2>&1; do
    left=$((left - 1))
    [ $left -gt 0 ] || { "$@"; return 1; }
    sleep 0.25
  done
}

log() { journalctl --no-pager --output=cat --unit=$unit; }
property() { systemctl show --value --property "$1" $unit; }
as() { setpriv --reuid="$1" --regid="$1" "$2" -- "${@:3}"; }
as_member() { as $member --groups="$(getent group axismirror | cut -d: -f3)" "$@"; }
as_stranger() { as $stranger --clear-groups "$@"; }
public() { find /dev/shm -maxdepth 1 -name 'sm_*'; }
kept() { find /dev/shm -mindepth 2 -maxdepth 2 -path '*/.axismirror-*/sm_*'; }
segments() { public && kept; }
none() { same "$("$@" | tr '\n' ' ')" ''; }
# access FILE...: owner, group and mode, each kind once.
access() { stat --format '%U %G %a' "$@" | sort --unique | paste --serial --delimiters ,; }
# set_to KEY VALUE: in the settings.
set_to() { sed --in-place "/^$1 = /d" $settings && sed --in-place "1i $1 = $2" $settings; }
# files: all that a package could leave behind. The user stays, and so do the copies that systemd-sysusers makes of the lists of users.
files() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp -o -path /var/log -o -path /var/cache \
    -o -path /var/lib/dpkg -o -path /var/lib/systemd \) -prune -o ! -path '/etc/*shadow-' -print | sort
}

for part in install ready access change death removal; do
  # shellcheck source=/dev/null
  . "$here/checks/$part.sh"
done
if [ $failed != 0 ]; then log | tail -n 40; fi
echo "CHECKS $passed $failed"
