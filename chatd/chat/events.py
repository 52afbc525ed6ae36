"""
What can happen: a closed union of immutable facts.

An L{Event} travels to every node; those of L{KEPT} are stored before anybody is
shown them. An L{Answer} is for one session and never travels. Neither says how
it looks: that is the business of C{chatd.render}.
"""

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from chatd.chat.account import Person, Role
from chatd.chat.value import value

Ref: TypeAlias = str | int | float | bool | None
Value: TypeAlias = str | int | float | bool | tuple[str, ...] | None


@value(frozen=True, slots=True, kw_only=True)
class Stamped:
    """
    A fact with its place in time, put on by C{Hub.publish}.

    @ivar id: Grows with time and is never used twice; 0 before it is published.
    @ivar time: POSIX seconds, UTC.
    @ivar node: The server process on which it happened.
    """

    id: int = 0
    time: float = 0.0
    node: str = ""

    def stamp(self, id: int, time: float, node: str) -> None:
        """Say when and where it happened: once, before anybody has seen it."""
        # A copy would be cleaner, and takes 4 us, a tenth of what a message takes.
        self.id, self.time, self.node = id, time, node  # type: ignore[misc]


# Said in a room


@value(frozen=True, slots=True, kw_only=True)
class Said(Stamped):
    r"""
    Somebody said something in a room.

    @ivar text: One line, or several separated by C{\n} when it was pasted.
    @ivar key: Chosen by the client so that sending twice is safe; may be empty.
    """

    room: str
    sender: Person
    text: str
    key: str = ""


@value(frozen=True, slots=True, kw_only=True)
class Emoted(Stamped):
    """Somebody did something: C{* ann waves}."""

    room: str
    sender: Person
    text: str
    key: str = ""


@value(frozen=True, slots=True, kw_only=True)
class Whispered(Stamped):
    """Somebody told one person something."""

    sender: Person
    to: Person
    text: str
    key: str = ""


@value(frozen=True, slots=True, kw_only=True)
class Announced(Stamped):
    """An operator told everybody something."""

    sender: Person
    text: str


# Files


@value(frozen=True, slots=True, kw_only=True)
class SharedFile(Stamped):
    """
    What is told of a file that somebody shares.

    @ivar file: The id of the file: what it is fetched by.
    @ivar name: As C{chat.file.file_name} allows it: one line, never a path.
    @ivar size: Bytes.
    @ivar mime: Of which kind it says to be: C{text/plain}.
    @ivar sha256: Of its content, in hexadecimal digits.
    @ivar expires: When it is removed, in POSIX seconds; 0.0 means: never.
    """

    sender: Person
    file: str
    name: str
    size: int
    mime: str
    sha256: str
    expires: float = 0.0

    @property
    def text(self) -> str:
        """What a search finds it by."""
        return self.name


@value(frozen=True, slots=True, kw_only=True)
class Shared(SharedFile):
    """Somebody shares a file with everybody in a room."""

    room: str


@value(frozen=True, slots=True, kw_only=True)
class Handed(SharedFile):
    """Somebody shares a file with one person."""

    to: Person


@value(frozen=True, slots=True, kw_only=True)
class Unshared(Stamped):
    """
    A file was removed, and not because its time was over.

    @ivar sender: Who removed it; if that is C{to}, who was to have it did not want it.
    @ivar owner: Who shared it.
    @ivar room: Where it was shared; C{None} if with one person: C{to}.
    """

    sender: Person
    owner: Person
    file: str
    name: str
    room: str | None = None
    to: Person | None = None


# What rooms are


@value(frozen=True, slots=True, kw_only=True)
class RoomOpened(Stamped):
    """A room exists from now on; who opened it is its first moderator."""

    room: str
    sender: Person
    private: bool = False


@value(frozen=True, slots=True, kw_only=True)
class TopicChanged(Stamped):
    """A room has a new topic; an empty text clears it."""

    room: str
    sender: Person
    text: str


@value(frozen=True, slots=True, kw_only=True)
class RoomChanged(Stamped):
    """
    A room became private or public, or its history was switched on or off.

    @ivar members: The ids of those who were in the room when it became private: they
        may enter from now on.
    """

    room: str
    sender: Person
    private: bool
    history: bool
    members: tuple[int, ...] = ()


