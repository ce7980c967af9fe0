#!/usr/bin/env bash
# root.sh OUT APT: a minimal Debian for arm64 with systemd and udev, of the machine's own release and from its mirrors, as OUT/root.cpio, made
# once and kept. APT is a folder for a private apt (emulate/apt.sh). No script of these packages runs, since they are for another processor;
# what a first start needs of what they would do is done here. dpkg in there knows all of them as installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd) apt=$2

stamp=$(cat "$here/root.sh" /etc/os-release | sha256sum)
if [ "$(cat "$out/done" 2> /dev/null)" = "$stamp" ]; then exit 0; fi
rm -rf "$out" && mkdir -p "$out/debs/partial"

printf '    a minimal Debian for arm64\n'
APT_CONFIG=$("$here/../../emulate/apt.sh" "$apt" arm64)
export APT_CONFIG
apt-get install --download-only --yes --quiet --quiet --no-install-recommends -o "Dir::Cache::archives=$out/debs" \
  '?essential' passwd systemd-sysv udev > "$out/log" 2>&1 || { tail -3 "$out/log" >&2; exit 3; }

# fakeroot holds who owns what, for whoever runs this.
export out
fakeroot bash -euo pipefail << 'FAKEROOT'
root=$out/root
mkdir -p "$root"/{dev,proc,sys,run,usr/{bin,sbin,lib},var/lib/dpkg/info}
for folder in bin sbin lib; do ln --symbolic "usr/$folder" "$root/$folder"; done
for deb in "$out"/debs/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" \
    | tar --extract --directory "$root" --keep-directory-symlink --preserve-permissions --exclude='./usr/share/'{doc,man,locale}'/?*'
  # An entry of dpkg's own: its paragraph with its state, and its list of files.
  read -r name multi < <(dpkg-deb --show --showformat '${Package} ${Multi-Arch}\n' "$deb")
  if [ "$multi" = same ]; then name=$name:arm64; fi
  { dpkg-deb --field "$deb"; printf 'Status: install ok installed\n\n'; } >> "$root/var/lib/dpkg/status"
  dpkg-deb --fsys-tarfile "$deb" | tar --list | sed 's,^\.,,; s,/$,,; s,^$,/.,' > "$root/var/lib/dpkg/info/$name.list"
done
printf '1\n' > "$root/var/lib/dpkg/info/format"
for file in passwd group; do cp "$root/usr/share/base-passwd/$file.master" "$root/etc/$file"; done
cp "$root/usr/share/libc-bin/nsswitch.conf" "$root/etc/"
printf '%s\n' board > "$root/etc/hostname"
# With an id it is not the first start, at which systemd would enable all units that there are.
printf '%032x\n' 1 > "$root/etc/machine-id"
mknod "$root/dev/console" c 5 1
cd "$root" && find . | cpio --create --format newc --quiet > "$out/root.cpio"
FAKEROOT
rm -rf "$out/root" "$out/debs"
printf '%s' "$stamp" > "$out/done"
