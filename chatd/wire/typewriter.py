"""Typing where nothing is written over: for screen readers and simple terminals."""

from collections.abc import Callable, Iterator

from chatd.wire.choices import CHOICES_SHOWN
from chatd.wire.editor import HISTORY_LINES
from chatd.wire.keys import Key, Keys
from chatd.wire.limits import LIMITS, Limits
from chatd.wire.outcome import EndOfFile, Interrupt, Line, Outcome
from chatd.wire.recall import Recall
from chatd.wire.typed import Typed, columns


class Typewriter:
    """
    Echoes what is typed and moves only forward, but for a backspace at the end.

    It stands in for L{chatd.wire.editor.Editor} and is used like it. A line that was
    typed stays where it is. What arrives meanwhile begins a row of its own, and what
    was typed so far is not repeated, unless Ctrl-L asks for it.
    """

    def __init__(
        self,
        *,
        prompt: str = "",
        limits: Limits = LIMITS,
        history: int = HISTORY_LINES,
        complete: Callable[[str], list[str]] | None = None,
    ) -> None:
        """
        @param prompt: Shown before passwords only: else it would be read aloud each
            time.
        @param limits: May be changed at any time.
        @param history: How many lines are remembered.
        @param complete: As for the editor.
        """
        self._keys = Keys()
        self._prompt = prompt
        self.limits = limits
        self._complete = complete
        self._recall = Recall(history)
        self._typed = Typed()
        self._secret = False
        self._used = 0  # columns of what was echoed on this row
        self._output = bytearray()

    @property
    def text(self) -> str:
        """What has been typed and not yet finished."""
        return self._typed.before

    @property
    def secret(self) -> bool:
        """Whether a password is typed; changing it empties the line."""
        return self._secret

    @secret.setter
    def secret(self, on: bool) -> None:
        if on is self._secret:
            return
        self._secret = on
        self._typed = Typed()
        if on:
            self._break()
            self._write(self._prompt)
            self._used = columns(self._prompt)

    def start(self) -> None:
        """Nothing is to be done to the terminal."""

    def stop(self) -> None:
        """Leave the row to others."""
        self._break()

    def receive(self, data: bytes) -> Iterator[Outcome]:
        """Take what was typed; see L{Editor.receive}."""
        keys = self._keys.receive(data)
        return (outcome for key in keys if (outcome := self._take(key)) is not None)

    def take_output(self) -> bytes:
        """Give what is to be written to the terminal now."""
        output = bytes(self._output)
        self._output.clear()
        return output

    def show(self, data: bytes) -> None:
        """
        Let something arrive.

        @param data: Lines of UTF-8 that end in CR LF.
        """
        self._break()
        self._output += data

    def resize(self, width: int) -> None:
        """It makes no difference."""

    def set_prompt(self, prompt: str) -> None:
        """Change what stands before passwords."""
        self._prompt = prompt

    def forget(self, text: str) -> None:
        """Drop a line from the history, because it holds a password."""
        self._recall.forget(text)

    def _take(self, key: str | Key) -> Outcome | None:
        if isinstance(key, str):
            self._insert(key)
            return None
        match key:
            case Key.ENTER:
                text = self.text
                if not self._secret:
                    self._recall.add(text)
                self._finish()
                return Line(text)
            case Key.INTERRUPT:
                text = "" if self._secret else self.text
                self._finish()
                return Interrupt(text)
            case Key.END_OF_FILE if not self._typed.cells:
                return EndOfFile()
            case Key.BACKSPACE:
                self._erase(len(self._typed.cells) - 1)
            case Key.KILL_WORD_LEFT:
                self._erase(self._typed.word_left())
            case Key.KILL_LEFT:
                self._erase(0)
            case Key.UP | Key.DOWN if not self._secret:
                text_ = self._recall.go(1 if key is Key.UP else -1, self.text)
                self._ring() if text_ is None else self._replace(text_)
            case Key.CLEAR if not self._secret:
                self._begin(self.text)
            case Key.TAB if not self._secret:
                self._tab()
            case _:
                pass
        return None

    def _insert(self, text: str) -> None:
        if self._typed.size + len(text.encode()) > self.limits.line:
            self._ring()
            return
        self._recall.settle()
        self._typed.insert(text)
        self._echo(text)

    def _erase(self, start: int) -> None:
        """Take away what stands behind; what is on this row is wiped out."""
        if not 0 <= start < len(self._typed.cells):
            self._ring()
            return
        self._recall.settle()
        wide = columns(self._typed.delete(start, len(self._typed.cells)))
        if not self._secret:
            wide = min(wide, self._used)
            self._write("\b \b" * wide)
            self._used -= wide

    def _replace(self, text: str) -> None:
        """Let this be what is typed, on a new row unless it goes on from there."""
        before = self.text
        self._typed = Typed()
        self._typed.insert(text)
        if text.startswith(before) and self._used:
            self._echo(text[len(before) :])
        else:
            self._begin(text)

    def _tab(self) -> None:
        before = self.text
        choices = self._complete(before) if self._complete else []
        if len(choices) == 1:
            start = before.rfind(" ") + 1
            self._replace(f"{before[:start]}{choices[0].rstrip()} ")
        elif choices:
            more = len(choices) - CHOICES_SHOWN
            shown = ", ".join(choices[:CHOICES_SHOWN])
            self._begin(f"{shown} and {more} more" if more > 0 else shown)
            self._begin(before)
        else:
            self._ring()

    def _finish(self) -> None:
        self._typed = Typed()
        self._recall.settle()
        self._write("\r\n")
        self._used = 0

    def _begin(self, text: str) -> None:
        self._break()
        self._echo(text)

    def _break(self) -> None:
        if self._used:
            self._write("\r\n")
            self._used = 0

    def _echo(self, text: str) -> None:
        if not self._secret:
            self._write(text)
            self._used += columns(text)

    def _ring(self) -> None:
        self._write("\a")

    def _write(self, text: str) -> None:
        self._output += text.encode("utf-8", "replace")
