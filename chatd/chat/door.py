"""What a session asks of the connection it belongs to."""

from typing import Protocol

from chatd.chat.account import Person, Preferences
from chatd.chat.events import Answer, Event
from chatd.chat.look import Look, look


class Writer(Protocol):
    """Who was given something to send straight with."""

    def hindered(self) -> None:
        """All that is written has to take the way through the door."""


class Straight(Protocol):
    """What sends at once; a socket."""

    def send(self, data: bytes, /) -> int:
        """
        @return: How many bytes it took; the rest has to be written as usual.
        @raise OSError: if it took none.
        """


class Door(Protocol):
    """One connection, as those see it who are at it."""

    def look(self, preferences: Preferences) -> Look:
        """How events should read here, for somebody with these preferences."""

    def send(self, data: bytes) -> None:
        """Write something that was rendered."""

    def straight(self, writer: Writer) -> Straight | None:
        """
        What may be used in place of C{send}, until C{writer.hindered} is called;
        C{None} if nothing may.
        """

    def hang_up(self) -> None:
        """End the connection, after what was sent; in the end without mercy."""

    def pause(self) -> None:
        """Read nothing more for now."""

    def resume(self) -> None:
        """Read again."""

    def secret(self, on: bool) -> None:
        """The next line is a password, and should not be seen; or no longer."""


class Gone:
    """A door to nobody any more."""

    def look(self, preferences: Preferences) -> Look:
        return look(_nothing)

    def send(self, data: bytes) -> None:
        """Nobody reads it."""

    def straight(self, writer: Writer) -> None:
        """There is no way at all."""

    def hang_up(self) -> None:
        """It was."""

    def pause(self) -> None:
        """Nothing comes."""

    def resume(self) -> None:
        """Nothing comes."""

    def secret(self, on: bool) -> None:
        """Nobody types."""


def _nothing(
    event: Event | Answer, look: Look, here: bool, reader: Person | None
) -> bytes:
    return b""


GONE: Door = Gone()
