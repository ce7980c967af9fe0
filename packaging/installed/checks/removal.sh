# shellcheck shell=bash disable=SC2154
# An upgrade, a stop with what it keeps for readers of a group, removal, purge.
pid=$(property MainPID)
check 'installed again while it runs' dpkg --install --force-confold "$here/axismirror.deb"
check 'it runs anew' within 30 another "$pid"
check 'with the changed settings' grep '^buf_dur = 3.0' $settings
check 'a stop' systemctl stop $unit
check 'leaves no public segment' none public
check 'but two headers for the next start, of the stream and of its events' test "$(segments | wc -l)" -le 2
check 'a start' systemctl start $unit
check 'dpkg removes it while it runs' dpkg --remove axismirror
is 'the service is gone' "$(systemctl is-active $unit)" inactive
check 'nothing of it is left in memory' none find /dev/shm -user axismirror
check 'the settings stay' test -f $settings
check 'dpkg purges it' dpkg --purge axismirror
files > /tmp/files-after
check 'no file is left' diff /tmp/files-before /tmp/files-after
is 'the user stays' "$(getent passwd axismirror | cut -d: -f1)" axismirror
