# ruff: noqa: N802, N803 (the spelling tells that Conch calls)
"""What the tests of the SSH door share: clients of Conch whose lines lie in memory."""

import struct
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import NS, getNS
from twisted.conch.ssh.connection import SSHConnection
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.transport import SSHClientTransport
from twisted.conch.ssh.userauth import SSHUserAuthClient
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.python.failure import Failure

from chatd.chat.hub import Hub
from chatd.doors.ssh.factory import SSHFactory
from chatd.secrets.ssh_keys import parse_public_key
from chatd.testing import nobody_is_exempt, turn
from tests.doors.wire import DoorCase, Wire

HOST_KEY = Key(Ed25519PrivateKey.generate()).toString("OPENSSH", subtype="v1")


class Client(SSHClientTransport):
    """
    An SSH client.

    @ivar told: Why the server ended the connection.
    """

    def __init__(self, peer: "SshPeer") -> None:
        self.peer = peer
        self.told = ""
        self.host_key = b""

    def verifyHostKey(self, hostKey: bytes, fingerprint: bytes) -> "Deferred[bool]":
        self.host_key = hostKey
        return succeed(True)

    def connectionSecure(self) -> None:
        if self.service is None:  # not when there are new keys
            self.requestService(_Credentials(self.peer))

    def receiveError(self, reasonCode: int, description: bytes) -> None:
        self.told = description.decode()


class _Credentials(SSHUserAuthClient):
    """As OpenSSH does: keys first, and three times what is asked at the keyboard."""

    def __init__(self, peer: "SshPeer") -> None:
        super().__init__(peer.user.encode(), _Conversation(peer))
        self.peer = peer
        self.keys = list(peer.keys)
        self.passwords = list(peer.passwords)
        self.typed = list(peer.typed)
        self.times = 3

    def ssh_USERAUTH_BANNER(self, packet: bytes) -> None:
        self.peer.banners.append(getNS(packet)[0].decode())

    def ssh_USERAUTH_FAILURE(self, packet: bytes) -> Any:
        self.peer.methods = getNS(packet)[0].decode()
        return super().ssh_USERAUTH_FAILURE(packet)

    def getPublicKey(self) -> Key | None:
        self.key = self.keys.pop(0) if self.keys else None
        return self.key.public() if self.key else None

    def getPrivateKey(self) -> "Deferred[Key]":
        return succeed(self.key)

    def getPassword(self, prompt: str | None = None) -> "Deferred[bytes] | None":
        if not self.passwords:
            return None
        return succeed(self.passwords.pop(0).encode())

    def auth_keyboard_interactive(self) -> bool:
        self.times -= 1
        return self.times >= 0 and super().auth_keyboard_interactive()

    def getGenericAnswers(
        self, name: bytes, instruction: bytes, prompts: list[tuple[bytes, bool]]
    ) -> "Deferred[list[str]]":
        self.peer.prompts += prompts
        if not prompts:
            return succeed([])
        return succeed([self.typed.pop(0)]) if self.typed else Deferred()


class _Conversation(SSHConnection):
    def __init__(self, peer: "SshPeer") -> None:
        super().__init__()
        self.peer = peer

    def serviceStarted(self) -> None:
        self.peer.conversation = self


