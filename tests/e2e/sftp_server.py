# ruff: noqa: N802 (the spelling tells that Conch calls)
"""
A hub with an SSH server around it that does nothing but sftp: for test_sftp.py.

Whoever comes as NAME is logged in as a member of that name, who is in the room ops.
Prints its port, and then a line for each file that is shared.
"""

import resource
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch.avatar import ConchUser
from twisted.conch.interfaces import IConchUser
from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import getNS
from twisted.conch.ssh.connection import SSHConnection
from twisted.conch.ssh.factory import SSHFactory
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.userauth import SSHUserAuthServer
from twisted.cred.portal import Portal
from twisted.internet import reactor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionLost
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

import chatd.commands
from chatd.chat.command import Commands
from chatd.chat.events import Shared
from chatd.chat.hub import Hub
from chatd.chat.rules import Rules
from chatd.doors.ssh.sftp import WINDOW, Sftp
from chatd.files.folder import Folder
from chatd.store.memory import MemoryStore
from chatd.testing import FakeBus, FakeDoor, FakePasswords, FakeSecrets

any_reactor: Any = reactor


class Bus(FakeBus):
    """Prints what is shared."""

    def publish(self, event: Any) -> None:
        if isinstance(event, Shared):
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(event.name, event.size, event.sha256, memory, flush=True)


class Channel(SSHChannel):
    """A session that can only be sftp."""

    name = b"session"
    sftp: Sftp | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, localWindow=WINDOW, **kwargs)

    def request_subsystem(self, data: bytes) -> bool:
        if getNS(data)[0] != b"sftp":
            return False
        assert self.conn is not None
        self.sftp = Sftp(hub, self.conn.transport.avatar.session, self)
        return True

    def dataReceived(self, data: bytes) -> None:
        if self.sftp is not None:
            self.sftp.dataReceived(data)

    def stopWriting(self) -> None:
        if self.sftp is not None:
            self.sftp.stop("window")

    def startWriting(self) -> None:
        if self.sftp is not None:
            self.sftp.go("window")

    def eofReceived(self) -> None:
        if self.sftp is not None:
            self.sftp.finish()

    def closed(self) -> None:
        if self.sftp is not None:
            self.sftp.connectionLost(Failure(ConnectionLost()))


class User(ConchUser):
    """Somebody who came in."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self.session = session
        self.channelLookup[b"session"] = Channel


class Trusting(SSHUserAuthServer):
    """Believes everybody."""

    def serviceStarted(self) -> None:
        super().serviceStarted()
        self.supportedAuthentications.append(b"none")

    def auth_none(self, packet: bytes) -> "Deferred[Any]":
        return Deferred.fromCoroutine(self.enter(self.user.decode()))

    async def enter(self, name: str) -> Any:
        """Register or log in, and be in the room."""
        session = hub.connections.connect(
            FakeDoor(), kind="sftp", address="", secure=True
        )
        taken = await hub.store.account_named(name)
        word = "login" if taken else "register"
        session.receive(f"/{word} {name} seven-small-rain-clouds")
        session.receive("/join ops")
        while session.room is None or session.room.name != "ops":
            pause: Deferred[None] = Deferred()
            any_reactor.callLater(0.01, pause.callback, None)
            await pause
        user = User(session)
        return IConchUser, user, lambda: session.end("")


class Factory(SSHFactory):
    """The SSH server."""

    services = {b"ssh-userauth": Trusting, b"ssh-connection": SSHConnection}  # noqa: RUF012

    def __init__(self) -> None:
        self.portal = Portal(None)
        key = Key(Ed25519PrivateKey.generate())
        self.publicKeys = {b"ssh-ed25519": key.public()}
        self.privateKeys = {b"ssh-ed25519": key}


commands = Commands()
commands.add_package(chatd.commands)
hub = Hub(
    store=MemoryStore(),
    bus=Bus(),
    passwords=FakePasswords(),
    secrets=FakeSecrets(),
    commands=commands,
    clock=any_reactor,
    rules=Rules(throttle=False, file_bytes=25_000_000),
    files=Folder(Path(sys.argv[1]), bytes(32), deferToThread),
)


def main() -> None:
    """Serve until killed."""
    succeed(None).addCallback(lambda _: Deferred.fromCoroutine(hub.start()))
    port = any_reactor.listenTCP(0, Factory(), interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    any_reactor.run()


if __name__ == "__main__":
    main()
