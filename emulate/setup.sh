#!/usr/bin/env bash
# setup.sh OUT: what the emulated boards need, made in OUT once and kept: kernel and busybox for arm64 in OUT/arm64, the bridge in
# OUT/ssi-bridge.so, device trees in OUT/trees. What is there and right is left alone. Host packages: see xtask.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)

say() { printf '    %s\n' "$*"; }
qemu=$(dpkg-query --show --showformat '${source:Version}' qemu-system-arm)
upstream=${qemu#*:} upstream=${upstream%%+*}

# apt's lists are fetched when something has to be downloaded, and not otherwise.
private_apt() { if [ -z "${APT_CONFIG:-}" ]; then APT_CONFIG=$("$here/apt.sh" "$out/apt" arm64); export APT_CONFIG; fi; }

if [ ! -f "$out/arm64/done" ]; then
  private_apt
  kernel=$(apt-cache depends linux-image-arm64 | awk '/Depends:/ { print $2; exit }')
  say "$kernel and busybox for arm64"
  rm -rf "$out/arm64" "$out/debs" && mkdir -p "$out/debs"
  (cd "$out/debs" && apt-get download --quiet --quiet "$kernel" busybox-static)
  for package in "$out"/debs/*.deb; do dpkg --extract "$package" "$out/arm64"; done
  rm -rf "$out/debs"
  cp "$out"/arm64/boot/vmlinuz-* "$out/kernel"
  echo "$kernel" > "$out/arm64/done"
fi

# The bridge fits one version of QEMU.
stamp="$qemu $(cat "$here"/bridge/* | sha256sum)"
if [ "$(cat "$out/bridge/done" 2> /dev/null)" != "$stamp" ]; then
  source="$out/qemu-$upstream"
  if [ ! -f "$source/done" ]; then
    say "QEMU $upstream's headers"
    private_apt
    rm -rf "$out/source" && mkdir -p "$out/source" "$source"
    # The package's own part may be gone from the mirror; the upstream part is all that is wanted.
    (cd "$out/source" && apt-get source --download-only --quiet --quiet qemu="$qemu" > log 2>&1) || true
    archive=$(find "$out/source" -name 'qemu_*.orig.tar.*' ! -name '*.asc' | head -1)
    [ -n "$archive" ] || { cat "$out/source/log" >&2; exit 3; }
    tar --extract --file "$archive" --directory "$source" --strip-components 1 "qemu-$upstream"/{include,qapi,scripts,host/include,linux-headers,VERSION}
    rm -rf "$out/source"
    touch "$source/done"
  fi
  say "bridge for QEMU $upstream"
  rm -rf "$out/bridge" && mkdir -p "$out/bridge"
  python3 "$source/scripts/qapi-gen.py" -b -o "$out/bridge/qapi" "$source/qapi/qapi-schema.json"
  # shellcheck disable=SC2046  # pkg-config prints several words
  gcc -shared -fPIC -O2 -Wall -std=gnu11 -fno-strict-aliasing -fno-common -fwrapv -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
    -iquote "$here/bridge" -I"$here/bridge" -I"$out/bridge" -I"$source/include" -I"$source/host/include/$(uname -m)" \
    -I"$source/host/include/generic" -isystem "$source/linux-headers" $(pkg-config --cflags glib-2.0) \
    "$here"/bridge/*.c -o "$out/bridge/ssi-bridge.so"
  printf '%s' "$stamp" > "$out/bridge/done"
fi

"$here/trees/build.sh" "$out"
