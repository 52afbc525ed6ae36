# ruff: noqa: N802, N803 (the spelling tells that Conch calls)
"""What is wrong with SSH, before somebody is in and afterwards."""

import asyncio
import os
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.connection import SSHConnection
from twisted.conch.ssh.transport import SSHClientTransport
from twisted.internet.defer import Deferred, succeed
from twisted.internet.testing import StringTransport

from benchmarks.abuse.attack import Gone, Peer, Target, attack, crowd
from benchmarks.keyless import Keyless

_VERSION = b"SSH-2.0-scan\r\n"

# A packet that says that it is so long.
_GIANT = struct.pack(">LB", 1 << 31, 4)

# A disconnect, not encrypted.
_DISCONNECT = struct.pack(">LBBLLL", 20, 6, 1, 11, 0, 0) + bytes(7)


@attack(
    "ssh-scanners",
    seconds=20,
    options=["--limits-entering=10 s"],
    logged=["does not speak SSH|a connection was ended"],
)
async def scanners(target: Target) -> None:
    """500 at a time who say half a version, garbage, too much, or break off midway."""

    async def one(number: int) -> None:
        while target.going_on:
            peer = await target.connect(number % 40)
            try:
                await _scan(peer, number % len(_SCANS))
            except (*Gone, TimeoutError):
                target.figures["ended by the server"] += 1
            finally:
                peer.reset() if number % 2 else peer.close()
            await asyncio.sleep(2)

    await crowd(500, one)


_SCANS = (
    b"SSH-2.0-half",
    b"SSH-1.5-old\r\n",
    b"SSH-2.0-" + b"x" * 100_000,
    _VERSION,
    _VERSION + os.urandom(5_000),
    _VERSION + _GIANT + bytes(100_000),
    _VERSION + _DISCONNECT,
    _VERSION * 500,
)


async def _scan(peer: Peer, kind: int) -> None:
    await peer.send(_SCANS[kind])
    while await peer.read(3):
        pass


class Client(SSHClientTransport):
    """
    A client of SSH that may be told to do what it should not.

    @ivar here: When it has a terminal.
    """

    def __init__(self, peer: Peer, name: str) -> None:
        self.peer = peer
        self.line = StringTransport()
        self.conversation = _Conversation(self)
        self.name = name
        self.channel: SSHChannel | None = None
        self.shown = b""
        self.stage = 0
        self.makeConnection(self.line)

    def verifyHostKey(self, hostKey: bytes, fingerprint: bytes) -> "Deferred[bool]":
        return succeed(True)

    def connectionSecure(self) -> None:
        if self.service is None:
            self.requestService(Keyless(self.name.encode(), self.conversation))

    def receiveError(self, reasonCode: int, description: bytes) -> None:
        """The server has had enough."""

    async def flush(self) -> None:
        """Send what there is to send."""
        data = self.line.value()
        self.line.clear()
        await self.peer.send(data)

    async def step(self) -> None:
        """Take what the server sent, and answer it."""
        await self.flush()
        data = await self.peer.read()
        if not data:
            raise ConnectionResetError("ended")
        self.stage += 1
        self.dataReceived(data)
        await self.flush()

    async def enter(self) -> SSHChannel:
        """Come in, with a terminal."""
        while b"lobby>" not in self.shown:
            await self.step()
        assert self.channel is not None
        return self.channel


class _Conversation(SSHConnection):
    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client

    def serviceStarted(self) -> None:
        super().serviceStarted()
        self.openChannel(_Terminal(self.client))


class _Terminal(SSHChannel):
    name = b"session"

    def __init__(self, client: Client) -> None:
        super().__init__(localWindow=1 << 30)
        self.client = client

    def channelOpen(self, data: bytes) -> None:
        size = struct.pack(">4L", 80, 24, 0, 0)
        self.conn.sendRequest(self, b"pty-req", NS(b"xterm") + size + NS(b""))
        self.conn.sendRequest(self, b"shell", b"")
        self.client.channel = self

    def dataReceived(self, data: bytes) -> None:
        self.client.shown = (self.client.shown + data)[-10_000:]


