"""Makes the recordings beside this file, with pyedflib 0.1.42 (EDFlib) and numpy: python3 make.py

`expected_*.csv` holds what pyedflib reads back from each file, in the physical unit of each signal.
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
write("plus.bdf", pyedflib.FILETYPE_BDFPLUS, [
    ("A1", "uV", 50, -262144.0, 262143.0, BDF, 1e5 * np.cos(2 * np.pi * k / 20) + k / 7),
    ("A2", "V", 50, -2.5, 2.5, BDF, np.linspace(2.5, -2.5, 100)),
], 2)
expected("plus.bdf", "expected_plus_bdf.csv", [0, 1])
write("plain.edf", pyedflib.FILETYPE_EDF, [
    ("ECG", "mV", 100, -5.0, 5.0, EDF, np.sin(k / 3)),
], 1)
expected("plain.edf", "expected_plain.csv", [0])
