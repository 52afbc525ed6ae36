"""Colours for terminals, by theme; and for pipes a paint that adds nothing."""

from typing import Protocol
from zlib import crc32

from chatd.chat.account import Theme


class Paint(Protocol):
    """Dresses words according to what they are."""

    def name(self, name: str) -> str:
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

    def name(self, name: str) -> str:
        """As it is."""
        return name

    def faint(self, text: str) -> str:
        """As it is."""
        return text

    strong = server = wrong = faint


class Colour:
    """
    For terminals; everybody keeps one style for ever.

    Styles are parameters of SGR, as in C{"38;5;27"}.
    """

    def __init__(
        self, names: tuple[str, ...], *, strong: str, server: str, wrong: str
    ) -> None:
        """
        @param names: Of which each name has one.
        """
        self._names = names
        self._strong = strong
        self._server = server
        self._wrong = wrong

    def name(self, name: str) -> str:
        """In the style of this name."""
        which = crc32(name.casefold().encode()) % len(self._names)
        return _styled(self._names[which], name)

    def faint(self, text: str) -> str:
        """Dim."""
        return _styled("2", text)

    def strong(self, text: str) -> str:
        """As it stands out."""
        return _styled(self._strong, text)

    def server(self, text: str) -> str:
        """In the server's style."""
        return _styled(self._server, text)

    def wrong(self, text: str) -> str:
        """As a warning."""
        return _styled(self._wrong, text)


def _styled(style: str, text: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m"


def _palette(*colours: int) -> tuple[str, ...]:
    return tuple(f"38;5;{colour}" for colour in colours)


PLAIN: Paint = Plain()
THEMES: dict[Theme, Paint] = {
    # Of the 256 colours those that can be read on black and on white.
    Theme.DEFAULT: Colour(
        _palette(27, 28, 31, 64, 91, 94, 97, 125, 130, 133, 161, 166, 172, 202),
        strong="1",
        server="36",
        wrong="31",
    ),
    Theme.BRIGHT: Colour(
        _palette(39, 48, 51, 81, 118, 141, 156, 177, 183, 208, 211, 214, 221, 228),
        strong="1;97",
        server="96",
        wrong="91",
    ),
    Theme.MONO: Colour(("1",), strong="1", server="2", wrong="1"),
}
