"""What comes of typing."""

from chatd.chat.value import value


@value(frozen=True, slots=True)
class Line:
    """
    A line was finished.

    @ivar text: Without its end. No control characters, except that a paste has
        line feeds in it, and may have tabs.
    @ivar pasted: Whether this is a paste that stays one piece.
    """

    text: str
    pasted: bool = False


@value(frozen=True, slots=True)
class TooLong:
    """
    A paste was refused whole: it, or a line of it, is too long.

    @ivar limit: How many bytes of UTF-8 it may have.
    @ivar line: Whether that is so of a line.
    """

    limit: int
    line: bool = False

    @property
    def sentence(self) -> str:
        """For whoever pasted."""
        what = "A line" if self.line else "A paste"
        return f"{what} has at most {self.limit} bytes. Nothing of it was sent."


@value(frozen=True, slots=True)
class Interrupt:
    """
    Ctrl-C; the line being typed was emptied.

    @ivar text: What had been typed; never a secret.
    """

    text: str


@value(frozen=True, slots=True)
class EndOfFile:
    """Ctrl-D in an empty line."""


Outcome = Line | TooLong | Interrupt | EndOfFile
