"""Makes the recordings beside this file, with pyedflib 0.1.42 (EDFlib) and numpy: python3 make.py

`expected_*.csv` holds what pyedflib reads back from each file, in the physical unit of each signal, `codes_*.csv` the samples as they are stored.
`minimal.xdf` and `empty_streams.xdf` are of github.com/xdf-modules/example-files (MIT), whose README says what is in them.
"""
import numpy as np
import pyedflib

def write(path, kind, signals, seconds):
    with pyedflib.EdfWriter(path, len(signals), file_type=kind) as writer:
        writer.setSignalHeaders([
            {"label": label, "dimension": unit, "sample_frequency": rate, "physical_min": low, "physical_max": high,
             "digital_min": dig[0], "digital_max": dig[1], "transducer": "", "prefilter": ""}
            for label, unit, rate, low, high, dig, _ in signals])
        writer.setStartdatetime(__import__("datetime").datetime(2020, 1, 2, 3, 4, 5))
        writer.writeSamples([data for *_, data in signals])
        if kind in (pyedflib.FILETYPE_EDFPLUS, pyedflib.FILETYPE_BDFPLUS):
            writer.writeAnnotation(0.5, -1, "eyes closed")

def codes(path, csv, keep):
    """The samples as they are in the file."""
    with pyedflib.EdfReader(path) as reader:
        columns = [reader.readSignal(i, digital=True) for i in keep]
    np.savetxt(csv, np.transpose(columns), delimiter=",", fmt="%d")

def expected(path, csv, keep):
    with pyedflib.EdfReader(path) as reader:
        columns = [reader.readSignal(i) for i in keep]
        labels = [reader.getLabel(i) for i in keep]
    np.savetxt(csv, np.transpose(columns), delimiter=",", header=",".join(labels), comments="", fmt="%.9g")

k = np.arange(100)
EDF = (-32768, 32767)
BDF = (-8388608, 8388607)
write("plus.edf", pyedflib.FILETYPE_EDFPLUS, [
    ("EEG Fp1", "uV", 50, -200.0, 200.0, EDF, 100 * np.sin(2 * np.pi * k / 25)),
    ("EEG Cz", "mV", 50, -1.0, 3.0, (-2048, 2047), np.linspace(-1, 3, 100)),
    ("Temp", "degC", 50, 0.0, 50.0, EDF, np.full(100, 36.6)),
    ("Slow", "uV", 10, -100.0, 100.0, EDF, np.arange(20.0)),
], 2)
expected("plus.edf", "expected_plus.csv", [0, 1])
codes("plus.edf", "codes_plus.csv", [0, 1, 2])
write("plus.bdf", pyedflib.FILETYPE_BDFPLUS, [
    ("A1", "uV", 50, -262144.0, 262143.0, BDF, 1e5 * np.cos(2 * np.pi * k / 20) + k / 7),
    ("A2", "V", 50, -2.5, 2.5, BDF, np.linspace(2.5, -2.5, 100)),
], 2)
expected("plus.bdf", "expected_plus_bdf.csv", [0, 1])
codes("plus.bdf", "codes_plus_bdf.csv", [0, 1])
write("plain.edf", pyedflib.FILETYPE_EDF, [
    ("ECG", "mV", 100, -5.0, 5.0, EDF, np.sin(k / 3)),
], 1)
expected("plain.edf", "expected_plain.csv", [0])

# EDFlib neither writes nor reads discontinuous files: this one is made field by field from the specification (edfplus.info, EDF+ 2.1 and 2.2).
# Two records of 0.1 s with 5 samples, a pause, and two more; code of sample k is 100 k, and 1 code is 0.1 uV.
def pauses(path, onsets, marks):
    field = lambda text, width: text.encode().ljust(width)
    tal_bytes = 60
    header = b"".join([
        field("0", 8), field("X X X X", 80), field("Startdate 02-JAN-2020 X X X", 80), field("02.01.20", 8), field("03.04.05", 8),
        field("768", 8), field("EDF+D", 44), field(str(len(onsets)), 8), field("0.1", 8), field("2", 4),
        field("C3", 16), field("EDF Annotations", 16), field("", 160), field("uV", 8), field("", 8),
        field("-3276.8", 8), field("-1", 8), field("3276.7", 8), field("1", 8), field("-32768", 8), field("-32768", 8),
        field("32767", 8), field("32767", 8), field("", 160), field("5", 8), field(str(tal_bytes // 2), 8), field("", 64)])
    with open(path, "wb") as file:
        file.write(header)
        for record, onset in enumerate(onsets):
            file.write((100 * np.arange(5 * record, 5 * record + 5)).astype("<i2").tobytes())
            lists = f"+{onset}\x14\x14\0".encode() + marks.get(record, b"")
            file.write(lists.ljust(tal_bytes, b"\0"))

pauses("pauses.edf", [0.25, 0.35, 10.25, 10.35], {0: b"+10.27\x150.5\x14late\x14\0", 3: "+0.3\x14früh\x14\0".encode()})
