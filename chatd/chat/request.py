"""What a person or program can ask for."""

from typing import TypeAlias

from chatd.chat.account import Account, Person
from chatd.chat.errors import ChatError
from chatd.chat.events import Ref
from chatd.chat.value import value


@value(frozen=True, slots=True)
class Typed:
    """A line, or several from one paste, as a person typed it; not yet understood."""

    line: str
    ref: Ref = None


@value(frozen=True, slots=True)
class Enter:
    """
    Come in.

    @ivar password: C{None} for a guest.
    @ivar token: Instead of name and password.
    @ivar resume: The cursor from which on events were missed; C{""} for none.
    @ivar show: Whether to show the latest messages and what waits, as people want;
        programs ask for it.
    @ivar proved: Who it is, where the door has made sure of that: the account as it
        was then, or a guest. Never taken from what a peer says.
    """

    name: str = ""
    password: str | None = None
    token: str = ""
    resume: str = ""
    show: bool = False
    ref: Ref = None
    proved: Account | Person | None = None


@value(frozen=True, slots=True)
class Say:
    """
    Say something in a room.

    @ivar room: C{""} for the current one.
    @ivar key: Chosen by the client, so that sending twice shows once.
    """

    text: str
    room: str = ""
    key: str = ""
    ref: Ref = None


@value(frozen=True, slots=True)
class Doubtful:
    """
    Say something in the current room, unless it is a command that begins wrongly.

    @ivar name: Whether there is somebody of this name tells.
    @ivar somebody: What it is if there is; else it is a command if there is not.
    @ivar error: What is said then.
    @ivar line: What is handed back then; C{""} where it might hold a secret.
    """

    name: str
    text: str
    somebody: bool
    error: ChatError
    line: str = ""
    ref: Ref = None


@value(frozen=True, slots=True)
class Whisper:
    """
    Tell one person something.

    @ivar to_id: Who is meant, of all who were ever called so; 0 if that was not said.
    """

    to: str
    text: str
    key: str = ""
    ref: Ref = None
    to_id: int = 0


@value(frozen=True, slots=True)
class Invoke:
    """
    Run a command.

    @ivar rest: What stands behind the command's name.
    @ivar room: The room it is meant for; C{""} for the current one.
    @ivar key: As of C{Say}; for what is said by it.
    @ivar marked: What stands behind it if it begins with a name, where that was typed
        with characters that no name may have; see L{mark}.
    """

    name: str
    rest: str = ""
    room: str = ""
    key: str = ""
    ref: Ref = None
    marked: str = ""


@value(frozen=True, slots=True)
class History:
    """
    What was said in a room, or with one person.

    @ivar before: Only ids below; C{after}: above; C{around}: both sides of it.
    @ivar person_id: In place of the name, which may be another's by now.
    """

    room: str = ""
    person: str = ""
    before: int = 0
    after: int = 0
    around: int = 0
    limit: int = 50
    ref: Ref = None
    person_id: int = 0


@value(frozen=True, slots=True)
class Search:
    """
    Find what was said.

    @ivar words: As for C{/search}: words, C{from:}, C{in:}, C{since:}.
    @ivar before: Only ids below.
    """

    words: str
    before: int = 0
    limit: int = 20
    ref: Ref = None


@value(frozen=True, slots=True)
class Seen:
    """Everything up to an id was read, in a room or with one person."""

    id: int
    room: str = ""
    person: str = ""
    ref: Ref = None
    person_id: int = 0


@value(frozen=True, slots=True)
class LogOut:
    """The token with which the session came in is good no more."""

    ref: Ref = None


@value(frozen=True, slots=True)
class Share:
    """
    Ask where a file can be put that is to be shared.

    @ivar to: With whom alone; C{""} if in a room. C{to_id}: as of L{Whisper}.
    @ivar size: How large it will be; 0 if that is not known.
    @ivar type: Of which kind it is; C{""}: what the name says.
    """

    name: str
    room: str = ""
    to: str = ""
    size: int = 0
    type: str = ""
    ref: Ref = None
    to_id: int = 0


@value(frozen=True, slots=True)
class Ping:
    """Are you there?"""

    ref: Ref = None


@value(frozen=True, slots=True)
class Refused:
    """Something that a door could not make a request of; it keeps its turn."""

    error: ChatError
    line: str = ""
    ref: Ref = None


Request: TypeAlias = (
    Typed
    | Enter
    | Say
    | Doubtful
    | Whisper
    | Invoke
    | History
    | Search
    | Seen
    | LogOut
    | Share
    | Ping
    | Refused
)
