"""Check static metadata that our encoder wrote, with plain Python and numpy alone.

    cargo run -q -p axismirror-core --example static_metadata > sample.pickle
    python tests/python/static_metadata.py sample.pickle

The values are those of core/examples/static_metadata.rs. Where ezmsg-tools is installed, its own decoder must agree.
"""

import math
import pickle
import sys

import numpy as np


def same(a, b):
    """Equality that tells types, dtypes and the sign of zero apart."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    return a == b


CHANNELS = np.array(
    [
        ("Fp1", -0.3, 0.95, "A", 1),
        ("Ωµ ✓ 🧠", 0.3, 0.95, "A", 2),
        ("sixteen letters.", float("nan"), 0.0, "B", -1),
    ],
    dtype=[("label", "<U16"), ("x", "<f4"), ("y", "<f4"), ("bank", "<U16"), ("elec", "<i4")],
)

EXPECTED = {
    "version": 1,
    "dims": ["time", "ch", "band"],
    "axes": {
        "ch": {"kind": "coord", "unit": "mm", "dims": ["ch"], "data": CHANNELS},
        "time": {"kind": "linear", "unit": "s", "gain": 0.004},
        "band": {"kind": "coord", "unit": "", "dims": ["band"], "data": np.array(["low", "mitte"])},
        "spare": {"kind": "linear", "unit": "Hz", "gain": 0.5, "offset": -1.0},
    },
    "attrs": {
        "none": None,
        "true": True,
        "false": False,
        "ints": [0, 255, 256, 65535, 65536, -1, -(2**31), 2**31, 2**63 - 1, -(2**63)],
        "floats": (0.1, -0.0, 1e300, math.inf, -math.inf),
        "nan": math.nan,
        "complex": 1.5 - 2j,
        "text": "Kanal µV ✓ 🧠 'quoted' \0",
        "empty text": "",
        "long text": "é" * 40000,
        "bytes": b"\x00\xff'",
        "no bytes": b"",
        "long bytes": (bytes(range(256)) * 274)[:70000],
        "tuples": [(), (1,), (1, 2), (1, 2, 3, 4)],
        "nested": {"a": [{"b": (None,)}, []], "ü": {}},
        "i2": np.arange(-3, 3, dtype="<i2").reshape(2, 3),
        "u1": np.zeros((0, 4), dtype="u1"),
        "bool": np.array([True, False]),
        "zero dimensions": np.array(0.5),
        "c16": np.array([0.5 - 0.25j]),
        "longlong": np.array([-1], dtype="<i8"),
        "s3": np.array([b"abc", b"d"], dtype="S3"),
        "pairs": np.array([[(1, b"abc"), (2, b"d")]], dtype=[("n", "u1"), ("s", "S3")]),
    },
    "key": "sample µ",
    "buffered_axis": "time",
    "stream_dim": "time",
}


def check(found):
    for key, expected in EXPECTED.items():
        if isinstance(expected, dict):
            for name, value in expected.items():
                assert same(found[key][name], value), (key, name, found[key][name], value)
        assert same(found[key], expected), (key, found[key])
    assert list(found) == list(EXPECTED), list(found)
    # The arrays are ordinary ones: they can be written, sliced and computed with.
    channels = found["axes"]["ch"]["data"]
    assert channels["label"].tolist() == ["Fp1", "Ωµ ✓ 🧠", "sixteen letters."]
    channels["x"][0] = 4.0
    assert channels[channels["bank"] == "A"]["x"].sum() == np.float32(4.0) + np.float32(0.3)
    assert found["attrs"]["i2"].T.sum() == -3
    assert pickle.loads(pickle.dumps(found["attrs"]["i2"])).tolist() == [[-3, -2, -1], [0, 1, 2]]


def main():
    with open(sys.argv[1], "rb") as f:
        blob = f.read()
    check(pickle.loads(blob))
    by = "pickle"
    try:
        from ezmsg.tools.shmem.aux_meta import decode_aux
    except ImportError:
        pass
    else:
        check(decode_aux(blob))
        by = "pickle and ezmsg-tools"
    print(f"static metadata: {len(blob)} bytes read by {by}, numpy {np.__version__}")


main()
