import sys, time
from ezmsg.tools.shmem.shmem_mirror import EZShmMirror

mirror = EZShmMirror(sys.argv[1] if len(sys.argv) > 1 else "axismirror")
for _ in range(10):
    time.sleep(0.1)
    frames, overflow = mirror.auto_view()
    frames = frames.copy()
    last = frames[-1] if frames.size else None
    print(frames.shape[0], "frames, overflow", overflow, "the last", last)
