"""
Well-behaved people, in a process of their own: C{python -m benchmarks.abuse.canaries}.

Six guests, half of them through the text door, half through the JSON door, say
something in turn, one of them every 50 ms. Beside them newcomers try to get in. The
process reads names of phases, one a line, and prints at the end what happened in each.
"""

import asyncio
import json
import os
import re
import socket
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any, cast

from benchmarks.abuse.attack import HOST, Gone

EVERY = 0.05  # seconds between two messages

# Exempt from the limits per address, as friends of the operator may be.
FRIENDS = "127.0.0.2"
# Not exempt, and nobody else comes from there.
CLEAN = "127.0.0.99"

NEWCOMER_EVERY = 1.0
NEWCOMER_PATIENCE = 8.0  # seconds

NAMES = ("alma", "bert", "cleo", "dirk", "edda", "finn")

_SAID = re.compile(r"\[[^]]*\] (\w+): canary (\d+)")

# What nobody may be sent: control characters, and those that turn text around.
_DIRTY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass
class Phase:
    """What happened to messages of one stretch of time."""

    sent: int = 0
    lost: int = 0
    reordered: int = 0
    late: list[float] = field(default_factory=list)
    noise: float = 0.0
    newcomers: list[float] = field(default_factory=list)
    shut_out: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """For the report; times in milliseconds."""
        return {
            "sent": self.sent,
            "lost": self.lost,
            "reordered": self.reordered,
            "median": round(1000 * median(self.late or [0.0]), 1),
            "worst": round(1000 * max(self.late, default=0.0), 1),
            "noise": round(1000 * self.noise, 1),
            "newcomers": len(self.newcomers),
            "newcomer": round(1000 * max(self.newcomers, default=0.0), 1),
            "shut out": self.shut_out,
        }


class Canary(asyncio.Protocol):
    """One who talks and listens."""

    def __init__(self, all: "Canaries", name: str, json: bool) -> None:
        self.all = all
        self.name = name
        self.json = json
        self.here: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard: dict[str, list[int]] = {}
        self.lost = False
        self._half = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        enter = {"do": "enter", "name": self.name}
        words = json.dumps(enter) if self.json else self.name
        self.transport.write(f"{words}\n".encode())

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        *lines, self._half = (self._half + data).split(b"\n")
        for line in lines:
            try:
                text = line.decode().removesuffix("\r")
            except UnicodeDecodeError:
                self.all.dirty.append(repr(line))
                continue
            if self.json:
                self._take(json.loads(text), now)
                continue
            if _DIRTY.search(text):
                self.all.dirty.append(repr(text))
            if not self.here.done() and f"{self.name} has joined" in text:
                self.here.set_result(None)
            if said := _SAID.fullmatch(text):
                self._hear(said[1], int(said[2]), now)

    def _take(self, event: dict[str, Any], now: float) -> None:
        if any(isinstance(v, str) and _DIRTY.search(v) for v in event.values()):
            self.all.dirty.append(repr(event))
        if event["event"] == "done" and not self.here.done():
            self.here.set_result(None)
        elif event["event"] == "said" and event["text"].startswith("canary "):
            self._hear(event["sender"], int(event["text"].split()[1]), now)

    def _hear(self, sender: str, number: int, now: float) -> None:
        if number >= len(self.all.sent) or self.all.senders[number] != sender:
            self.all.dirty.append(f"canary {number}, which {sender} never said")
            return
        self.heard.setdefault(sender, []).append(number)
        sent, phase = self.all.sent[number]
        phase.late.append(now - sent)

    def connection_lost(self, problem: Exception | None) -> None:
        self.lost = True

    def say(self, number: int) -> None:
        text = f"canary {number}"
        words = json.dumps({"do": "say", "text": text}) if self.json else text
        self.transport.write(f"{words}\n".encode())


