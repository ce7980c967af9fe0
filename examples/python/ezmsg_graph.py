"""A stream as AxisArray messages in an ezmsg graph: MirrorUnit publishes what the mirror reads, a second unit computes each channel's RMS.

    pip install -r requirements.txt
    python ezmsg_graph.py axismirror --frames 1000

MirrorUnit is what other graphs need of this file.
"""

import argparse
import asyncio

import ezmsg.core as ez
import numpy as np
from ezmsg.baseproc import BaseProducer, BaseProducerUnit, BaseTransformer, BaseTransformerUnit
from ezmsg.util.messages.axisarray import AxisArray
from ezmsg.util.messages.util import replace

from follow import Follower, until_stopped


class MirrorSettings(ez.Settings):
    name: str = "axismirror"
    poll: float = 0.02  # seconds between two looks
    frames: int | None = None  # ends the graph after so many


class MirrorProducer(BaseProducer[MirrorSettings, AxisArray]):
    """The mirror as a producer: one message for each block of frames, from now on."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.follower = Follower(self.settings.name, backlog=False)
        self._info = self._channels = None

    async def _produce(self) -> AxisArray:
        while (block := self.follower.read()) is None:
            await asyncio.sleep(self.settings.poll)
        info = block.info
        if info is not self._info:
            # The same object in every message until the stream changes: ezmsg compares it by identity.
            self._info, self._channels = info, AxisArray.CoordinateAxis(data=np.array(info.labels), dims=["ch"])
        if info.rate > 0.0:
            time = AxisArray.TimeAxis(fs=info.rate, offset=float(block.times[0]))
        else:
            time = AxisArray.CoordinateAxis(unit="s", data=block.times, dims=["time"])
        return AxisArray(
            data=block.frames,
            dims=["time", "ch"],
            axes={"time": time, "ch": self._channels},
            attrs={"unit": info.unit, "volts_per_value": info.volts, "missed": block.missed},
            key=info.key,
        )


class MirrorUnit(BaseProducerUnit[MirrorSettings, AxisArray, MirrorProducer]):
    """Publishes AxisArray messages on OUTPUT_SIGNAL, with `missed` in attrs: frames that are missing before or within the message."""

    SETTINGS = MirrorSettings

    @ez.publisher(BaseProducerUnit.OUTPUT_SIGNAL)
    async def produce(self):
        follower = self.producer.follower
        while self.SETTINGS.frames is None or follower.frames < self.SETTINGS.frames:
            yield self.OUTPUT_SIGNAL, await self.producer.__acall__()
        raise ez.NormalTermination

    async def shutdown(self):
        print(self.producer.follower.summary(), flush=True)


class RmsSettings(ez.Settings):
    pass


class Rms(BaseTransformer[RmsSettings, AxisArray, AxisArray]):
    """Root mean square of each channel about its mean, over each message."""

    def _process(self, message: AxisArray) -> AxisArray:
        at = message.get_axis_idx("time")
        rms = np.asarray(message.data, dtype=float).std(axis=at)
        axes = {"ch": message.axes["ch"]}
        return replace(message, data=rms, dims=[d for d in message.dims if d != "time"], axes=axes)


class RmsUnit(BaseTransformerUnit[RmsSettings, AxisArray, AxisArray, Rms]):
    SETTINGS = RmsSettings


class PrintUnit(ez.Unit):
    INPUT_SIGNAL = ez.InputStream(AxisArray)

    @ez.subscriber(INPUT_SIGNAL)
    async def show(self, message: AxisArray) -> None:
        values = "  ".join(f"{label} {value:8.4g}" for label, value in zip(message.axes["ch"].data, message.data))
        gap = f"  ({message.attrs['missed']} frames missed)" if message.attrs["missed"] else ""
        print(f"rms in {message.attrs['unit'] or '?'}: {values}{gap}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("name", nargs="?", default="axismirror", help="the stream's name")
    p.add_argument("--frames", type=int, help="end after so many; without it, at Ctrl-C")
    p.add_argument("--poll", type=float, default=0.2, help="seconds between two looks, and so the length of a message (default %(default)s)")
    p.add_argument("--graph-port", type=int, default=25978, help="ezmsg's graph server on this machine; one is started when there is none (default %(default)s)")
    args = p.parse_args()
    mirror, rms, show = MirrorUnit(MirrorSettings(args.name, args.poll, args.frames)), RmsUnit(), PrintUnit()
    ez.run(
        MIRROR=mirror,
        RMS=rms,
        PRINT=show,
        graph_address=("127.0.0.1", args.graph_port),
        auto_start=True,
        connections=((mirror.OUTPUT_SIGNAL, rms.INPUT_SIGNAL), (rms.OUTPUT_SIGNAL, show.INPUT_SIGNAL)),
    )


if __name__ == "__main__":
    until_stopped(main)
