"""Follows a stream with the published EZShmMirror: blocks of frames with their times, and how many frames are missing before or within them.

The other examples import it; it needs ezmsg-tools 0.10 and nothing else.

    for block in Follower("axismirror").blocks():
        print(block.times[0], block.frames.shape, block.missed)
"""

import dataclasses
import signal
import sys
import time

import numpy as np
from ezmsg.tools.shmem.shmem import ShmemVersionError
from ezmsg.tools.shmem.shmem_mirror import EZShmMirror

# A longer gap is another clock (`clock = "realtime"`), not a gap.
LONGEST_GAP = 86_400.0


@dataclasses.dataclass(frozen=True)
class Info:
    """What the frames of a stream are."""

    rate: float  # frames a second; 0.0 when they come irregularly
    labels: list[str]  # one a channel
    unit: str  # "code" or "V"; "" when the stream says nothing
    volts: float | None  # volts a value, where that is known
    key: str


@dataclasses.dataclass(frozen=True)
class Block:
    """Frames that follow one another, but for those that are missing."""

    frames: np.ndarray  # (frames, channels), a copy
    times: np.ndarray  # seconds, one a frame, by the stream's clock
    missed: int  # frames that should be there by the times, and are not
    info: Info


class Follower:
    """A mirror that counts. It begins with what the ring holds, or without `backlog` with what comes next."""

    def __init__(self, name, backlog=True):
        self.name = name
        self._skip = not backlog
        self.frames = self.missed = self.overruns = 0
        self.info = None
        self._last_time = None
        self._mirror = EZShmMirror(name)
        # Another ring (rate, channels, element type), or other labels or units: either is a reason to look again.
        self._mirror.register_change_callback(self._changed)
        self._mirror.register_metadata_callback(self._changed)

    def _changed(self):
        self.info = None

    def read(self):
        """What came since the last call; None when that is nothing, or when there is no stream (yet)."""
        view, times, overrun = self._mirror.timed_view()
        if not len(times):
            return None
        self.overruns += overrun
        # A copy, at once: the view is the ring itself, which the writer goes on to fill.
        frames = np.array(view).reshape(len(times), -1)
        self.info = self.info or self._describe(frames.shape[1])
        missed = self._gaps(times)
        self._last_time = times[-1]
        if self._skip:
            self._skip = False
            return None
        self.frames += len(times)
        self.missed += missed
        return Block(frames, times, missed, self.info)

    def blocks(self, poll=0.02):
        """Every block, as they come; sleeps between them."""
        said = time.monotonic()
        while True:
            block = self.read()
            if block is not None:
                yield block
                said = None
                continue
            if said is not None and time.monotonic() - said > 2.0:
                print(f"waiting for the stream {self.name!r}", file=sys.stderr)
                said = None
            time.sleep(poll)

    def summary(self):
        """For the end."""
        slow = f"; this reader was too slow {self.overruns} times" if self.overruns else ""
        return f"{self.frames} frames, {self.missed} missed{slow}"

    def _gaps(self, times):
        """Frames that should lie between these times. `EZShmMirror` says only that it was overrun; the times also tell of what the ADC lost."""
        if self.info.rate <= 0.0:
            return 0
        steps = np.diff(times) if self._last_time is None else np.diff(times, prepend=self._last_time)
        steps = steps[(steps > 0.0) & (steps < LONGEST_GAP)]
        return int((np.rint(steps * self.info.rate) - 1).clip(min=0).sum())

    def _describe(self, channels):
        axes, attrs, meta = self._mirror.axes or {}, self._mirror.attrs or {}, self._mirror.meta
        data = np.asarray(axes.get("ch", {}).get("data", []))
        labels = [str(label) for label in (data["label"] if data.dtype.names else data)]
        if len(labels) != channels:
            labels = [f"ch{c + 1}" for c in range(channels)]
        unit = str(attrs.get("unit", ""))
        volts = 1.0 if unit == "V" else attrs.get("volts_per_code")
        return Info(meta.srate, labels, unit, volts, meta.key)


def until_stopped(main):
    """Runs `main()`. Ctrl-C and SIGTERM end it well, a stream of another wire version with what is wrong."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
    except ShmemVersionError as e:
        sys.exit(f"{e}")
