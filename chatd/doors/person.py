"""What doors for people have in common, whatever carries their lines or keys."""

import re
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from chatd.chat.account import Preferences
from chatd.chat.clean import clean, clean_block
from chatd.chat.door import Straight, Writer
from chatd.chat.errors import BadRequest, TooLong
from chatd.chat.hub import Hub
from chatd.chat.links import Links
from chatd.chat.look import Look, look
from chatd.chat.request import Invoke, Refused
from chatd.chat.throttle import Throttle
from chatd.chat.understand import MARKS, cleaned
from chatd.doors.connection import Exempt
from chatd.doors.lines import LineConnection
from chatd.doors.transport import host_of
from chatd.render.text import fold, render
from chatd.wire import outcome as outcomes
from chatd.wire.limits import Limits

if TYPE_CHECKING:
    from chatd.doors.terminal import Terminal

# Keys that are looked at at once.
PIECE = 1024

# In this order each is turned into LF.
_LINE_ENDS = (b"\r\n", b"\r\0", b"\r")

# Keys that move, complete, end or negotiate something, as the first byte of each. They
# cost more than letters: so many at once, and so many a second.
_COSTLY = bytes((*range(0x20), 0x7F, 0xFF))
KEYS_BURST = 1_000
KEYS_RATE = 200

# A line with which it is no part of a paste: not a path, nor a comment in a program.
_COMMAND = re.compile(r"/[a-z][\w-]*(?!\S)", re.IGNORECASE)


