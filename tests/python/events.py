"""Marks events through the service's socket and reads them back with the unmodified, published EZShmMirror.

usage: events.py NAME SOCKET   (in an environment with one ezmsg-tools release)

Takes each event's bytes apart by the drawing in core/src/event_frame.rs and compares them with what the socket answered. Prints one line of JSON, and
exits 1 when an event is missing, comes twice, or is another one.
"""
import importlib.metadata
import json
import socket
import struct
import sys
import time

import numpy as np
from ezmsg.tools.shmem.shmem_mirror import EZShmMirror

EVENTS = 600  # more than two rings of 256
PATIENCE = 20.0


def decode(frame):
    """(frame number, ns, text) of a row of 256 bytes."""
    raw = frame.tobytes()
    version, text_len, _given, number, ns = struct.unpack_from("<HHIQq", raw)
    assert version == 1 and len(raw) == 256, raw
    return number, ns, raw[32 : 32 + text_len].decode()


class Reading:
    def __init__(self, name):
        self.mirror = EZShmMirror(name)
        self.timed = hasattr(self.mirror, "timed_view")
        self.events, self.problems = [], []

    def poll(self):
        if self.timed:
            view, times, overflow = self.mirror.timed_view()
        else:
            (view, overflow), times = self.mirror.auto_view(), None
        if overflow:
            self.problems.append("overflow")
        frames = np.array(view, copy=True)
        if frames.ndim != 2 or not len(frames):
            return
        if frames.dtype != np.uint8 or frames.shape[1] != 256:
            self.problems.append(f"{frames.dtype} {frames.shape}")
            return
        new = [decode(frame) for frame in frames]
        if times is not None and not np.array_equal(times, [ns / 1e9 for _, ns, _ in new]):
            self.problems.append(f"times {times} of {new}")
        self.events += new

    def until(self, is_so):
        end = time.monotonic() + PATIENCE
        while not is_so() and time.monotonic() < end:
            self.poll()
            time.sleep(0.001)


def main():
    name, path = sys.argv[1:]
    reading = Reading(name + "/events")
    reading.until(lambda: reading.mirror.connected)
    marked = []
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        lines = s.makefile("rw", encoding="utf-8")
        for i in range(EVENTS):
            text = f"event {i} µV " + "x" * (i % 180)
            print(text, file=lines, flush=True)
            ok, number, seconds = lines.readline().split()
            assert ok == "ok"
            marked.append((int(number), int(seconds.replace(".", "")), text))
            # The published mirror hands out nothing as long as there is but one new frame.
            if i % 2:
                reading.until(lambda: len(reading.events) == len(marked))
    if reading.events != marked:
        at = next((i for i, (a, b) in enumerate(zip(reading.events, marked)) if a != b), min(len(reading.events), len(marked)))
        reading.problems.append(f"{len(reading.events)} events of {len(marked)}; {reading.events[at:at + 2]} in place of {marked[at:at + 2]}")
    numbers = [number for number, _, _ in marked]
    if numbers != sorted(numbers):
        reading.problems.append("frame numbers go back")
    result = {
        "reader": f"ezmsg-tools {importlib.metadata.version('ezmsg-tools')}, numpy {np.__version__}",
        "ok": not reading.problems,
        "events": len(reading.events),
        "problems": reading.problems[:20],
    }
    print(json.dumps(result), flush=True)
    sys.exit(0 if result["ok"] else 1)


if __name__ == "__main__":
    main()
