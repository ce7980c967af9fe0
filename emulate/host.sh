#!/usr/bin/env bash
# host.sh PACKAGE... : installs packages on a Debian or Ubuntu machine, as root or through sudo that asks nothing.
# A package whose wanted version the machine's own release does not have is written NAME=VERSION-PATTERN (qemu-system-arm=1:10.0.*)
# and then comes from the release's backports; their source is the machine's own one with another suite, used for this call alone.
set -euo pipefail

# What is there in the wanted version is left alone; without anything to do no list is fetched.
installed() { dpkg-query --show --showformat '${db:Status-Status} ${Version}' "$1" 2> /dev/null | sed -n 's/^installed //p' || true; }
wanted=()
for package; do
  version=$(installed "${package%%=*}")
  pattern='*'
  if [[ $package == *=* ]]; then pattern=${package#*=}; fi
  # shellcheck disable=SC2053  # the right side is a pattern
  if [[ -z $version || $version != $pattern ]]; then wanted+=("$package"); fi
done
if [ "${#wanted[@]}" -eq 0 ]; then exit 0; fi
set -- "${wanted[@]}"

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  sudo=(sudo --non-interactive)
  "${sudo[@]}" true 2> /dev/null || { echo "host.sh: not root, and sudo asks for a password: apt-get install $*" >&2; exit 3; }
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/sources" "$work/lists/partial"
chmod 755 "$work" # apt reads its sources as another user
mirrors() { find /etc/apt/sources.list.d -name '*.sources' -print0 | xargs -0 --no-run-if-empty cat; }

# Without security: its suites have no backports.
mirrors | awk 'BEGIN { RS = ""; ORS = "\n\n" } !/-security/' | sed -E 's/^Suites: *([a-z]+).*/Suites: \1-backports/' > "$work/sources/backports.sources"
options=(-o Dir::Etc::sourceparts="$work/sources" -o Dir::State::lists="$work/lists" -o Acquire::Retries=3)
cp /etc/apt/sources.list.d/*.sources "$work/sources/" 2> /dev/null || true
if [ ! -s "$work/sources/backports.sources" ]; then options=(); rm -f "$work/sources/backports.sources"; fi

apt() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" --quiet "$@"; }
# A release without backports is no reason to give up.
apt update > "$work/log" 2>&1 || { cat "$work/log" >&2; rm -f "$work/sources/backports.sources"; apt update; }
suite=$(sed -n 's/^Suites: *//p' "$work/sources/backports.sources" 2> /dev/null | head -1)

for package; do
  if [[ $package == *=* ]]; then
    from=()
    candidate=$(apt-cache "${options[@]}" policy "${package%%=*}" | sed -n 's/^ *Candidate: //p')
    # shellcheck disable=SC2053  # the right side is a pattern
    if [[ $candidate != ${package#*=} ]]; then from=(--target-release "$suite"); fi
    apt install --yes --no-install-recommends "${from[@]}" "${package%%=*}"
  else
    apt install --yes --no-install-recommends "$package"
  fi
done
