#!/usr/bin/env python3
"""Opens many connections to a master that runs on this machine, keeps them, and asks for its state meanwhile.

connections.py [COUNT [PORT]]; 11500 and 5050 unless said. From several loopback addresses, as the master limits what one may open
(finback.master.connections). Prints how many were served and how many were closed, and how long /state took beside them.
"""
import asyncio
import resource
import sys
import time
import urllib.request

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 11_500
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 5050
AT_ONCE = 200
PER_ADDRESS = 2_000
PATIENCE = 20


async def one(number, seen):
    address = "127.0.0.%d" % (2 + number // PER_ADDRESS)
    try:
        reader, writer = await asyncio.wait_for(
            asyncio.open_connection("127.0.0.1", PORT, local_addr=(address, 0)), PATIENCE)
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        line = await asyncio.wait_for(reader.readline(), PATIENCE)
        what = line.decode().strip() or "closed"
    except (OSError, asyncio.TimeoutError) as failure:
        writer, what = None, type(failure).__name__
    seen[what] = seen.get(what, 0) + 1
    return writer


def state():
    start = time.time()
    try:
        with urllib.request.urlopen("http://127.0.0.1:%d/state" % PORT, timeout=PATIENCE) as answer:
            answer.read()
            return "%d after %.3f s" % (answer.status, time.time() - start)
    except OSError as failure:
        return "%s after %.3f s" % (failure, time.time() - start)


async def main():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    seen, kept = {}, []
    start = time.time()
    for first in range(0, COUNT, AT_ONCE):
        kept += await asyncio.gather(*(one(number, seen) for number in range(first, min(COUNT, first + AT_ONCE))))
    print("%d connections in %.1f s: %s" % (COUNT, time.time() - start, seen))
    print("/state beside them: " + await asyncio.to_thread(state))
    for writer in kept:
        if writer:
            writer.close()


asyncio.run(main())
