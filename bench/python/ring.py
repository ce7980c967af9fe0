"""Publishes and reads with the published classes, a round of about a millisecond for each line on standard input.

usage: ring.py NAME CHANNELS FRAMES RING_CHUNKS   (in an environment with one ezmsg-tools release)

Answers each of `publish`, `read`, `nothing`, `check` with a line of JSON; ends with `quit`.
"""
import json
import logging
import os
import resource
import sys
import time

# The published classes log to standard output, which is for answers here.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
logging.disable(logging.INFO)

import numpy as np
from ezmsg.tools.shmem import shmem as published
from ezmsg.tools.shmem.shmem_mirror import EZShmMirror
from ezmsg.util.messages.axisarray import AxisArray

RATE = 1024.0
SOURCES = 4
ROUND_NS = 1_000_000
POLLS = 256
BACKLOG = 32


class Ring:
    def __init__(self, name, channels, frames, ring_chunks):
        self.frames, self.ring_chunks, self.published, self.read_chunks = frames, ring_chunks, 0, 0
        samples = channels * frames
        count = np.arange(SOURCES * samples, dtype=np.float32).reshape(SOURCES, frames, channels)
        self.sources = [np.ascontiguousarray(s + 0.5) for s in count]
        labels = np.array([(f"ch{i}",) for i in range(channels)], dtype=[("label", "U16")])
        self.channel_axis = AxisArray.CoordinateAxis(unit="", dims=["ch"], data=labels)
        settings = published.ShMemCircBuffSettings(
            shmem_name=name, buf_dur=frames * ring_chunks / RATE, conn=None, axis="time"
        )
        self.unit = published.ShMemCircBuff(settings)
        self.unit.STATE = published.ShMemCircBuffState()
        finish(self.unit.initialize())
        self.publish(self.messages(1))
        self.mirror = EZShmMirror(name)
        self.last = None
        # It hands out nothing as long as there is only one frame.
        self.publish(self.messages(1))
        self.read(1)

    def messages(self, chunks):
        """The next ones: time advances, the channels keep their labels."""
        return [
            AxisArray(
                data=self.sources[n % SOURCES],
                dims=["time", "ch"],
                axes={
                    "time": AxisArray.LinearAxis(unit="s", gain=1 / RATE, offset=n * self.frames / RATE),
                    "ch": self.channel_axis,
                },
                key="bench",
            )
            for n in range(self.published, self.published + chunks)
        ]

    def publish(self, messages):
        on_message = self.unit.on_message
        for message in messages:
            finish(on_message(message))
        self.published += len(messages)

    def read(self, chunks):
        view, n = self.mirror.auto_view, self.frames
        for _ in range(chunks):
            self.last = view(n)[0].copy()
        self.read_chunks += chunks

    def nothing(self, polls):
        # One frame is left over: as good as none for `auto_view`.
        view = self.mirror.auto_view
        for _ in range(polls):
            if view()[0].size:
                raise AssertionError("nothing was expected")

    def check_read(self):
        """What was read last is what was published."""
        if not np.array_equal(self.last, self.sources[(self.read_chunks - 1) % SOURCES]):
            raise AssertionError(f"chunk {self.read_chunks - 1} was not what was published")

    def check_published(self):
        """The newest chunk is in the ring."""
        newest = self.sources[(self.published - 1) % SOURCES]
        end = self.mirror.write_index or self.mirror.buffer.shape[0]
        if not np.array_equal(self.mirror.buffer[end - self.frames : end], newest):
            raise AssertionError(f"chunk {self.published - 1} is not in the ring")


def finish(coroutine):
    """Runs a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the published coroutine waits")


def preemptions():
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw


def one_round(batch):
    batch()
    before, ns, operations = preemptions(), 0, 0
    while ns < ROUND_NS:
        took, done = batch()
        ns += took
        operations += done
    return {"ns": ns, "operations": operations, "preemptions": preemptions() - before}


def main():
    name, numbers = sys.argv[1], [int(a) for a in sys.argv[2:]]
    ring = Ring(name, *numbers)
    # Short, so that a round is about a millisecond whatever the release.
    backlog = min(ring.ring_chunks // 2, BACKLOG)

    def publish():
        messages = ring.messages(backlog)
        start = time.perf_counter_ns()
        ring.publish(messages)
        return time.perf_counter_ns() - start, backlog

    def read():
        ring.publish(ring.messages(backlog))
        start = time.perf_counter_ns()
        ring.read(backlog)
        return time.perf_counter_ns() - start, backlog

    def nothing():
        start = time.perf_counter_ns()
        ring.nothing(POLLS)
        return time.perf_counter_ns() - start, POLLS

    work = {"publish": publish, "read": read, "nothing": nothing}
    working = None
    for line in sys.stdin:
        command = line.strip()
        if command == "quit":
            break
        try:
            if command == "check":
                ring.check_published()
                if working != "publish":
                    ring.check_read()
                answer = {}
            else:
                working = command
                answer = one_round(work[command])
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=ANSWERS, flush=True)
    finish(ring.unit.shutdown())


if __name__ == "__main__":
    main()
