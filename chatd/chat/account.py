"""Who somebody is: what others see of a person, and what an account keeps."""

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from zoneinfo import ZoneInfo


class Role(IntEnum):
    """
    What somebody may do; each role may do all that the ones below it may.

    C{MODERATOR} is held in a room, the others in the whole chat.
    """

    NOBODY = 0  # connected, not yet come in
    GUEST = 1
    MEMBER = 2
    MODERATOR = 3
    OPERATOR = 4


@dataclass(frozen=True, slots=True)
class Person:
    """
    Somebody as others see them; the same in every session and on every node.

    Two people are one when their ids are: a name alone proves nothing.

    @ivar id: The account's id, or for a guest the id made when the guest came in.
    @ivar name: As it is shown.
    """

    id: int
    name: str
    guest: bool = True


class Timestamps(Enum):
    """How much of the time stands before a line."""

    __hash__ = object.__hash__  # Enum's is written in Python, and asked for each line

    FULL = "full"
    SHORT = "short"
    OFF = "off"


class Theme(Enum):
    """Which colours things are shown in, where there are any."""

    DEFAULT = "default"  # readable on black and on white
    BRIGHT = "bright"  # for a dark background
    MONO = "mono"  # bold and dim alone


@dataclass(frozen=True, slots=True)
class Preferences:
    """
    What C{/set} keeps; C{None} means: as the door sees fit.

    @ivar zone: A name of the IANA time zone database; C{""} is the server's own.
    @ivar reader: Whether a screen reader reads aloud: nothing is written over.
    """

    timestamps: Timestamps = Timestamps.FULL
    zone: str = ""
    colour: bool | None = None
    bell: bool = False
    telnet: bool | None = None
    theme: Theme = Theme.DEFAULT
    reader: bool | None = None

    @property
    def tz(self) -> ZoneInfo | None:
        """The time zone, or C{None} for the server's own."""
        try:
            return ZoneInfo(self.zone) if self.zone else None
        except (ValueError, LookupError, OSError):
            return None  # this machine knows fewer than the one where it was chosen


@dataclass(frozen=True, slots=True)
class Account:
    """
    A name that somebody owns.

    @ivar key: The name in the form in which all its spellings are equal.
    @ivar skeleton: The name in the form in which all its look-alikes are equal.
    @ivar secret: argon2id hash, as a PHC string; C{""} when nobody can log in
        any more and only the name stays reserved.
    @ivar created: POSIX seconds, UTC.
    @ivar ignored: The ids of the people this one does not want to hear.
    """

    id: int
    name: str
    key: str
    skeleton: str
    secret: str
    created: float
    role: Role = Role.MEMBER
    preferences: Preferences = field(default_factory=Preferences)
    ignored: frozenset[int] = frozenset()

    @property
    def person(self) -> Person:
        """The account as others see it."""
        return Person(self.id, self.name, guest=False)
