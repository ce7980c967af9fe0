#!/usr/bin/env bash
# apt.sh ROOT ARCHITECTURE: a private apt in ROOT for another architecture's packages and for sources, from the machine's own mirrors and
# their backports. Prints what has to be exported: APT_CONFIG. The machine's own apt and dpkg stay as they are.
set -euo pipefail
root=$1 architecture=$2

mkdir -p "$root"/etc/apt/{sources.list.d,preferences.d,apt.conf.d} "$root"/var/{lib/apt/lists/partial,cache/apt/archives/partial,lib/dpkg}
: > "$root/var/lib/dpkg/status"
own=$(find /etc/apt/sources.list.d -name '*.sources' -print0 | xargs -0 --no-run-if-empty cat)
[ -n "$own" ] || { echo "apt.sh: this machine has no /etc/apt/sources.list.d/*.sources" >&2; exit 3; }
list="$root/etc/apt/sources.list.d"
# The machine's architecture need not be the packages'.
printf '%s\n' "$own" | sed -E '/^Architectures:/d' > "$list/own.sources"
printf '%s\n' "$own" | awk 'BEGIN { RS = ""; ORS = "\n\n" } !/-security/' \
  | sed -E '/^Architectures:/d; s/^Suites: *([a-z]+).*/Suites: \1-backports/' > "$list/backports.sources"
for kind in own backports; do sed 's/^Types:.*/Types: deb-src/' "$list/$kind.sources" > "$list/$kind-src.sources"; done

cat > "$root/apt.conf" << CONF
Dir "$root";
Dir::State::status "$root/var/lib/dpkg/status";
Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d/";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
APT_CONFIG="$root/apt.conf" apt-get update --quiet --quiet >&2
echo "$root/apt.conf"
