"""The door for people: C{nc}, C{openssl s_client}, and telnet."""

import re
from typing import TYPE_CHECKING, Literal

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory

from chatd.chat.account import Preferences
from chatd.chat.hub import Hub
from chatd.chat.look import Look
from chatd.doors.connection import Exempt
from chatd.doors.person import PersonDoor
from chatd.wire.sniff import Guess, sniff

if TYPE_CHECKING:
    from chatd.doors.telnet import TelnetTerminal

Telnet = Literal["auto", "on", "off"]

_FIRST_END = re.compile(rb"\r\n|\r\0|\n")


class TextDoor(PersonDoor):
    """
    One connection of a person.

    It turns into a telnet client's when the peer shows that it is one: then keys come
    instead of lines.
    """

    kind = "text"

    def __init__(
        self, hub: Hub, *, exempt: Exempt, telnet: Telnet, paste_from: int
    ) -> None:
        super().__init__(hub, exempt=exempt, paste_from=paste_from)
        self.terminal: TelnetTerminal | None = None
        self._telnet = telnet
        self._first = True  # until the end of the first line
        self._any = False  # whether there was a line
        self._choice: bool | None = None  # the person's, of telnet

    def connectionMade(self) -> None:
        super().connectionMade()
        if self.session is None:
            return
        if self._telnet == "on":
            self._start_telnet()
        self.hub.connections.greet(self.session)

    def dataReceived(self, data: bytes) -> None:
        session = self.session
        if session is None:
            return
        if self._first and sniff(data) not in (None, Guess.TEXT, Guess.TELNET):
            # A slow client of another door, after the greeting: it will try again.
            self.hub.connections.let_go(session, "programs speak first, at once")
            return
        if (
            self._first
            and self.terminal is None
            and data.startswith(b"\xff")
            and self._telnet != "off"
        ):
            self._start_telnet()
        if self.terminal is None:
            self.lines_received(data)
        else:
            self.keys_received(data)

    def keys_typed(self, keys: bytes) -> None:
        session, terminal = self.session, self.terminal
        if session is None or terminal is None:
            return
        if terminal.receive(keys, self.lines_received, self.typed):
            session.prefer(session.preferences)

    def lines_received(self, data: bytes) -> None:
        if not self._first:
            super().lines_received(data)
            return
        if self._may_be_telnet() and _ends_like_telnet(data, self._after_cr):
            self._start_telnet()
        super().lines_received(data)
        self._any = self._any or b"\n" in data or b"\r" in data
        if self._any:
            # The other half of a line end may be on its way.
            self._first = self._after_cr

    def look(self, preferences: Preferences) -> Look:
        if preferences.telnet is not self._choice:
            self._choice = preferences.telnet
            if self._choice and self._telnet != "off":
                self._start_telnet()
            elif self._choice is False and self.terminal is not None:
                self.terminal.leave()
        return super().look(preferences)

    def _may_be_telnet(self) -> bool:
        session = self.session
        return (
            self._telnet == "auto"
            and self.terminal is None
            and session is not None
            and not session.secure
        )

    def _start_telnet(self) -> None:
        if self.terminal is None:
            # Not before: it takes the start 20 ms.
            from chatd.doors.telnet import TelnetTerminal

            self.terminal = TelnetTerminal(self.write, self.complete, self.limits)
            self.terminal.set_prompt(self.prompt())
            if self.session is not None:
                self.session.hindered()
        self.terminal.start()


def _ends_like_telnet(data: bytes, after_cr: bool) -> bool:
    """nc ends the first line in LF alone; telnet does not show itself otherwise."""
    if after_cr:
        return data[:1] in (b"\n", b"\0")
    end = _FIRST_END.search(data)
    return end is not None and end[0] != b"\n"


class TextFactory(Factory):
    """
    Makes connections of people.

    @ivar telnet: Whether telnet is looked for; may be changed while running.
    """

    noisy = False

    def __init__(
        self, hub: Hub, *, exempt: Exempt, telnet: Telnet = "auto", paste_from: int = 5
    ) -> None:
        self.hub = hub
        self.exempt = exempt
        self.telnet: Telnet = telnet
        self.paste_from = paste_from

    def buildProtocol(self, addr: IAddress | None) -> TextDoor:
        return TextDoor(
            self.hub,
            exempt=self.exempt,
            telnet=self.telnet,
            paste_from=self.paste_from,
        )
