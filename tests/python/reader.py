"""Reads a `counter` stream with the unmodified, published EZShmMirror and checks every frame.

usage: reader.py NAME [--seconds S] [--frames K] ...   (in an environment with one ezmsg-tools release)

Prints one line of JSON with what it saw, and exits 1 when a frame was lost, repeated or torn although the reader kept
up, when times, labels, units or attributes are not what was asked for, or when too little arrived. With --events it
also prints a line at each new buffer generation, so that a caller can act between them. SIGTERM ends the reading early.
"""
import argparse
import importlib.metadata
import json
import signal
import sys
import time

import numpy as np
from ezmsg.tools.shmem.shmem_mirror import EZShmMirror

from counter import Follower


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("name")
    p.add_argument("--seconds", type=float, default=30.0, help="read for at most this long")
    p.add_argument("--frames", type=int, help="stop after this many frames")
    p.add_argument("--generations", type=int, default=1, help="buffer generations that must be seen; stops in the last one only")
    p.add_argument("--frames-each", type=int, default=2, help="frames that each generation must bring")
    p.add_argument("--poll", type=float, default=0.002, help="seconds between polls")
    p.add_argument("--lsb", type=float, default=4.5 / 24 / (2**23 - 1), help="volts a code, for streams of floats")
    p.add_argument("--channels", type=int)
    p.add_argument("--rate", type=float, help="srate that the header must carry, and 1 / step of the times")
    p.add_argument("--time-tolerance", type=float, default=0.5, help="how far a time step may be from 1 / rate, in steps")
    p.add_argument("--labels", help="a,b,c: the labels that the ch axis must carry (not in ezmsg-tools 0.3.2)")
    p.add_argument("--time-unit", help="unit of the time axis")
    p.add_argument("--attrs", help="JSON object: attributes that must be there with these values")
    p.add_argument("--dtypes", help="f,d: numpy dtype.char of each generation, in order")
    p.add_argument("--min-wraps", type=int, default=0, help="wraps of the ring that must be read through, in the last generation")
    p.add_argument("--events", action="store_true")
    return p.parse_args()


