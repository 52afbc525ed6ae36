"""One connection to a server: JSON objects, one a line."""

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

# Bytes in a line from the server: a list of 10,000 people has about 300,000.
LONGEST = 2**24

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Owner(Protocol):
    """Whoever a connection belongs to."""

    def opened(self, link: "Link") -> None:
        """The connection is there, and the server is the right one."""

    def received(self, link: "Link", found: dict[str, Any]) -> None:
        """The server sent an object."""

    def closed(self, link: "Link", reason: Failure) -> None:
        """The connection is gone."""


@implementer(IHandshakeListener)
class Link(LineReceiver):
    """
    One connection.

    Nothing is sent before it is known that the server is the right one.

    @ivar refused: Why it was not.
    @ivar held: Whether nothing is read for now.
    """

    delimiter = b"\n"
    MAX_LENGTH = LONGEST

    def __init__(
        self, owner: Owner, check: Callable[[object], None] | None = None
    ) -> None:
        """
        @param check: Raises if the peer of an encrypted transport is not the right
            one; C{None} if nothing is to be checked.
        """
        self._owner = owner
        self._check = check
        self._open = False
        self._gone = False
        self.held = False
        self.refused: Exception | None = None

    def connectionMade(self) -> None:
        transport: Any = self.transport
        with contextlib.suppress(AttributeError):  # not TCP
            transport.setTcpKeepAlive(True)
            transport.setTcpNoDelay(True)
        if self._check is None:
            self._begin()

    def handshakeCompleted(self) -> None:
        if self._check is None:
            return
        try:
            self._check(self.transport)
        except Exception as problem:
            self.refused = problem
            self.cut()
            return
        self._begin()

    def _begin(self) -> None:
        self._open = True
        self._owner.opened(self)

    def ask(self, fields: Mapping[str, object]) -> None:
        """Send one object."""
        if self._open:
            self.sendLine(_encode(fields).encode("utf-8", "replace"))

    def lineReceived(self, line: bytes) -> None:
        if not self._open:
            return
        try:
            found = json.loads(line)
        except ValueError:
            self.refused = NotChatd("That is no chatd: it does not speak JSON.")
            self.cut()
            return
        if isinstance(found, dict):
            self._owner.received(self, found)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.cut()

    def hold(self, on: bool) -> None:
        """Read nothing for now, or read again."""
        if on is not self.held and self._open:
            self.held = on
            self.pauseProducing() if on else self.resumeProducing()

    def stay(self) -> None:
        """Let the server know that we are there."""
        if self._open:
            self.sendLine(b"")

    def cut(self) -> None:
        """End it at once."""
        self._open = False
        transport: Any = self.transport  # all that there are can be cut
        if transport is not None and not self._gone:
            transport.abortConnection()

    def hang_up(self) -> None:
        """End it, after what was sent."""
        if self.transport is not None and not self._gone:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._open = False
        self._gone = True
        self._owner.closed(self, reason)


class NotChatd(Exception):
    """Whatever answers there is no chatd."""
