# %% [markdown]
# # A stream in MNE
#
# Reads some seconds of a running stream into a `RawArray`: labels, rate and volts are the stream's own, frames that are missing are marked as
# `BAD_missed`. Runs as a notebook (the cells are those of VS Code, Spyder and Jupytext) and as a script:
#
#     pip install -r requirements.txt
#     python mne_notebook.py axismirror --seconds 10 --psd psd.png --traces traces.png

# %%
import argparse
import sys

import mne
import numpy as np

from follow import Follower, until_stopped

# %% What to read


def arguments():
    p = argparse.ArgumentParser(description="A stream in MNE: reads some seconds, plots its spectrum and traces.")
    p.add_argument("name", nargs="?", default="axismirror", help="the stream's name")
    p.add_argument("--seconds", type=float, default=10.0, help="how much to read (default %(default)s)")
    p.add_argument("--fmax", type=float, default=60.0, metavar="HZ", help="the spectrum ends here (default %(default)s)")
    p.add_argument("--psd", metavar="FILE.png", help="save the spectrum")
    p.add_argument("--traces", metavar="FILE.png", help="save the traces")
    # In a notebook the arguments are the kernel's.
    return p.parse_args([] if "ipykernel" in sys.modules else None)


# %% From the mirror to a RawArray


def record(name, seconds):
    """The next seconds of a stream, or those until Ctrl-C, and what was missed.

    Frames are placed by their times: missing ones are zero and marked, so that everything behind them stays where it belongs.
    """
    follower = Follower(name, backlog=False)
    blocks, info = [], None
    try:
        for block in follower.blocks():
            if block.info is not info:  # the stream changed: what came before is of another kind
                blocks, info = [], block.info
            if info.rate <= 0.0 or info.volts is None:
                sys.exit(f"{name} has no rate or no volts: MNE needs both")
            blocks.append(block)
            if block.times[-1] - blocks[0].times[0] >= seconds:
                break
    except KeyboardInterrupt:
        pass
    if not blocks:
        sys.exit(f"{name}: {follower.summary()}")

    times = np.concatenate([b.times for b in blocks])
    volts = np.concatenate([b.frames for b in blocks]) * info.volts
    places = np.rint((times - times[0]) * info.rate).astype(int)
    data = np.zeros((volts.shape[1], places[-1] + 1))
    data[:, places] = volts.T

    raw = mne.io.RawArray(data, mne.create_info(info.labels, info.rate, "eeg"), verbose="error")
    behind = np.flatnonzero(np.diff(places) > 1)
    onsets, lengths = (places[behind] + 1) / info.rate, (np.diff(places)[behind] - 1) / info.rate
    raw.set_annotations(mne.Annotations(onsets, lengths, "BAD_missed"))
    return raw, follower.summary()


# %% Spectrum and traces


def spectrum(raw, fmax):
    rate = raw.info["sfreq"]
    # Windows of two seconds: half a hertz apart.
    psd = raw.compute_psd(fmax=min(fmax, rate / 2), n_fft=min(int(2 * rate), len(raw.times)), verbose="error")
    return psd.plot(spatial_colors=False, show=False)


def traces(raw):
    mne.viz.set_browser_backend("matplotlib", verbose="error")
    # Half of the space between two channels.
    scale = np.percentile(np.abs(raw.get_data() - raw.get_data().mean(axis=1, keepdims=True)), 99.5)
    return raw.plot(duration=min(5.0, raw.times[-1]), scalings={"eeg": scale}, show=False, show_scrollbars=False, verbose="error")


# %% All of it


def main():
    args = arguments()
    if args.psd or args.traces:
        import matplotlib

        matplotlib.use("Agg")
    raw, summary = record(args.name, args.seconds)
    print(raw)
    print(f"{summary}, {raw.times[-1]:.2f} s in MNE, {len(raw.annotations)} gaps")
    for file, plot in ((args.psd, lambda: spectrum(raw, args.fmax)), (args.traces, lambda: traces(raw))):
        if file:
            plot().savefig(file, dpi=80)
            print(f"saved {file}")


if __name__ == "__main__":
    until_stopped(main)
