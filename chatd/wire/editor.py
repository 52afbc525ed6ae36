"""A line editor that is fed keys as bytes and tells what to write to the terminal."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from chatd.wire.choices import beginning, in_columns
from chatd.wire.keys import Key, Keys
from chatd.wire.limits import LIMITS, Limits
from chatd.wire.outcome import (
    EndOfFile,
    Interrupt,
    Line,
    Outcome,
    TooLong,
)
from chatd.wire.paste import Paste
from chatd.wire.recall import Recall
from chatd.wire.row import DEFAULT_WIDTH, Row
from chatd.wire.typed import Typed

HISTORY_LINES = 100


class Editor:
    """
    One line of typing, in a L{Row} below whatever else arrives.

    A paste (if the terminal marks it) of many lines comes out as one L{Line}, with what
    was typed around it. In a shorter one the ends of lines act as Enter, and an
    unfinished last line can be edited. A paste over a limit is refused whole; of one
    into a password only the first line counts.

    Nothing is drawn before L{start}.
    """

    def __init__(
        self,
        *,
        width: int = DEFAULT_WIDTH,
        prompt: str = "",
        limits: Limits = LIMITS,
        history: int = HISTORY_LINES,
        complete: Callable[[str], list[str]] | None = None,
        keep: bool = False,
    ) -> None:
        """
        Make an editor.

        @param width: Columns of the terminal; 0 means unknown.
        @param prompt: What stands before the line; may hold SGR sequences.
        @param limits: May be changed at any time.
        @param history: How many lines are remembered.
        @param complete: Told what stands before the cursor, it names the words which
            the last word there may become.
        @param keep: Whether a finished line stays on the screen. Otherwise it is
            erased, for the caller to show it as others see it.
        """
        self._row = Row(width, prompt)
        self._keys = Keys()
        self.limits = limits
        self._complete = complete
        self._keep = keep
        self._secret = False
        self._typed = Typed()
        self._killed = ""
        self._paste: Paste | None = None
        self._recall = Recall(history)

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

    def receive(self, data: bytes) -> Iterator[Outcome]:
        """
        Take what was typed.

        Each outcome can be acted upon before what was typed after it is looked at: a
        password typed ahead is not echoed when L{secret} is set in time. If the caller
        stops in between, the rest waits for the next call, with C{b""} as well.
        """
        keys = self._keys.receive(data)
        return (outcome for key in keys if (outcome := self._take(key)) is not None)

    def hand_back(self, text: str) -> None:
        """Put a refused line back to be corrected, unless another was begun."""
        if not self._typed.cells and not self._secret and "\n" not in text:
            self._replace(_CONTROLS.sub(" ", text))

    def forget(self, text: str) -> None:
        """Drop a line from the history, because it holds a password."""
        self._recall.forget(text)

    # The screen

    def start(self) -> None:
        """Take the terminal over."""
        self._row.start()

    def stop(self) -> None:
        """Leave the terminal as it was; what is shown from now on is just written."""
        self._row.stop()

    def take_output(self) -> bytes:
        """Give what is to be written to the terminal now."""
        return self._row.take_output(None if self._secret else self._typed)

    def show(self, text: str | bytes) -> None:
        """Put something above the line being typed; see L{Row.show}."""
        self._row.show(text)

    def resize(self, width: int) -> None:
        """Be told how many columns the terminal has now; 0 means unknown."""
        self._row.resize(width)

    def set_prompt(self, prompt: str) -> None:
        """Change what stands before the line; may hold SGR sequences."""
        self._row.set_prompt(prompt)

    def bell(self) -> None:
        """Sound the terminal's bell, once for each L{take_output}."""
        self._row.bell()

    # What was typed

    def _take(self, key: str | Key) -> Outcome | None:
        if self._paste is not None:
            return self._take_pasted(self._paste, key)
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
        self._row.finish(text if self._keep else None)
        self._empty()

    def _begin_paste(self) -> None:
        self._paste = Paste(self.limits.paste)

    def _take_pasted(self, paste: Paste, key: str | Key) -> Outcome | None:
        """Gather a paste; Ctrl-C gives up one whose end got lost."""
        if key is Key.INTERRUPT:
            self._paste = None
            return self._interrupt()
        if key is Key.PASTE_ENDS:
            self._paste = None
            return self._end_paste(paste.text())
        paste.add(key)
        return None

    def _end_paste(self, text: str | None) -> Outcome | None:
        if text is None:
            return TooLong(self.limits.paste)
        lines = text.split("\n")
        if self._secret:
            lines = [lines[0]] + [""] * (len(lines) > 1)
        elif len(text.rstrip("\n").split("\n")) >= self.limits.paste_from:
            whole = self._typed.before + text.rstrip("\n") + self._typed.after
            self._finish(whole.partition("\n")[0])
            return Line(whole, pasted=True)
        most = self.limits.line
        sizes = [len(line.encode()) for line in lines]
        if self._typed.size + sizes[0] > most or max(sizes) > most:
            return TooLong(most, line=True)
        # As if typed, and read one after another: see receive().
        self._keys.put_back("\n".join(lines).replace("\t", " "))
        return None

    def _insert(self, text: str) -> None:
        if self._typed.size + len(text.encode()) > self.limits.line:
            self.bell()
            text = self._fitting(text)
        self._recall.settle()
        added = self._typed.insert(text)
        if not self._secret:
            self._row.typed(text, added)

    def _fitting(self, text: str) -> str:
        """Leave out each character for which there is no room."""
        fitting = ""
        room = self.limits.line - self._typed.size
        for char in text if room else "":
            if (size := len(char.encode())) <= room:
                fitting += char
                room -= size
        return fitting

    def _delete(self, start: int, end: int) -> str:
        gone = self._typed.delete(start, end) if start < end else ""
        if gone:
            self._recall.settle()
            self._row.changed()
        else:
            self.bell()
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
        self._row.changed()

    def _empty(self) -> None:
        self._typed = Typed()
        self._recall.settle()
        self._row.rewind()

    def _replace(self, text: str) -> None:
        self._empty()
        self._insert(text)

    def _go(self, step: int) -> None:
        """Go through the lines typed before."""
        text = None if self._secret else self._recall.go(step, self.text)
        if text is None:
            self.bell()
        else:
            self._typed = Typed()
            self._typed.insert(text)
            self._row.rewind()

    # What might be typed next

    def _tab(self) -> None:
        if self._secret or self._complete is None:
            return
        before = self._typed.before
        word = before[before.rfind(" ") + 1 :]
        choices = self._complete(before)
        common = beginning(choices)
        if len(choices) == 1:
            self._complete_word(word, common.rstrip(" ") + " ")
        elif (
            common != word and common.casefold().startswith(word.casefold()) and common
        ):
            self._complete_word(word, common)
        elif choices:
            self.show(in_columns(choices, self._row.width))
        else:
            self.bell()

    def _complete_word(self, word: str, choice: str) -> None:
        typed = self._typed
        if typed.size - len(word.encode()) + len(choice.encode()) > self.limits.line:
            self.bell()
            return
        start = typed.cursor
        while start and typed.cells[start - 1] != " ":
            start -= 1
        typed.delete(start, typed.cursor)
        self._row.changed()
        self._insert(choice.rstrip(" ") if typed.after.startswith(" ") else choice)


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
    Key.CLEAR: lambda self: self._row.clear_screen(),
    Key.PASTE_BEGINS: Editor._begin_paste,
}

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