@value(frozen=True, slots=True, kw_only=True)
class Invited(Stamped):
    """Somebody may now enter a private room."""

    room: str
    sender: Person
    person: Person


class Act(Enum):
    """What a moderator of a room can do to a person."""

    KICK = "kick"
    MUTE = "mute"
    UNMUTE = "unmute"
    BAN = "ban"
    UNBAN = "unban"
    APPOINT = "appoint"  # make a moderator
    DISMISS = "dismiss"


@value(frozen=True, slots=True, kw_only=True)
class Moderated(Stamped):
    """
    A moderator used a right over somebody.

    @ivar until: POSIX seconds at which a mute or ban ends; 0.0 means: until lifted.
    """

    room: str
    sender: Person
    act: Act
    person: Person
    until: float = 0.0
    reason: str = ""


# Who is here


@value(frozen=True, slots=True, kw_only=True)
class Arrived(Stamped):
    """Somebody's first session on a node came in; C{rooms} are where they are."""

    person: Person
    rooms: tuple[str, ...]


@value(frozen=True, slots=True, kw_only=True)
class Departed(Stamped):
    """Somebody's last session on a node ended."""

    person: Person
    rooms: tuple[str, ...]
    reason: str = ""


@value(frozen=True, slots=True, kw_only=True)
class Joined(Stamped):
    """Somebody who is here entered one more room."""

    room: str
    person: Person


@value(frozen=True, slots=True, kw_only=True)
class Left(Stamped):
    """Somebody who is here left a room."""

    room: str
    person: Person
    reason: str = ""


@value(frozen=True, slots=True, kw_only=True)
class AwayChanged(Stamped):
    """Somebody went away, saying C{text}, or came back: C{None}."""

    person: Person
    text: str | None


@value(frozen=True, slots=True, kw_only=True)
class Renamed(Stamped):
    """
    Somebody has another name from now on.

    @ivar person: As they were; C{now} as they are. The id stays, also when a guest
        registers and is one no more.
    """

    person: Person
    now: Person


# What operators do


@value(frozen=True, slots=True, kw_only=True)
class RoleChanged(Stamped):
    """An account was given another role."""

    sender: Person
    person: Person
    role: Role


@value(frozen=True, slots=True, kw_only=True)
class ServerBanned(Stamped):
    """
    Somebody is shut out of the whole chat.

    @ivar target: C{account:NAME-KEY} or C{network:CIDR}.
    @ivar shown: The target as people write it.
    """

    sender: Person
    target: str
    shown: str
    until: float = 0.0
    reason: str = ""


@value(frozen=True, slots=True, kw_only=True)
class ServerUnbanned(Stamped):
    """A ban from the whole chat was lifted."""

    sender: Person
    target: str
    shown: str


@value(frozen=True, slots=True, kw_only=True)
class Killed(Stamped):
    """All sessions of somebody are ended by an operator."""

    sender: Person
    person: Person
    reason: str = ""


@value(frozen=True, slots=True, kw_only=True)
class LockdownChanged(Stamped):
    """The emergency switch: members only, no registration."""

    sender: Person
    on: bool


@value(frozen=True, slots=True, kw_only=True)
class MotdChanged(Stamped):
    """There is a new message of the day; an empty text clears it."""

    sender: Person
    text: str


RoomEvent: TypeAlias = (
    Said
    | Emoted
    | Shared
    | TopicChanged
    | RoomOpened
    | RoomChanged
    | Invited
    | Moderated
    | Joined
    | Left
)
PrivateEvent: TypeAlias = Whispered | Handed
ServerEvent: TypeAlias = (
    Announced
    | RoleChanged
    | ServerBanned
    | ServerUnbanned
    | Killed
    | LockdownChanged
    | MotdChanged
)
Event: TypeAlias = (
    RoomEvent
    | PrivateEvent
    | Unshared
    | Arrived
    | Departed
    | AwayChanged
    | Renamed
    | ServerEvent
)

# Stored before they are shown; of a room whose history is off, SPOKEN is not.
KEPT = (
    Said,
    Emoted,
    Whispered,
    Shared,
    Handed,
    Announced,
    RoomOpened,
    TopicChanged,
    RoomChanged,
    Invited,
    Moderated,
    RoleChanged,
    ServerBanned,
    ServerUnbanned,
    Killed,
    LockdownChanged,
    MotdChanged,
)
SPOKEN = (Said, Emoted)
# Between two people.
PRIVATE = (Whispered, Handed)
# What history shows of a room, and what counts as missed.
SHOWN = (Said, Emoted, Shared, TopicChanged, RoomChanged, Moderated, Announced)


