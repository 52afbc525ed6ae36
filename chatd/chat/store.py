"""The questions that the chat asks of a database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from twisted.internet.defer import Deferred

from chatd.chat.account import Account, Person
from chatd.chat.errors import ChatError
from chatd.chat.events import Event
from chatd.chat.file import File


class StoreDown(ChatError):
    """The database cannot be asked at the moment; nothing was changed."""

    code = "store-down"

    def __init__(self) -> None:
        super().__init__(
            "The server cannot reach its store; nothing was changed. Try again soon."
        )


class Unsure(StoreDown):
    """The database went away while it stored something, which may be there or not."""

    code = "unsure"

    def __init__(self) -> None:
        super().__init__()
        self.text = (
            "The server's store does not answer, so nobody knows yet whether this was "
            "stored. If it was, it is shown to all as soon as the store answers."
        )


class Duplicate(Exception):
    """
    The sender has sent something under this key already.

    @ivar event: What was kept then.
    """

    def __init__(self, event: Event) -> None:
        super().__init__("sent before under the same key")
        self.event = event


@dataclass(frozen=True, slots=True)
class Sentence:
    """
    A mute or ban.

    @ivar until: POSIX seconds; 0.0 means: until lifted.
    @ivar by: The name of whoever gave it.
    """

    person: Person
    until: float
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class ServerBan:
    """
    A ban from the whole chat.

    @ivar target: C{account:NAME-KEY} or C{network:CIDR}.
    @ivar shown: The target as people write it.
    """

    target: str
    shown: str
    until: float
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """What is kept of a room."""

    name: str
    topic: str = ""
    private: bool = False
    history: bool = True
    members: frozenset[int] = frozenset()  # who may enter while it is private
    moderators: frozenset[int] = frozenset()
    mutes: tuple[Sentence, ...] = ()
    bans: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """What is kept of the chat as a whole."""

    motd: str | None = None  # None: never set, the settings decide
    lockdown: bool = False
    bans: tuple[ServerBan, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicKey:
    """
    An SSH key of an account.

    @ivar fingerprint: As OpenSSH prints it: C{SHA256:…}.
    """

    kind: str
    data: str
    comment: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Query:
    """
    A search.

    @ivar words: All of them must occur.
    @ivar sender: The shown name of the speaker, whatever its case; C{""} for anybody.
    @ivar rooms: Only there.
    @ivar person: Also the private messages from and to this id; 0 for none.
    @ivar since: POSIX seconds.
    @ivar before: Only ids below this one; 0 for no bound.
    """

    words: tuple[str, ...]
    sender: str = ""
    rooms: tuple[str, ...] = ()
    person: int = 0
    since: float = 0.0
    before: int = 0
    limit: int = 20


class Store(Protocol):
    """
    A database. Any question may raise L{StoreDown}.

    Ids of people are those of accounts, or those that guests were given.
    A I{conversation} is a room's name, C{@ID} for the private messages with ID, or
    C{""} for all of them: who has read C{""} up to an id has read everything up to it.
    Lists of events come oldest first.
    """

    # What happened

    def append(self, events: Sequence[Event]) -> "Deferred[list[Exception | None]]":
        """
        Keep events, and change rooms, roles and bans as they say, in one transaction.

        @return: For each event C{None}, or why this one alone cannot be kept:
            L{Duplicate}, if its sender has used its key before.
        @raise StoreDown: if none of them is kept.
        @raise Unsure: if nobody knows: L{stored} tells.
        """

    async def stored(self, ids: Collection[int]) -> set[int]:
        """Those of the ids whose events are kept."""

    async def probe(self) -> None:
        """Write an event and take it back, to see whether that can be done."""

    async def last_id(self) -> int:
        """The largest id of an event or account there is, or 0."""

    async def event(self, id: int) -> Event | None:
        """One kept event."""

    async def by_key(self, sender: int, key: str) -> Event | None:
        """What somebody sent under a key of their own."""

    async def history(
        self, room: str, *, before: int = 0, after: int = 0, limit: int
    ) -> list[Event]:
        """
        What was shown in a room.

        @param before: Only ids below; the nearest of them.
        @param after: Only ids above; the nearest of them. Without both: the latest.
        """

    async def whispers(
        self, person: int, other: int, *, before: int = 0, after: int = 0, limit: int
    ) -> list[Event]:
        """What two people told each other; bounds as for L{history}."""

    async def unseen_whispers(self, person: int, *, limit: int) -> list[Event]:
        """Private messages to somebody beyond their read marks, oldest first."""

    async def count_unseen(self, person: int, *, limit: int) -> int:
        """How many L{unseen_whispers} there are, up to a limit."""

    async def missed(
        self, person: int, rooms: Collection[str], *, after: int, upto: int, limit: int
    ) -> list[Event]:
        """
        All that somebody in these rooms would have been shown: what was said and done
        there, private messages from and to them, announcements.

        @param after: Only ids above.
        @param upto: Only ids up to and including this.
        @param limit: The latest of them, if there are more.
        """

    async def search(self, query: Query) -> list[Event]:
        """The latest matches."""

    async def unread(
        self, person: Person, marks: Mapping[str, int]
    ) -> dict[str, tuple[int, int]]:
        """
        @param marks: For each room, the id up to which it was read.
        @return: For each room what was said beyond by others: how many messages, and
            how many of these name the person.
        """

    async def mentions(
        self, person: Person, marks: Mapping[str, int], *, limit: int
    ) -> list[Event]:
        """The latest messages beyond the marks that name the person."""

    async def outdated(
        self, room: str, *, before: float = 0.0, beyond: int = 0, limit: int
    ) -> list[int]:
        """
        Ids of what need not be kept of what was shown in a room, oldest first; never
        of the last event there is.

        @param room: C{""} for private messages and announcements.
        @param before: POSIX seconds: what is older.
        @param beyond: All but so many, the latest; 0 for no such bound.
        """

    async def forget(self, ids: Collection[int]) -> None:
        """Remove events."""

    # What there is

    async def rooms(self) -> list[RoomRecord]:
        """All rooms."""

    async def server(self) -> ServerRecord:
        """The chat as a whole."""

    async def setting(self, name: str) -> str:
        """A value kept under a name, or C{""}."""

    async def keep_setting(self, name: str, value: str) -> None:
        """Keep a value under a name."""

    # Files: what was shared and is still there. The row of a file comes with its event.

    async def files_in(self, room: str, *, limit: int) -> list[File]:
        """What is shared in a room, newest first."""

    async def files_between(self, person: int, other: int, *, limit: int) -> list[File]:
        """What two people share with each other, newest first."""

    async def partners(self, person: int) -> list[Person]:
        """With whom somebody shares files, in either direction, by id."""

    async def file(self, id: str) -> File | None:
        """One file."""

    async def file_of(self, event: int) -> File | None:
        """The file that an event told of."""

    async def space(self, owner: Person) -> tuple[int, int]:
        """
        How many bytes files take: those of one account, or of all guests if the owner
        is a guest; and those of all. Each counts as 4 KiB at least.
        """

    async def remove_file(self, id: str) -> bool:
        """Forget a file; whether there was one."""

    async def expired_files(self, now: float, *, limit: int) -> list[str]:
        """The ids of files whose time is over."""

    async def file_ids(self) -> set[str]:
        """The ids of all files."""

    # Accounts

    async def account(self, id: int) -> Account | None:
        """The account of an id."""

    async def account_named(self, key: str) -> Account | None:
        """The account whose name has this key."""

    async def account_like(self, skeleton: str) -> Account | None:
        """The account whose name has this skeleton."""

    async def accounts(self) -> int:
        """How many accounts can log in."""

    async def operators(self) -> int:
        """How many of them are operators."""

    async def find_accounts(
        self, text: str, *, after: str, limit: int
    ) -> list[Account]:
        """
        Accounts that can log in, in the order of their keys.

        @param text: Occurs in the key; C{""} for all.
        @param after: Only keys behind this one.
        """

    async def add_account(self, account: Account) -> None:
        """
        @raise NameTaken: if there is one of this key or skeleton.
        """

    async def keep_choices(self, account: Account) -> None:
        """Replace the preferences, and who is ignored; nothing else of the account."""

    async def keep_secret(self, account: int, secret: str, *, was: str) -> bool:
        """
        Replace the secret, unless another one was kept meanwhile.

        @param was: The one that is to be replaced.
        @return: Whether it was.
        """

    async def rooms_of(self, account: int) -> list[str]:
        """Where somebody was when last here."""

    async def keep_rooms_of(self, account: int, rooms: Collection[str]) -> None:
        """Keep where somebody is."""

    async def marks(self, account: int) -> dict[str, int]:
        """For each conversation the id up to which it was read."""

    async def keep_marks(self, account: int, marks: Mapping[str, int]) -> None:
        """Move read marks; they never go back."""

    async def addresses(self, account: int) -> set[str]:
        """From where somebody has logged in before; the latest hundred."""

    async def keep_address(self, account: int, address: str) -> None:
        """Somebody has logged in from there."""

    # Ways to come in

    async def add_token(self, digest: str, person: Person, expires: float) -> None:
        """Keep a token's digest; at most 20 a person, the oldest go."""

    async def token(self, digest: str, now: float) -> Person | None:
        """Whose token it is, unless it has expired."""

    async def remove_token(self, digest: str) -> None:
        """Forget one token."""

    async def remove_tokens(self, person: int) -> None:
        """Forget all tokens of somebody."""

    async def keys(self, account: int) -> list[PublicKey]:
        """The SSH keys of an account."""

    async def key_owner(self, fingerprint: str) -> int:
        """The account that has this SSH key, or 0."""

    async def add_key(self, account: int, key: PublicKey) -> None:
        """
        @raise NameTaken: if some account has it.
        """

    async def remove_key(self, account: int, fingerprint: str) -> bool:
        """Whether the account had it."""

    async def add_invitation(self, digest: str, by: int, expires: float) -> None:
        """Keep the digest of an invitation code, good for one registration."""

    async def invitations(self, by: int, now: float) -> int:
        """How many invitations somebody gave that are still good."""

    async def take_invitation(self, digest: str, now: float) -> bool:
        """Use an invitation up; whether it was good."""
