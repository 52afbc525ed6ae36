"""Parts of files, and their names, as HTTP headers have them."""

import re
from typing import NamedTuple
from urllib.parse import quote

_range = re.compile(r"bytes[ ]*=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.ASCII)
_content_range = re.compile(
    r"bytes[ ]+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.ASCII
)

# What disks of some receivers take for something else than a part of a name, or
# what begins the name of a hidden file, or looks like an option.
_odd = re.compile(r'[<>:"/\\|?*%;\x00-\x1f\x7f]')


class Piece(NamedTuple):
    """
    A part of a file.

    @ivar length: Bytes; C{None} if that is not known.
    @ivar size: Of the whole; C{None} if that is not known.
    """

    first: int
    length: int | None
    size: int | None

    @property
    def content_range(self) -> str:
        """How a response says which it is; see RFC 9110, section 14.4."""
        assert self.length is not None
        return f"bytes {self.first}-{self.first + self.length - 1}/{self.size}"


def read_range(text: str, size: int) -> Piece | None:
    """
    Which part of a file is asked for; the whole, where it is several, or no such thing.
    See RFC 9110, section 14.2.

    @return: C{None} if there is no such part.
    """
    whole = Piece(0, size, size)
    match = _range.fullmatch(text)
    begin, end = match.groups() if match is not None else ("", "")
    if not (begin or end):
        return whole
    if not begin:
        length = min(int(end), size)
        return Piece(size - length, length, size) if length else None
    first = int(begin)
    last = min(int(end), size - 1) if end else size - 1
    if end and int(end) < first:
        return whole
    return Piece(first, last - first + 1, size) if first < size else None


def read_content_range(text: str) -> Piece | None:
    """
    Which part of a file comes in a request; see RFC 9110, section 14.5.

    @return: C{None} if that is not to be understood.
    """
    match = _content_range.fullmatch(text.strip())
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    size = None if match[3] == "*" else int(match[3])
    if last < first or (size is not None and last >= size):
        return None
    return Piece(first, last - first + 1, size)


def disposition(name: str) -> bytes:
    """
    Have a file saved under a name, and not shown; see RFC 6266 and RFC 8187.

    Both forms have it: curl knows the first one only, and takes it as it is.
    """
    safe = _odd.sub("_", name)
    if safe[:1] in (".", "-", "~"):
        safe = f"_{safe[1:]}"
    encoded = quote(safe, safe="!#$&+-.^_`|~", errors="replace")
    return f"attachment; filename=\"{safe}\"; filename*=UTF-8''{encoded}".encode(
        "utf-8", "replace"
    )
