"""What is being typed, as the clusters that a cursor steps over."""

import re
from collections.abc import Iterable

from wcwidth import iter_graphemes, wcswidth, wcwidth

# More marks than this on one letter become a cluster of their own.
CLUSTER_LIMIT = 32

_FLAG, _AS_WIDE = re.compile("[\U0001f1e6-\U0001f1ff]{2}"), "\u56fd"


class Typed:
    """
    A line with a cursor in it.

    @ivar cells: The clusters: a letter with its marks, an emoji with what is joined.
    @ivar widths: How many columns each of them takes.
    @ivar cursor: How many of them are before the cursor.
    @ivar size: Bytes of UTF-8 in all of them.
    """

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.widths: list[int] = []
        self.cursor = 0
        self.size = 0

    @property
    def before(self) -> str:
        """What stands before the cursor."""
        return "".join(self.cells[: self.cursor])

    @property
    def after(self) -> str:
        """What stands after it."""
        return "".join(self.cells[self.cursor :])

    def insert(self, text: str) -> int | None:
        """
        Put text before the cursor.

        @return: How many columns were added, if nothing but the end changed.
        """
        at = start = self.cursor
        if text.isascii():
            cells = list(text)
        else:
            start = max(0, at - 1)  # a mark belongs to the letter before the cursor
            cells = _clusters("".join(self.cells[start:at]) + text)
        widths = [columns(cell) for cell in cells]
        added = at - start
        plain = at == len(self.cells) and self.cells[start:] == cells[:added]
        self.cells[start:at] = cells
        self.widths[start:at] = widths
        self.cursor = start + len(cells)
        self.size += len(text.encode())
        return sum(widths[added:]) if plain else None

    def delete(self, start: int, end: int) -> str:
        """Take out some clusters and leave the cursor there."""
        gone = "".join(self.cells[start:end])
        del self.cells[start:end]
        del self.widths[start:end]
        self.size -= len(gone.encode())
        self.cursor = start
        return gone

    def move(self, cursor: int) -> None:
        """Put the cursor somewhere, or at the nearest end."""
        self.cursor = max(0, min(cursor, len(self.cells)))

    def word_left(self) -> int:
        """Find the beginning of the word before the cursor."""
        return self.cursor - _word(reversed(self.cells[: self.cursor]))

    def word_right(self) -> int:
        """Find the end of the word after the cursor."""
        return self.cursor + _word(self.cells[self.cursor :])

    def visible(self, left: int, room: int) -> tuple[int, int]:
        """
        Choose what to show where there is room for only a part of the line.

        It scrolls by a third of the room, to leave what surrounds the cursor in view
        and most keys without a redraw. A column is kept for a mark at each end.

        @param left: The first cluster that was shown before.
        @param room: Columns.
        @return: The first cluster to show and the first one not to show any more.
        """
        if sum(self.widths) <= room:
            return 0, len(self.widths)
        if self.cursor <= left:
            left = self._back(room // 3)
        elif sum(self.widths[left : self.cursor]) + 2 > room:
            left = self._back(room * 2 // 3)
        taken = 1 if left else 0
        last = len(self.widths) - 1
        for at in range(left, len(self.widths)):
            taken += self.widths[at]
            if taken > room - (at < last):
                return left, at
        return left, len(self.widths)

    def _back(self, room: int) -> int:
        """Find the cluster so many columns before the cursor."""
        at = self.cursor
        while at and (room := room - self.widths[at - 1]) >= 0:
            at -= 1
        return at


def columns(text: str) -> int:
    """
    Count the columns that text takes at most.

    Terminals disagree on joined emoji: some draw one, some all its parts. Counting
    the wider of both leaves a gap at worst, while the other way the row would break.
    """
    if text.isascii():
        return len(text)
    plain = without_flags(text)
    return max(wcswidth(plain), sum(max(0, wcwidth(char)) for char in text))


def without_flags(text: str) -> str:
    """
    Text that is as wide, and has no flags, which are pairs of letters.

    For each of these wcwidth looks at all before it: 64 KiB of them took a second.
    """
    return _FLAG.sub(_AS_WIDE, text)


def _clusters(text: str) -> list[str]:
    """Cut text where the cursor may stand."""
    return [
        cluster[at : at + CLUSTER_LIMIT]
        for cluster in iter_graphemes(text)
        for at in range(0, len(cluster), CLUSTER_LIMIT)
    ]


def _word(cells: Iterable[str]) -> int:
    """Count the clusters of the spaces, then the word, that come first."""
    count = 0
    inside = False
    for cell in cells:
        if cell.isspace() and inside:
            break
        inside = inside or not cell.isspace()
        count += 1
    return count
