"""Write static metadata with every kind of value, by the published encode_aux of ezmsg-tools.

usage: make_rich.py OUT.pickle    (rich-numpy126: ezmsg-tools 0.9.0, numpy 1.26.4; rich-numpy2: ezmsg-tools 0.10.0, numpy 2.4.6)
"""

import sys
from types import SimpleNamespace as NS

import numpy as np
from ezmsg.tools.shmem.aux_meta import encode_aux

ch = np.array([("Fp1", -0.3, 0.95, "A", 1), ("Ωµ", 0.3, 0.95, "B", 2)],
              dtype=[("label", "U16"), ("x", "f4"), ("y", "f4"), ("bank", "U1"), ("elec", "i4")])
shared = [1, 2]
f_order = np.asfortranarray(np.arange(6, dtype="i2").reshape(2, 3))
attrs = {
    "none": None, "true": True, "false": False,
    "small": 7, "byte2": 300, "neg": -1, "neg_long": -(2**40), "large": 2**62 + 1, "min": -(2**63), "huge": 2**70, "u32": 4_000_000_000,
    "float": 0.1, "nan": float("nan"), "inf": float("inf"), "minus_inf": float("-inf"),
    "complex": 1.5 - 2j, "text": "Kanal µV ✓ 🧠", "long_text": "x" * 300, "bytes": b"\x00\xff'", "long_bytes": bytes(range(256)) * 2,
    "list": [1, [2.5, "a", [None]], ()], "tuple": (1, 2, 3, 4, 5), "t1": (1,), "t2": (1, 2), "t3": (1, 2, 3),
    "dict": {"a": {"b": [True]}, "empty": {}}, "empty_list": [],
    "shared_a": shared, "shared_b": shared,
    "np_f64": np.float64(2.5), "np_i32": np.int32(-3), "np_bool": np.bool_(True), "np_str": np.str_("né"), "np_bytes": np.bytes_(b"ab"),
    "np_c128": np.complex128(1 + 2j), "np_f16": np.float16(0.5),
    "arr_i2": np.arange(-2, 3, dtype="i2"), "arr_f8": np.arange(6.0).reshape(2, 3), "arr_f_order": f_order,
    "arr_strided": np.arange(10, dtype="i4")[::2], "arr_0d": np.array(3.25, dtype="f4"), "arr_empty": np.zeros((0, 3), dtype="u1"),
    "arr_bool": np.array([True, False]), "arr_bytes": np.array([b"ab", b"c"]), "arr_u8": np.array([2**64 - 1], dtype="u8"),
    "arr_padded": np.array([(1, 2.5)], dtype=np.dtype([("a", "u1"), ("b", "f8")], align=True)),
    "arr_transposed": np.arange(24, dtype="u1").reshape(2, 3, 4).transpose(1, 0, 2),
    "arr_record": np.array(np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])),
    "arr_nested": np.array([((1, 2), [3, 4], 5)], dtype=[("n", [("a", "i1"), ("b", "i1")]), ("s", "i2", (2,)), ("t", "i1")]),
    "arr_titled": np.array([("a",)], dtype=[(("title", "name"), "U1")]),
    "arr_c8": np.array([0.5 - 1j], dtype="c8"), "arr_f2": np.array([0.5, -2.0, 6e-8, np.inf], dtype="f2"),
    "np_date": np.datetime64("2024-01-02"), "np_empty_str": np.str_(""), "np_void": np.void(b"abc"),
}
axes = {"time": NS(unit="s", gain=1/250, offset=12.5), "ch": NS(unit="", dims=["ch"], data=ch), "freq": NS(unit="Hz", gain=0.5, offset=1.0),
        "spare": NS(unit="mm", dims=["spare"], data=np.array([0.0, 1.5, 4.0]))}
blob, dropped = encode_aux(["time", "ch", "freq"], axes, attrs, "rich µ", "time", "time")
assert not dropped
open(sys.argv[1], "wb").write(blob)
