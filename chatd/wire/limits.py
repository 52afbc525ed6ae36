"""How much may be typed or pasted at once."""

from chatd.chat.value import value


@value(frozen=True, slots=True)
class Limits:
    """
    What an editor takes.

    @ivar line: Bytes of UTF-8 in one line.
    @ivar paste: Bytes of UTF-8 in one paste.
    @ivar paste_from: From so many lines on a paste stays one piece.
    """

    line: int = 8_192
    paste: int = 65_536
    paste_from: int = 5


LIMITS = Limits()
