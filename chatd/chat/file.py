"""A file that somebody shares: what is known of it, and what it may be called."""

import re
import unicodedata
from dataclasses import dataclass

from chatd.chat.account import Person
from chatd.chat.clean import clean
from chatd.chat.errors import BadName

NAME_BYTES = 255  # the most that the file systems of the receivers take


@dataclass(frozen=True, slots=True)
class File:
    """
    What is kept of a shared file.

    @ivar id: Random; what it is stored under.
    @ivar event: The id of the event that told of it.
    @ivar room: Where it is shared; C{""} if with one person.
    @ivar to: With whom; C{None} if in a room.
    @ivar created: POSIX seconds; C{expires} likewise, 0.0 means: never.
    """

    id: str
    event: int
    owner: Person
    room: str
    to: Person | None
    name: str
    size: int
    mime: str
    sha256: str
    created: float
    expires: float = 0.0


_outside = re.compile(r"[/\\]")


def file_name(text: str) -> str:
    """
    Read the name of a file, as data: a path before it is cut off, and what could do
    harm on a terminal or in a protocol is taken out.

    @raise BadName: if nothing is left that a file can be called, or too much.
    """
    last = _outside.split(text)[-1]
    name = unicodedata.normalize("NFC", clean(last)).strip()
    if not name.strip("."):
        raise BadName("That is no name for a file.")
    if len(name.encode()) > NAME_BYTES:
        raise BadName(f"The name of a file has at most {NAME_BYTES} bytes.")
    return name


def size_in_words(size: int) -> str:
    """A size for people: C{84 kB}."""
    if size < 1_000:
        return f"{size} {'byte' if size == 1 else 'bytes'}"
    number = float(size)
    for unit in ("kB", "MB", "GB"):
        number /= 1_000
        if number < 999.5 or unit == "GB":
            break
    digits = 1 if number < 9.95 else 0
    return f"{number:.{digits}f} {unit}"
