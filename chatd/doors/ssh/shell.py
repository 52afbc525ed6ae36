"""The door for somebody at a terminal, by SSH."""

from typing import TYPE_CHECKING

from chatd.chat.hub import Hub
from chatd.chat.request import Enter
from chatd.chat.session import Session
from chatd.doors.connection import Exempt, IStream
from chatd.doors.person import PersonDoor
from chatd.doors.terminal import DUMB, Terminal

if TYPE_CHECKING:
    from chatd.doors.ssh.channel import SessionChannel


class ShellDoor(PersonDoor):
    """One terminal: keys in, and what is shown above the line that they make."""

    kind = "ssh"
    secure = True

    def __init__(
        self, hub: Hub, channel: "SessionChannel", *, exempt: Exempt, paste_from: int
    ) -> None:
        super().__init__(hub, exempt=exempt, paste_from=paste_from)
        self._channel = channel

    def connect(self, transport: IStream) -> Session:
        return self._channel.connect(self)

    def connectionMade(self) -> None:
        super().connectionMade()
        session, channel = self.session, self._channel
        if session is None:
            return
        terminal = Terminal(self.write, self.complete, self.limits)
        terminal.dumb = channel.terminal in DUMB
        terminal.plain = bool(channel.environment.get("NO_COLOR"))
        terminal.set_prompt(self.prompt())
        terminal.resize(channel.width)
        terminal.choose()
        self.terminal = terminal
        session.prefer(session.preferences)
        visitor = channel.visitor
        if visitor.proved is None:
            # Nobody may have this name: it is like coming in by any other terminal.
            self.hub.connections.greet(session)
        session.submit(Enter(visitor.name, show=True, proved=visitor.proved))

    def dataReceived(self, data: bytes) -> None:
        self.keys_received(data)

    def resized(self, width: int) -> None:
        """The terminal has so many columns now."""
        if self.terminal is not None:
            self.terminal.resize(width)

    def interrupted(self) -> None:
        """The client was told to end."""
        if self.session is not None:
            self.hub.connections.hang_up(self.session)