# Answers to one session


@value(frozen=True, slots=True)
class Greeting:
    """
    The first thing a connection is told.

    @ivar server: The name of the server.
    @ivar people: Who is here, if anybody may come in.
    @ivar secure: Whether the line is encrypted.
    @ivar encrypt: What to type to come in encrypted; C{""} if there is no way.
    @ivar registration: C{open}, C{invitation} or C{closed}.
    @ivar limits: For programs, in characters, bytes and counts.
    @ivar passwords: Whether passwords are taken over this line.
    """

    server: str
    version: str
    people: tuple[str, ...]
    secure: bool
    encrypt: str
    guests: bool
    registration: str
    limits: Mapping[str, Value]
    passwords: bool = True


@value(frozen=True, slots=True)
class Notice:
    """The server tells one session something."""

    text: str
    ref: Ref = None


@value(frozen=True, slots=True)
class Failed:
    """
    A request was refused.

    @ivar line: What was typed, handed back so that nothing is lost; C{""} when it
        might hold a secret.
    """

    code: str
    text: str
    line: str = ""
    ref: Ref = None


@value(frozen=True, slots=True)
class Done:
    """
    A request was carried out.

    @ivar event: The last event that it caused, if any.
    @ivar data: What else programs are told.
    """

    ref: Ref = None
    event: Event | None = None
    data: Mapping[str, Value] | None = None


@value(frozen=True, slots=True)
class Listing:
    """
    A table, as text for people and as rows for programs.

    @ivar name: What is listed: C{who}, C{rooms}, C{bans} …
    @ivar title: The first line people see.
    @ivar lines: The further lines.
    """

    name: str
    title: str
    lines: tuple[str, ...] = ()
    rows: tuple[Mapping[str, Value], ...] = ()
    ref: Ref = None


@value(frozen=True, slots=True)
class Past:
    """
    Stored events, shown again.

    @ivar name: Why: C{history}, C{search}, C{catchup}, C{log}, C{missed}, C{paste}.
    @ivar more: Whether there are more in the direction that was asked for.
    @ivar room: Of which room, if of one.
    """

    name: str
    events: tuple[Event, ...]
    title: str = ""
    more: bool = False
    room: str = ""
    ref: Ref = None


@value(frozen=True, slots=True)
class RoomView:
    """
    A room as somebody who is in it sees it.

    @ivar seen: The read mark: the id up to which the reader has read it.
    @ivar unread: Messages since the read mark; C{mentions} of those name the reader.
    """

    name: str
    topic: str
    people: tuple[str, ...]
    private: bool = False
    history: bool = True
    unread: int = 0
    mentions: int = 0
    seen: int = 0


@value(frozen=True, slots=True)
class Welcome:
    """
    The session has come in: the state as it is now.

    @ivar token: With it this person can come in again; C{""} if none was made.
    @ivar cursor: From here the session can resume; opaque.
    @ivar whispers: Private messages that wait unread.
    @ivar people: Everybody in the chat.
    """

    person: Person
    role: Role
    cursor: str
    rooms: tuple[RoomView, ...]
    people: tuple[str, ...]
    whispers: int = 0
    token: str = ""
    motd: str = ""
    ref: Ref = None


@value(frozen=True, slots=True)
class Entered:
    """The session is in this room now; what it says goes here."""

    room: RoomView
    ref: Ref = None


@value(frozen=True, slots=True)
class CaughtUp:
    """All that was missed was sent; C{gap} if there was more than is sent at once."""

    gap: bool
    cursor: str


@value(frozen=True, slots=True)
class Marked:
    """
    Another session of this account has read a conversation, up to an id.

    @ivar room: Where; or with which C{person}.
    """

    id: int
    room: str = ""
    person: str = ""


@value(frozen=True, slots=True)
class Closing:
    """
    The server or this session ends; stop sending.

    @ivar again: Whether to come back later: it is the server that stops.
    """

    text: str
    seconds: float = 0.0
    again: bool = False


Answer: TypeAlias = (
    Greeting
    | Notice
    | Failed
    | Done
    | Listing
    | Past
    | Welcome
    | Entered
    | CaughtUp
    | Marked
    | Closing
)
