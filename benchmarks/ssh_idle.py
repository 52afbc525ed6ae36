# ruff: noqa: N802, N803 (the spelling tells that Conch calls)
"""
What idle people at SSH terminals cost: C{python -m benchmarks.ssh_idle}.

A thousand guests come in, each by a connection with a terminal, from a process of their
own, and say nothing. The server is one of ours, on the loopback; only its throttles are
off. Printed is how much memory it has more than with ten of them, for each.
"""

import argparse
import struct
import subprocess
import sys
import time
from typing import Any

from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.connection import SSHConnection
from twisted.conch.ssh.transport import SSHClientTransport
from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.task import react
from twisted.internet.threads import deferToThread

from benchmarks.keyless import Keyless
from benchmarks.servers import LOAD_CPU, SERVERS, running

HOST = "127.0.0.1"
FIRST = 10  # people who are here when the measuring begins
AT_ONCE = 10  # that come in at the same time
SETTLES = 5.0  # seconds until what coming in needed is given back
MOST = 150  # KiB for each

reactor: Any = _reactor


class _Terminal(SSHChannel):
    name = b"session"
    here: "Deferred[None]"

    def channelOpen(self, data: bytes) -> None:
        size = struct.pack(">4L", 80, 24, 0, 0)
        self.conn.sendRequest(self, b"pty-req", NS(b"xterm") + size + NS(b""))
        self.conn.sendRequest(self, b"shell", b"")

    def dataReceived(self, data: bytes) -> None:
        if b"lobby>" in data and not self.here.called:
            self.here.callback(None)


class _Session(SSHConnection):
    here: "Deferred[None]"

    def serviceStarted(self) -> None:
        super().serviceStarted()
        terminal = _Terminal(localWindow=1_000_000_000)
        terminal.here = self.here
        self.openChannel(terminal)


class _Guest(SSHClientTransport):
    """Comes in by a free name, without key or password."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.here: Deferred[None] = Deferred()

    def verifyHostKey(self, hostKey: bytes, fingerprint: bytes) -> "Deferred[bool]":
        return succeed(True)

    def connectionSecure(self) -> None:
        session = _Session()
        session.here = self.here
        self.requestService(Keyless(self.name, session))

    def connectionLost(self, reason: Any = None) -> None:
        if not self.here.called:
            self.here.errback(reason)


async def come(port: int, numbers: range) -> None:
    """Let guests come in, some at the same time; then say so, and stay."""
    endpoint = TCP4ClientEndpoint(reactor, HOST, port)
    for start in numbers[::AT_ONCE]:
        coming = []
        for number in range(start, min(start + AT_ONCE, numbers.stop)):
            guest = _Guest(b"guest-%d" % number)
            await connectProtocol(endpoint, guest)
            coming.append(guest.here)
        for here in coming:
            await here
    print("ready", flush=True)
    await deferToThread(sys.stdin.read)


def start(port: int, numbers: range) -> "subprocess.Popen[str]":
    """Have guests come in from a process of their own; returns when they are here."""
    given = (str(port), str(numbers.start), str(numbers.stop))
    process = subprocess.Popen(
        ["taskset", "-c", LOAD_CPU, sys.executable, "-m", __spec__.name, *given],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise RuntimeError("they did not all come in")
    return process


def measure(people: int) -> float:
    """Bytes of the server's memory for each of so many people."""
    with running(SERVERS["chatd"]) as server:
        few = start(server.port, range(FIRST))
        time.sleep(SETTLES)
        before = server.memory()
        many = start(server.port, range(FIRST, FIRST + people))
        time.sleep(SETTLES)
        after = server.memory()
        for process in (many, few):
            process.communicate()
    return (after - before) / people


def main() -> None:
    """Measure, and say whether it is little enough."""
    if len(sys.argv) == 4:  # a process of guests
        port, first, behind = map(int, sys.argv[1:])
        react(lambda _: Deferred.fromCoroutine(come(port, range(first, behind))))
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ssh_idle",
        description=(__doc__ or "").strip().split("\n")[0],
    )
    parser.add_argument("--people", type=int, default=1000)
    people = parser.parse_args().people
    each = measure(people) / 1024
    print(f"{each:.1f} KiB for each of {people:,} idle people ({MOST} at most)")
    sys.exit(each > MOST)


if __name__ == "__main__":
    main()
