"""Lines too wide for a terminal, broken so that what follows stands below the text."""

import re
from functools import lru_cache

from wcwidth import width as width_of
from wcwidth import wrap

# The indent where the text begins too far to the right: it must leave room for words.
LEAST_INDENT = 2

# What stands before the words of a line: the time, the room, who says it to whom; or
# the mark of the server's own lines.
_HEAD = re.compile(r"(?:\[[^]]*\] )?(?:#\S+ )?(?:\S+(?: -> \S+)?: |[*!]+ +)?")
_ESCAPE = re.compile(r"\x1b\[[0-9;:]*m")


def fold(data: bytes, width: int) -> bytes:
    """
    Break lines at spaces, and indent what comes after the break.

    Terminals break lines by themselves, in the middle of words. An address of the web
    that is longer than a row is left to them: only so it can still be clicked on.

    @param data: UTF-8, lines that end in CR LF; may hold SGR sequences.
    @param width: Columns of the terminal.
    """
    # A character has at least as many bytes as columns: most lines need no closer look.
    if len(data) <= width:
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
    if too_wide:  # Chinese, for instance, is written without spaces
        rows = wrap(text, room, subsequent_indent=margin, break_on_hyphens=False)
    else:
        rows = _rows(text, room, margin)
    return "\r\n".join(rows).encode("utf-8", "replace")


def _rows(text: str, room: int, margin: str) -> list[str]:
    """What C{wrap} does, ten times faster, where every word fits into a row."""
    rows, row, used = [], "", 0
    for number, word in enumerate(text.split(" ")):
        wide = columns(_ESCAPE.sub("", word))
        if row and used + 1 + wide > room:
            rows.append(row)
            row, used = margin + word, len(margin) + wide
        else:
            space = " " if number else ""
            row += space + word
            used += len(space) + wide
    return [*rows, row]


def columns(text: str) -> int:
    """How many columns it takes."""
    return len(text) if text.isascii() else width_of(text)