class Channel(SSHChannel):
    """
    A channel of a client.

    @ivar out: What came on standard output; C{err} on standard error.
    @ivar status: What it ended with.
    @ivar refused: Why it could not be opened.
    """

    def __init__(self, peer: "SshPeer", kind: bytes, window: int) -> None:
        super().__init__(localWindow=window)
        self.name = kind
        self.peer = peer
        self.out = self.err = b""
        self.status: int | None = None
        self.open = False
        self.ended = False
        self.refused = ""

    def channelOpen(self, data: bytes) -> None:
        self.open = True

    def openFailed(self, reason: Any) -> None:
        self.refused = str(reason.args[0])

    def dataReceived(self, data: bytes) -> None:
        self.out += data

    def extReceived(self, dataType: int, data: bytes) -> None:
        self.err += data

    def request_exit_status(self, data: bytes) -> None:
        (self.status,) = struct.unpack(">L", data)

    def closed(self) -> None:
        self.ended = True

    # What a person does

    def ask(self, request: bytes, data: bytes = b"") -> bool | None:
        """Ask for something; whether it was granted."""
        answers: list[bool] = []
        asked = self.conn.sendRequest(self, request, data, wantReply=True)
        if asked is not None:
            asked.addCallbacks(
                lambda _: answers.append(True), lambda _: answers.append(False)
            )
        self.peer.pump()
        return answers[0] if answers else None

    def terminal(
        self, name: str = "xterm", width: int = 80, **environment: str
    ) -> None:
        """Have a terminal, and a shell in it."""
        for variable, value in environment.items():
            self.ask(b"env", NS(variable) + NS(value))
        size = struct.pack(">4L", width, 24, 0, 0)
        assert self.ask(b"pty-req", NS(name) + size + NS(b""))
        assert self.ask(b"shell")

    def resize(self, width: int) -> None:
        """Drag the window."""
        self.ask(b"window-change", struct.pack(">4L", width, 24, 0, 0))

    def type(self, data: bytes | str) -> bytes:
        """Send something; what comes back."""
        self.take()
        self.write(data.encode() if isinstance(data, str) else data)
        self.peer.pump()
        return self.take()

    def take(self) -> bytes:
        """What came since the last time."""
        data, self.out = self.out, b""
        return data

    def finish(self) -> None:
        """Say nothing more."""
        self.conn.sendEOF(self)
        self.peer.pump()


class SshPeer:
    """
    Somebody with an SSH client.

    @ivar banners: What the server had the client show, before anybody was in.
    @ivar prompts: What it had the client ask, and whether what is typed is shown.
    @ivar methods: What the server said would let the client in.
    """

    def __init__(
        self,
        hub: Hub,
        factory: SSHFactory,
        user: str,
        *,
        keys: tuple[Key, ...] = (),
        passwords: tuple[str, ...] = (),
        typed: tuple[str, ...] = (),
        address: str = "192.0.2.1",
        window: int = 0,
    ) -> None:
        self.hub = hub
        self.user, self.keys = user, keys
        self.passwords, self.typed = passwords, typed
        self.banners: list[str] = []
        self.prompts: list[tuple[bytes, bool]] = []
        self.methods = ""
        self.window = window
        self.conversation: _Conversation | None = None
        self.reading = True
        self.wire = Wire(address)
        self.server: Any = factory.buildProtocol(self.wire.getPeer())
        self.client = Client(self)
        self._line = Wire()
        self.client.makeConnection(self._line)
        self.server.makeConnection(self.wire)
        self.pump()

    def pump(self) -> None:
        """Carry what there is to carry, until both sides are quiet."""
        quiet = 0
        while quiet < 2:
            there, back = self._line.value(), b""
            self._line.clear()
            if self.reading:
                back = self.wire.value()
                self.wire.clear()
            if there:
                self.server.dataReceived(there)
            if back:
                self.client.dataReceived(back)
            turn(self.hub)
            quiet = 0 if there or back else quiet + 1

    def open(self, kind: bytes = b"session", data: bytes = b"") -> Channel:
        """Open a channel."""
        assert self.conversation is not None, (self.banners, self.client.told)
        channel = Channel(self, kind, self.window)
        self.conversation.openChannel(channel, data)
        self.pump()
        return channel

    def run(self, command: str, *, input: bytes | None = b"") -> Channel:
        """Run a command; what it is sent ends there, unless it is C{None}."""
        channel = self.open()
        channel.ask(b"exec", NS(command))
        if input is not None:
            if input and not channel.ended:
                channel.write(input)
                self.pump()
            if not channel.ended:
                channel.finish()
        return channel

    def shell(self, width: int = 80, **environment: str) -> Channel:
        """Sit at a terminal."""
        channel = self.open()
        channel.terminal(width=width, **environment)
        return channel

    def lose(self, *, clean: bool = True) -> None:
        """The connection is gone."""
        problem = ConnectionDone() if clean else ConnectionLost()
        self.server.connectionLost(Failure(problem))
        turn(self.hub)


class SshCase(DoorCase):
    """A hub that has an SSH door."""

    def setUp(self) -> None:
        super().setUp()
        self.hub.secrets.public_key = parse_public_key  # type: ignore[method-assign]
        self.factory = SSHFactory(self.hub, HOST_KEY, exempt=nobody_is_exempt)

    def peer(self, user: str, **how: Any) -> SshPeer:
        """Somebody comes with this name."""
        return SshPeer(self.hub, self.factory, user, **how)


def new_key() -> Key:
    """A key of somebody's."""
    return Key(Ed25519PrivateKey.generate())
