"""Between two peers that speak UDP: loses some datagrams and brings the others late, and so out of order.

usage: udp_proxy.py PORT HOST:PORT [--loss FRACTION] [--delay SECONDS] [--jitter SECONDS]

The kernel's own netem is not to be had everywhere. What is lost is decided by a generator that begins alike each time. Ends on SIGTERM with the
number of datagrams that it dropped.
"""
import argparse
import heapq
import random
import select
import signal
import socket
import sys
import time

p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
p.add_argument("port", type=int)
p.add_argument("to")
p.add_argument("--loss", type=float, default=0.0)
p.add_argument("--delay", type=float, default=0.0)
p.add_argument("--jitter", type=float, default=0.0)
args = p.parse_args()
host, port = args.to.rsplit(":", 1)
target = (host, int(port))

front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
front.bind(("0.0.0.0", args.port))
ways = {}  # a client's address -> the socket towards the target
clients = {}  # and back
late = []  # (when, number, socket, address or None, data)
rng = random.Random(1)
number = dropped = 0


def end(*_):
    print("dropped", dropped, flush=True)
    sys.exit(0)


def take(out, address, data):
    global number, dropped
    number += 1
    # The first ones set the connection up, which nobody repeats.
    if number > 40 and rng.random() < args.loss:
        dropped += 1
        return
    heapq.heappush(late, (time.monotonic() + args.delay + rng.random() * args.jitter * (number > 40), number, out, address, data))


signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
while True:
    wait = max(0.0, late[0][0] - time.monotonic()) if late else 1.0
    ready, _, _ = select.select([front, *clients], [], [], wait)
    for s in ready:
        try:
            if s is front:
                data, address = front.recvfrom(65536)
                if address not in ways:
                    way = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    way.connect(target)
                    ways[address], clients[way] = way, address
                take(ways[address], None, data)
            else:
                take(front, clients[s], s.recv(65536))
        except OSError:
            continue  # Nobody is there at this moment.
    while late and late[0][0] <= time.monotonic():
        _, _, out, address, data = heapq.heappop(late)
        try:
            out.send(data) if address is None else out.sendto(data, address)
        except OSError:
            pass
