"""The door for people: C{nc}, C{openssl s_client}, and telnet."""

import re
from typing import Literal

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory

from chatd.chat.account import Preferences
from chatd.chat.clean import clean, clean_block
from chatd.chat.errors import TooLong
from chatd.chat.hub import Hub
from chatd.chat.look import Look, look
from chatd.chat.request import Refused
from chatd.doors.connection import Connection, Exempt
from chatd.doors.terminal import Terminal
from chatd.render.text import render
from chatd.wire import editor
from chatd.wire.sniff import Guess, sniff

Telnet = Literal["auto", "on", "off"]

# In this order each is turned into LF.
_LINE_ENDS = (b"\r\n", b"\r\0", b"\r")

_FIRST_END = re.compile(rb"\r\n|\r\0|\n")

# Words with which a line is no part of a paste.
_COMMAND = ("/", "@")


class TextDoor(Connection):
    """
    One connection of a person.

    It turns into a telnet client's when the peer shows that it is one: then keys come
    instead of lines, and what arrives does not break the line being typed.
    """

    kind = "text"

    def __init__(
        self, hub: Hub, *, exempt: Exempt, telnet: Telnet, paste_from: int
    ) -> None:
        """
        @param paste_from: So many lines found in one read are one paste.
        """
        self._terminal: Terminal | None = None
        super().__init__(hub, line_limit=hub.rules.line_bytes_before, exempt=exempt)
        self._telnet = telnet
        self._paste_from = paste_from
        self._first = True  # until the first line
        self._after_cr = False
        self._read: list[str] = []  # lines of the read that is being taken apart

    def connectionMade(self) -> None:
        super().connectionMade()
        if self.session is None:
            return
        if self._telnet == "on":
            self._start_telnet()
        self.hub.greet(self.session)

    # Bytes to lines

    def dataReceived(self, data: bytes) -> None:
        session = self.session
        if session is None:
            return
        if self._first and sniff(data) not in (None, Guess.TEXT, Guess.TELNET):
            # A slow client of another door, after the greeting: it will try again.
            self.hub.let_go(session, "it is not a person's")
            return
        if self._first and data.startswith(b"\xff") and self._telnet != "off":
            self._start_telnet()
        if self._terminal is None:
            self._receive(data)
        elif self._terminal.receive(data, self._receive, self._typed):
            session.prefer(session.preferences)

    def _receive(self, data: bytes) -> None:
        rules = self.hub.rules
        entered = self.session is not None and self.session.person is not None
        self.MAX_LENGTH = rules.line_bytes if entered else rules.line_bytes_before
        if (
            self._first
            and self._may_be_telnet()
            and _ends_like_telnet(data, self._after_cr)
        ):
            self._start_telnet()
        if self._after_cr and data[:1] in (b"\n", b"\0"):
            data = data[1:]  # the rest of one line end
        self._after_cr = data.endswith(b"\r")
        for end in _LINE_ENDS:
            data = data.replace(end, b"\n")
        super().dataReceived(data)
        self._take()

    def lineReceived(self, line: bytes) -> None:
        self._first = False
        self._read.append(clean(line.decode("utf-8", "replace")))

    def line_too_long(self, head: bytes, length: int) -> None:
        self._take()
        if self.session is not None:
            error = TooLong(
                f"A line has at most {self.MAX_LENGTH} bytes, and yours {length}."
            )
            line = "" if self.session.asking else head.decode("utf-8", "replace")
            self.session.submit(Refused(error, clean(line)))

    def _take(self) -> None:
        """Give the session what was found in one read; many lines are one paste."""
        read, self._read = self._read, []
        block: list[str] = []
        for text in read:
            if text.startswith(_COMMAND) or self._is_new():
                self._take_block(block)
                block = []
                self._submit(text)
            else:
                block.append(text)
        self._take_block(block)

    def _take_block(self, block: list[str]) -> None:
        if not any(block):
            return
        if len(block) < self._paste_from:
            for text in block:
                self._submit(text)
            return
        most = self.hub.rules.paste_lines
        for start in range(0, len(block), most):
            self._submit("\n".join(block[start : start + most]))

    def _submit(self, text: str) -> None:
        if self.session is not None:
            self.session.receive(text)

    def _is_new(self) -> bool:
        """Whether nobody has come in by this connection yet."""
        return self.session is None or self.session.person is None

    # Keys to lines

    def _may_be_telnet(self) -> bool:
        session = self.session
        return (
            self._telnet == "auto"
            and self._terminal is None
            and session is not None
            and not session.secure
            and session.preferences.telnet is not False
        )

    def _start_telnet(self) -> None:
        if self._terminal is None:
            self._terminal = Terminal(
                super().send, self._complete, self.hub.rules.line_bytes
            )
            self._terminal.start()

    def _typed(
        self,
        outcome: editor.Line | editor.TooLong | editor.EndOfFile | editor.Interrupt,
    ) -> None:
        match outcome:
            case editor.Line():
                word = outcome.text[1:].partition(" ")[0]
                if self._terminal and self.hub.commands.may_hold_secret(word):
                    self._terminal.forget(outcome.text)
                self._submit(clean_block(outcome.text))
            case editor.TooLong() if self.session is not None:
                error = TooLong(f"A paste has at most {outcome.limit} bytes.")
                self.session.submit(Refused(error))
            case editor.EndOfFile():
                self._submit("/quit")
            case _:
                pass

    def _complete(self, before: str) -> list[str]:
        """The words that the last word before the cursor may become."""
        session = self.session
        word = before.rpartition(" ")[2]
        if before.startswith("/") and " " not in before:
            names = [f"/{name}" for name in sorted(self.hub.commands.words())]
        elif session is None or session.person is None:
            return []
        else:
            at = "@" if word.startswith("@") else ""
            names = [at + name for name in self.hub.presence.names()]
            names += [room.name for room in self.hub.archive.rooms_for(session)]
        folded = word.casefold()
        return [name for name in names if name.casefold().startswith(folded)]

    # Events to bytes

    def look(self, preferences: Preferences) -> Look:
        terminal = self._terminal
        able = terminal is not None and terminal.answered and not terminal.dumb
        return look(
            render,
            colour=able if preferences.colour is None else preferences.colour,
            timestamps=preferences.timestamps,
            zone=preferences.tz,
            bell=preferences.bell,
            echo=terminal is not None and terminal.editor is not None,
        )

    def send(self, data: bytes) -> None:
        if self._terminal is None:
            super().send(data)
            return
        self._terminal.set_prompt(self._prompt())
        self._terminal.show(data)

    def _prompt(self) -> str:
        session = self.session
        if session is None or session.person is None:
            return "password: " if session and session.asking else "name: "
        return f"{session.room.name}> " if session.room else "> "

    def secret(self, on: bool) -> None:
        if self._terminal is not None:
            self._terminal.set_prompt("password: " if on else self._prompt())
            self._terminal.secret(on)

    def hang_up(self) -> None:
        if self._terminal is not None:
            self._terminal.stop()
        super().hang_up()


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
