"""What attacks are made of."""

import asyncio
import socket
import ssl
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from inspect import getdoc
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"

# Of the socket: choose a port on connecting, so that one may serve many addresses.
_IP_BIND_ADDRESS_NO_PORT = 24

# Bytes that the system takes ahead: what counts is what the server takes.
_SEND_AHEAD = 64 * 1024

# What an attacker meets whose connection is ended.
Gone = (ConnectionError, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError)


@dataclass
class Target:
    """
    The server that is attacked, as the attacker knows it.

    @ivar code: What makes somebody the first operator.
    @ivar figures: What the attack counts.
    """

    port: int
    code: str
    seconds: float
    figures: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)

    @property
    def going_on(self) -> bool:
        """Whether the attack is to last longer."""
        return time.monotonic() < self.began + self.seconds

    async def connect(self, number: int = 0, *, buffer: int = 0) -> "Peer":
        """
        Connect from an address of one's own.

        @param number: Which address; from all of them the limits are the same.
        @param buffer: Bytes that the system may receive ahead; 0 for its own choice.
        """
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_AHEAD)
        if buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        connection.bind((f"127.3.{number // 250}.{number % 250 + 1}", 0))
        try:
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(30):
                await loop.sock_connect(connection, (HOST, self.port))
        except BaseException:
            connection.close()
            raise
        self.figures["connections"] += 1
        return Peer(connection)

    async def enter(self, name: str, number: int = 0, *, json: bool = False) -> "Peer":
        """Connect and come in as a guest."""
        peer = await self.connect(number)
        if json:
            await peer.send(b'{"do":"enter","name":"%s","ref":1}\n' % name.encode())
            await peer.until(b'"cursor":')
        else:
            await peer.send(f"{name}\n".encode())
            await peer.until(b"has joined", name.encode())
        return peer


def careless() -> ssl.SSLContext:
    """What makes connections over TLS that believe every certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Peer:
    """One connection of an attacker."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._loop = asyncio.get_running_loop()

    async def encrypt(self, context: ssl.SSLContext) -> asyncio.StreamWriter:
        """Shake hands; all else goes through what is returned."""
        _, writer = await asyncio.open_connection(
            sock=self.socket, ssl=context, server_hostname=HOST
        )
        return writer

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        await self._loop.sock_sendall(self.socket, data)
        await asyncio.sleep(0)  # what can be sent at once lets nobody else have a turn

    async def read(self, seconds: float = 30.0) -> bytes:
        """Read what is there; C{b""} when the connection is over."""
        async with asyncio.timeout(seconds):
            return await self._loop.sock_recv(self.socket, 1 << 18)

    async def until(self, *marks: bytes, seconds: float = 30.0) -> bytes:
        """Read until all of these came."""
        received = b""
        while not all(mark in received for mark in marks):
            data = await self.read(seconds)
            if not data:
                raise ConnectionResetError(f"ended after {received[-200:]!r}")
            received += data
        return received

    async def drain(self) -> int:
        """Read until the end, whoever makes it."""
        count = 0
        try:
            while data := await self.read(3600):
                count += len(data)
        except Gone:
            pass
        return count

    def reset(self) -> None:
        """End the connection with a RST."""
        self.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.socket.close()

    def close(self) -> None:
        """End the connection."""
        self.socket.close()


Run = Callable[[Target], Awaitable[None]]


@dataclass(frozen=True)
class Attack:
    """
    One attack.

    @ivar options: Of the server, besides its defaults.
    @ivar descriptors: How many the server may have, if the system has as many.
    @ivar logged: What its log must tell afterwards: regular expressions.
    @ivar newcomers: Whether people from other addresses must get in meanwhile.
    """

    name: str
    run: Run
    about: str
    seconds: float
    options: tuple[str, ...]
    descriptors: int
    logged: tuple[str, ...]
    newcomers: bool


ATTACKS: dict[str, Attack] = {}


def attack(
    name: str,
    *,
    seconds: float = 10.0,
    options: Iterable[str] = (),
    descriptors: int = 65536,
    logged: Iterable[str] = (),
    newcomers: bool = True,
) -> Callable[[Run], Run]:
    """Make an attack of a coroutine function; its docstring says what it does."""

    def decorate(run: Run) -> Run:
        about = " ".join((getdoc(run) or "").split())
        ATTACKS[name] = Attack(
            name,
            run,
            about,
            seconds,
            tuple(options),
            descriptors,
            tuple(logged),
            newcomers,
        )
        return run

    return decorate


async def crowd(count: int, one: Callable[[int], Awaitable[Any]]) -> None:
    """Let so many do the same, until each is done or was thrown out."""

    async def guarded(number: int) -> None:
        with suppress(*Gone):
            await one(number)

    await asyncio.gather(*(guarded(number) for number in range(count)))


def claim_code(folder: Path) -> str:
    """What makes somebody the first operator."""
    return (folder / "keys" / "claim-code").read_text().strip()
