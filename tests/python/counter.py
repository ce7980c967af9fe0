"""The `counter` signal as its definition has it: code of channel c in frame k = (8 k + c) mod 2^23.

Says which codes a frame must hold and follows a sequence of frames. Knows nothing of shared memory.
"""
import numpy as np

CODE_MODULUS = 1 << 23  # positive half of a 24-bit code
CHANNEL_STRIDE = 8  # codes from one frame to the next
FRAME_MODULUS = CODE_MODULUS // CHANNEL_STRIDE


def codes(first_frame, n_frames, n_channels):
    """Codes of `n_frames` frames from `first_frame` on: int64, shape (n_frames, n_channels)."""
    k = np.arange(first_frame, first_frame + n_frames, dtype=np.int64)
    return (CHANNEL_STRIDE * k[:, None] + np.arange(n_channels, dtype=np.int64)[None, :]) % CODE_MODULUS


def to_codes(values, lsb):
    """Codes behind published values. Integers are codes; floats are volts of `lsb` volts a code.

    Returns (codes int64, exact bool per element): `exact` is False where a value is no multiple of the LSB
    within what the element type can resolve.
    """
    if values.dtype.kind in "iu":
        return values.astype(np.int64), np.ones(values.shape, dtype=bool)
    scaled = values.astype(np.float64) / lsb
    nearest = np.rint(scaled)
    # Two roundings of the type's relative precision, and never more than what tells neighbouring codes apart.
    tolerance = np.minimum(1e-6 + 4 * np.finfo(values.dtype).eps * np.abs(scaled), 0.49)
    return nearest.astype(np.int64), np.abs(scaled - nearest) <= tolerance


class Follower:
    """Counts what is wrong with a sequence of counter frames."""

    def __init__(self, lsb):
        self.lsb = lsb
        self.expected = None  # number of the next frame, modulo FRAME_MODULUS
        self.frames = self.lost = self.repeated = self.torn = self.inexact = 0
        self.first = self.last = None
        self.notes = []

    def resync(self):
        """What follows may start anywhere (a new buffer generation, an overflow)."""
        self.expected = None

    def note(self, text):
        if len(self.notes) < 20:
            self.notes.append(text)

    def faults(self):
        return self.lost + self.repeated + self.torn + self.inexact

    def feed(self, values):
        """Checks frames, shape (n, channels)."""
        got, exact = to_codes(values, self.lsb)
        if not exact.all():
            self.inexact += int((~exact).any(axis=1).sum())
            self.note(f"values that are no code: {values[~exact][:4].tolist()}")
        want_within = (got[:, :1] + np.arange(got.shape[1])[None, :]) % CODE_MODULUS
        whole = (got == want_within).all(axis=1) & (got[:, 0] % CHANNEL_STRIDE == 0)
        numbers = got[:, 0] // CHANNEL_STRIDE
        for ok, k, row in zip(whole.tolist(), numbers.tolist(), got):
            self.frames += 1
            if not ok:
                self.torn += 1
                self.note(f"torn frame, expected number {self.expected}: {row.tolist()}")
                self.expected = None if self.expected is None else (self.expected + 1) % FRAME_MODULUS
                continue
            if self.expected is not None and k != self.expected:
                ahead = (k - self.expected) % FRAME_MODULUS
                if ahead < FRAME_MODULUS // 2:
                    self.lost += ahead
                    self.note(f"{ahead} frames lost before frame {k}")
                else:
                    self.repeated += FRAME_MODULUS - ahead
                    self.note(f"back by {FRAME_MODULUS - ahead} frames to frame {k}")
            if self.first is None:
                self.first = k
            self.last = k
            self.expected = (k + 1) % FRAME_MODULUS
