"""How a client shows what happens, beyond what a server shows in a terminal."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from chatd.chat.account import Person, Theme, Timestamps
from chatd.chat.events import (
    SPOKEN,
    Answer,
    Event,
    Stamped,
)
from chatd.chat.file import size_in_words
from chatd.chat.look import Look, look
from chatd.client.reading import person_called
from chatd.render.happened import HOW
from chatd.render.paint import PLAIN, THEMES, Paint
from chatd.render.text import render

NEW = "--- new since you left ---"


class Wording:
    """
    Makes lines of what happens.

    @ivar look: As C{/set} has chosen.
    """

    def __init__(self, *, colour: bool, bell: bool) -> None:
        self._colour = colour
        self._choices: dict[str, str] = {}
        self._bell = bell
        self._day: date | None = None
        self.look = self._choose()

    def choose(self, choices: Mapping[str, str]) -> None:
        """Look as somebody chose by C{/set}: names and values."""
        self._choices.update(choices)
        self.look = self._choose()

    def _choose(self) -> Look:
        chosen = self._choices.get
        zone = chosen("zone", "server")
        try:
            tz = None if zone == "server" else ZoneInfo(zone)
        except (ValueError, LookupError, OSError):
            tz = None
        colour = {"on": True, "off": False}.get(chosen("colour", ""), self._colour)
        return look(
            render,
            colour=colour,
            theme=_member(Theme, chosen("theme", ""), Theme.DEFAULT),
            timestamps=_member(Timestamps, chosen("timestamps", ""), Timestamps.FULL),
            zone=tz,
            bell=self._bell,
            echo=True,
        )

    @property
    def bell(self) -> bool:
        """Whether to ring when one is named or told something."""
        return self._bell

    @bell.setter
    def bell(self, on: bool) -> None:
        self._bell = on
        self.look = self._choose()

    @property
    def _paint(self) -> Paint:
        return THEMES[self.look.theme] if self.look.colour else PLAIN

    def event(
        self,
        event: Event | Answer,
        me: str,
        *,
        here: bool = True,
        named: bool = False,
        file: int = 0,
    ) -> bytes:
        """
        Word what happened.

        @param me: Who reads.
        @param here: Whether it was in the room that is looked at.
        @param named: Whether it names the reader.
        @param file: The number by which a file is got here.
        """
        reader: Person | None = person_called(me)
        if isinstance(event, SPOKEN) and not named:
            reader = None
        lines = render(event, self.look, here, reader)
        if file:
            lines = lines.replace(HOW.encode(), b"/get-file %d saves it." % file)
        if isinstance(event, Stamped) and lines:
            return self._new_day(event.time) + lines
        return lines

    def _new_day(self, time: float) -> bytes:
        """A line where a day ends."""
        now = datetime.fromtimestamp(time, self.look.zone).date()
        before, self._day = self._day, now
        if before is None or before == now:
            return b""
        return self.faint(f"--- {now:%A, %Y-%m-%d} ---")

    def faint(self, text: str) -> bytes:
        """Something that matters little."""
        return _line(self._paint.faint(text))

    def ours(self, text: str) -> bytes:
        """The client tells something, as a server would."""
        return b"".join(
            _line(self._paint.server(f"* {line}")) for line in text.split("\n")
        )

    def wrong(self, text: str) -> bytes:
        """Something was not done."""
        return _line(self._paint.wrong(f"! {text}"))

    def new(self) -> bytes:
        """Where the unread begins."""
        return _line(self._paint.strong(NEW))


def progress(name: str, done: int, size: int) -> str:
    """How far a file has come, in a row: C{report.pdf [####    ] 50%}."""
    part = done / size if size else 1.0
    filled = int(part * 20)
    bar = "#" * filled + " " * (20 - filled)
    return f"{name[:30]} [{bar}] {part:4.0%} of {size_in_words(size)} "


def _member(kind, value, default):  # type: ignore[no-untyped-def]
    try:
        return kind(value)
    except ValueError:
        return default


def _line(text: str) -> bytes:
    return f"{text}\r\n".encode("utf-8", "replace")
