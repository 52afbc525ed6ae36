"""What comes of typing."""

from chatd.chat.value import value

PASTE_LINES = 5  # from so many lines on a paste stays one piece


@value(frozen=True, slots=True)
class Line:
    """
    A line was finished.

    @ivar text: Without its end. No control characters, except that a paste has
        line feeds in it, and may have tabs.
    @ivar pasted: Whether this is a paste of L{PASTE_LINES} or more.
    """

    text: str
    pasted: bool = False


@value(frozen=True, slots=True)
class TooLong:
    """
    A paste was refused whole: it, or a line of it, is too long.

    @ivar limit: How many bytes of UTF-8 it may have.
    """

    limit: int


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
