"""Colours for terminals: two paints, one of which adds nothing."""

from typing import Protocol
from zlib import crc32

from chatd.chat.account import Person

# Of the 256 colours those that can be read on black and on white.
_NAMES = (27, 28, 31, 64, 91, 94, 97, 125, 130, 133, 161, 166, 172, 202)


class Paint(Protocol):
    """Dresses words according to what they are."""

    def name(self, person: Person) -> str:
        """A person's name."""

    def faint(self, text: str) -> str:
        """What is there but does not matter much: times, comings and goings."""

    def strong(self, text: str) -> str:
        """What concerns the reader."""

    def server(self, text: str) -> str:
        """What the server says."""

    def wrong(self, text: str) -> str:
        """What was refused."""


class Plain:
    """For pipes, and for terminals without colour."""

    def name(self, person: Person) -> str:
        """As it is."""
        return person.name

    def faint(self, text: str) -> str:
        """As it is."""
        return text

    strong = server = wrong = faint


class Colour:
    """For terminals; everybody keeps one colour for ever."""

    def name(self, person: Person) -> str:
        """In the colour of this name."""
        colour = _NAMES[crc32(person.name.casefold().encode()) % len(_NAMES)]
        return f"\x1b[38;5;{colour}m{person.name}\x1b[0m"

    def faint(self, text: str) -> str:
        """Dim."""
        return f"\x1b[2m{text}\x1b[0m"

    def strong(self, text: str) -> str:
        """Bold."""
        return f"\x1b[1m{text}\x1b[0m"

    def server(self, text: str) -> str:
        """In cyan."""
        return f"\x1b[36m{text}\x1b[0m"

    def wrong(self, text: str) -> str:
        """In red."""
        return f"\x1b[31m{text}\x1b[0m"


PLAIN: Paint = Plain()
COLOUR: Paint = Colour()