class Canaries:
    """
    All of them.

    @ivar sent: When, and in which phase, by the number of the message.
    @ivar dirty: Lines that must not be shown to anybody.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.phases = {"": Phase()}
        self.phase = self.phases[""]
        self.sent: list[tuple[float, Phase]] = []
        self.senders: list[str] = []
        self.dirty: list[str] = []
        self._ended = asyncio.Event()
        self._newcomers: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Talk until there are no more phases."""
        loop = asyncio.get_running_loop()
        self.all = [
            (
                await loop.create_connection(
                    lambda name=name, json=json: Canary(self, name, json),  # type: ignore[misc]
                    sock=await _connect(self.port, FRIENDS),
                )
            )[1]
            for json, name in zip([False, True] * 3, NAMES, strict=True)
        ]
        for canary in self.all:
            await asyncio.wait_for(canary.here, 30)
        loop.add_reader(sys.stdin, self._phases)
        print("here", flush=True)
        newcomers = asyncio.create_task(self._come())
        await self._talk()
        newcomers.cancel()
        if self._newcomers:
            await asyncio.wait(self._newcomers)
        await self._settle()
        print(json.dumps(self.report()), flush=True)

    def _phases(self) -> None:
        words = os.read(0, 65536).decode()
        for name in words.split():
            self.phase = self.phases[name] = Phase()
        if not words:
            self._ended.set()

    async def _talk(self) -> None:
        due = time.monotonic()
        while not self._ended.is_set():
            due += EVERY
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            behind = time.monotonic() - due
            self.phase.noise = max(self.phase.noise, behind)
            if behind > 1.0:
                due = time.monotonic()  # nobody talks faster to make up for it
            number = len(self.sent)
            canary = self.all[number % len(self.all)]
            self.phase.sent += 1
            self.sent.append((time.monotonic(), self.phase))
            self.senders.append(canary.name)
            canary.say(number)

    async def _settle(self) -> None:
        """Wait for what is still on its way."""
        for _ in range(50):
            await asyncio.sleep(0.1)
            heard = sum(len(n) for c in self.all for n in c.heard.values())
            if heard >= len(self.sent) * (len(self.all) - 1):
                break

    # Newcomers

    async def _come(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(NEWCOMER_EVERY)
            number += 1
            task = asyncio.create_task(self._newcomer(number, self.phase))
            self._newcomers.add(task)
            task.add_done_callback(self._newcomers.discard)

    async def _newcomer(self, number: int, phase: Phase) -> None:
        began = time.monotonic()
        name = f"new{number}"
        received = b""
        writer = None
        try:
            async with asyncio.timeout(NEWCOMER_PATIENCE):
                reader, writer = await asyncio.open_connection(
                    sock=await _connect(self.port, CLEAN), limit=1 << 22
                )
                if number % 2:
                    writer.write(b'{"do":"enter","name":"%s"}\n' % name.encode())
                    mark = b'"cursor":'
                else:
                    writer.write(f"{name}\n".encode())
                    mark = f"{name} has joined".encode()
                while mark not in received:
                    data = await reader.read(1 << 16)
                    if not data:
                        raise ConnectionResetError("hung up")
                    received += data
                phase.newcomers.append(time.monotonic() - began)
        except Gone as problem:
            what = f"{type(problem).__name__} {problem}".strip()
            phase.shut_out.append(f"{what} after {received[-80:]!r}")
        finally:
            if writer is not None:
                writer.close()

    # The report

    def report(self) -> dict[str, Any]:
        """What happened in each phase, and what went wrong in all of them."""
        for canary in self.all:
            heard = {number for numbers in canary.heard.values() for number in numbers}
            for number, (_, phase) in enumerate(self.sent):
                if self.senders[number] != canary.name and number not in heard:
                    phase.lost += 1
            for numbers in canary.heard.values():
                for before, after in pairwise(numbers):
                    if after <= before:
                        self.sent[after][1].reordered += 1
        return {
            "phases": {name: phase.figures() for name, phase in self.phases.items()},
            "thrown out": [canary.name for canary in self.all if canary.lost],
            "dirty": self.dirty[:5],
        }


async def _connect(port: int, address: str) -> socket.socket:
    connection = socket.socket()
    connection.setblocking(False)
    connection.bind((address, 0))
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, (HOST, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


if __name__ == "__main__":

    async def main() -> None:
        await Canaries(int(sys.argv[1])).run()

    asyncio.run(main())
