"""A line editor that is fed keys as bytes and tells what to write to the terminal."""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Final

from wcwidth import iter_graphemes, wcswidth, wcwidth

from chatd.wire.keys import Key, Keys

LINE_LIMIT = 8192  # bytes of UTF-8 in one line
PASTE_LIMIT = 65536  # bytes of UTF-8 in one paste
PASTE_LINES = 5  # from so many lines on a paste stays one piece
HISTORY_LINES = 100
HISTORY_BYTES = 32768  # bounds what an idle session holds
CHOICES_SHOWN = 60

DEFAULT_WIDTH = 80
MIN_WIDTH = 8
MAX_WIDTH = 500  # one key may cause one row to be written

# More marks than this on one letter become a cluster of their own.
_CLUSTER_LIMIT = 32


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
        self._cells: list[str] = []  # clusters: what the cursor steps over
        self._widths: list[int] = []
        self._cursor = 0
        self._size = 0
        self._killed = ""
        self._pasted: StringIO | None = None
        self._pasted_size = 0
        self._history: deque[str] = deque(maxlen=history)
        self._recalled = 0  # how many lines back; 0 is the one being typed
        self._half = ""  # the one being typed, while another is recalled
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
        return "".join(self._cells)

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
        if not self._cells and not self._secret and "\n" not in text:
            self._replace(_CONTROLS.sub(" ", text))

    def forget(self, text: str) -> None:
        """Drop a line from the history, because it holds a password."""
        kept = [line for line in self._history if line != text]
        self._history.clear()
        self._history.extend(kept)
        self._recalled = 0

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
            case Key.END_OF_FILE if not self._cells:
                return EndOfFile()
            case _:
                if key in _ACTIONS:
                    _ACTIONS[key](self)
                return None

    def _enter(self) -> Line:
        text = self.text
        self._remember(text)
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
            before = "".join(self._cells[: self._cursor])
            after = "".join(self._cells[self._cursor :])
            self._finish(before + text.partition("\n")[0])
            return Line(before + text.rstrip("\n") + after, pasted=True)
        sizes = [len(line.encode()) for line in lines]
        if self._size + sizes[0] > self._limit or max(sizes) > self._limit:
            return TooLong(self._limit)
        # As if typed, and read one after another: see receive().
        self._keys.put_back("\n".join(lines).replace("\t", " "))
        return None

    def _insert(self, text: str) -> None:
        if self._size + len(text.encode()) > self._limit:
            self._ring = True
            text = self._fitting(text)
            if not text:
                return
        self._size += len(text.encode())
        at = self._cursor
        before = 0
        if text.isascii():
            cells = list(text)
        else:
            # A mark belongs to the letter before the cursor.
            before = min(at, 1)
            cells = _clusters("".join(self._cells[at - before : at]) + text)
        kept = self._cells[at - before : at] == cells[:before]
        widths = [_columns(cell) for cell in cells]
        self._cells[at - before : at] = cells
        self._widths[at - before : at] = widths
        self._cursor = at - before + len(cells)
        self._recalled = 0
        if self._secret:
            return
        columns = sum(widths[before:])
        if (
            kept
            and self._started
            and not self._dirty
            and self._cursor == len(self._cells)
            and self._used + columns < self._width
        ):
            self._write(text)  # the common case: a letter at the end is just echoed
            self._used += columns
            self._column += columns
        else:
            self._dirty = True

    def _fitting(self, text: str) -> str:
        """Leave out each character for which there is no room."""
        fitting = ""
        room = self._limit - self._size
        for char in text if room else "":
            if (size := len(char.encode())) <= room:
                fitting += char
                room -= size
        return fitting

    def _delete(self, start: int, end: int) -> None:
        gone = "".join(self._cells[start:end])
        if not gone:
            self._ring = True
            return
        del self._cells[start:end]
        del self._widths[start:end]
        self._size -= len(gone.encode())
        self._recalled = 0
        self._move(start)

    def _kill(self, start: int, end: int) -> None:
        if start < end and not self._secret:
            self._killed = "".join(self._cells[start:end])
        self._delete(start, end)

    def _yank(self) -> None:
        self._insert(self._killed)

    def _move(self, cursor: int) -> None:
        self._cursor = max(0, min(cursor, len(self._cells)))
        self._dirty = True

    def _word_left(self) -> int:
        at = self._cursor
        while at and self._cells[at - 1].isspace():
            at -= 1
        while at and not self._cells[at - 1].isspace():
            at -= 1
        return at

    def _word_right(self) -> int:
        at, end = self._cursor, len(self._cells)
        while at < end and self._cells[at].isspace():
            at += 1
        while at < end and not self._cells[at].isspace():
            at += 1
        return at

    def _empty(self) -> None:
        self._cells.clear()
        self._widths.clear()
        self._cursor = self._size = self._left = self._recalled = 0
        self._dirty = True

    def _replace(self, text: str) -> None:
        self._empty()
        self._insert(text)

    # What was typed before.

    def _remember(self, text: str) -> None:
        if self._secret or not text.strip():
            return
        if not self._history or self._history[-1] != text:
            self._history.append(text)
        while sum(len(line.encode()) for line in self._history) > HISTORY_BYTES:
            self._history.popleft()

    def _recall(self, step: int) -> None:
        recalled = self._recalled + step
        if self._secret or not 0 <= recalled <= len(self._history):
            self._ring = True
            return
        if not self._recalled:
            self._half = self.text
        self._replace(self._history[-recalled] if recalled else self._half)
        self._recalled = recalled

    # What might be typed next.

    def _tab(self) -> None:
        if self._secret or self._complete is None:
            return
        before = "".join(self._cells[: self._cursor])
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
        if self._size - len(word.encode()) + len(choice.encode()) > self._limit:
            self._ring = True
            return
        start = self._cursor
        while start and self._cells[start - 1] != " ":
            start -= 1
        if start < self._cursor:
            self._delete(start, self._cursor)
        if self._cells[self._cursor : self._cursor + 1] == [" "]:
            choice = choice.rstrip(" ")
        self._insert(choice)

    def _columned(self, choices: list[str]) -> str:
        shown = choices[:CHOICES_SHOWN]
        wide = max(_columns(choice) for choice in shown) + 2
        across = max(1, (self._width - 1) // wide)
        padded = [choice + " " * (wide - _columns(choice)) for choice in shown]
        rows = [
            "".join(padded[at : at + across]).rstrip()
            for at in range(0, len(padded), across)
        ]
        if len(choices) > len(shown):
            rows.append(f"... and {len(choices) - len(shown)} more")
        return "\n".join(rows)

    # The screen.

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
        taken = _columns(_SGR.sub("", prompt))
        # The last column stays free: a terminal's cursor behind it is a riddle.
        if self._width - 1 - taken < _LEAST_ROOM:
            prompt, taken = "", 0
        self._column = taken
        text = after = ""
        if not self._secret:
            end = self._scroll(self._width - 1 - taken)
            text = "<" if self._left else ""
            self._column += len(text) + sum(self._widths[self._left : self._cursor])
            text += "".join(self._cells[self._left : self._cursor])
            after = "".join(self._cells[self._cursor : end])
            after += ">" if end < len(self._cells) else ""
        self._used = self._column + _columns(after)
        if after:
            # Saving the place is right also where terminals disagree on widths.
            after = f"\x1b7{after}\x1b[K\x1b8"
        self._write(f"\r{prompt}{text}{after or _ERASE_RIGHT}")

    def _scroll(self, room: int) -> int:
        """
        Choose what part of the line to show, so that the cursor is in it.

        @return: The end of that part; it begins at C{_left}.
        """
        widths = self._widths
        if sum(widths) <= room:
            self._left = 0
            return len(widths)
        if self._cursor <= self._left:
            self._left = self._back(room // 3)
        elif sum(widths[self._left : self._cursor]) + 2 > room:  # 2 for < and >
            self._left = self._back(room * 2 // 3)
        columns = 1 if self._left else 0
        for at in range(self._left, len(widths)):
            columns += widths[at]
            if columns > room - (at < len(widths) - 1):
                return at
        return len(widths)

    def _back(self, columns: int) -> int:
        """Find the cluster so many columns before the cursor."""
        at = self._cursor
        while at and (columns := columns - self._widths[at - 1]) >= 0:
            at -= 1
        return at


def _bounded(width: int) -> int:
    return max(MIN_WIDTH, min(width, MAX_WIDTH)) if width > 0 else DEFAULT_WIDTH


def _clusters(text: str) -> list[str]:
    """Cut text where the cursor may stand."""
    return [
        cluster[at : at + _CLUSTER_LIMIT]
        for cluster in iter_graphemes(text)
        for at in range(0, len(cluster), _CLUSTER_LIMIT)
    ]


def _common(words: list[str]) -> str:
    """Give what all words begin with."""
    first, last = min(words, default=""), max(words, default="")
    pairs = enumerate(zip(first, last, strict=False))
    return first[: next((at for at, (a, b) in pairs if a != b), len(first))]


def _columns(text: str) -> int:
    """
    Count the columns that text takes at most.

    Terminals disagree on joined emoji: some draw one, some all its parts. Counting
    the wider of both leaves a gap at worst, while the other way the row would break.
    """
    if text.isascii():
        return len(text)
    return max(wcswidth(text), sum(max(0, wcwidth(char)) for char in text))


_ACTIONS: Final[dict[Key, Callable[[Editor], None]]] = {
    Key.TAB: Editor._tab,
    Key.BACKSPACE: lambda self: self._delete(max(0, self._cursor - 1), self._cursor),
    Key.DELETE: lambda self: self._delete(self._cursor, self._cursor + 1),
    Key.END_OF_FILE: lambda self: self._delete(self._cursor, self._cursor + 1),
    Key.LEFT: lambda self: self._move(self._cursor - 1),
    Key.RIGHT: lambda self: self._move(self._cursor + 1),
    Key.WORD_LEFT: lambda self: self._move(self._word_left()),
    Key.WORD_RIGHT: lambda self: self._move(self._word_right()),
    Key.HOME: lambda self: self._move(0),
    Key.END: lambda self: self._move(len(self._cells)),
    Key.UP: lambda self: self._recall(1),
    Key.DOWN: lambda self: self._recall(-1),
    Key.KILL_LEFT: lambda self: self._kill(0, self._cursor),
    Key.KILL_RIGHT: lambda self: self._kill(self._cursor, len(self._cells)),
    Key.KILL_WORD_LEFT: lambda self: self._kill(self._word_left(), self._cursor),
    Key.KILL_WORD_RIGHT: lambda self: self._kill(self._cursor, self._word_right()),
    Key.YANK: Editor._yank,
    Key.CLEAR: Editor._clear_screen,
    Key.PASTE_BEGINS: Editor._begin_paste,
}
_IN_PASTES = {Key.ENTER: "\n", Key.TAB: "\t"}

_MARK_PASTES, _LEAVE_PASTES = b"\x1b[?2004h", b"\x1b[?2004l"
_ERASE_RIGHT = "\x1b[K"
_LEAST_ROOM = 7  # columns to type in; rather no prompt than fewer
_SGR = re.compile(r"\x1b\[[0-9;:]*m")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
