#!/usr/bin/env bash
# initramfs.sh OUT ARCHIVE SCRIPT "MODULE ..." [PROGRAM...]: a small root file system with busybox, init, kernel modules from OUT/arm64, programs
# in /bin, and SCRIPT as /case.sh, which init runs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1 archive=$2 script=$3 modules=$4
shift 4

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,lib,proc,sys,dev,tmp}
cp "$out/arm64/bin/busybox" "$@" "$root/bin/"
install --mode 755 "$here/init" "$root/init"
cp "$script" "$root/case.sh"
for module in $modules; do
  file=$(find "$out/arm64" -name "$module.ko*" | head -1)
  case $file in
    *.xz) xz --decompress --stdout "$file" > "$root/lib/$module.ko" ;;
    *.ko) cp "$file" "$root/lib/" ;;
    # Built into this kernel.
    *) grep --quiet "/$module.ko" "$out"/arm64/lib/modules/*/modules.builtin || { echo "initramfs.sh: no module $module" >&2; exit 1; } ;;
  esac
done
(cd "$root" && find . | cpio --create --format newc --quiet | gzip -1) > "$archive"
