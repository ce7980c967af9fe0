# shellcheck shell=bash disable=SC2154
# The service with the settings as installed, reading the board through the kernel's drivers; what systemd made of the unit's lines.
check 'starts, and says that it is ready' systemctl enable --now $unit
is 'runs' "$(property ActiveState) $(property SubState) $(property NRestarts)" 'active running 0'
pid=$(property MainPID)
of_status() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status"; }
opened() { readlink "/proc/$pid"/fd/* | grep "$1"; }
is 'as its user' "$(stat --format '%U %G' "/proc/$pid")" 'axismirror axismirror'
is 'CAP_SYS_NICE and nothing else' "$(of_status CapEff) $(of_status CapBnd)" '0000000000800000 0000000000800000'
is 'no new privileges, system calls filtered' "$(of_status NoNewPrivs) $(of_status Seccomp)" '1 2'
check 'a thread under SCHED_FIFO' says 'SCHED_FIFO' chrt --all-tasks --pid "$pid"
check 'of priority 49' says 'priority: 49' chrt --all-tasks --pid "$pid"
check 'memory is locked' test "$(of_status VmLck | tr -dc 0-9)" -gt 1000
check 'spidev is open' opened '^/dev/spidev'
check 'DRDY is open' opened 'gpio'
check 'the file system is read-only to it' refuses 'Read-only' nsenter --target "$pid" --mount touch /etc/axismirror/written
check 'homes too' refuses 'Read-only' nsenter --target "$pid" --mount touch /root/written
check 'a reader gets frames' says '' axismirror tail --follow -n 300
check 'and nothing went wrong' says 'nothing went wrong' axismirror info
check 'it logs' says 'publishing' log
is 'without a warning: real time was permitted' "$(log | grep --count WARN)" 0
