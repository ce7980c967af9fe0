"""Reads a simulated sine of 10 Hz and 100 uV with examples/python/mne_notebook.py, and checks what MNE then has.

usage: mne_sine.py NAME --labels A,B,... [--seconds S]   (in an environment with examples/python/requirements.txt)

Amplitude and frequency are those that the service was told; MNE's own filter and spectrum say what arrived. Seven frames are lost on the way:
they must be marked, and what is behind them must still be in phase.
"""
import argparse
import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples" / "python"))
import mne_notebook  # noqa: E402


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("name")
    p.add_argument("--labels", required=True)
    p.add_argument("--seconds", type=float, default=5.0)
    args = p.parse_args()

    raw, summary = mne_notebook.record(args.name, args.seconds)
    problems = []
    if raw.ch_names != args.labels.split(","):
        problems.append(f"labels {raw.ch_names}")
    if raw.info["sfreq"] != 1000.0:
        problems.append(f"rate {raw.info['sfreq']}")
    times, data = raw.times, raw.get_data()
    good = np.ones(len(times), dtype=bool)
    for a in raw.annotations:
        if a["description"] != "BAD_missed":
            problems.append(f"annotation {a}")
        good &= (times < a["onset"] - 1e-6) | (times >= a["onset"] + a["duration"] - 1e-6)
    if np.any(data[:, ~good]):
        problems.append("what is missing is not zero")
    # One sine for the whole recording, by least squares: any shift behind the gap would show as a remainder.
    basis = np.stack([np.sin(2 * np.pi * 10 * times), np.cos(2 * np.pi * 10 * times), np.ones_like(times)])[:, good]
    for label, channel in zip(raw.ch_names, data[:, good]):
        fit, *_ = np.linalg.lstsq(basis.T, channel, rcond=None)
        amplitude, rest = float(np.hypot(*fit[:2])), float(np.sqrt(np.mean((channel - basis.T @ fit) ** 2)))
        if abs(amplitude - 100e-6) > 1e-6 or rest > 2e-6:
            problems.append(f"{label}: amplitude {amplitude}, beside it {rest}")
    psd = raw.compute_psd(fmax=50, n_fft=2000, verbose="error")
    peak = float(psd.freqs[psd.get_data()[0].argmax()])
    if peak != 10.0:
        problems.append(f"the spectrum's peak is at {peak} Hz")
    print(json.dumps({"ok": not problems, "summary": summary, "gaps": len(raw.annotations), "problems": problems}), flush=True)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
