"""All that decides how an event reads in one session."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from chatd.chat.account import Person, Theme, Timestamps
from chatd.chat.events import Answer, Event
from chatd.chat.links import Links

Render: TypeAlias = "Callable[[Event | Answer, Look, bool, Person | None], bytes]"
Fold: TypeAlias = "Callable[[Sequence[Event | Answer], Look], bytes]"


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """
    How a session wants to read; sessions with the same one share what is rendered.

    Made by L{look} only, so that equal looks are one object and cheap to compare.

    @ivar render: Turns an event or answer into what is sent. It is told whether the
        event is in the reader's current room, and the reader where that matters.
    @ivar zone: C{None} for the server's own time zone.
    @ivar echo: Whether a session is shown what it said itself.
    @ivar told: Whether a session is told at all when what it said has happened.
    @ivar shows_latest: Whether who enters a room is shown what was said there last.
    @ivar links: Where shared files are fetched; C{None} if they are by no link.
    @ivar fold: Tells of many who come and go in few words; C{None} where each is told.
    @ivar crowd: From so many at once on it does; 0 for never.
    """

    render: Render
    colour: bool = False
    theme: Theme = Theme.DEFAULT
    timestamps: Timestamps = Timestamps.FULL
    zone: ZoneInfo | None = None
    bell: bool = False
    echo: bool = False
    told: bool = True
    shows_latest: bool = True
    links: Links | None = None
    fold: "Fold | None" = None
    crowd: int = 0


@lru_cache(maxsize=4096)
def look(
    render: Render,
    *,
    colour: bool = False,
    theme: Theme = Theme.DEFAULT,
    timestamps: Timestamps = Timestamps.FULL,
    zone: ZoneInfo | None = None,
    bell: bool = False,
    echo: bool = False,
    told: bool = True,
    shows_latest: bool = True,
    links: Links | None = None,
    fold: "Fold | None" = None,
    crowd: int = 0,
) -> Look:
    """The one look of these properties."""
    return Look(
        render,
        colour,
        theme,
        timestamps,
        zone,
        bell,
        echo,
        told,
        shows_latest,
        links,
        fold,
        crowd,
    )
