"""What other people's programs read from a recording: pyedflib and MNE, pyarrow, pandas and polars, pyxdf.

    python recordings.py FILE ... --reference REFERENCE.csv [--least FRAMES] [--gap] ...

REFERENCE.csv is what `axismirror tail --format csv` printed of the same stream meanwhile: each frame of the recording must be there, and every value
must be the same. A gap in the recording must be one in the reference, of as many frames. Prints what was seen in one line; fails by an exception.
"""

import argparse
import csv
import json
import re
import traceback
import warnings
from pathlib import Path

import numpy as np

warnings.simplefilter("ignore")
GAP = re.compile(r"(\d+) frames? (?:was|were) (not acquired|overwritten)")
EVENT = re.compile(r"# event: frame=(\d+) time=(\S+) (.*)")


def reference(path):
    """Frame number -> values; the frames that were lost in front of a frame; events as (frame, text)."""
    rows, gaps, marks, lost = {}, {}, [], 0
    for line in Path(path).read_text().splitlines():
        if line.startswith("# gap"):
            lost += int(GAP.search(line)[1])
        elif m := EVENT.fullmatch(line):
            marks.append((int(m[1]), m[3]))
        elif line[:1].isdigit():
            frame, time, *values = line.split(",")
            rows[int(frame)] = (float(time), values)
            if lost:
                gaps[int(frame)] = lost
            lost = 0
    return rows, gaps, marks


class Recording:
    """Whole file as frame numbers, times (or None), values, and gaps by the frame behind them."""

    def __init__(self, description, frames, times, values, gaps, labels, end, events):
        self.description, self.frames, self.times, self.values = description, frames, times, values
        self.gaps, self.labels, self.end, self.events = gaps, labels, end, events

    def from_frame(self, first):
        """The same from a frame on."""
        at = int(np.searchsorted(self.frames, first))
        times = None if self.times is None else self.times[at:]
        gaps = {n: lost for n, lost in self.gaps.items() if n > first}
        return Recording(self.description, self.frames[at:], times, self.values[at:], gaps, self.labels, self.end, self.events)


def pieces(texts, name):
    """A JSON text that was broken into annotations."""
    found = [m for m in (re.fullmatch(name + r" (\d+)/(\d+) (.*)", t, re.DOTALL) for t in texts) if m]
    if not found:
        return None
    assert [int(m[1]) for m in found] == list(range(1, int(found[0][2]) + 1)), f"{name}: pieces are missing"
    return json.loads("".join(m[3] for m in found))


def edf(path):
    import mne
    import pyedflib

    mne.set_log_level("ERROR")
    with pyedflib.EdfReader(str(path)) as f:
        channels = f.signals_in_file
        codes = np.array([f.readSignal(c, digital=True) for c in range(channels)]).T
        physical = np.array([f.readSignal(c) for c in range(channels)]).T
        labels = f.getSignalLabels()
        rate = f.getSampleFrequency(0)
        onsets, durations, texts = f.readAnnotations()
        dimension = f.getPhysicalDimension(0)
        first_stamp = f.starttime_subsecond / 1e7
        start = f.getStartdatetime().replace(microsecond=0)
    description = pieces(texts, "axismirror")
    assert abs(rate - description["rate"]) <= 1e-9 * rate, (rate, description["rate"])
    assert start.isoformat() == description["start_utc"][:19], (start, description["start_utc"])
    assert abs(first_stamp - float("0." + description["start_utc"][20:29])) < 1e-6
    lsb = description["attrs"].get("volts_per_code")
    scale = {"uV": 1e6, "mV": 1e3, "V": 1}[dimension]
    if lsb:
        expected = codes * lsb * scale
        # Seven characters for the physical maximum: half of the last digit of a million at worst.
        assert np.all(np.abs(physical - expected) <= 6e-7 * np.abs(expected) + 1e-9), np.abs(physical - expected).max()
    # What is filled up and padded is taken out again.
    keep = np.ones(len(codes), bool)
    lost_at, padding = {}, 0
    for onset, duration, text in zip(onsets, durations, texts):
        at, n = round(onset * rate), round(duration * rate)
        if m := re.fullmatch(r"BAD_gap: (.*)", text):
            frames = int(GAP.match(m[1])[1])
            assert frames == n, (text, duration)
            assert (codes[at : at + n] == codes[at]).all()
            keep[at : at + n] = False
            lost_at[at + n] = lost_at.get(at, 0) + n
        elif m := re.fullmatch(r"BAD_padding: (\d+) frames", text):
            assert int(m[1]) == n, (text, duration)
            keep[at : at + n] = False
            padding += n
    # Frames that were lost by the ADC have no numbers; nothing is overwritten in these tests.
    numbers = description["first_frame"] + np.cumsum(keep) - 1
    gaps = {int(numbers[at]): n for at, n in lost_at.items() if at < len(numbers)}
    reader = mne.io.read_raw_bdf if path.suffix == ".bdf" else mne.io.read_raw_edf
    raw = reader(path, preload=True)
    assert raw.ch_names == labels and abs(raw.info["sfreq"] - rate) < 1e-9 * rate
    assert raw.info["meas_date"].replace(tzinfo=None) == start
    assert np.allclose(raw.get_data().T * scale, physical, rtol=1e-12, atol=1e-9)
    bad = [a for a in raw.annotations if a["description"].startswith("BAD")]
    assert len(bad) == len([t for t in texts if t.startswith("BAD")]), "MNE must leave out what was filled up"
    events = [
        (int(numbers[round(onset * rate)]), text)
        for onset, text in zip(onsets, texts)
        if not text.startswith(("axismirror", "BAD_"))
    ]
    marks = sorted(a["description"] for a in raw.annotations if not a["description"].startswith(("axismirror", "BAD_")))
    assert marks == sorted(text for _, text in events), (marks, events)
    return Recording(description, numbers[keep], None, codes[keep], gaps, labels, pieces(texts, "axismirror end"), events)