class PersonDoor(LineConnection):
    """
    One connection of a person: lines, or a terminal whose keys become lines.

    @ivar terminal: Set where there is one: then what arrives does not break the line
        that is being typed.
    """

    def __init__(self, hub: Hub, *, exempt: Exempt, paste_from: int) -> None:
        """
        @param paste_from: So many lines found in one read are one paste.
        """
        self.terminal: Terminal | None = None
        super().__init__(hub, line_limit=hub.rules.line_bytes_before, exempt=exempt)
        self._paste_from = paste_from
        self._after_cr = False
        # Lines of the read that is being taken apart; mostly there is none.
        self._read: list[str] | None = None
        self._keys = b""  # that were not looked at yet
        self._host: str | None = None  # as asked once; each time is a system call
        self._key_throttle: Throttle | None = None  # of terminals only
        self._looking: IDelayedCall | None = None
        self._behind = False  # with the keys, so that no more are read

    # Bytes to lines

    def lines_received(self, data: bytes) -> None:
        """Take lines as they came, whatever they end in."""
        rules = self.hub.rules
        new = self._is_new()
        self.MAX_LENGTH = rules.line_bytes_before if new else rules.line_bytes
        if self._after_cr and data[:1] in (b"\n", b"\0"):
            data = data[1:]  # the rest of one line end
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            for end in _LINE_ENDS:
                data = data.replace(end, b"\n")
        else:
            self._after_cr = False
        super().dataReceived(data)
        self._take()

    def lineReceived(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace")
        if not text.isprintable():
            text = cleaned(self.session, text, self.hub.commands)
        if self._read is None:
            self._read = [text]
            return
        self._read.append(text)
        if len(self._read) >= self.hub.rules.paste_lines:
            self._take()  # a paste has no more; the session may want to pause

    def line_too_long(self, head: bytes, length: int) -> None:
        self._take()
        if self.session is not None:
            error = TooLong(
                f"A line has at most {self.MAX_LENGTH} bytes, and yours {length}."
            )
            line = "" if self.session.asking else head.decode("utf-8", "replace")
            self.session.submit(Refused(error, clean(line)))

    def half_line(self, line: bytes) -> None:
        if self.session is not None:
            error = BadRequest("The last line has no end.")
            text = "" if self.session.asking else line.decode("utf-8", "replace")
            self.session.submit(Refused(error, clean(text)))

    def _take(self) -> None:
        """Give the session what was found in one read; many lines are one paste."""
        read, self._read = self._read, None
        block: list[str] = []
        new = self._is_new()
        for text in read or ():
            if new or (text.startswith(MARKS) and self._is_command(text)):
                self._take_block(block)
                block = []
                self.submit(text)
                new = self._is_new()
            else:
                block.append(text)
        self._take_block(block)

    def _is_command(self, text: str) -> bool:
        if text.startswith("@"):
            return self.hub.commands.has(text[1:].partition(" ")[0])
        return _COMMAND.match(text) is not None

    def _take_block(self, block: list[str]) -> None:
        if not any(block):
            return
        if len(block) < self._paste_from:
            self.submit(*block)
            return
        most = self.hub.rules.paste_lines
        for start in range(0, len(block), most):
            self.submit("\n".join(block[start : start + most]))

    def submit(self, *texts: str) -> None:
        """Let the session have lines, or a paste."""
        if self.session is not None:
            self.session.receive(*texts)

    def _is_new(self) -> bool:
        """Whether nobody has come in by this connection yet."""
        return self.session is None or self.session.person is None

    # Keys to lines

    def keys_received(self, data: bytes) -> None:
        """
        Take what a terminal sent, little by little.

        Keys are cheap to send, and each is answered: many must not keep others from
        having their turns, nor what is answered pile up before a peer that reads
        nothing.
        """
        self._keys += data
        if self._looking is None:
            self._look_at_keys()

    def keys_typed(self, keys: bytes) -> None:
        """Let the terminal have some keys."""
        if self.terminal is not None:
            self.terminal.edit(keys, self.typed)

    def limits(self) -> Limits:
        """How much may be typed and pasted."""
        rules = self.hub.rules
        if self._is_new():
            few = rules.line_bytes_before
            return Limits(few, few, self._paste_from)
        return Limits(rules.line_bytes, rules.paste_bytes, self._paste_from)

    def _look_at_keys(self) -> None:
        self._looking = None
        some = self._keys[:PIECE]
        wait = 0.0
        if some and not (self.paused or self.full):
            wait = self._wait_for_keys(some)
            if not wait:
                self._keys = self._keys[len(some) :]
                self.keys_typed(some)
        session, transport = self.session, self.transport
        if session is None or session.ended or transport is None:
            self._keys = b""
        elif self._keys:
            self._behind = True
            transport.pauseProducing()
            if not (self.paused or self.full):
                self._looking = self.hub.clock.callLater(wait, self._look_at_keys)
        elif self._behind and not self.paused:
            self._behind = False
            transport.resumeProducing()

    def _wait_for_keys(self, keys: bytes) -> float:
        if not self.hub.rules.throttle:
            return 0.0
        if self._key_throttle is None:
            self._key_throttle = Throttle(KEYS_RATE, KEYS_BURST)
        cost = len(keys) - len(keys.translate(None, _COSTLY))
        # A thousandth more: never so short that rounding makes it nothing.
        wait = self._key_throttle.take(self.hub.clock.seconds(), min(cost, KEYS_BURST))
        return wait and wait + 0.001

    def emptied(self) -> None:
        if self._looking is None:
            self._look_at_keys()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._keys = b""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        super().connectionLost(reason)

    def typed(self, outcome: outcomes.Outcome) -> None:
        """Take what the terminal made of keys."""
        match outcome:
            case outcomes.Line():
                word = outcome.text[1:].partition(" ")[0]
                if self.terminal and self.hub.commands.may_hold_secret(word):
                    self.terminal.forget(outcome.text)
                text = clean_block(outcome.text)
                if "\n" not in text:
                    text = cleaned(self.session, outcome.text, self.hub.commands)
                self.submit(text)
            case outcomes.TooLong() if self.session is not None:
                error = TooLong(outcome.sentence)
                self.session.submit(Refused(error))
            case outcomes.EndOfFile() if self.session is not None:
                # Not as a line: that might be taken for a password.
                self.session.submit(Invoke("quit"))
            case _:
                pass

    def complete(self, before: str) -> list[str]:
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
        terminal = self.terminal
        if terminal is not None:
            terminal.read_aloud(preferences.reader)
        able = terminal is not None and terminal.colourful
        echo = terminal is not None and terminal.redraws
        return look(
            render,
            colour=able if preferences.colour is None else preferences.colour,
            theme=preferences.theme,
            timestamps=preferences.timestamps,
            zone=preferences.tz,
            bell=preferences.bell,
            echo=echo,
            told=echo,
            links=self.links(),
            fold=fold,
            crowd=self.hub.rules.crowd,
        )

    def links(self) -> Links | None:
        """Links to files that work where this person sits."""
        if self.transport is None:
            return None
        if self._host is None:
            self._host = host_of(self.transport.getHost())
        return self.hub.sharing.links(self._host, secure=self.secure)

    def send(self, data: bytes) -> None:
        if self.terminal is None:
            if self.transport is not None:
                self.transport.write(data)
            return
        self.terminal.set_prompt(self.prompt())
        self.terminal.show(data)

    def straight(self, writer: Writer) -> Straight | None:
        return None if self.terminal is not None else super().straight(writer)

    def write(self, data: bytes) -> None:
        """Send bytes to the peer, past the terminal."""
        super().send(data)
        if self.terminal is not None and self.session is not None:
            self.session.wait_for_reader()

    def prompt(self) -> str:
        """What stands before the line being typed."""
        session = self.session
        if session is None or session.person is None:
            return "password: " if session and session.asking else "name: "
        return f"{session.room.name}> " if session.room else "> "

    def secret(self, on: bool) -> None:
        if self.terminal is not None:
            self.terminal.set_prompt("password: " if on else self.prompt())
            self.terminal.secret(on)

    def hang_up(self) -> None:
        if self.terminal is not None:
            self.terminal.stop()
        super().hang_up()
