# shellcheck shell=bash disable=SC2154
# The package, before its service runs.
is 'device nodes are closed before' "$(access /dev/spidev* /dev/gpiochip*)" 'root root 600'
files > /tmp/files-before
check 'dpkg installs it' dpkg --install "$here/axismirror.deb"
check 'dpkg --verify finds it as packed' silent dpkg --verify axismirror
is 'sysusers made the user' "$(getent passwd axismirror | cut -d: -f6,7)" '/:/usr/sbin/nologin'
is 'groups of the user' "$(id -nG axismirror | tr ' ' '\n' | sort | paste -sd' ')" 'axismirror gpio spi'
is 'the readers'"'"' group has no members' "$(getent group axismirror | cut -d: -f4)" ''
check 'systemd-analyze verify' silent systemd-analyze verify --man=no $unit
# 10 is no protection at all, 0 none left to take; a unit that says nothing has 9.6.
check 'systemd-analyze security under 4.5' systemd-analyze security --offline=yes --threshold=45 $unit
udevadm settle
is 'udev opens spidev for its group' "$(access /dev/spidev*)" 'root spi 660'
is 'udev opens gpiochips for theirs' "$(access /dev/gpiochip*)" 'root gpio 660'
if udevadm verify --help > /dev/null 2>&1; then check 'udevadm verify' udevadm verify /usr/lib/udev/rules.d/60-axismirror.rules; fi
is 'not enabled, not started' "$(systemctl is-enabled $unit 2>&1) $(systemctl is-active $unit)" 'disabled inactive'
is 'owner and mode of the settings' "$(access $settings)" 'root root 644'
check 'the user can read them, and they are taken' as axismirror --init-groups axismirror run $settings --print-settings
check 'manual pages' gzip --test /usr/share/man/man1/axismirror.1.gz /usr/share/man/man1/axismirror-run.1.gz
check 'completions' bash -n /usr/share/bash-completion/completions/axismirror