def table(path):
    import pandas
    import polars
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    if path.suffix == ".parquet":
        read = pa.parquet.read_table(path)
        frame, lazy = pandas.read_parquet(path), polars.read_parquet(path)
    else:
        read = pa.ipc.open_file(path).read_all()
        frame, lazy = pandas.read_feather(path), polars.read_ipc(path)
    text = {k.decode(): json.loads(v) for k, v in read.schema.metadata.items() if k.startswith(b"axismirror")}
    description = text["axismirror"]
    labels = read.column_names[2:]
    assert list(frame.columns) == lazy.columns == ["frame", "time", *labels]
    if path.suffix != ".parquet":
        assert read.schema.field(2).metadata[b"unit"].decode() == description["unit"]
    values = np.column_stack([read[label].to_numpy() for label in labels]) if labels else np.empty((0, 0))
    assert frame[labels].to_numpy().tobytes() == np.ascontiguousarray(values).tobytes(), "pandas reads something else"
    assert np.ascontiguousarray(lazy[labels].to_numpy()).tobytes() == np.ascontiguousarray(values).tobytes(), "polars reads something else"
    gaps = {g["frame"]: g["not_acquired"] + g["overwritten"] for g in text["axismirror.gaps"]}
    events = [(e["frame"], e["text"]) for e in text["axismirror.events"]]
    frames, times = read["frame"].to_numpy(), read["time"].to_numpy()
    return Recording(description, frames, times, values, gaps, labels, text.get("axismirror.end"), events)


def xdf(path):
    import pyxdf

    streams, header = pyxdf.load_xdf(path, dejitter_timestamps=False)
    plain, _ = pyxdf.load_xdf(path, synchronize_clocks=False, dejitter_timestamps=False)
    data = next(s for s in streams if s["info"]["type"][0] == "EEG")
    lost = next(s for s in streams if s["info"]["type"][0] == "Gaps")
    exact = next(s for s in plain if s["info"]["type"][0] == "EEG")
    assert np.allclose(exact["time_stamps"], data["time_stamps"], rtol=0, atol=1e-9), "the clock is the recorder's own"
    desc = data["info"]["desc"][0]
    channels = desc["channels"][0]["channel"]
    description = json.loads(desc["axismirror"][0])
    assert {c["unit"][0] for c in channels} == {description["unit"]}
    assert float(data["info"]["nominal_srate"][0]) == description["rate"]
    assert header["info"]["datetime"][0] == description["start_utc"]
    times = exact["time_stamps"]
    gaps = {}
    for time, text in zip(lost["time_stamps"], lost["time_series"]):
        at = int(np.flatnonzero(times == time)[0])
        gaps[description["first_frame"] + at] = int(GAP.match(text[0])[1])
    frames = description["first_frame"] + np.arange(len(times))
    footer = data.get("footer")
    end = None
    if footer:
        end = json.loads(footer["info"]["axismirror"][0])
        assert int(footer["info"]["sample_count"][0]) == len(times)
    marks = next(s for s in plain if s["info"]["type"][0] == "Markers")
    # The first frame that is not before the event, but for a hundredth of a period.
    late = np.asarray(marks["time_stamps"]) - 0.01 / description["rate"]
    events = [(int(description["first_frame"] + np.searchsorted(times, t)), m[0]) for t, m in zip(late, marks["time_series"])]
    return Recording(description, frames, times, data["time_series"], gaps, [c["label"][0] for c in channels], end, events)


