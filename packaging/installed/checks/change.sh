# shellcheck shell=bash disable=SC2154
# Settings that change, and settings that are wrong.
check 'starts again' systemctl start $unit
pid=$(property MainPID)
set_to buf_dur 3.0
check 'reloads' systemctl reload $unit
check 'the ring has the new length' within 10 says ', 3.0' axismirror info
is 'by the same process' "$(property ActiveState) $(property MainPID)" "active $pid"
cp $settings /tmp/settings
set_to rate 7
check 'wrong settings do not start' refuses '' systemctl restart $unit
sleep 5
is 'and are not tried again' "$(property ActiveState) $(property ExecMainStatus) $(property NRestarts)" 'failed 2 0'
cp /tmp/settings $settings
systemctl reset-failed $unit
check 'right ones start' systemctl start $unit
