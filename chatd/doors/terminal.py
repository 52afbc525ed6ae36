"""What is typed at a terminal, and what is shown above it."""

from collections.abc import Callable
from typing import TypeAlias

from chatd.wire.editor import Editor
from chatd.wire.fold import fold
from chatd.wire.limits import Limits
from chatd.wire.outcome import Outcome
from chatd.wire.typewriter import Typewriter

# Terminals that cannot show colour or move the cursor.
DUMB = ("", "dumb", "unknown", "network")

Typed: TypeAlias = Callable[[Outcome], None]


class Terminal:
    """
    A terminal that sends keys; or, while there is no editor, lines that its own side
    has edited.

    @ivar editor: What makes lines of keys.
    @ivar dumb: Whether the terminal said that it can neither move nor colour.
    @ivar plain: Whether no colours are wanted.
    @ivar reader: What the person chose: whether a screen reader reads aloud.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        complete: Callable[[str], list[str]],
        limits: Callable[[], Limits],
    ) -> None:
        """
        @param write: Sends bytes to the peer.
        @param complete: See L{Editor}.
        @param limits: Asked again each time, since an operator may change them.
        """
        self._write = write
        self._complete = complete
        self._limits = limits
        self._width = 0
        self._prompt = ""
        self._secret = False
        self.editor: Editor | Typewriter | None = None
        self.dumb = False
        self.plain = False
        self.reader: bool | None = None

    @property
    def colourful(self) -> bool:
        """Whether colours can be shown, as far as is known."""
        return not (self.dumb or self.plain)

    @property
    def redraws(self) -> bool:
        """Whether a typed line goes away when it is finished."""
        return isinstance(self.editor, Editor)

    @property
    def aloud(self) -> bool:
        """Whether nothing should be written over."""
        return self.dumb if self.reader is None else self.reader

    def read_aloud(self, reader: bool | None) -> None:
        """Follow a person's choice; C{None} leaves it to the terminal."""
        if reader is not self.reader:
            self.reader = reader
            self.choose()

    def choose(self) -> None:
        """Use the editor that fits."""
        if self.editor is None or self.redraws is self.aloud:
            self._use(Typewriter if self.aloud else Editor)

    def resize(self, width: int) -> None:
        """Be told how many columns there are; 0 means unknown."""
        self._width = width
        if self.editor is not None:
            self.editor.resize(width)
            self.flush()

    def edit(self, data: bytes, typed: Typed) -> None:
        """
        Take keys.

        @param typed: Is given what the editor makes of them.
        """
        if self.editor is not None:
            self.editor.limits = self._limits()
            for finished in self.editor.receive(data):
                typed(finished)
            self.flush()

    def show(self, data: bytes) -> None:
        """Write lines that end in CR LF, above what is being typed."""
        if self.editor is None:
            self._put(data)
            return
        if self._width and self.redraws:
            data = fold(data, self._width)
        self.editor.show(data)
        self.flush()

    def flush(self) -> None:
        """Send what there is to send."""
        output = self.editor.take_output() if self.editor is not None else b""
        if output:
            self._put(output)

    def set_prompt(self, prompt: str) -> None:
        """What stands before the line being typed."""
        if prompt != self._prompt:
            self._prompt = prompt
            if self.editor is not None:
                self.editor.set_prompt(prompt)

    def secret(self, on: bool) -> None:
        """The next line is a password; or no longer."""
        self._secret = on
        if self.editor is not None:
            self.editor.secret = on
            self.flush()

    def forget(self, line: str) -> None:
        """Do not offer a line again: it holds a password."""
        if self.editor is not None:
            self.editor.forget(line)

    def stop(self) -> None:
        """Leave the terminal as it was."""
        if self.editor is not None:
            self.editor.stop()
            self.flush()

    def _put(self, data: bytes) -> None:
        self._write(data)

    def _use(self, kind: type[Editor] | type[Typewriter] | None) -> None:
        self.stop()
        if kind is None:
            self.editor = None
            return
        self.editor = kind(prompt=self._prompt, complete=self._complete)
        self.editor.resize(self._width)
        self.editor.secret = self._secret
        self.editor.start()
        self.flush()
