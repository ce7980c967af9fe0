"""Sends what no relay would. usage: stranger.py ENDPOINT BOX/STREAM"""
import json
import os
import pickle
import random
import struct
import sys
import time

import zenoh

endpoint, key = sys.argv[1:]
stream = key.split("/", 1)[1]
rng = random.Random(2)


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/axismirror-was-here",)


def chunk(first=0, frames=1, frame_len=4, flags=1, relay=1, instance=1, description=7, data=None, version=1):
    head = struct.pack("<4sHHQQQQIIII", b"AXMC", version, 56, relay, instance, description, first, 0, frames, frame_len, flags)
    if data is None:
        data = struct.pack("<d", 1.0) * frames * (flags & 1) + bytes(frames * frame_len)
    return head + data


config = zenoh.Config()
config.insert_json5("connect/endpoints", json.dumps([endpoint]))
config.insert_json5("scouting/multicast/enabled", "false")
with zenoh.open(config) as session:
    time.sleep(1)
    # Into the stream that is being received.
    for _ in range(200):
        session.put(f"axismirror/{key}/data", rng.randbytes(rng.randrange(300)))
        session.put(f"axismirror/{key}/info", rng.randbytes(50))
        session.put(f"axismirror/{key}/state", b'{"relay":')
    session.put(f"axismirror/{key}/data", chunk(first=2**64 - 2))
    session.put(f"axismirror/{key}/data", bytes(8 << 20))
    # A stream of its own with an enormous ring, and a pickle that does something.
    info = {
        "version": 1, "box": "stranger", "stream": stream, "relay": "1", "instance": "1", "description": "7", "first": 0,
        "generation": 0, "dtype": "i", "rate": 1000.0, "ring_frames": 4294967295, "frame_shape": [1], "key": "\x1b[2J",
        "struct_version": 2, "clock": "monotonic",
    }
    attachment = pickle.dumps({"version": 1, "dims": ["time"], "axes": {}, "attrs": {"x": Evil()}, "key": "", "buffered_axis": "time"})
    for first in range(5):
        session.put(f"axismirror/stranger/{stream}/info", json.dumps(info), attachment=attachment)
        session.put(f"axismirror/stranger/{stream}/data", chunk(first=first))
        time.sleep(0.1)
    # More streams than are taken, and keys that are none.
    for i in range(20):
        session.put(f"axismirror/box{i}/x/data", chunk())
    session.put("axismirror/a%2fb/x/data", chunk())
    # Questions that ask for everything, and for nonsense.
    for parameters in ["instance=0;missing=0-18446744073709551615", "missing=1-2", "instance=zz;missing=-", ""]:
        list(session.get(f"axismirror/{key}/repair?{parameters}", timeout=2.0))
    print("done", flush=True)
    time.sleep(2)
