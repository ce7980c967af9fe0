"""A live plot of a stream with matplotlib: the last seconds of every channel, one above the other.

    pip install -r requirements.txt
    python live_plot.py axismirror
    python live_plot.py axismirror --frames 1000 --save picture.png    without a display
"""

import argparse
import sys

import matplotlib
import numpy as np

from follow import Follower, until_stopped

REDRAW_MS = 50


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("name", nargs="?", default="axismirror", help="the stream's name")
    p.add_argument("--seconds", type=float, default=4.0, help="how much is shown (default %(default)s)")
    p.add_argument("--frames", type=int, help="end after so many; without it, when the window is closed or at Ctrl-C")
    p.add_argument("--save", metavar="FILE.png", help="needs no display: write one picture, after --frames (default: as many as are shown)")
    return p.parse_args()


class Window:
    """The last seconds of a stream, in microvolts where the stream says what a volt is."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.info = None

    def add(self, block):
        if block.info is not self.info:  # another rate, other channels: begin again
            self.info = block.info
            self.times = np.empty(0)
            self.values = np.empty((0, len(self.info.labels)))
            self.scale, self.unit = (1e6 * self.info.volts, "µV") if self.info.volts else (1.0, self.info.unit or "value")
        self.times = np.append(self.times, block.times)
        self.values = np.concatenate([self.values, block.frames * self.scale])
        keep = self.times >= self.times[-1] - self.seconds
        self.times, self.values = self.times[keep], self.values[keep]

    def draw(self, axes, title):
        axes.clear()
        if self.info is None:
            axes.set_title(f"{title}: waiting")
            return
        centred = self.values - self.values.mean(axis=0)
        # As far apart as the largest channel needs.
        step = float(np.percentile(np.abs(centred), 99.5)) * 2.0 or 1.0
        for c, label in enumerate(self.info.labels):
            axes.plot(self.times, centred[:, c] - c * step, linewidth=0.8)
        axes.set_yticks([-c * step for c in range(len(self.info.labels))], self.info.labels)
        axes.set_xlim(self.times[-1] - self.seconds, self.times[-1])
        axes.set_ylim(-(len(self.info.labels) - 0.5) * step, step)
        axes.set_xlabel("time in s, by the stream's clock")
        axes.set_title(f"{title}: one division {step:.3g} {self.unit}")


def picture(args, follower):
    """Reads the frames that are asked for, then draws once."""
    import matplotlib.pyplot as plt

    window = Window(args.seconds)
    for block in follower.blocks():
        window.add(block)
        if follower.frames >= (args.frames or args.seconds * block.info.rate):
            break
    figure, axes = plt.subplots(figsize=(10, 6), layout="constrained")
    window.draw(axes, args.name)
    figure.savefig(args.save, dpi=80)


def live(args, follower):
    import matplotlib.pyplot as plt
    from matplotlib.animation import FuncAnimation

    if matplotlib.get_backend().lower() == "agg":
        sys.exit("there is no display to draw on: --save FILE.png writes a picture")
    figure, axes = plt.subplots(figsize=(10, 6), layout="constrained")
    window = Window(args.seconds)

    def update(_):
        block = follower.read()
        if block is not None:
            window.add(block)
        window.draw(axes, f"{args.name}: {follower.summary()}")
        if args.frames is not None and follower.frames >= args.frames:
            plt.close(figure)

    _kept = FuncAnimation(figure, update, interval=REDRAW_MS, cache_frame_data=False)
    plt.show()


def main():
    args = arguments()
    if args.save:
        matplotlib.use("Agg")
    follower = Follower(args.name)
    try:
        (picture if args.save else live)(args, follower)
    finally:
        print(follower.summary())


if __name__ == "__main__":
    until_stopped(main)
