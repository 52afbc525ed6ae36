"""What never ends, never comes, or ends in the middle."""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

from benchmarks.abuse.attack import Gone, Peer, Target, attack, careless, crowd

_CARELESS = careless()

ONE_MIB = b"x" * (1 << 20)


@attack("giant-line", logged=["a line without an end"])
async def giant_line(target: Target) -> None:
    """8 who send lines without an end, in and out of the chat; 4 send lines of 1 MB."""

    async def one(number: int) -> None:
        while target.going_on:
            with suppress(*Gone):
                await _send_giant(target, number)

    await crowd(12, one)


async def _send_giant(target: Target, number: int) -> None:
    json = number % 2 == 1
    if number % 4 < 2:
        peer = await target.enter(f"big{number}", number, json=json)
    else:
        peer = await target.connect(number)
        await peer.send(b'{"do":"ping"}\n' if json else b"big one\n")
        await peer.until(b"\n")
    reading = asyncio.create_task(peer.drain())
    try:
        while target.going_on:
            await peer.send(ONE_MIB[:-100])
            target.figures["MB sent"] += 1
            if number >= 8:
                await peer.send(b"\n")
    except Gone:
        target.figures["ended by the server"] += 1
    finally:
        reading.cancel()
        peer.close()


@attack("slow-reader", seconds=20, logged=["does not read what it is sent"])
async def slow_reader(target: Target) -> None:
    """20 who talk at length in a room where 30 read, and 20 do not read at all."""

    async def talk(number: int) -> None:
        peer = await target.enter(f"loud{number}", number, json=number % 2 == 1)
        reading = asyncio.create_task(peer.drain())
        text = "x" * 3900
        words = f'{{"do":"say","text":"{text}"}}' if number % 2 else text
        while target.going_on:
            await peer.send(f"{words}\n".encode())
            target.figures["sent"] += 1
            await asyncio.sleep(0.25)
        reading.cancel()
        peer.close()

    async def not_read(number: int) -> None:
        peer = await target.connect(100 + number, buffer=4096)
        await peer.send(b"deaf%d\n" % number)
        await asyncio.sleep(target.seconds)
        peer.close()

    async def read(number: int) -> None:
        peer = await target.enter(f"ear{number}", 200 + number, json=number % 2 == 1)
        with suppress(TimeoutError):
            async with asyncio.timeout(target.seconds):
                await peer.drain()
        peer.close()

    await asyncio.gather(crowd(30, read), crowd(20, not_read), crowd(20, talk))


def hello() -> bytes:
    """What a TLS client says first."""
    outgoing = ssl.MemoryBIO()
    client = _CARELESS.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@attack(
    "slowloris",
    seconds=20,
    options=["--limits-entering=15 s"],
    logged=["said nothing that makes sense", "nobody came in by it in time"],
)
async def slowloris(target: Target) -> None:
    """1,000 who say nothing, half a hello of TLS, half a line, or a byte a second."""
    begun = hello()[:40]

    async def one(number: int) -> None:
        peer = await target.connect(number % 40)
        try:
            reading = asyncio.create_task(peer.drain())
            kind = number // 4 % 5
            if kind == 1:
                await peer.send(begun)
            elif kind == 2:
                await peer.send(b'{"do":"pi')
            elif kind == 3:
                await peer.send(b"some words without an e")
            for byte in b"GET /a-long-way-to-get-anywhere-at-all"[
                : int(target.seconds)
            ]:
                if reading.done():
                    break
                if kind == 4:
                    await peer.send(bytes([byte]))
                await asyncio.sleep(1)
            target.figures["ended by the server"] += reading.done()
            reading.cancel()
        finally:
            peer.close()

    await crowd(1000, one)


@attack("tls-stalls", seconds=20, logged=["said nothing that makes sense"])
async def tls_stalls(target: Target) -> None:
    """500 handshakes of TLS that stop after the first flight, or within it."""

    async def one(number: int) -> None:
        words = hello()
        peer = await target.connect(number % 20)
        try:
            await peer.send(words if number % 2 else words[:-1])
            with suppress(TimeoutError):
                async with asyncio.timeout(target.seconds):
                    await peer.drain()
                    target.figures["ended by the server"] += 1
        finally:
            peer.close()

    await crowd(500, one)


@attack("tls-handshakes")
async def tls_handshakes(target: Target) -> None:
    """50 who shake hands over TLS again and again, as fast as they can."""

    async def one(number: int) -> None:
        while target.going_on:
            with suppress(*Gone):
                peer = await target.connect(number)
                writer = await peer.encrypt(_CARELESS)
                target.figures["handshakes"] += 1
                writer.transport.abort()

    await crowd(50, one)


@attack("resets")
async def resets(target: Target) -> None:
    """3,000 connections that are reset, at every stage that there is."""

    async def one(number: int) -> None:
        for turn in range(60):
            with suppress(*Gone):
                peer = await target.connect(number)
                stage = _STAGES[(number + turn) % len(_STAGES)]
                try:
                    await stage(peer)
                    await asyncio.sleep(random.choice((0, 0, 0.001, 0.05)))
                finally:
                    # Every other one says goodbye in one direction only.
                    if turn % 4:
                        peer.reset()
                    else:
                        peer.socket.shutdown(1)
                        with suppress(TimeoutError):
                            async with asyncio.timeout(2):
                                await peer.drain()
                        peer.close()
                target.figures["resets"] += 1

    await crowd(50, one)


async def _nothing(peer: Peer) -> None:
    """Before a byte was sent."""


async def _some_bytes(peer: Peer) -> None:
    await peer.send(b'{"do":')


async def _half_hello(peer: Peer) -> None:
    await peer.send(hello()[:100])


async def _whole_hello(peer: Peer) -> None:
    await peer.send(hello())


async def _server_hello(peer: Peer) -> None:
    await peer.send(hello())
    await peer.read()


async def _greeted(peer: Peer) -> None:
    await peer.until(b"Welcome")


async def _entering(peer: Peer) -> None:
    await peer.send(b"reset%d\n" % random.randrange(10**6))


async def _entered(peer: Peer) -> None:
    await peer.send(b"reset%d\n" % random.randrange(10**6))
    await peer.until(b"has joined")


async def _asked(peer: Peer) -> None:
    await _entered(peer)
    await peer.send(b"/history 200\n/who\nhello\nhello\n/getlog\n/away\n" * 2)


async def _hashing(peer: Peer) -> None:
    name = random.randrange(10**6)
    await peer.send(b"/register reset%d correct-horse-battery\n" % name)


async def _program(peer: Peer) -> None:
    name = random.randrange(10**6)
    await peer.send(b'{"do":"enter","name":"reset%d"}\n{"do":"sa' % name)


async def _telnet(peer: Peer) -> None:
    await peer.send(b"\xff\xfd\x03\xff\xfb\x18\r\n\xff\xfa\x18")


_STAGES: tuple[Callable[[Peer], Awaitable[None]], ...] = (
    _nothing,
    _some_bytes,
    _half_hello,
    _whole_hello,
    _server_hello,
    _greeted,
    _entering,
    _entered,
    _asked,
    _hashing,
    _program,
    _telnet,
)
