"""A paste that a terminal marks, on its way."""

from io import StringIO

from chatd.wire.keys import Key


class Paste:
    """Gathers a paste, up to a limit."""

    __slots__ = ("_limit", "_size", "_text")

    def __init__(self, limit: int) -> None:
        """
        @param limit: Bytes of UTF-8.
        """
        self._limit = limit
        self._text = StringIO()
        self._size = 0

    def add(self, key: str | Key) -> None:
        """Take what is pasted; keys that are no text do not count."""
        piece = _IN_PASTES.get(key, "") if isinstance(key, Key) else key
        self._size += len(piece.encode())
        if self._size <= self._limit:
            self._text.write(piece)

    def text(self) -> str | None:
        """All of it; C{None} if that is too much."""
        return None if self._size > self._limit else self._text.getvalue()


_IN_PASTES = {Key.ENTER: "\n", Key.TAB: "\t"}
