# shellcheck shell=bash disable=SC2154
# A service that hangs, and one that is killed, under a reader.
as_member axismirror tail --follow --format csv > /tmp/followed 2>&1 &
reader=$!
frames() { grep --count '^[0-9]' /tmp/followed; }
grows() { local before; before=$(frames) && sleep 1 && [ "$(frames)" -gt "$before" ]; }
# another PID: ready again as another process.
another() { [ "$(property MainPID)" != "$1" ] && systemctl is-active --quiet $unit; }
check 'a reader follows' within 10 grows
pid=$(property MainPID)
kill -STOP "$pid"
check 'one that hangs is replaced' within 60 another "$pid"
check 'by the watchdog' says 'atchdog timeout' log
is 'once' "$(property NRestarts)" 1
check 'the reader goes on' within 10 grows
pid=$(property MainPID)
kill -KILL "$pid"
check 'one that is killed is replaced' within 60 another "$pid"
check 'the reader goes on after that' within 10 grows
kill "$reader"
wait "$reader" 2> /dev/null
