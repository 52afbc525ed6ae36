"""A line editor that is fed keys as bytes and tells what to write to the terminal."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Final

from chatd.wire.keys import Key, Keys
from chatd.wire.recall import Recall
from chatd.wire.typed import Typed, columns

LINE_LIMIT = 8192  # bytes of UTF-8 in one line
PASTE_LIMIT = 65536  # bytes of UTF-8 in one paste
PASTE_LINES = 5  # from so many lines on a paste stays one piece
HISTORY_LINES = 100
CHOICES_SHOWN = 60

DEFAULT_WIDTH = 80
MIN_WIDTH = 8
MAX_WIDTH = 500  # one key may cause one row to be written


@dataclass(frozen=True, slots=True)
class Line:
    """
    A line was finished.

    @ivar text: Without its end. No control characters, except that a paste has
        line feeds in it, and may have tabs.
    @ivar pasted: Whether this is a paste of L{PASTE_LINES} or more.
    """

    text: str
    pasted: bool = False


@dataclass(frozen=True, slots=True)
class TooLong:
    """
    A paste was refused whole: it, or a line of it, is too long.

    @ivar limit: How many bytes of UTF-8 it may have.
    """

    limit: int


@dataclass(frozen=True, slots=True)
class Interrupt:
    """
    Ctrl-C; the line being typed was emptied.

    @ivar text: What had been typed; never a secret.
    """

    text: str


@dataclass(frozen=True, slots=True)
class EndOfFile:
    """Ctrl-D in an empty line."""


Outcome = Line | TooLong | Interrupt | EndOfFile


class Editor:
    """
    One line of typing below whatever else arrives.

    The line always takes exactly one row, the last that was written to; a longer one
    scrolls sideways. There is no scroll region and no alternate screen, so that the
    terminal's own scrolling back keeps working.

    A paste (if the terminal marks it) of L{PASTE_LINES} lines or more comes out as
    one L{Line}, with what was typed around it. In a shorter one the ends of lines act
    as Enter, and an unfinished last line can be edited. A paste over a limit is
    refused whole; of one into a password only the first line counts.

    Nothing is drawn before L{start}. Drawing waits for L{take_output}, so that many
    messages in one turn redraw the line once.
    """

    def __init__(
        self,
        *,
        width: int = DEFAULT_WIDTH,
        prompt: str = "",
        limit: int = LINE_LIMIT,
        history: int = HISTORY_LINES,
        complete: Callable[[str], list[str]] | None = None,
        keep: bool = False,
    ) -> None:
        """
        Make an editor.

        @param width: Columns of the terminal; 0 means unknown.
        @param prompt: What stands before the line; may hold SGR sequences.
        @param limit: Bytes of UTF-8 in one line.
        @param history: How many lines are remembered.
        @param complete: Told what stands before the cursor, it names the words which
            the last word there may become.
        @param keep: Whether a finished line stays on the screen. Otherwise it is
            erased, for the caller to show it as others see it.
        """
        self._keys = Keys()
        self._limit = limit
        self._complete = complete
        self._keep = keep
        self._secret = False
        self._typed = Typed()
        self._killed = ""
        self._pasted: StringIO | None = None
        self._pasted_size = 0
        self._recall = Recall(history)
        self._started = False
        self._width = _bounded(width)
        self._prompt = prompt
        self._left = 0  # the first cluster that is shown
        self._used = 0  # columns of the row that are drawn on
        self._column = 0  # where the terminal's cursor was left
        self._dirty = False
        self._ring = False
        self._output = bytearray()

    @property
    def text(self) -> str:
        """What has been typed and not yet finished."""
        return "".join(self._typed.cells)

    @property
    def secret(self) -> bool:
        """
        Whether a password is typed: nothing is echoed, remembered or completed.

        Changing it empties the line.
        """
        return self._secret

    @secret.setter
    def secret(self, on: bool) -> None:
        if on is not self._secret:
            self._secret = on
            self._empty()

    def start(self) -> None:
        """Take the terminal over: draw the line, ask for pastes to be marked."""
        self._started = True
        self._dirty = True
        self._output += _MARK_PASTES

    def stop(self) -> None:
        """Leave the terminal as it was; what is shown from now on is just written."""
        self._erase()
        self._started = False
        self._output += _LEAVE_PASTES

    def receive(self, data: bytes) -> Iterator[Outcome]:
        """
        Take what was typed.

        Each outcome can be acted upon before what was typed after it is looked at: a
        password typed ahead is not echoed when L{secret} is set in time. If the caller
        stops in between, the rest waits for the next call, with C{b""} as well.
        """
        keys = self._keys.receive(data)
        return (outcome for key in keys if (outcome := self._take(key)) is not None)

    def take_output(self) -> bytes:
        """Give what is to be written to the terminal now."""
        if self._dirty:
            self._draw()
        if self._ring:
            self._output += b"\a"
            self._ring = False
        output = bytes(self._output)
        self._output.clear()
        return output

    def show(self, text: str | bytes) -> None:
        """
        Put something above the line being typed.

        @param text: One or more whole lines; may hold SGR sequences. Bytes are UTF-8
            and their lines already end in CR LF.
        """
        self._erase()
        if isinstance(text, str):
            lines = text.removesuffix("\n").replace("\r\n", "\n").split("\n")
            text = "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")
        self._output += text

    def resize(self, width: int) -> None:
        """Be told how many columns the terminal has now; 0 means unknown."""
        width = _bounded(width)
        if self._used > width:
            # Most terminals have now broken our row into several. Those that cut it
            # off instead lose what is right above it, which is the lesser evil: the
            # others would keep a piece of the typed line for each step of the mouse.
            above, below = self._column // width, self._used // width
            self._write(f"\x1b[{above}A" if above else "")
            # Row by row, for tmux keeps a copy of what is erased from the top down.
            self._write("\r\x1b7" + "\x1b[K\x1b[B" * below + "\x1b[K\x1b8")
            self._used = 0
        self._width = width
        self._left = 0
        self._dirty = True

    def set_prompt(self, prompt: str) -> None:
        """Change what stands before the line; may hold SGR sequences."""
        self._prompt = prompt
        self._dirty = True

    def bell(self) -> None:
        """Sound the terminal's bell, once for each L{take_output}."""
        self._ring = True

    def hand_back(self, text: str) -> None:
        """Put a refused line back to be corrected, unless another was begun."""
        if not self._typed.cells and not self._secret and "\n" not in text:
            self._replace(_CONTROLS.sub(" ", text))

    def forget(self, text: str) -> None:
        """Drop a line from the history, because it holds a password."""
        self._recall.forget(text)

    # What was typed.

    def _take(self, key: str | Key) -> Outcome | None:
        if self._pasted is not None:
            return self._take_pasted(key)
        if isinstance(key, str):
            self._insert(key)
            return None
        match key:
            case Key.ENTER:
                return self._enter()
            case Key.INTERRUPT:
                return self._interrupt()
            case Key.END_OF_FILE if not self._typed.cells:
                return EndOfFile()
            case _:
                if key in _ACTIONS:
                    _ACTIONS[key](self)
                return None

    def _enter(self) -> Line:
        text = self.text
        if not self._secret:
            self._recall.add(text)
        self._finish("" if self._secret else text)
        return Line(text)

    def _interrupt(self) -> Interrupt:
        text = "" if self._secret else self.text
        self._finish(text)
        return Interrupt(text)

    def _finish(self, text: str) -> None:
        """Empty the line, and its row unless finished lines are kept."""
        self._erase()
        if self._keep and self._started:
            self._write(f"{self._prompt}{text}\r\n")
        self._empty()

    def _begin_paste(self) -> None:
        self._pasted = StringIO()
        self._pasted_size = 0

    def _take_pasted(self, key: str | Key) -> Outcome | None:
        """Gather a paste; Ctrl-C gives up one whose end got lost."""
        assert self._pasted is not None
        if key is Key.INTERRUPT:
            self._pasted = None
            return self._interrupt()
        if key is Key.PASTE_ENDS:
            return self._paste()
        piece = _IN_PASTES.get(key, "") if isinstance(key, Key) else key
        self._pasted_size += len(piece.encode())
        if self._pasted_size <= PASTE_LIMIT:
            self._pasted.write(piece)
        return None

    def _paste(self) -> Outcome | None:
        assert self._pasted is not None
        text = self._pasted.getvalue()
        self._pasted = None
        if self._pasted_size > PASTE_LIMIT:
            return TooLong(PASTE_LIMIT)
        lines = text.split("\n")
        if self._secret:
            lines = [lines[0]] + [""] * (len(lines) > 1)
        elif len(text.rstrip("\n").split("\n")) >= PASTE_LINES:
            whole = self._typed.before + text.rstrip("\n") + self._typed.after
            self._finish(whole.partition("\n")[0])
            return Line(whole, pasted=True)
        sizes = [len(line.encode()) for line in lines]
        if self._typed.size + sizes[0] > self._limit or max(sizes) > self._limit:
            return TooLong(self._limit)
        # As if typed, and read one after another: see receive().
        self._keys.put_back("\n".join(lines).replace("\t", " "))
        return None

    def _insert(self, text: str) -> None:
        if self._typed.size + len(text.encode()) > self._limit:
            self._ring = True
            text = self._fitting(text)
        self._recall.settle()
        added = self._typed.insert(text)
        if self._secret:
            return
        used = None if added is None or self._dirty else self._used + added
        if used is None or used > self._room or not self._started:
            self._dirty = True
        else:
            self._write(text)  # the common case: a letter at the end is just echoed
            self._used = self._column = used

    def _fitting(self, text: str) -> str:
        """Leave out each character for which there is no room."""
        fitting = ""
        room = self._limit - self._typed.size
        for char in text if room else "":
            if (size := len(char.encode())) <= room:
                fitting += char
                room -= size
        return fitting

    def _delete(self, start: int, end: int) -> str:
        gone = self._typed.delete(start, end) if start < end else ""
        if gone:
            self._recall.settle()
            self._dirty = True
        else:
            self._ring = True
        return gone

    def _delete_left(self) -> None:
        self._delete(max(0, self._typed.cursor - 1), self._typed.cursor)

    def _delete_right(self) -> None:
        self._delete(self._typed.cursor, self._typed.cursor + 1)

    def _kill(self, start: int, end: int) -> None:
        gone = self._delete(start, end)
        if gone and not self._secret:
            self._killed = gone

    def _yank(self) -> None:
        self._insert(self._killed)

    def _move(self, cursor: int) -> None:
        self._typed.move(cursor)
        self._dirty = True

    def _empty(self) -> None:
        self._typed = Typed()
        self._left = 0
        self._recall.settle()
        self._dirty = True

    def _replace(self, text: str) -> None:
        self._empty()
        self._insert(text)

    def _go(self, step: int) -> None:
        """Go through the lines typed before."""
        text = None if self._secret else self._recall.go(step, self.text)
        if text is None:
            self._ring = True
        else:
            self._typed = Typed()
            self._typed.insert(text)
            self._left = 0
            self._dirty = True

    # What might be typed next.

    def _tab(self) -> None:
        if self._secret or self._complete is None:
            return
        before = self._typed.before
        word = before[before.rfind(" ") + 1 :]
        choices = self._complete(before)
        common = _common(choices)
        if len(choices) == 1:
            self._complete_word(word, common.rstrip(" ") + " ")
        elif (
            common != word and common.casefold().startswith(word.casefold()) and common
        ):
            self._complete_word(word, common)
        elif choices:
            self.show(self._columned(choices))
        else:
            self._ring = True

    def _complete_word(self, word: str, choice: str) -> None:
        typed = self._typed
        if typed.size - len(word.encode()) + len(choice.encode()) > self._limit:
            self._ring = True
            return
        start = typed.cursor
        while start and typed.cells[start - 1] != " ":
            start -= 1
        typed.delete(start, typed.cursor)
        self._dirty = True
        self._insert(choice.rstrip(" ") if typed.after.startswith(" ") else choice)

    def _columned(self, choices: list[str]) -> str:
        shown = choices[:CHOICES_SHOWN]
        wide = max(columns(choice) for choice in shown) + 2
        across = max(1, (self._width - 1) // wide)
        padded = [choice + " " * (wide - columns(choice)) for choice in shown]
        rows = [
            "".join(padded[at : at + across]).rstrip()
            for at in range(0, len(padded), across)
        ]
        if len(choices) > len(shown):
            rows.append(f"... and {len(choices) - len(shown)} more")
        return "\n".join(rows)

    # The screen.

    @property
    def _room(self) -> int:
        """Columns that the row may take."""
        # A window that is dragged narrower breaks a row that is longer, and what is on
        # its way just then is written below the pieces, which nobody can tell. And the
        # last column stays free: a terminal's cursor behind it is a riddle.
        return self._width - self._width // _SPARE - 1

    def _write(self, text: str) -> None:
        self._output += text.encode("utf-8", "replace")

    def _clear_screen(self) -> None:
        self._write("\x1b[H\x1b[2J")
        self._dirty = True

    def _erase(self) -> None:
        """Make room where the line is drawn."""
        if self._used:
            self._write("\r\x1b[K")
            self._used = self._column = 0
        self._dirty = True

    def _draw(self) -> None:
        self._dirty = False
        if not self._started:
            return
        prompt = self._prompt
        taken = columns(_SGR.sub("", prompt))
        if self._room - taken < _LEAST_ROOM:
            prompt, taken = "", 0
        self._column = taken
        text = after = ""
        if not self._secret:
            typed = self._typed
            self._left, end = typed.visible(self._left, self._room - taken)
            text = "<" if self._left else ""
            self._column += len(text) + sum(typed.widths[self._left : typed.cursor])
            text += "".join(typed.cells[self._left : typed.cursor])
            after = "".join(typed.cells[typed.cursor : end])
            after += ">" if end < len(typed.cells) else ""
        self._used = self._column + columns(after)
        if after:
            # Saving the place is right also where terminals disagree on widths.
            after = f"\x1b7{after}\x1b[K\x1b8"
        self._write(f"\r{prompt}{text}{after or _ERASE_RIGHT}")


def _bounded(width: int) -> int:
    return max(MIN_WIDTH, min(width, MAX_WIDTH)) if width > 0 else DEFAULT_WIDTH


def _common(words: list[str]) -> str:
    """Give what all words begin with."""
    first, last = min(words, default=""), max(words, default="")
    pairs = enumerate(zip(first, last, strict=False))
    return first[: next((at for at, (a, b) in pairs if a != b), len(first))]


_ACTIONS: Final[dict[Key, Callable[[Editor], None]]] = {
    Key.TAB: Editor._tab,
    Key.BACKSPACE: Editor._delete_left,
    Key.DELETE: Editor._delete_right,
    Key.END_OF_FILE: Editor._delete_right,
    Key.LEFT: lambda self: self._move(self._typed.cursor - 1),
    Key.RIGHT: lambda self: self._move(self._typed.cursor + 1),
    Key.WORD_LEFT: lambda self: self._move(self._typed.word_left()),
    Key.WORD_RIGHT: lambda self: self._move(self._typed.word_right()),
    Key.HOME: lambda self: self._move(0),
    Key.END: lambda self: self._move(len(self._typed.cells)),
    Key.UP: lambda self: self._go(1),
    Key.DOWN: lambda self: self._go(-1),
    Key.KILL_LEFT: lambda self: self._kill(0, self._typed.cursor),
    Key.KILL_RIGHT: lambda self: self._kill(self._typed.cursor, len(self._typed.cells)),
    Key.KILL_WORD_LEFT: lambda self: self._kill(
        self._typed.word_left(), self._typed.cursor
    ),
    Key.KILL_WORD_RIGHT: lambda self: self._kill(
        self._typed.cursor, self._typed.word_right()
    ),
    Key.YANK: Editor._yank,
    Key.CLEAR: Editor._clear_screen,
    Key.PASTE_BEGINS: Editor._begin_paste,
}
_IN_PASTES = {Key.ENTER: "\n", Key.TAB: "\t"}

_MARK_PASTES, _LEAVE_PASTES = b"\x1b[?2004h", b"\x1b[?2004l"
_ERASE_RIGHT = "\x1b[K"
_SPARE = 8  # of the width, one in so many columns
_LEAST_ROOM = 7  # columns to type in; rather no prompt than fewer
_SGR = re.compile(r"\x1b\[[0-9;:]*m")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
