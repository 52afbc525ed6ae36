"""The row of a terminal in which is typed, below whatever else arrives."""

import re

from chatd.wire.typed import Typed, columns

DEFAULT_WIDTH = 80
MIN_WIDTH = 8
MAX_WIDTH = 500  # one key may cause one row to be written


class Row:
    """
    Always exactly one row, the last that was written to: a long line scrolls sideways.

    There is no scroll region and no alternate screen, so that the terminal's own
    scrolling back keeps working. Drawing waits for L{take_output}, so that many
    messages in one turn redraw the line once.

    @ivar width: Columns of the terminal.
    """

    __slots__ = (
        "_column",
        "_dirty",
        "_left",
        "_output",
        "_prompt",
        "_ring",
        "_started",
        "_used",
        "width",
    )

    def __init__(self, width: int, prompt: str) -> None:
        self.width = _bounded(width)
        self._prompt = prompt
        self._started = False
        self._left = 0  # the first cluster that is shown
        self._used = 0  # columns of the row that are drawn on
        self._column = 0  # where the terminal's cursor was left
        self._dirty = False
        self._ring = False
        self._output = bytearray()

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

    def take_output(self, typed: Typed | None) -> bytes:
        """
        Give what is to be written to the terminal now.

        @param typed: What stands in the row; C{None} if nobody may see it.
        """
        if self._dirty:
            self._draw(typed)
        if self._ring:
            self._output += b"\a"
            self._ring = False
        output = bytes(self._output)
        self._output.clear()
        return output

    def show(self, text: str | bytes) -> None:
        """
        Put something above the row.

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
        self.width = width
        self.rewind()

    def set_prompt(self, prompt: str) -> None:
        """Change what stands before the line; may hold SGR sequences."""
        self._prompt = prompt
        self._dirty = True

    def bell(self) -> None:
        """Sound the terminal's bell, once for each L{take_output}."""
        self._ring = True

    # What is done to the line

    def changed(self) -> None:
        """Something else stands there now, or the cursor does elsewhere."""
        self._dirty = True

    def rewind(self) -> None:
        """Another line stands there now, and begins at the left."""
        self._left = 0
        self._dirty = True

    def typed(self, text: str, added: int | None) -> None:
        """
        Text was put in.

        @param added: How many columns longer it is, if nothing but the end changed.
        """
        used = None if added is None or self._dirty else self._used + added
        if used is None or used > self._room or not self._started:
            self._dirty = True
        else:
            self._write(text)  # the common case: a letter at the end is just echoed
            self._used = self._column = used

    def finish(self, text: str | None) -> None:
        """
        The line is finished.

        @param text: What stays there; without it the row is used again.
        """
        self._erase()
        if text is not None and self._started:
            self._write(f"{self._prompt}{text}\r\n")

    def clear_screen(self) -> None:
        """Leave nothing but the row."""
        self._write("\x1b[H\x1b[2J")
        self._dirty = True

    # How it is drawn

    @property
    def _room(self) -> int:
        """Columns that the row may take."""
        # A window that is dragged narrower breaks a row that is longer, and what is on
        # its way just then is written below the pieces, which nobody can tell. And the
        # last column stays free: a terminal's cursor behind it is a riddle.
        return self.width - self.width // _SPARE - 1

    def _write(self, text: str) -> None:
        self._output += text.encode("utf-8", "replace")

    def _erase(self) -> None:
        """Make room where the line is drawn."""
        if self._used:
            self._write("\r\x1b[K")
            self._used = self._column = 0
        self._dirty = True

    def _draw(self, typed: Typed | None) -> None:
        self._dirty = False
        if not self._started:
            return
        prompt = self._prompt
        taken = columns(_SGR.sub("", prompt))
        if self._room - taken < _LEAST_ROOM:
            prompt, taken = "", 0
        self._column = taken
        text = after = ""
        if typed is not None:
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


_MARK_PASTES, _LEAVE_PASTES = b"\x1b[?2004h", b"\x1b[?2004l"
_ERASE_RIGHT = "\x1b[K"
_SPARE = 8  # of the width, one in so many columns
_LEAST_ROOM = 7  # columns to type in; rather no prompt than fewer
_SGR = re.compile(r"\x1b\[[0-9;:]*m")