class Reading:
    def __init__(self, args):
        self.args = args
        self.mirror = EZShmMirror(args.name)
        self.mirror.register_change_callback(self.on_change)
        self.timed = hasattr(self.mirror, "timed_view")
        self.described = hasattr(self.mirror, "axes")
        self.follower = Follower(args.lsb)
        self.generation = None
        self.seen = []  # one dict a generation
        self.overflows = self.late_overflows = self.uncertain = self.bad_times = 0
        self.problems = []
        self.last_time = None
        self.last_poll = None
        self.wraps = 0

    def problem(self, text):
        if len(self.problems) < 20:
            self.problems.append(text)

    def on_change(self):
        """The mirror mapped a new data segment."""
        meta = self.mirror.meta
        self.generation = int(meta.buffer_generation)
        self.follower.resync()
        self.last_time = None
        self.wraps = 0
        self.wraps_before = int(meta.wrap_counter)
        shape = list(meta.shape[: meta.ndim])
        self.seen.append({"generation": self.generation, "frames": 0, "dtype": bytes(meta.dtype).decode(), "shape": shape, "srate": meta.srate})
        if self.args.channels is not None and shape[1:] != [self.args.channels]:
            self.problem(f"frame shape {shape[1:]}, expected {[self.args.channels]}")
        if self.args.rate is not None and abs(meta.srate - self.args.rate) > 1e-9 * self.args.rate:
            self.problem(f"srate {meta.srate}, expected {self.args.rate}")
        if self.args.dtypes:
            wanted = self.args.dtypes.split(",")
            at = len(self.seen) - 1
            if at < len(wanted) and self.seen[at]["dtype"] != wanted[at]:
                self.problem(f"generation {self.generation} has element type {self.seen[at]['dtype']}, expected {wanted[at]}")
        if self.args.events:
            print(json.dumps({"event": "generation", "generation": self.generation}), flush=True)

    def poll(self):
        """One look at the stream."""
        now = time.monotonic()
        if self.timed:
            view, times, overflow = self.mirror.timed_view()
        else:
            view, overflow = self.mirror.auto_view()
            times = None
        frames = np.array(view, copy=True)
        previous, self.last_poll = self.last_poll, now
        meta = self.mirror.meta
        if meta is None or self.generation is None or frames.ndim < 2 or frames.shape[0] == 0 or not self.mirror.connected:
            return
        # The mirror reads the indices after it compared generations. A batch from around a change is not evidence.
        if not meta.bvalid or int(meta.buffer_generation) != self.generation:
            self.uncertain += 1
            self.follower.resync()
            self.last_time = None
            return
        if overflow:
            self.overflows += 1
            ring_seconds = meta.shape[0] / meta.srate if meta.srate > 0 else float("inf")
            if previous is not None and now - previous < 0.5 * ring_seconds:
                self.problem(f"overflow reported after {now - previous:.4f} s of a ring of {ring_seconds:.4f} s")
            else:
                self.late_overflows += 1
            self.follower.resync()
            self.last_time = None
        self.wraps = int(meta.wrap_counter) - self.wraps_before
        self.follower.feed(frames)
        self.seen[-1]["frames"] += len(frames)
        if times is not None:
            self.check_times(times, len(frames))

    def check_times(self, times, n_frames):
        if len(times) != n_frames:
            self.bad_times += 1
            self.problem(f"{len(times)} times for {n_frames} frames")
            return
        if self.last_time is not None:
            times = np.concatenate(([self.last_time], times))
        self.last_time = float(times[-1])
        if self.args.rate is None or len(times) < 2:
            return
        steps = np.diff(times) * self.args.rate
        bad = (steps <= 0) | (np.abs(steps - 1) > self.args.time_tolerance)
        if bad.any():
            self.bad_times += int(bad.sum())
            self.problem(f"time steps {steps[bad][:4].tolist()} (in 1 / rate)")

    def check_description(self):
        """Static metadata: labels, units, attributes. ezmsg-tools 0.3.2 has none."""
        if not self.described:
            return
        axes, attrs = self.mirror.axes, self.mirror.attrs
        if axes is None:
            if self.args.labels or self.args.time_unit or self.args.attrs:
                self.problem("no static metadata")
            return
        if self.args.labels:
            data = np.asarray(axes.get("ch", {}).get("data", []))
            labels = [str(x) for x in (data["label"] if data.dtype.names else data)]
            if labels != self.args.labels.split(","):
                self.problem(f"labels {labels}, expected {self.args.labels.split(',')}")
        if self.args.time_unit is not None and axes.get("time", {}).get("unit") != self.args.time_unit:
            self.problem(f"time axis {axes.get('time')}, expected unit {self.args.time_unit!r}")
        for key, value in json.loads(self.args.attrs or "{}").items():
            if key not in attrs or attrs[key] != value:
                self.problem(f"attribute {key} is {attrs.get(key)!r}, expected {value!r}")

    def done(self):
        args = self.args
        if len(self.seen) < args.generations or self.wraps < args.min_wraps:
            return False
        if self.seen[-1]["frames"] < args.frames_each:
            return False
        return args.frames is not None and self.follower.frames >= args.frames

    def result(self):
        f, args = self.follower, self.args
        if len(self.seen) < args.generations:
            self.problem(f"{len(self.seen)} buffer generations, expected {args.generations}")
        if args.frames is not None and f.frames < args.frames:
            self.problem(f"{f.frames} frames, expected {args.frames}")
        if self.wraps < args.min_wraps:
            self.problem(f"{self.wraps} wraps, expected {args.min_wraps}")
        for s in self.seen:
            if s["frames"] < args.frames_each:
                self.problem(f"generation {s['generation']} brought {s['frames']} frames, expected {args.frames_each}")
        return {
            "reader": f"ezmsg-tools {importlib.metadata.version('ezmsg-tools')}, numpy {np.__version__}",
            "ok": not (f.faults() or self.bad_times or self.problems),
            "frames": f.frames,
            "generations": self.seen,
            "lost": f.lost,
            "repeated": f.repeated,
            "torn": f.torn,
            "inexact": f.inexact,
            "bad_times": self.bad_times,
            "overflows": self.overflows,
            "late_overflows": self.late_overflows,
            "uncertain": self.uncertain,
            "wraps": self.wraps,
            "first": f.first,
            "last": f.last,
            "problems": self.problems + f.notes,
        }


def main():
    args = arguments()
    reading = Reading(args)
    end = time.monotonic() + args.seconds
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    while not stopped and time.monotonic() < end and not reading.done():
        reading.poll()
        time.sleep(args.poll)
    reading.check_description()
    result = reading.result()
    print(json.dumps(result), flush=True)
    sys.exit(0 if result["ok"] else 1)


if __name__ == "__main__":
    main()
