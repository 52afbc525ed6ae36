"""The telnet protocol (RFC 854, 855, 1143), without input or output."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

BINARY: Final = 0  # RFC 856
ECHO: Final = 1  # RFC 857
SUPPRESS_GO_AHEAD: Final = 3  # RFC 858
TIMING_MARK: Final = 6  # RFC 860
TERMINAL_TYPE: Final = 24  # RFC 1091
WINDOW_SIZE: Final = 31  # RFC 1073, NAWS

# The longest answer we want is a terminal's name; what goes beyond is dropped.
SUBNEGOTIATION_LIMIT = 512
TERMINAL_TYPE_LIMIT = 40  # RFC 1091: names have at most 40 characters


@dataclass(frozen=True, slots=True)
class Data:
    """What was typed: never empty, IAC IAC undone, CR NUL made CR."""

    data: bytes


@dataclass(frozen=True, slots=True)
class WindowSize:
    """How large the window is; a side of 0 is one the peer does not know."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class TerminalType:
    """
    What the peer calls its terminal.

    @ivar name: 1 to 40 printable ASCII characters, in lower case as in C{$TERM}.
    """

    name: str


@dataclass(frozen=True, slots=True)
class OptionChanged:
    """
    The peer agreed to an option, or one was ended or refused.

    @ivar ours: Whether we do it (C{WILL}), or the peer does (C{DO}).
    """

    option: int
    ours: bool
    on: bool


class Command(Enum):
    """What a key of the peer's client asks for, outside the data."""

    INTERRUPT = auto()
    END_OF_FILE = auto()
    ERASE_CHARACTER = auto()
    ERASE_LINE = auto()
    # To be answered by the caller with something that can be seen (RFC 854), for
    # only the caller knows whether a half-typed line stands in the way.
    ARE_YOU_THERE = auto()


Outcome = Data | WindowSize | TerminalType | OptionChanged | Command


