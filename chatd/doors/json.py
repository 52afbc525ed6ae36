"""The door for programs: one JSON object a line; see C{docs/protocol.rst}."""

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory

from chatd.chat.account import Preferences
from chatd.chat.errors import TooLong
from chatd.chat.hub import Hub
from chatd.chat.look import Look, look
from chatd.chat.request import Refused
from chatd.doors.connection import Exempt
from chatd.doors.lines import LineConnection
from chatd.doors.program import DEAD, ProgramDoor, Programs
from chatd.render.json import PING, render


class JSONDoor(ProgramDoor, LineConnection):
    """One connection of a program."""

    kind = "json"
    ping = PING

    def look(self, preferences: Preferences) -> Look:
        """All programs read the same."""
        return look(render, shows_latest=False, links=self.hub.sharing.paths())

    def dataReceived(self, data: bytes) -> None:
        self.MAX_LENGTH = self.longest
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").strip()
        if text:
            self.read(text)

    def line_too_long(self, head: bytes, length: int) -> None:
        error = TooLong(
            f"A line has at most {self.MAX_LENGTH} bytes here, and yours {length}."
        )
        self.submit(Refused(error))


class JSONFactory(Factory):
    """
    Makes connections of programs.

    @ivar programs: Those that are there.
    """

    noisy = False

    def __init__(self, hub: Hub, *, exempt: Exempt, dead_after: float = DEAD) -> None:
        self.programs = Programs(hub, exempt=exempt, dead_after=dead_after)

    def buildProtocol(self, addr: IAddress | None) -> JSONDoor:
        return JSONDoor(self.programs)
