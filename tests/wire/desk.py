"""What the tests of the line editor share: a desk with a terminal on it."""

import pyte
from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.editor import Editor
from chatd.wire.outcome import Outcome

UP, DOWN, RIGHT, LEFT = b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D"
HOME, END, DELETE, BACKSPACE = b"\x01", b"\x05", b"\x1b[3~", b"\x7f"
ENTER, TAB = b"\r", b"\t"


def paste(text: str) -> bytes:
    """Mark a paste as terminals do."""
    return b"\x1b[200~" + text.encode() + b"\x1b[201~"


class Desk:
    """
    Somebody at a terminal, with an editor at the other end.

    @ivar written: All that the editor wrote.
    """

    def __init__(self, editor: Editor, columns: int = 80, rows: int = 6) -> None:
        self.editor = editor
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        editor.start()
        self.look()

    def type(self, *keys: bytes | str) -> list[Outcome]:
        """Type, and wait for what is drawn."""
        outcomes: list[Outcome] = []
        for key in keys:
            data = key.encode() if isinstance(key, str) else key
            outcomes += self.editor.receive(data)
            self.look()
        return outcomes

    def show(self, text: str | bytes) -> None:
        """Let something arrive."""
        self.editor.show(text)
        self.look()

    def resize(self, columns: int) -> None:
        """Drag the window; this terminal cuts lines off instead of breaking them."""
        self.screen.resize(columns=columns)
        self.editor.resize(columns)
        self.look()

    def look(self) -> bytes:
        """Bring the screen up to date."""
        output = self.editor.take_output()
        self.written += output
        self._stream.feed(output)
        return output

    @property
    def rows(self) -> list[str]:
        """What is on the screen, without what is empty."""
        text = "\n".join(row.rstrip() for row in self.screen.display)
        return text.rstrip("\n").split("\n")

    @property
    def row(self) -> str:
        """The row in which the cursor is, the cursor being shown as a bar."""
        columns = [self.screen.buffer[self.screen.cursor.y][x].data for x in range(500)]
        return "".join([*columns[: self.screen.cursor.x], "|"]) + (
            "".join(columns[self.screen.cursor.x :]).rstrip()
        )


class DeskCase(SynchronousTestCase):
    """
    An empty line.

    @cvar width: How many columns there are.
    """

    width = 80

    def setUp(self) -> None:
        self.editor = Editor(prompt="> ", width=self.width)
        self.desk = Desk(self.editor, columns=self.width)
