# In the guest: a stream, while the clock is set and while the machine sleeps (S3, woken by its real-time clock). Prints what a reader is told.
look() { echo "LOOK $1 $(axismirror info clocks --json | tr -d '\n ')"; }
up() { cut -d ' ' -f 1 /proc/uptime; }

axismirror run --simulate --signal counter --rate 250 --name clocks --buf-dur 30 &
service=$!
sleep 3
look begin
date -s "@$(($(date +%s) + 3600))" > /dev/null
sleep 1
date -s "@$(($(date +%s) - 7200))" > /dev/null
sleep 1
look clock-set
echo 0 > /sys/class/rtc/rtc0/wakealarm
echo +6 > /sys/class/rtc/rtc0/wakealarm
before=$(up)
echo mem > /sys/power/state
echo "ASLEEP $before $(up)"
sleep 2
look awake
kill "$service"
wait "$service"
