"""Decodes batches of frames with numpy, a round of about a millisecond for each line on standard input.

usage: decode.py CHIP FRAMES   (in an environment with numpy)

Answers each of `codes`, `volts`, `check` with a line of JSON; ends with `quit`.
"""
import json
import resource
import sys
import time

import numpy as np

LSB = 4.5 / 24.0 / 8_388_607.0
ROUND_NS = 1_000_000
# Bytes of a frame, bytes before its samples, samples.
SHAPES = {
    "ADS1299": (27, 3, 8),
    "ADS131M08": (30, 3, 8),
    "ADS1256": (24, 0, 8),
    "MCP3208": (24, 0, 8),
    "MAX1111": (12, 0, 4),
}


def crc_table():
    table = np.arange(256, dtype=np.uint16) << 8
    for _ in range(8):
        table = np.where(table & 0x8000, table << 1 ^ 0x1021, table << 1).astype(np.uint16)
    return table


class Chip:
    def __init__(self, name, frames):
        self.name = name
        self.frame_bytes, self.before, self.samples = SHAPES[name]
        self.frames = frames
        self.table = crc_table()
        raw = np.random.default_rng(1).integers(0, 256, (frames, self.frame_bytes), dtype=np.uint8)
        if name == "ADS131M08":
            crc = self.checksums(raw)
            raw[:, 27], raw[:, 28] = crc >> 8, crc & 0xFF
        self.raw = raw.tobytes()
        self.padded = np.zeros((frames, self.samples, 4), dtype=np.uint8)

    def checksums(self, raw):
        crc = np.full(self.frames, 0xFFFF, dtype=np.uint16)
        for i in range(27):
            crc = self.table[crc >> 8 ^ raw[:, i]] ^ crc << 8
        return crc

    def codes(self):
        raw = np.frombuffer(self.raw, dtype=np.uint8).reshape(self.frames, self.frame_bytes)
        if self.name == "ADS131M08" and (self.checksums(raw) != (raw[:, 27].astype(np.uint16) << 8 | raw[:, 28])).any():
            raise AssertionError("a checksum does not fit")
        samples = raw[:, self.before : self.before + 3 * self.samples].reshape(self.frames, self.samples, 3)
        if self.name == "MCP3208":
            return (samples[..., 1] & 0x0F).astype(np.int32) << 8 | samples[..., 2]
        if self.name == "MAX1111":
            return (samples[..., 1] << 2 | samples[..., 2] >> 6).astype(np.int32)
        self.padded[..., :3] = samples
        return self.padded.view(">i4")[..., 0] >> 8

    def volts(self):
        return (self.codes() * LSB).astype(np.float32)

    def check(self):
        """Against a plain loop over the bytes."""
        codes = self.codes()
        for frame in range(self.frames):
            for i in range(self.samples):
                at = frame * self.frame_bytes + self.before + 3 * i
                sample = self.raw[at : at + 3]
                if self.name == "MCP3208":
                    code = int.from_bytes(sample, "big") & 0xFFF
                elif self.name == "MAX1111":
                    code = int.from_bytes(sample[1:], "big") >> 6 & 0xFF
                else:
                    code = int.from_bytes(sample, "big", signed=True)
                if codes[frame, i] != code:
                    raise AssertionError(f"frame {frame}, sample {i}: {codes[frame, i]} instead of {code}")


def preemptions():
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw


def one_round(work, frames):
    work()
    before, ns, operations = preemptions(), 0, 0
    while ns < ROUND_NS:
        start = time.perf_counter_ns()
        work()
        ns += time.perf_counter_ns() - start
        operations += frames
    return {"ns": ns, "operations": operations, "preemptions": preemptions() - before}


def main():
    chip = Chip(sys.argv[1], int(sys.argv[2]))
    for line in sys.stdin:
        command = line.strip()
        if command == "quit":
            break
        try:
            answer = chip.check() or {} if command == "check" else one_round(getattr(chip, command), chip.frames)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
