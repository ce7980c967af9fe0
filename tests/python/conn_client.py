"""Listens to the life-cycle channel with Python's own multiprocessing.connection.Client and ends the service by it.

usage: conn_client.py PATH --struct-version V [--change COMMAND THAT CHANGES buf_dur OR units]
       (plain Python; retries until PATH can be connected to; waits for a line on stdin once connected)

Prints {"event": "connected"} and, at the end, one line of JSON with what arrived in each phase; exits 1 when a phase
is not what the published writer sends:
  start   any tail of the start sequence (the service may have begun before the client was there)
  change  the sequence of a settings change, whole
  end     after "quit": the sequence of a shutdown, whole, and then the end of the connection
"""
import argparse
import json
import multiprocessing.connection
import subprocess
import sys
import time

CLEAN_START = ["buffer cleanup", "meta cleanup", "meta reset"]
NEW_BUFFER = ["begin update", "meta updated", "buffer reset"]
END = ["buffer cleanup", "meta cleanup", "close"]


def start_sequences(struct_version):
    """What the releases send from construction to the first message's publication."""
    if struct_version == 0:
        return [CLEAN_START + NEW_BUFFER]
    # From 0.4.0 on the first message settles the buffered axis, which cleans up the buffer that is not there yet.
    return [CLEAN_START + extra + NEW_BUFFER + ["aux updated"] for extra in (["buffer cleanup"], [])]


def change_sequences(struct_version):
    # The static metadata does not depend on buf_dur; a change of units changes it.
    aux = [[]] if struct_version == 0 else [[], ["aux updated"]]
    return [["buffer cleanup"] + NEW_BUFFER + a for a in aux] + [NEW_BUFFER + a for a in aux]


def connect(path, seconds):
    end = time.monotonic() + seconds
    while True:
        try:
            return multiprocessing.connection.Client(path, family="AF_UNIX")
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > end:
                raise
            time.sleep(0.002)


def receive(conn, until, quiet, seconds):
    """Events until `until` came and then nothing for `quiet` seconds, or the connection ended, or `seconds` passed."""
    events, ended, end = [], False, time.monotonic() + seconds
    while time.monotonic() < end:
        satisfied = until is None or until in events
        if not conn.poll(quiet if satisfied else 0.05):
            if satisfied:
                break
            continue
        try:
            events.append(conn.recv())
        except EOFError:
            ended = True
            break
    return events, ended


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("path")
    p.add_argument("--struct-version", type=int, required=True)
    p.add_argument("--seconds", type=float, default=20.0, help="longest wait for anything")
    p.add_argument("--change", nargs=argparse.REMAINDER, default=[], help="last: a command that changes a setting of the service")
    args = p.parse_args()

    conn = connect(args.path, args.seconds)
    print(json.dumps({"event": "connected"}), flush=True)
    sys.stdin.readline()  # the caller says that the stream has started

    problems = []
    start, _ = receive(conn, None, 0.3, args.seconds)
    if not any(start == s[len(s) - len(start) :] for s in start_sequences(args.struct_version)):
        problems.append(f"start: {start} is no tail of {start_sequences(args.struct_version)}")

    change = []
    if args.change:
        done = subprocess.run(args.change, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=args.seconds)
        if done.returncode != 0:
            problems.append(f"{args.change} failed: {done.stderr.strip()}")
        else:
            change, _ = receive(conn, "buffer reset", 0.3, args.seconds)
            if change not in change_sequences(args.struct_version):
                problems.append(f"change: {change}, expected one of {change_sequences(args.struct_version)}")

    conn.send("quit")
    end, ended = receive(conn, "\0 only the connection's end ends this phase", 0.3, args.seconds)
    if end != END:
        problems.append(f"end: {end}, expected {END}")
    if not ended:
        problems.append("the connection did not end after `close`")
    ok = not problems
    print(json.dumps({"ok": ok, "start": start, "change": change, "end": end, "problems": problems}), flush=True)
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