@attack("ssh-stalls", seconds=20, options=["--limits-entering=10 s"])
async def stalls(target: Target) -> None:
    """200 who stop, or are gone, at each step of the handshake or of coming in."""

    async def one(number: int) -> None:
        while target.going_on:
            peer = await target.connect(number % 40)
            client = Client(peer, f"stall{number}")
            try:
                while client.stage < number % 10:
                    await client.step()
                if number % 2:
                    async with asyncio.timeout(12):
                        await peer.drain()
                        target.figures["ended by the server"] += 1
            except (*Gone, TimeoutError):
                pass
            finally:
                peer.reset()
            await asyncio.sleep(2)

    await crowd(200, one)


def _number(channel: SSHChannel) -> int:
    """What the server calls a channel."""
    number: int = channel.conn.localToRemoteChannel[channel.id]
    return number


async def _wrong_mac(client: Client, channel: SSHChannel) -> None:
    """A packet that was changed on the way."""
    client.sendPacket(94, struct.pack(">L", _number(channel)) + NS(b"hello"))
    data = client.line.value()
    client.line.clear()
    await client.peer.send(data[:-1] + bytes([data[-1] ^ 1]))


async def _giant_packet(client: Client, channel: SSHChannel) -> None:
    """A packet of 4 MB."""
    head = struct.pack(">L", _number(channel))
    client.sendPacket(94, head + NS(bytes(4 << 20)))
    await client.flush()


async def _over_the_window(client: Client, channel: SSHChannel) -> None:
    """More than the window allows."""
    head = struct.pack(">L", _number(channel))
    for _ in range(200):
        client.sendPacket(94, head + NS(b"\x15" * 30_000))
        await client.flush()


async def _window_of_its_own(client: Client, channel: SSHChannel) -> None:
    """A window that grows beyond all numbers, and nothing of it is read."""
    head = struct.pack(">LL", _number(channel), 0xFFFFFFFF)
    for _ in range(100):
        client.sendPacket(93, head)
    for _ in range(200):
        client.sendPacket(94, struct.pack(">L", _number(channel)) + NS(b"/getlog\r"))
        await client.flush()
    await asyncio.sleep(3)


async def _channels(client: Client, channel: SSHChannel) -> None:
    """Channels without end, of kinds that there are and that there are not."""
    for number in range(5_000):
        kind = b"session" if number % 2 else b"direct-tcpip"
        client.sendPacket(90, NS(kind) + struct.pack(">LLL", number + 1, 1, 1))
        if number % 50 == 0:
            await client.flush()
    await client.flush()


async def _global_requests(client: Client, channel: SSHChannel) -> None:
    """Requests to forward everything, without waiting."""
    for number in range(5_000):
        client.sendPacket(80, NS(b"tcpip-forward") + b"\1" + NS(b"") + bytes(4))
        if number % 50 == 0:
            await client.flush()


async def _new_keys(client: Client, channel: SSHChannel) -> None:
    """New keys, again and again."""
    for _ in range(200):
        with suppress(RuntimeError):  # the last time is not over yet
            client.sendKexInit()
        await client.step()


async def _nonsense(client: Client, channel: SSHChannel) -> None:
    """Messages of all numbers, with nothing sensible in them."""
    for number in range(2, 256):
        if number != 20:
            client.sendPacket(number, os.urandom(number))
    await client.flush()


_WRONGS: tuple[Callable[[Client, SSHChannel], Awaitable[Any]], ...] = (
    _wrong_mac,
    _giant_packet,
    _over_the_window,
    _window_of_its_own,
    _channels,
    _global_requests,
    _new_keys,
    _nonsense,
)


@attack("ssh-hostile", seconds=20, logged=["does not speak SSH as it should"])
async def hostile(target: Target) -> None:
    """24 who come in and then break the protocol, in all ways that we know of."""

    async def one(number: int) -> None:
        wrong = _WRONGS[number % len(_WRONGS)]
        while target.going_on:
            peer = await target.connect(number)
            client = Client(peer, f"evil{number}")
            try:
                channel = await client.enter()
                with suppress(*Gone):
                    async with asyncio.timeout(10):
                        await wrong(client, channel)
                        await peer.drain()
            except (*Gone, TimeoutError):
                target.figures["not let in"] += 1
            finally:
                peer.reset()
            target.figures[wrong.__name__.strip("_")] += 1
            await asyncio.sleep(1)

    await crowd(24, one)
