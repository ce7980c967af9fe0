#!/usr/bin/env bash
# root.sh OUT SERVICE: the kernel OUT/kernel and the small root file system OUT/root.cpio.gz of an emulated PC: busybox, the service with the
# libraries that it needs, and case.sh, which init runs. Kernel and busybox are fetched once.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
service=$2

if [ ! -f "$out/amd64/done" ]; then
  APT_CONFIG=$("$here/../apt.sh" "$out/apt" amd64)
  export APT_CONFIG
  kernel=$(apt-cache depends linux-image-amd64 | awk '/Depends:/ { print $2; exit }')
  echo "    $kernel and busybox for amd64"
  rm -rf "$out/amd64" "$out/debs" && mkdir -p "$out/debs"
  (cd "$out/debs" && apt-get download --quiet --quiet "$kernel" busybox-static)
  for package in "$out"/debs/*.deb; do dpkg --extract "$package" "$out/amd64"; done
  rm -rf "$out/debs"
  cp "$out"/amd64/boot/vmlinuz-* "$out/kernel"
  echo "$kernel" > "$out/amd64/done"
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,proc,sys,dev,tmp}
cp "$out/amd64/bin/busybox" "$service" "$root/bin/"
ldd "$service" | grep --only-matching '/[^ ]*' | while read -r library; do
  install -D --mode 755 "$(realpath "$library")" "$root$library"
done
install --mode 755 "$here/../init" "$root/init"
cp "$here/case.sh" "$root/case.sh"
(cd "$root" && find . | cpio --create --format newc --quiet | gzip -1) > "$out/root.cpio.gz"