class Telnet:
    """
    The server's side of one telnet connection.

    @ivar answered: Whether the peer has negotiated anything: then it is a telnet
        client, and not C{nc} that happens to send CR LF.
    """

    def __init__(self) -> None:
        self.answered = False
        self._want_keys = False
        self._hiding = False
        self._ours: dict[int, _State] = {}
        self._theirs: dict[int, _State] = {}
        self._reading = _Reading.DATA
        self._verb = 0
        self._subnegotiation = bytearray()
        self._after_cr = False
        self._data = bytearray()
        self._output = bytearray()

    def start(self) -> bytes:
        """
        Begin to negotiate: clients on ports other than 23 wait for the server.

        @return: What there is to write; see L{take_output}.
        """
        self._want_keys = True
        for option in (ECHO, SUPPRESS_GO_AHEAD, BINARY):
            self._ask(option, True, True)
        for option in (TERMINAL_TYPE, WINDOW_SIZE, BINARY):
            self._ask(option, False, True)
        return self.take_output()

    def stop(self) -> bytes:
        """
        Leave the echo and the editing of lines to the client.

        @return: What there is to write; see L{take_output}.
        """
        self._want_keys = False
        self._ask(SUPPRESS_GO_AHEAD, True, False)
        self._ask(ECHO, True, self._hiding)
        return self.take_output()

    def echo(self, on: bool) -> bytes:
        """
        Take over the echo for a password, or let things be as they were before.

        In line mode a client that is told C{True} hides what is typed; in character
        mode the echo is ours anyway, and this changes nothing.

        @return: What there is to write; see L{take_output}.
        """
        self._hiding = on
        self._ask(ECHO, True, on or self._want_keys)
        return self.take_output()

    @property
    def character_mode(self) -> bool:
        """Whether the peer sends each key at once and leaves the echo to us."""
        return (
            self._ours.get(ECHO) is _State.YES
            and self._ours.get(SUPPRESS_GO_AHEAD) is _State.YES
        )

    def receive(self, data: bytes) -> list[Outcome]:
        """Take bytes apart; answers to the peer wait in L{take_output}."""
        outcomes: list[Outcome] = []
        at = 0
        while at < len(data):
            if self._reading in (_Reading.DATA, _Reading.SUBNEGOTIATION):
                end = data.find(_IAC, at)
                end = len(data) if end < 0 else end
                self._plain(data[at:end])
                if end < len(data):
                    self._reading = _AFTER_IAC[self._reading]
                at = end + 1
            else:
                outcome = self._control(data[at])
                if outcome is not None:
                    self._flush(outcomes)
                    outcomes.append(outcome)
                at += 1
        self._flush(outcomes)
        return outcomes

    def take_output(self) -> bytes:
        """Give what is to be written to the peer: already escaped, and only once."""
        output = bytes(self._output)
        self._output.clear()
        return output

    def _flush(self, outcomes: list[Outcome]) -> None:
        if self._data:
            outcomes.append(Data(bytes(self._data)))
            self._data.clear()

    def _plain(self, part: bytes) -> None:
        if self._reading is _Reading.SUBNEGOTIATION:
            room = SUBNEGOTIATION_LIMIT - len(self._subnegotiation)
            self._subnegotiation += part[:room]
        elif part:
            if self._after_cr and part.startswith(b"\0"):
                part = part[1:]
            self._after_cr = part.endswith(b"\r")
            self._data += part.replace(b"\r\0", b"\r")

    def _control(self, byte: int) -> Outcome | None:
        """Take a byte that follows IAC, or IAC and a verb."""
        reading = self._reading
        self._reading = _Reading.DATA
        if reading is _Reading.OPTION:
            self.answered = True
            return self._negotiate(self._verb, byte)
        if reading is _Reading.SUBNEGOTIATION_IAC:
            if byte == _IAC[0]:
                self._reading = _Reading.SUBNEGOTIATION
                self._plain(_IAC)
                return None
            if byte == _SE:
                return self._subnegotiated()
            # Anything else here ends what was begun, as a lost SE would.
        if byte == _IAC[0]:
            self._plain(_IAC)
        elif byte == _SB:
            self._subnegotiation.clear()
            self._reading = _Reading.SUBNEGOTIATION
        elif byte in (_WILL, _WONT, _DO, _DONT):
            self._verb = byte
            self._reading = _Reading.OPTION
        return _COMMANDS.get(byte)

    def _negotiate(self, verb: int, option: int) -> Outcome | None:
        """Answer as the Q method of RFC 1143 says, so that no loop can arise."""
        ours = verb in (_DO, _DONT)
        on = verb in (_DO, _WILL)
        if option == TIMING_MARK and verb == _DO:
            # After an interrupt a client drops everything until this is answered.
            self._send(_WILL, option)
            return None
        states = self._ours if ours else self._theirs
        before = states.get(option, _State.NO)
        agreed = option in (_WE_MAY if ours else _THEY_MAY)
        if before is _State.NO and not (on and agreed):
            if on:
                self._say(option, ours, False)
            return None
        after, answer = (_HEARD_YES if on else _HEARD_NO)[before]
        states[option] = after
        if answer is not None:
            self._say(option, ours, answer)
        if after is before or after not in (_State.YES, _State.NO):
            return None
        if option == TERMINAL_TYPE and after is _State.YES:
            self._output += bytes([_IAC[0], _SB, TERMINAL_TYPE, _SEND, _IAC[0], _SE])
        if ours and option in (ECHO, SUPPRESS_GO_AHEAD) and after is _State.NO:
            # One without the other would leave people without an echo, or us with
            # their backspaces: back to line mode.
            self._want_keys = False
            if option == ECHO:
                self._ask(SUPPRESS_GO_AHEAD, True, False)
            else:
                self._ask(ECHO, True, self._hiding)
        return OptionChanged(option, ours, after is _State.YES)

    def _ask(self, option: int, ours: bool, on: bool) -> None:
        states = self._ours if ours else self._theirs
        before = states.get(option, _State.NO)
        states[option], say = (_WANT_YES if on else _WANT_NO).get(
            before, (before, None)
        )
        if say is not None:
            self._say(option, ours, say)

    def _say(self, option: int, ours: bool, on: bool) -> None:
        if ours:
            self._send(_WILL if on else _WONT, option)
        else:
            self._send(_DO if on else _DONT, option)

    def _send(self, verb: int, option: int) -> None:
        self._output += bytes([_IAC[0], verb, option])

    def _subnegotiated(self) -> Outcome | None:
        option, told = self._subnegotiation[:1], bytes(self._subnegotiation[1:])
        self._subnegotiation.clear()
        if option == bytes([WINDOW_SIZE]) and len(told) == 4:
            width, height = told[:2], told[2:]
            return WindowSize(int.from_bytes(width), int.from_bytes(height))
        if option == bytes([TERMINAL_TYPE]) and told[:1] == bytes([_IS]):
            name = told[1 : 1 + TERMINAL_TYPE_LIMIT].decode("latin-1")
            if name and name.isascii() and name.isprintable():
                return TerminalType(name.lower())
        return None


