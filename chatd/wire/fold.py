"""Lines too wide for a terminal, broken so that what follows stands below the text."""

import re
from functools import lru_cache

from wcwidth import wcwidth
from wcwidth import width as width_of

from chatd.wire.typed import without_flags

# In fewer columns there is no room for an indent: the terminal may break what it likes.
NARROWEST = 16

# The indent where the text begins too far to the right: it must leave room for words.
LEAST_INDENT = 2

# What stands before the words of a line: the time, the room, who says it to whom; or
# the mark of the server's own lines.
_HEAD = re.compile(r"(?:\[[^]]*\] )?(?:#\S+ )?(?:\S+(?: -> \S+)?: |[*!]+ +)?")
_ESCAPE = re.compile(r"\x1b\[[0-9;:]*m")
# Letters of one column, and of two, which mostly come together.
_NARROW, _WIDE = "[ -~]+", "[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]+"
_PARTS = re.compile(rf"{_ESCAPE.pattern}|({_NARROW})|({_WIDE})|.", re.DOTALL)
_JOINER = "\u200d"  # what stands before and after it is one character


def fold(data: bytes, width: int) -> bytes:
    """
    Break lines at spaces, and indent what comes after the break.

    Terminals break lines by themselves, in the middle of words. An address of the web
    that is longer than a row is left to them: only so it can still be clicked on.

    @param data: UTF-8, lines that end in CR LF; may hold SGR sequences.
    @param width: Columns of the terminal.
    """
    # A character has at least as many bytes as columns: most lines need no closer look.
    if len(data) <= width or width < NARROWEST:
        return data
    lines = data.split(b"\r\n")
    if all(len(line) < width for line in lines):
        return data
    return b"\r\n".join(
        [line if len(line) < width else _fold(line, width) for line in lines]
    )


@lru_cache(maxsize=1024)
def _fold(line: bytes, width: int) -> bytes:
    text = line.decode("utf-8", "replace")
    plain = _ESCAPE.sub("", text)
    # The last column stays free: some terminals go on to the next row behind it.
    room = width - 1
    if columns(plain) <= room:
        return line
    head = _HEAD.match(plain)
    indent = columns(head[0]) if head else 0
    if indent > width // 2:
        indent = LEAST_INDENT
    too_wide = [word for word in plain.split() if columns(word) > room - indent]
    if any("://" in word for word in too_wide):
        return line
    margin = " " * indent
    return "\r\n".join(_rows(text, room, margin)).encode("utf-8", "replace")


def _rows(text: str, room: int, margin: str) -> list[str]:
    rows, row, used = [], "", 0
    longest = room - len(margin)
    for number, word in enumerate(text.split(" ")):
        wide = columns(_ESCAPE.sub("", word))
        space = " " if number else ""
        if wide > longest:
            first, *others = _pieces(word, room - used - len(space), longest)
            row += space + first if first else ""
            for other in others:
                rows.append(row)
                row = margin + other
            used = columns(_ESCAPE.sub("", row))
        elif row and used + 1 + wide > room:
            rows.append(row)
            row, used = margin + word, len(margin) + wide
        else:
            row += space + word
            used += len(space) + wide
    return [*rows, row]


def _pieces(word: str, first: int, room: int) -> list[str]:
    """
    Cut a word that is too wide: Chinese, for instance, is written without spaces.

    It takes time by its length: people send such words to make others wait.

    @param first: Columns for the first piece, which may be empty; C{room}: for others.
    """
    pieces, piece, left, last = [], "", first, ""
    for found in _PARTS.finditer(word):
        part = found[0]
        each = found.lastindex or 0
        while each and len(part) * each > left:
            fits = max(0, left // each)
            pieces.append(piece + part[:fits])
            piece, part, left = "", part[fits:], room
        wide = len(part) * each or (0 if part[0] == "\x1b" else max(0, wcwidth(part)))
        if wide and wide > left and last != _JOINER:
            pieces.append(piece)
            piece, left = "", room
        piece += part
        left -= wide
        last = part
    return [*pieces, piece]


def columns(text: str) -> int:
    """How many columns it takes."""
    return len(text) if text.isascii() else width_of(without_flags(text))
