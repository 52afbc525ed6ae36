"""What a terminal sends, taken apart into text and keys."""

import codecs
import re
from collections.abc import Iterator
from enum import Enum, auto

# A terminal's answer (OSC, DCS) that never ends is given up after so many characters.
STRING_LIMIT = 4096


class Key(Enum):
    """What was pressed, by what it is meant to do."""

    ENTER = auto()
    TAB = auto()
    BACKSPACE = auto()
    DELETE = auto()
    LEFT = auto()
    RIGHT = auto()
    WORD_LEFT = auto()
    WORD_RIGHT = auto()
    HOME = auto()
    END = auto()
    UP = auto()
    DOWN = auto()
    KILL_LEFT = auto()
    KILL_RIGHT = auto()
    KILL_WORD_LEFT = auto()
    KILL_WORD_RIGHT = auto()
    YANK = auto()
    CLEAR = auto()
    INTERRUPT = auto()
    END_OF_FILE = auto()
    PASTE_BEGINS = auto()
    PASTE_ENDS = auto()


class Keys:
    """
    Bytes in, text and keys out, wherever the bytes were cut.

    Text never holds a control character. CR, LF, CR LF and CR NUL are one
    L{Key.ENTER} each. Sequences that mean nothing here are swallowed whole; one that
    never ends is given up at the end of the line, so that nobody types into a hole.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._at = 0
        self._state = _State.GROUND
        self._sequence = ""  # what a CSI has said so far
        self._swallowed = 0
        self._after_cr = False

    def receive(self, data: bytes) -> Iterator[str | Key]:
        """Take bytes; what is not asked for now waits for the next call."""
        self.put_back(self._decoder.decode(data), last=True)
        return self._read()

    def put_back(self, text: str, *, last: bool = False) -> None:
        """
        Let text be read as if it had been typed.

        @param last: After everything that waits, rather than next.
        """
        rest = self._pending[self._at :]
        self._pending = rest + text if last else text + rest
        self._at = 0

    def _read(self) -> Iterator[str | Key]:
        while self._at < len(self._pending):
            if self._state is _State.GROUND:
                run = _TEXT.match(self._pending, self._at)
                if run is not None:
                    self._at = run.end()
                    self._after_cr = False
                    yield run.group()
                    continue
            char = self._pending[self._at]
            self._at += 1
            found = self._char(char)
            if found is not None:
                yield found
        self._pending, self._at = "", 0

    def _char(self, char: str) -> str | Key | None:
        """Take a control character, or one inside a sequence."""
        state, self._state = self._state, _State.GROUND
        if char == "\x1b":
            self._state = _State.ESCAPE
            self._after_cr = False
            return None
        if char < " " or char == "\x7f":
            if state is _State.ESCAPE and char in "\x08\x7f":
                return Key.KILL_WORD_LEFT
            return self._control(char)
        if state is _State.STRING:
            self._swallowed += 1
            if self._swallowed < STRING_LIMIT:
                self._state = _State.STRING
            return None
        if char > "\x7f":
            # In no sequence: whatever was begun was none.
            return char if _TEXT.match(char) and state is not _State.LAST else None
        return self._in_sequence(state, char)

    def _control(self, char: str) -> Key | None:
        after_cr, self._after_cr = self._after_cr, char == "\r"
        if after_cr and char in "\n\0":
            return None
        return _CONTROLS.get(char)

    def _in_sequence(self, state: "_State", char: str) -> Key | None:
        """Take a printable ASCII character after an escape."""
        if state is _State.ESCAPE:
            self._sequence = ""
            self._swallowed = 0
            self._state = _AFTER_ESCAPE.get(char, _State.GROUND)
            return _ALT.get(char)
        if state is _State.INTERMEDIATE and char < "0":
            self._state = _State.INTERMEDIATE
        elif state is _State.CSI:
            return self._in_csi(char)
        elif state is _State.SS3:
            return _KEYPAD.get(char)
        return None

    def _in_csi(self, char: str) -> Key | None:
        if char < "@":
            # Longer ones are none of ours, but still go on to their last character.
            self._sequence = (self._sequence + char)[:_LONGEST]
            self._state = _State.CSI
        elif char == "[" and not self._sequence:
            self._state = _State.LAST  # F1 on the Linux console is ESC [ [ A
        else:
            return _CSI.get(self._sequence + char) or (
                _KEYPAD.get(char) if self._sequence == "" else None
            )
        return None


class _State(Enum):
    """What the next character belongs to."""

    GROUND = auto()
    ESCAPE = auto()
    INTERMEDIATE = auto()  # ESC ( and the like: one more character
    CSI = auto()
    SS3 = auto()
    STRING = auto()  # OSC, DCS, SOS, PM, APC
    LAST = auto()  # one more character, whatever it is


_TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")

_CONTROLS = {
    "\x01": Key.HOME,
    "\x02": Key.LEFT,
    "\x03": Key.INTERRUPT,
    "\x04": Key.END_OF_FILE,
    "\x05": Key.END,
    "\x06": Key.RIGHT,
    "\x08": Key.BACKSPACE,
    "\t": Key.TAB,
    "\n": Key.ENTER,
    "\x0b": Key.KILL_RIGHT,
    "\x0c": Key.CLEAR,
    "\r": Key.ENTER,
    "\x0e": Key.DOWN,
    "\x10": Key.UP,
    "\x15": Key.KILL_LEFT,
    "\x17": Key.KILL_WORD_LEFT,
    "\x19": Key.YANK,
    "\x7f": Key.BACKSPACE,
}

_ALT = {
    "b": Key.WORD_LEFT,
    "f": Key.WORD_RIGHT,
    "d": Key.KILL_WORD_RIGHT,
}

_AFTER_ESCAPE = {
    "[": _State.CSI,
    "O": _State.SS3,
    **dict.fromkeys("]PX^_", _State.STRING),
    **dict.fromkeys(map(chr, range(0x20, 0x30)), _State.INTERMEDIATE),
}

# After ESC O, and after ESC [ without a parameter.
_KEYPAD = {
    "A": Key.UP,
    "B": Key.DOWN,
    "C": Key.RIGHT,
    "D": Key.LEFT,
    "F": Key.END,
    "H": Key.HOME,
    "M": Key.ENTER,
}

_CSI = {
    "1~": Key.HOME,
    "3~": Key.DELETE,
    "4~": Key.END,
    "7~": Key.HOME,  # rxvt
    "8~": Key.END,
    "200~": Key.PASTE_BEGINS,
    "201~": Key.PASTE_ENDS,
    "1;3C": Key.WORD_RIGHT,  # with Alt
    "1;3D": Key.WORD_LEFT,
    "1;5C": Key.WORD_RIGHT,  # with Ctrl
    "1;5D": Key.WORD_LEFT,
}
_LONGEST = 5
