"""A recording of `axismirror record` in MNE (.bdf, .edf) or in pandas (.parquet, .arrow): samples, marks, and what is missing.

    pip install mne              # .bdf, .edf
    pip install pandas pyarrow   # .parquet, .arrow
    python recording.py night.bdf
"""

import json
import sys
from pathlib import Path


def in_mne(path):
    import mne

    read = mne.io.read_raw_bdf if path.suffix == ".bdf" else mne.io.read_raw_edf
    raw = read(path, preload=True, verbose="error")
    # Gaps are filled up, and so is the rest of the last data record: what is marked BAD_ is nothing that was measured.
    filled = {"BAD_gap": 0, "BAD_padding": 0}
    marks = []
    for a in raw.annotations:
        kind = a["description"].split(":")[0]
        if kind in filled:
            filled[kind] += round(a["duration"] * raw.info["sfreq"])
        elif not a["description"].startswith("axismirror "):  # where the recorder keeps what EDF has no field for
            marks.append((a["onset"], a["description"]))
    return raw, marks, len(raw.times) - sum(filled.values()), filled["BAD_gap"]


def in_pandas(path):
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet

    is_parquet = path.suffix == ".parquet"
    table = pd.read_parquet(path) if is_parquet else pd.read_feather(path)
    said = (pa.parquet.read_schema(path) if is_parquet else pa.ipc.open_file(path).schema).metadata
    first = json.loads(said[b"axismirror"])["first_time"]
    marks = [(e["time"] - first, e["text"]) for e in json.loads(said[b"axismirror.events"])]
    missing = sum(g["not_acquired"] + g["overwritten"] for g in json.loads(said[b"axismirror.gaps"]))
    return table, marks, len(table), missing


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: python recording.py FILE")
    path = Path(sys.argv[1])
    data, marks, frames, missing = (in_mne if path.suffix in (".bdf", ".edf") else in_pandas)(path)
    print(data)
    for seconds, text in marks:
        print(f"{seconds:.3f} s: {text}")
    print(f"{frames} frames, {missing} missing")


if __name__ == "__main__":
    main()