def escape(data: bytes) -> bytes:
    """Double every IAC, so that the data can be written to a telnet peer."""
    return data.replace(_IAC, _IAC + _IAC)


class _Reading(Enum):
    """What the next byte is."""

    DATA = auto()
    DATA_IAC = auto()  # the one after IAC
    OPTION = auto()  # the one after IAC and WILL, WONT, DO or DONT
    SUBNEGOTIATION = auto()
    SUBNEGOTIATION_IAC = auto()


class _State(Enum):
    """What is known of one option on one side, and what was asked for."""

    NO = auto()
    YES = auto()
    WANT_NO = auto()
    WANT_NO_THEN_YES = auto()
    WANT_YES = auto()
    WANT_YES_THEN_NO = auto()


# RFC 1143, section 7: the state before, then the state after and what is said.
_HEARD_YES: dict[_State, tuple[_State, bool | None]] = {
    _State.NO: (_State.YES, True),
    _State.YES: (_State.YES, None),
    _State.WANT_NO: (_State.NO, None),
    _State.WANT_NO_THEN_YES: (_State.YES, None),
    _State.WANT_YES: (_State.YES, None),
    _State.WANT_YES_THEN_NO: (_State.WANT_NO, False),
}
_HEARD_NO: dict[_State, tuple[_State, bool | None]] = {
    _State.NO: (_State.NO, None),
    _State.YES: (_State.NO, False),
    _State.WANT_NO: (_State.NO, None),
    _State.WANT_NO_THEN_YES: (_State.WANT_YES, True),
    _State.WANT_YES: (_State.NO, None),
    _State.WANT_YES_THEN_NO: (_State.NO, None),
}
_WANT_YES: dict[_State, tuple[_State, bool | None]] = {
    _State.NO: (_State.WANT_YES, True),
    _State.WANT_NO: (_State.WANT_NO_THEN_YES, None),
    _State.WANT_YES_THEN_NO: (_State.WANT_YES, None),
}
_WANT_NO: dict[_State, tuple[_State, bool | None]] = {
    _State.YES: (_State.WANT_NO, False),
    _State.WANT_NO_THEN_YES: (_State.WANT_NO, None),
    _State.WANT_YES: (_State.WANT_YES_THEN_NO, None),
}

_IAC = b"\xff"
_SE, _SB, _WILL, _WONT, _DO, _DONT = 240, 250, 251, 252, 253, 254
_IS, _SEND = 0, 1

_AFTER_IAC = {
    _Reading.DATA: _Reading.DATA_IAC,
    _Reading.SUBNEGOTIATION: _Reading.SUBNEGOTIATION_IAC,
}

# What may be switched on when the peer proposes it. Not ECHO: a peer that is echoed
# to without having been asked would see nothing of what it types.
_WE_MAY = frozenset([SUPPRESS_GO_AHEAD, BINARY])
_THEY_MAY = frozenset([SUPPRESS_GO_AHEAD, BINARY, TERMINAL_TYPE, WINDOW_SIZE])

_COMMANDS = {
    236: Command.END_OF_FILE,
    238: Command.INTERRUPT,  # ABORT
    243: Command.INTERRUPT,  # BRK
    244: Command.INTERRUPT,  # IP
    246: Command.ARE_YOU_THERE,
    247: Command.ERASE_CHARACTER,
    248: Command.ERASE_LINE,
}
