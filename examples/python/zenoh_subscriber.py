"""Receives a stream of `axismirror relay` with zenoh alone, without axismirror on this machine.

    pip install eclipse-zenoh numpy
    python zenoh_subscriber.py BOX/STREAM [--connect tcp/ADDRESS:7447] [--csv]

BOX/STREAM is what `axismirror list --network` shows. The format is described in axismirror's `network::chunk` and `network::info`. Frames that the
network lost are told, not asked for again: `axismirror receive` does that.
"""
import argparse
import json
import queue
import struct
import sys

import numpy as np
import zenoh

HEAD = struct.Struct("<4sHHQQQQIIII")
TIMES, GONE = 1, 2


def chunk(payload, dtype, shape):
    """(number of the first frame, times or None, frames) of a message."""
    magic, version, header_len, relay, instance, description, first, generation, n, frame_len, flags = HEAD.unpack_from(payload)
    if magic != b"AXMC" or flags & GONE:
        raise ValueError("not a chunk with frames")
    at = header_len
    times = None
    if flags & TIMES:
        times = np.frombuffer(payload, "<f8", n, at)
        at += 8 * n
    return first, times, np.frombuffer(payload, dtype, offset=at).reshape(n, *shape)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("key", help="BOX/STREAM")
    p.add_argument("--connect", help="tcp/ADDRESS:PORT of the relay or a router; else it is looked for by multicast")
    p.add_argument("--frames", type=int, help="stop after so many")
    p.add_argument("--csv", action="store_true", help="print all samples")
    args = p.parse_args()

    config = zenoh.Config()
    if args.connect:
        config.insert_json5("connect/endpoints", json.dumps([args.connect]))
        config.insert_json5("scouting/multicast/enabled", "false")
    came = queue.Queue()
    with zenoh.open(config) as session:
        prefix = f"axismirror/{args.key}"
        session.declare_subscriber(f"{prefix}/info", lambda s: came.put((s.payload.to_bytes(), True)))
        session.declare_subscriber(f"{prefix}/data", lambda s: came.put((s.payload.to_bytes(), False)))

        info = expected = None
        seen = 0
        while args.frames is None or seen < args.frames:
            if info is None:
                # Who comes late asks. Of several answers the last one is about now.
                for reply in session.get(f"{prefix}/info", timeout=1.0, consolidation=zenoh.ConsolidationMode.NONE):
                    if reply.ok:
                        info = json.loads(reply.ok.payload.to_bytes())
                if info is None:
                    continue
                if args.csv:
                    print("frame,time," + ",".join(info["labels"]))
            payload, is_info = came.get()
            if is_info:
                info = None  # The stream has changed: what it is now is asked for.
                continue
            if struct.unpack_from("<Q", payload, 24)[0] != int(info["description"], 16):
                continue  # Frames of another description, on either side of a change.
            first, times, frames = chunk(payload, np.dtype(info["dtype"]).newbyteorder("<"), info["frame_shape"])
            if expected is not None and first != expected:
                print(f"{first - expected} frames are lost", file=sys.stderr)
            expected = first + len(frames)
            seen += len(frames)
            if args.csv:
                for i, frame in enumerate(frames):
                    time = "" if times is None else repr(float(times[i]))
                    print(f"{first + i},{time}," + ",".join(str(v) for v in frame.ravel()))
            else:
                print(f"{len(frames)} frames from {first} on, the last {frames[-1].ravel()}")


if __name__ == "__main__":
    main()
