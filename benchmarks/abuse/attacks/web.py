"""What hostile browsers do, and those who only look like one."""

import asyncio
import random
import struct
from collections.abc import Callable
from contextlib import suppress

from benchmarks.abuse.attack import Gone, Peer, Target, attack, crowd

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
TEXT, PING, CONTINUED = 1, 9, 0


def frame(kind: int, data: bytes = b"", *, last: bool = True) -> bytes:
    """One frame of a client; the mask is all zeros, which changes nothing."""
    length = len(data)
    if length < 126:
        size = struct.pack("!B", 0x80 | length)
    elif length < 1 << 16:
        size = struct.pack("!BH", 0x80 | 126, length)
    else:
        size = struct.pack("!BQ", 0x80 | 127, length)
    return bytes((kind | (0x80 if last else 0),)) + size + bytes(4) + data


async def upgraded(target: Target, number: int, name: str = "") -> Peer:
    """Open a WebSocket, and come in if there is a name."""
    peer = await target.connect(number)
    await peer.send(UPGRADE)
    await peer.until(b" 101 ", b"hello")
    if name:
        await peer.send(frame(TEXT, b'{"do":"enter","name":"%s"}' % name.encode()))
        await peer.until(b'"cursor"')
    return peer


@attack(
    "web-slow",
    seconds=20,
    options=["--web-request-within=8 s", "--web-idle=8 s"],
)
async def slow(target: Target) -> None:
    """300 who send a header or a body a byte at a time, or ask, and do not read."""

    async def one(number: int) -> None:
        kind = number // 4 % 3
        peer = await target.connect(number % 20, buffer=4096 if kind == 2 else 0)
        try:
            start = (
                b"GET / HTTP/1.1\r\nHost: x\r\nX-",
                b"POST /files HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 300,
            )[kind]
            await peer.send(start)
            reading = asyncio.create_task(peer.drain()) if kind < 2 else None
            while target.going_on and not (reading and reading.done()):
                if kind < 2:
                    await peer.send(b"a")
                await asyncio.sleep(0.5)
            if reading is not None:
                target.figures["ended by the server"] += reading.done()
                reading.cancel()
        finally:
            peer.close()

    await crowd(300, one)


@attack("web-frames", seconds=15, logged=["let go"])
async def frames(target: Target) -> None:
    """40 who send frames that are huge, endless, empty, broken, or pings alone."""

    def huge() -> bytes:
        return (
            b"\x81\xff"
            + struct.pack("!Q", random.choice((1 << 62, 1 << 31)))
            + (b"\0" * 60_000)
        )

    def endless() -> bytes:
        return frame(CONTINUED, b"x" * 1000, last=False) * 50

    def empty() -> bytes:
        return frame(CONTINUED, last=False) * 5000

    def pings() -> bytes:
        return frame(PING, b"p" * 125) * 400

    def small_pings() -> bytes:
        return frame(PING) * 5000

    def broken() -> bytes:
        return random.choice(
            (
                b"\x81\x05hello",  # without a mask
                frame(TEXT, b"\xff\xfe\xc3"),
                frame(2, b"bytes"),
                b"\xf1\x80\0\0\0\0",
                frame(PING, last=False),
                frame(3),
                frame(8, b"\x03"),
                random.randbytes(200),
            )
        )

    def nothing() -> bytes:
        return frame(TEXT) * 3000

    kinds: tuple[tuple[Callable[[], bytes], bytes], ...] = (
        (huge, b""),
        (endless, frame(TEXT, b"{", last=False)),
        (empty, frame(TEXT, b"{", last=False)),
        (pings, b""),
        (small_pings, b""),
        (broken, b""),
        (nothing, b""),
    )

    async def one(number: int) -> None:
        make, start = kinds[number % len(kinds)]
        while target.going_on:
            with suppress(*Gone):
                name = f"page{number}" if number % 2 else ""
                peer = await upgraded(target, number, name)
                await _send(target, peer, start, make)

    await crowd(40, one)


async def _send(
    target: Target, peer: Peer, start: bytes, make: Callable[[], bytes]
) -> None:
    reading = asyncio.create_task(peer.drain())
    try:
        await peer.send(start)
        while target.going_on and not reading.done():
            data = make()
            async with asyncio.timeout(5):
                await peer.send(data)
            target.figures["KB sent"] += len(data) // 1024 + 1
    finally:
        target.figures["ended by the server"] += reading.done()
        reading.cancel()
        peer.close()


@attack("web-upgrades", seconds=15)
async def upgrades(target: Target) -> None:
    """50 who open a WebSocket, come in, and break off, as fast as they can."""

    async def one(number: int) -> None:
        turn = 0
        while target.going_on:
            turn += 1
            with suppress(*Gone):
                name = f"storm{number}x{turn}" if turn % 2 else ""
                peer = await upgraded(target, number, name)
                target.figures["upgrades"] += 1
                peer.reset() if turn % 3 else peer.close()

    await crowd(50, one)


@attack("web-requests", seconds=15)
async def requests(target: Target) -> None:
    """40 who send requests without a pause: pages, nonsense, headers, bodies."""

    def pages() -> bytes:
        return b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20

    def nonsense() -> bytes:
        what = random.choice((b"/../../etc/passwd", b"/%00", b"/ws/x", b"*", b"/files"))
        return b"%s %s HTTP/1.1\r\nHost: x\r\n\r\n" % (
            random.choice((b"GET", b"PUT", b"DELETE", b"HEAD", b"OPTIONS")),
            what,
        )

    def headers() -> bytes:
        return b"GET / HTTP/1.1\r\n" + b"X-Header: value\r\n" * 3000

    def bodies() -> bytes:
        kind = random.choice(
            (
                b"Content-Length: 99999999999\r\n",
                b"Content-Length: -1\r\n",
                b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                b"Transfer-Encoding: chunked\r\n",
            )
        )
        return b"POST /files HTTP/1.1\r\nHost: x\r\n" + kind + b"\r\n" + b"f" * 50_000

    makes = (pages, nonsense, headers, bodies)

    async def one(number: int) -> None:
        while target.going_on:
            with suppress(*Gone):
                peer = await target.connect(number)
                await _send(target, peer, b"", makes[number % len(makes)])

    await crowd(40, one)
