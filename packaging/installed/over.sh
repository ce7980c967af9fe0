#!/usr/bin/env bash
# over.sh OUT BOARD DEB: files to lay over OUT/root.cpio, as OUT/over.cpio: the package, its checks, and a unit that runs them after the start,
# prints on the console and ends the machine. BOARD is the folder of emulated boards (emulate/setup.sh), which has the driver of its SPI.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1 board=$2 deb=$3

over=$(mktemp -d)
trap 'rm -rf "$over"' EXIT
chmod 755 "$over" # it becomes the root's own mode
mkdir -p "$over"/{opt/installed,etc/systemd/system/multi-user.target.wants}
cp -r "$here/check.sh" "$here/checks" "$over/opt/installed/"
cp "$deb" "$over/opt/installed/axismirror.deb"
cp "$board/arm64/bin/busybox" "$over/opt/installed/"
module=$(find "$board/arm64/lib/modules" -name 'spi-imx.ko*' | head -1)
case $module in
  *.xz) xz --decompress --stdout "$module" > "$over/opt/installed/spi-imx.ko" ;;
  *) cp "$module" "$over/opt/installed/spi-imx.ko" ;;
esac
cat > "$over/etc/systemd/system/check.service" << 'UNIT'
[Unit]
Description=checks of the installed package
After=basic.target systemd-udevd.service systemd-udev-trigger.service

[Service]
Type=oneshot
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console
TimeoutStartSec=infinity
ExecStartPre=/opt/installed/busybox insmod /opt/installed/spi-imx.ko
ExecStartPre=/bin/udevadm settle
ExecStart=/opt/installed/check.sh
# Whatever came of them. Without a boot loader, and with QEMU's -no-reboot, that is the end of the machine.
ExecStopPost=/bin/systemctl reboot --force --force
UNIT
ln -s ../check.service "$over/etc/systemd/system/multi-user.target.wants/check.service"
export over
fakeroot bash -euo pipefail -c 'cd "$over" && chown -R root:root . && find . | cpio --create --format newc --quiet' > "$out/over.cpio"
cat "$out/root.cpio" "$out/over.cpio" > "$out/initrd.cpio"
rm -f "$out/over.cpio"