def comma(path):
    import pandas

    lines = path.read_text().splitlines()
    events = [re.fullmatch(r"# event: frame=(\d+) time=\S+ (.*)", line) for line in lines]
    events = [(int(m[1]), m[2]) for m in events if m]
    said = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    description = json.loads(said["axismirror"])
    assert said["unit"] == description["unit"] and said["rate"] == f"{description['rate']:g} Hz"
    frame = pandas.read_csv(path, comment="#", float_precision="round_trip", dtype={"frame": np.int64})
    rows, gaps, _ = reference(path)
    assert list(rows) == list(frame["frame"])
    labels = list(frame.columns[2:])
    end = json.loads(said["end"]) if "end" in said else None
    frames, times = frame["frame"].to_numpy(), frame["time"].to_numpy()
    return Recording(description, frames, times, frame[labels].to_numpy(), gaps, labels, end, events)


READERS = {".bdf": edf, ".edf": edf, ".parquet": table, ".arrow": table, ".feather": table, ".xdf": xdf, ".csv": comma}


def check(path, known, args):
    rows, gaps, marks = known
    recording = READERS[path.suffix](path)
    description = recording.description
    labels = description.get("labels", recording.labels)
    if path.suffix in (".bdf", ".edf"):
        labels = [label.replace("\u00b5", "u")[:16] for label in labels]  # ASCII alone
    assert recording.labels == labels
    assert np.all(np.diff(recording.frames) == 1), "frames are missing without a word"
    if args.from_oldest:
        assert recording.frames[0] == 0, "it does not begin with the oldest frame"
        # tail began later.
        recording = recording.from_frame(min(rows))
    whole = [n for n in recording.frames if int(n) in rows]
    assert len(whole) == len(recording.frames), f"{len(recording.frames) - len(whole)} frames are not in the reference"
    first = int(recording.frames[0])
    chosen = [int(c) - 1 for c in args.channels.split(",")] if args.channels else slice(None)
    expected = np.array([[float(v) for v in rows[int(n)][1]] for n in recording.frames])[:, chosen]
    if path.suffix in (".bdf", ".edf") and description["unit"] == "V":
        lsb = description["attrs"]["volts_per_code"]
        kind = np.float32 if description["dtype"] == "f4" else np.float64
        values = (recording.values.astype(np.float64) * lsb).astype(kind)
    else:
        values = recording.values
    expected = expected.astype(values.dtype)
    different = np.argwhere(values != expected)
    assert values.shape == expected.shape and not len(different), f"{len(different)} values differ, the first at {different[0]}"
    assert args.from_oldest or description["first_frame"] == first
    if recording.times is not None:
        times = np.array([rows[int(n)][0] for n in recording.frames])
        # tail prints microseconds.
        assert np.all(np.abs(recording.times - times) <= 0.51e-6)
        assert args.from_oldest or recording.times[0] == description["first_time"]
    inside = {n: lost for n, lost in gaps.items() if first < n <= int(recording.frames[-1])}
    assert recording.gaps == inside, (recording.gaps, inside)
    # What was marked at the last frames may have come too late.
    last = int(recording.frames[-1])
    expected = [m for m in marks if first <= m[0] < last - 10]
    found = [e for e in recording.events if first <= e[0] < last - 10]
    assert sorted(found) == sorted(expected), (recording.events, marks)
    assert len(found) >= args.events, f"{len(found)} events"
    if args.gap:
        assert inside, "there is no gap in it"
    if args.counter:
        # Channel c of the ADC's frame k is (8 k + c) mod 2^23: the codes themselves tell what is missing.
        steps = np.diff(values.astype(np.int64)[:, 0]) % (1 << 23)
        lost = {int(recording.frames[i + 1]): int(steps[i] // 8 - 1) for i in np.flatnonzero(steps != 8)}
        assert lost == recording.gaps, f"gaps {recording.gaps}, but the codes say {lost}"
    assert len(recording.frames) >= args.least, f"{len(recording.frames)} frames"
    if recording.end is None:
        assert not args.ended, "it has no end"
    else:
        assert args.from_oldest or recording.end["frames"] == len(recording.frames)
        # What is missing between this part and the next is told in its end alone.
        behind = gaps.get(int(recording.frames[-1]) + 1, 0)
        assert recording.end["not_acquired"] - sum(inside.values()) in (0, behind)
    return recording


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--least", type=int, default=1, help="fewer frames are a failure")
    parser.add_argument("--gap", action="store_true", help="there must be a gap")
    parser.add_argument("--ended", action="store_true", help="the recording must have come to its end")
    parser.add_argument("--events", type=int, default=0, help="fewer events are a failure")
    parser.add_argument("--channels", help="3,1,8: those that were recorded")
    parser.add_argument("--from-oldest", action="store_true", help="it begins before the reference")
    parser.add_argument("--counter", action="store_true", help="the signal is the counter")
    args = parser.parse_args()
    known = reference(args.reference)
    seen = []
    for path in args.files:
        try:
            r = check(path, known, args)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            raise SystemExit(f"{path.name}: {type(error).__name__}: {error} ({where.line}, line {where.lineno})") from error
        seen.append(f"{path.name}: {len(r.frames)} frames, {sum(r.gaps.values())} missing")
    print("; ".join(seen))


if __name__ == "__main__":
    main()
