"""Publishes the `counter` signal in real time through the published ShMemCircBuff.

usage: writer.py NAME [--seconds S] ...   (in an environment with one ezmsg-tools release)

Prints {"event": "ready"} when its header is whole: the published reader takes one half made for another version's.
With --fault the stream is wrong on purpose, once a second, so that a reader can show that it notices.
"""
import argparse
import asyncio
import json
import time

import numpy as np
from ezmsg.tools.shmem import shmem as published
from ezmsg.util.messages.axisarray import AxisArray

from counter import codes


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("name")
    p.add_argument("--seconds", type=float, default=10.0)
    p.add_argument("--rate", type=float, default=1000.0)
    p.add_argument("--chunk", type=int, default=10)
    p.add_argument("--buf-dur", type=float, default=2.0)
    p.add_argument("--labels", default="Fp1,Fp2,C3,C4,P7,P8,O1,O2")
    p.add_argument("--dtype", default="i4", help="i4: codes; f4, f8: volts")
    p.add_argument("--lsb", type=float, default=4.5 / 24 / (2**23 - 1))
    p.add_argument("--key", default="counter")
    p.add_argument("--fault", choices=["skip", "repeat", "tear", "time"])
    return p.parse_args()


def channel_axis(labels):
    data = np.array([(name,) for name in labels], dtype=[("label", "U16")])
    return AxisArray.CoordinateAxis(unit="", dims=["ch"], data=data)


def message(args, labels, first_frame, offset, ch_axis, tear):
    data = codes(first_frame, args.chunk, len(labels))
    if tear:
        data[-1, len(labels) // 2 :] = codes(first_frame, 1, len(labels))[0, len(labels) // 2 :] + 8
    dtype = np.dtype(args.dtype)
    data = data.astype(dtype) if dtype.kind in "iu" else (data * args.lsb).astype(dtype)
    time_axis = AxisArray.LinearAxis(unit="s", gain=1 / args.rate, offset=offset)
    return AxisArray(
        data=data,
        dims=["time", "ch"],
        axes={"time": time_axis, "ch": ch_axis},
        attrs={"unit": "code" if dtype.kind in "iu" else "V"},
        key=args.key,
    )


async def publish(args):
    labels = args.labels.split(",")
    unit = published.ShMemCircBuff(
        published.ShMemCircBuffSettings(shmem_name=args.name, buf_dur=args.buf_dur, conn=None, axis="time")
    )
    unit.STATE = published.ShMemCircBuffState()
    await unit.initialize()
    print(json.dumps({"event": "ready"}), flush=True)
    ch_axis = channel_axis(labels)
    start = time.monotonic()
    frame, sent, next_fault = 0, 0, 1.0
    try:
        while sent / args.rate < args.seconds:
            due = start + (sent + args.chunk) / args.rate
            delay = due - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            fault = None
            if args.fault and sent / args.rate >= next_fault:
                fault, next_fault = args.fault, next_fault + 1.0
            if fault == "skip":
                frame += 1
            elif fault == "repeat":
                frame -= 1
            late = 3 / args.rate if fault == "time" else 0.0
            msg = message(args, labels, frame, 100.0 + sent / args.rate + late, ch_axis, fault == "tear")
            await unit.on_message(msg)
            frame += args.chunk
            sent += args.chunk
    finally:
        await unit.shutdown()


if __name__ == "__main__":
    asyncio.run(publish(arguments()))
