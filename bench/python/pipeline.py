"""One end of a stream through the published classes, in real time.

usage: pipeline.py write|read NAME RATE CORE   (in an environment with one ezmsg-tools release)

The writer answers `begin` once it publishes a frame of 8 channels whenever one is due; channel 0 is the time it was due at, in seconds. The
reader answers a line with a number of seconds with the ages of the frames that it got in that time, in nanoseconds: {"ages": [...]}. Frames that
the published mirror hands out again, a whole ring of them when a chunk has ended exactly at the ring's end, count once.
"""
import json
import logging
import os
import sys
import threading
import time

# The published classes log to standard output, which is for answers here.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
logging.disable(logging.INFO)

import numpy as np
from ezmsg.tools.shmem import shmem as published
from ezmsg.tools.shmem.shmem_mirror import EZShmMirror
from ezmsg.util.messages.axisarray import AxisArray

CHANNELS = 8
SETTLE = 0.3


def answer(value):
    print(json.dumps(value), file=ANSWERS, flush=True)


def finish(coroutine):
    """Runs a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the published coroutine waits")


def write(name, rate):
    settings = published.ShMemCircBuffSettings(shmem_name=name, buf_dur=2.0, conn=None, axis="time")
    unit = published.ShMemCircBuff(settings)
    unit.STATE = published.ShMemCircBuffState()
    finish(unit.initialize())
    labels = np.array([(f"ch{i}",) for i in range(CHANNELS)], dtype=[("label", "U16")])
    channel_axis = AxisArray.CoordinateAxis(unit="", dims=["ch"], data=labels)
    ended = threading.Event()

    def commands():
        for line in sys.stdin:
            if line.strip() == "begin":
                answer({})
            else:
                break
        ended.set()

    threading.Thread(target=commands, daemon=True).start()
    start, n = time.monotonic(), 0
    while not ended.is_set():
        due = start + n / rate
        now = time.monotonic()
        if now < due:
            time.sleep(due - now)
        data = np.full((1, CHANNELS), due)
        time_axis = AxisArray.LinearAxis(unit="s", gain=1 / rate, offset=due)
        finish(unit.on_message(AxisArray(data=data, dims=["time", "ch"], axes={"time": time_axis, "ch": channel_axis}, key="bench")))
        n += 1
    finish(unit.shutdown())


def read(name):
    seconds = float(sys.stdin.readline())
    mirror = EZShmMirror(name)
    ages, newest = [], 0.0
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        view, _ = mirror.auto_view()
        if view.size:
            frames = view.copy()
            now = time.monotonic()
            due = frames[:, 0]
            due = due[due > newest]
            newest = max(newest, frames[:, 0].max())
            if now - begin > SETTLE:
                ages.extend(((now - due) * 1e9).tolist())
    answer({"ages": ages})


def main():
    role, name, rate, core = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
    os.sched_setaffinity(0, {core})
    if role == "write":
        write(name, rate)
    else:
        read(name)


if __name__ == "__main__":
    main()
