"""A cable between two networks that takes its time: usage: wire.py ONE OTHER

Makes two Ethernet interfaces of these names and carries every frame from one to the other, in order. Reads lines from standard input,
"DELAY JITTER" in milliseconds each way (0 0 at first), and answers each with "ok"; ends with its input. Kernels without netem have no other
way to be far apart. Needs root and /dev/net/tun.
"""

import collections
import fcntl
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
FRAME = 65536
# What a cable holds; more is lost, as in every queue.
MOST = 20000


def interface(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return fd


def main():
    ends = [interface(name) for name in sys.argv[1:3]]
    ways = {ends[0]: (ends[1], collections.deque()), ends[1]: (ends[0], collections.deque())}
    delay = jitter = 0.0
    typed = b""
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        nexts = []
        for other, waiting in ways.values():
            while waiting and waiting[0][0] <= now:
                try:
                    os.write(other, waiting.popleft()[1])
                except OSError:
                    pass  # that end is down: a frame is lost
            if waiting:
                nexts.append(waiting[0][0] - now)
        ready, _, _ = select.select(ends + [0], [], [], min(nexts) if nexts else None)
        now = time.monotonic()
        for fd in ready:
            if fd == 0:
                more = os.read(0, 4096)
                if not more:
                    return
                typed += more
                while b"\n" in typed:
                    line, typed = typed.split(b"\n", 1)
                    delay, jitter = (float(word) / 1000 for word in line.split())
                    print("ok", flush=True)
                continue
            waiting = ways[fd][1]
            try:
                while True:
                    frame = os.read(fd, FRAME)
                    due = now + delay + random.uniform(-jitter, jitter)
                    if len(waiting) < MOST:
                        waiting.append((max(due, waiting[-1][0] if waiting else due), frame))
            except OSError:
                pass  # nothing more now


main()
