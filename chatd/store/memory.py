"""A store that forgets: for tests, and for authors of commands."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import TypeGuard

from twisted.internet.defer import Deferred, fail, succeed

from chatd.chat.account import Account, Person, Role
from chatd.chat.events import (
    PRIVATE,
    SHOWN,
    SPOKEN,
    Act,
    Announced,
    Emoted,
    Event,
    Handed,
    Invited,
    LockdownChanged,
    Moderated,
    MotdChanged,
    RoleChanged,
    RoomChanged,
    RoomOpened,
    Said,
    ServerBanned,
    ServerUnbanned,
    Shared,
    TopicChanged,
)
from chatd.chat.file import File
from chatd.chat.store import (
    Duplicate,
    PublicKey,
    Query,
    RoomRecord,
    Sentence,
    ServerBan,
    ServerRecord,
    StoreDown,
    Unsure,
)
from chatd.store import words
from chatd.store.agreed import (
    ADDRESSES,
    COUNTED,
    EVERYTHING,
    FILE_COST,
    LARGEST,
    TOKENS,
    key_taken,
    name_taken,
)
from chatd.store.codec import to_event, to_row


@dataclass
class _Room:
    name: str
    topic: str = ""
    private: bool = False
    history: bool = True
    members: set[int] = field(default_factory=set)
    moderators: set[int] = field(default_factory=set)
    mutes: dict[int, Sentence] = field(default_factory=dict)
    bans: dict[int, Sentence] = field(default_factory=dict)


class MemoryStore:
    """
    All questions of C{chat.store.Store}, answered at once and from memory.

    @ivar failing: Whether it behaves like a database that cannot be reached.
    @ivar full: Whether it behaves like one whose disk is full, which answers questions
        and keeps nothing.
    @ivar unsure: Whether events are kept but the answer gets lost, as when the
        connection breaks during a commit; if it is also failing, they are not kept.
    """

    def __init__(self) -> None:
        self.failing = False
        self.full = False
        self.unsure = False
        self._held: list[Callable[[], None]] | None = None
        self._held_questions = False
        self._events: dict[int, Event] = {}
        self._by_key: dict[tuple[int, str], int] = {}
        self._rooms: dict[str, _Room] = {}
        self._bans: dict[str, ServerBan] = {}
        self._settings: dict[str, str] = {}
        self._accounts: dict[int, Account] = {}
        self._rooms_of: dict[int, tuple[str, ...]] = {}
        self._marks: dict[int, dict[str, int]] = {}
        self._addresses: dict[int, dict[str, None]] = {}
        self._tokens: dict[str, tuple[Person, float]] = {}
        self._keys: dict[str, tuple[int, PublicKey]] = {}
        self._invitations: dict[str, tuple[int, float]] = {}
        self._files: dict[str, File] = {}

    # For tests

    def hold(self, *, questions: bool = False) -> None:
        """
        From now on answer nothing until L{release}.

        @param questions: Hold all questions, not only L{append}.
        """
        self._held = self._held or []
        self._held_questions = questions

    def release(self) -> None:
        """Answer what was held, in order, and hold no longer."""
        held, self._held = self._held or [], None
        for answer in held:
            answer()

    # What happened

    def append(self, events: Sequence[Event]) -> "Deferred[list[Exception | None]]":
        """Keep events, and change rooms, roles and bans as they say."""
        events = tuple(events)
        if self._held is None:
            return self._append(events)
        answered: Deferred[list[Exception | None]] = Deferred()
        self._held.append(lambda: _pass_on(self._append(events), answered))
        return answered

    async def stored(self, ids: Collection[int]) -> set[int]:
        await self._turn()
        return {id for id in ids if id in self._events}

    async def probe(self) -> None:
        await self._turn(writes=True)

    async def last_id(self) -> int:
        await self._turn()
        return max((0, *self._events, *self._accounts))

    async def event(self, id: int) -> Event | None:
        await self._turn()
        return self._events.get(id)

    async def by_key(self, sender: int, key: str) -> Event | None:
        await self._turn()
        return self._events.get(self._by_key.get((sender, key), 0))

    async def history(
        self, room: str, *, before: int = 0, after: int = 0, limit: int
    ) -> list[Event]:
        await self._turn()
        return _page(
            (event for event in self._sorted() if _shown_in(event, (room,))),
            before,
            after,
            limit,
        )

    async def whispers(
        self, person: int, other: int, *, before: int = 0, after: int = 0, limit: int
    ) -> list[Event]:
        await self._turn()
        pairs = ((person, other), (other, person))
        return _page(
            (
                event
                for event in self._sorted()
                if isinstance(event, PRIVATE)
                and (event.sender.id, event.to.id) in pairs
            ),
            before,
            after,
            limit,
        )

    async def unseen_whispers(self, person: int, *, limit: int) -> list[Event]:
        await self._turn()
        marks = self._marks.get(person, {})
        found: list[Event] = [
            event
            for event in self._sorted()
            if isinstance(event, PRIVATE)
            and event.to.id == person
            and event.id > marks.get(f"@{event.sender.id}", 0)
            and event.id > marks.get(EVERYTHING, 0)
        ]
        return found[:limit]

    async def count_unseen(self, person: int, *, limit: int) -> int:
        return len(await self.unseen_whispers(person, limit=limit))

    async def missed(
        self, person: int, rooms: Collection[str], *, after: int, upto: int, limit: int
    ) -> list[Event]:
        await self._turn()
        found = [
            event
            for event in self._sorted()
            if after < event.id <= upto
            and (
                isinstance(event, Announced)
                or _shown_in(event, rooms)
                or _whispered_with(event, person)
            )
        ]
        return _latest(found, limit)

    async def search(self, query: Query) -> list[Event]:
        await self._turn()
        phrases = [words.phrase(word) for word in query.words]
        found = [
            event
            for event in self._sorted()
            if isinstance(event, (Said, Emoted, Shared, *PRIVATE))
            and (
                _shown_in(event, query.rooms)
                or bool(query.person and _whispered_with(event, query.person))
            )
            and (not query.before or event.id < query.before)
            and event.time >= query.since
            and query.sender.casefold() in ("", event.sender.name.casefold())
            and _contains(event.text, phrases)
        ]
        return _latest(found, query.limit)

    async def unread(
        self, person: Person, marks: Mapping[str, int]
    ) -> dict[str, tuple[int, int]]:
        await self._turn()
        name = words.phrase(person.name)
        counts = {}
        for room, mark in marks.items():
            texts = [
                event.text
                for event in self._sorted()
                if _heard(event, person, {room: mark})
            ][:COUNTED]
            counts[room] = len(texts), sum(_contains(text, [name]) for text in texts)
        return counts

    async def mentions(
        self, person: Person, marks: Mapping[str, int], *, limit: int
    ) -> list[Event]:
        await self._turn()
        name = words.phrase(person.name)
        found = [
            event
            for event in self._sorted()
            if _heard(event, person, marks) and _contains(event.text, [name])
        ]
        return _latest(found, limit)

    async def outdated(
        self, room: str, *, before: float = 0.0, beyond: int = 0, limit: int
    ) -> list[int]:
        await self._turn()
        shown = [
            event
            for event in self._sorted()
            if (
                _shown_in(event, (room,))
                if room
                else isinstance(event, (*PRIVATE, Announced))
            )
        ]
        upto = shown[-beyond - 1].id if 0 < beyond < len(shown) else 0
        last = max(self._events, default=0)
        old = takewhile(
            lambda event: event.id < last and (event.id <= upto or event.time < before),
            shown[:limit],
        )
        return [event.id for event in old]

    async def forget(self, ids: Collection[int]) -> None:
        await self._turn(writes=True)
        for id in ids:
            event = self._events.pop(id, None)
            if event is not None:
                row = to_row(event)
                self._by_key.pop((row.sender, row.key), None)

    # What there is

    async def rooms(self) -> list[RoomRecord]:
        await self._turn()
        return [
            RoomRecord(
                room.name,
                room.topic,
                room.private,
                room.history,
                frozenset(room.members),
                frozenset(room.moderators),
                tuple(room.mutes.values()),
                tuple(room.bans.values()),
            )
            for _, room in sorted(self._rooms.items())
        ]

    async def server(self) -> ServerRecord:
        await self._turn()
        return ServerRecord(
            self._settings.get("motd"),
            self._settings.get("lockdown") == "on",
            tuple(self._bans.values()),
        )

    async def setting(self, name: str) -> str:
        await self._turn()
        return self._settings.get(name, "")

    async def keep_setting(self, name: str, value: str) -> None:
        await self._turn(writes=True)
        self._settings[name] = value

    # Files

    async def files_in(self, room: str, *, limit: int) -> list[File]:
        await self._turn()
        return self._newest(lambda file: file.to is None and file.room == room, limit)

    async def files_between(self, person: int, other: int, *, limit: int) -> list[File]:
        await self._turn()
        ways = ((person, other), (other, person))
        return self._newest(
            lambda file: file.to is not None and (file.owner.id, file.to.id) in ways,
            limit,
        )

    async def partners(self, person: int) -> list[Person]:
        await self._turn()
        found: dict[int, Person] = {}
        for file in self._files.values():
            if file.to is not None and file.owner.id == person:
                found[file.to.id] = file.to
        for file in self._files.values():
            if file.to is not None and file.to.id == person:
                found[file.owner.id] = file.owner
        return [found[id] for id in sorted(found)]

    async def file(self, id: str) -> File | None:
        await self._turn()
        return self._files.get(id)

    async def file_of(self, event: int) -> File | None:
        await self._turn()
        return next((f for f in self._files.values() if f.event == event), None)

    async def space(self, owner: Person) -> tuple[int, int]:
        await self._turn()
        own = total = 0
        for file in self._files.values():
            cost = max(file.size, FILE_COST)
            total += cost
            if file.owner.guest if owner.guest else file.owner.id == owner.id:
                own += cost
        return own, total

    async def remove_file(self, id: str) -> bool:
        await self._turn(writes=True)
        return self._files.pop(id, None) is not None

    async def expired_files(self, now: float, *, limit: int) -> list[str]:
        await self._turn()
        over = [f for f in self._files.values() if 0 < f.expires <= now]
        return [f.id for f in sorted(over, key=lambda f: f.expires)][:limit]

    async def file_ids(self) -> set[str]:
        await self._turn()
        return set(self._files)

    def _newest(self, fits: Callable[[File], bool], limit: int) -> list[File]:
        found = [file for file in self._files.values() if fits(file)]
        return sorted(found, key=lambda file: -file.event)[:limit]

    # Accounts

    async def account(self, id: int) -> Account | None:
        await self._turn()
        return self._accounts.get(id)

    async def account_named(self, key: str) -> Account | None:
        await self._turn()
        return next((a for a in self._accounts.values() if a.key == key), None)

    async def account_like(self, skeleton: str) -> Account | None:
        await self._turn()
        return next(
            (a for a in self._accounts.values() if a.skeleton == skeleton), None
        )

    async def accounts(self) -> int:
        await self._turn()
        return sum(bool(account.secret) for account in self._accounts.values())

    async def operators(self) -> int:
        await self._turn()
        return sum(
            bool(account.secret) and account.role >= Role.OPERATOR
            for account in self._accounts.values()
        )

    async def find_accounts(
        self, text: str, *, after: str, limit: int
    ) -> list[Account]:
        await self._turn()
        found = [
            account
            for account in self._accounts.values()
            if account.secret and text in account.key and account.key > after
        ]
        return sorted(found, key=lambda account: account.key)[:limit]

    async def add_account(self, account: Account) -> None:
        await self._turn(writes=True)
        self._check_free(account)
        if account.id in self._accounts:
            raise name_taken(account)
        self._accounts[account.id] = account

    async def keep_choices(self, account: Account) -> None:
        await self._turn(writes=True)
        known = self._accounts.get(account.id)
        if known is not None:
            self._accounts[account.id] = replace(
                known, preferences=account.preferences, ignored=account.ignored
            )

    async def keep_secret(self, account: int, secret: str, *, was: str) -> bool:
        await self._turn(writes=True)
        known = self._accounts.get(account)
        if known is None or known.secret != was:
            return False
        self._accounts[account] = replace(known, secret=secret)
        return True

    async def rooms_of(self, account: int) -> list[str]:
        await self._turn()
        return list(self._rooms_of.get(account, ()))

    async def keep_rooms_of(self, account: int, rooms: Collection[str]) -> None:
        await self._turn(writes=True)
        if account in self._accounts:
            self._rooms_of[account] = tuple(rooms)

    async def marks(self, account: int) -> dict[str, int]:
        await self._turn()
        return dict(self._marks.get(account, {}))

    async def keep_marks(self, account: int, marks: Mapping[str, int]) -> None:
        await self._turn(writes=True)
        kept = self._marks.setdefault(account, {})
        for conversation, mark in marks.items():
            kept[conversation] = max(mark, kept.get(conversation, 0))

    async def addresses(self, account: int) -> set[str]:
        await self._turn()
        return set(self._addresses.get(account, ()))

    async def keep_address(self, account: int, address: str) -> None:
        await self._turn(writes=True)
        known = self._addresses.setdefault(account, {})
        known.pop(address, None)
        known[address] = None
        if len(known) > ADDRESSES:
            del known[next(iter(known))]

    # Ways to come in

    async def add_token(self, digest: str, person: Person, expires: float) -> None:
        await self._turn(writes=True)
        self._tokens.pop(digest, None)
        self._tokens[digest] = person, expires
        own = [d for d, (owner, _) in self._tokens.items() if owner.id == person.id]
        for oldest in own[:-TOKENS]:
            del self._tokens[oldest]

    async def token(self, digest: str, now: float) -> Person | None:
        await self._turn()
        person, expires = self._tokens.get(digest, (None, 0.0))
        return person if expires > now else None

    async def remove_token(self, digest: str) -> None:
        await self._turn(writes=True)
        self._tokens.pop(digest, None)

    async def remove_tokens(self, person: int) -> None:
        await self._turn(writes=True)
        for digest, (owner, _) in list(self._tokens.items()):
            if owner.id == person:
                del self._tokens[digest]

    async def keys(self, account: int) -> list[PublicKey]:
        await self._turn()
        return [key for owner, key in self._keys.values() if owner == account]

    async def key_owner(self, fingerprint: str) -> int:
        await self._turn()
        return self._keys[fingerprint][0] if fingerprint in self._keys else 0

    async def add_key(self, account: int, key: PublicKey) -> None:
        await self._turn(writes=True)
        if key.fingerprint in self._keys:
            raise key_taken()
        self._keys[key.fingerprint] = account, key

    async def remove_key(self, account: int, fingerprint: str) -> bool:
        await self._turn(writes=True)
        if self._keys.get(fingerprint, (0,))[0] != account:
            return False
        del self._keys[fingerprint]
        return True

    async def add_invitation(self, digest: str, by: int, expires: float) -> None:
        await self._turn(writes=True)
        self._invitations[digest] = by, expires

    async def invitations(self, by: int, now: float) -> int:
        await self._turn()
        return sum(
            giver == by and expires > now
            for giver, expires in self._invitations.values()
        )

    async def take_invitation(self, digest: str, now: float) -> bool:
        await self._turn(writes=True)
        return self._invitations.pop(digest, (0, 0.0))[1] > now

    # How it is done

    async def _turn(self, *, writes: bool = False) -> None:
        if self._held is not None and self._held_questions:
            released: Deferred[None] = Deferred()
            self._held.append(lambda: released.callback(None))
            await released
        if self.failing or (self.full and writes):
            raise StoreDown

    def _sorted(self) -> list[Event]:
        return [event for _, event in sorted(self._events.items())]

    def _append(self, events: Sequence[Event]) -> "Deferred[list[Exception | None]]":
        if self.failing or self.full:
            return fail(Unsure() if self.unsure else StoreDown())
        results = [self._keep(event) for event in events]
        return fail(Unsure()) if self.unsure else succeed(results)

    def _keep(self, event: Event) -> Exception | None:
        try:
            row = to_row(event)
            for value in row:
                if isinstance(value, str):
                    value.encode()
                elif not -LARGEST <= value <= LARGEST:
                    raise OverflowError(f"{value} is no number of 64 bits")
        except (UnicodeEncodeError, OverflowError, KeyError) as problem:
            return problem
        who_and_key = (row.sender, row.key)
        if who_and_key in self._by_key:
            return Duplicate(self._events[self._by_key[who_and_key]])
        if row.id in self._events:
            return ValueError("there is an event with this id")
        if isinstance(event, Shared | Handed) and event.file in self._files:
            return ValueError("there is a file with this id")
        if row.key:
            self._by_key[who_and_key] = row.id
        self._events[row.id] = to_event(row)
        self._apply(event)
        return None

    def _apply(self, event: Event) -> None:
        match event:
            case RoomOpened():
                room = self._room(event.room)
                room.private = event.private
                room.members.add(event.sender.id)
                room.moderators.add(event.sender.id)
            case TopicChanged():
                self._room(event.room).topic = event.text
            case RoomChanged():
                room = self._room(event.room)
                room.private, room.history = event.private, event.history
                room.members.update(event.members)
            case Invited():
                self._room(event.room).members.add(event.person.id)
            case Moderated():
                _moderate(self._room(event.room), event)
            case Shared() | Handed():
                self._files[event.file] = File(
                    event.file,
                    event.id,
                    event.sender,
                    event.room if isinstance(event, Shared) else "",
                    event.to if isinstance(event, Handed) else None,
                    event.name,
                    event.size,
                    event.mime,
                    event.sha256,
                    event.time,
                    event.expires,
                )
            case RoleChanged() if event.person.id in self._accounts:
                account = self._accounts[event.person.id]
                self._accounts[account.id] = replace(account, role=event.role)
            case ServerBanned():
                self._bans[event.target] = ServerBan(
                    event.target,
                    event.shown,
                    event.until,
                    event.reason,
                    event.sender.name,
                )
            case ServerUnbanned():
                self._bans.pop(event.target, None)
            case LockdownChanged():
                self._settings["lockdown"] = "on" if event.on else ""
            case MotdChanged():
                self._settings["motd"] = event.text
            case _:
                pass

    def _room(self, name: str) -> _Room:
        return self._rooms.setdefault(name, _Room(name))

    def _check_free(self, account: Account) -> None:
        for other in self._accounts.values():
            if other.id != account.id and (
                other.key == account.key or other.skeleton == account.skeleton
            ):
                raise name_taken(account)


def _pass_on(
    answer: "Deferred[list[Exception | None]]",
    to: "Deferred[list[Exception | None]]",
) -> None:
    answer.chainDeferred(to)


def _moderate(room: _Room, event: Moderated) -> None:
    id = event.person.id
    sentence = Sentence(event.person, event.until, event.reason, event.sender.name)
    match event.act:
        case Act.MUTE:
            room.mutes[id] = sentence
        case Act.UNMUTE:
            room.mutes.pop(id, None)
        case Act.BAN:
            room.members.discard(id)
            room.bans[id] = sentence
        case Act.UNBAN:
            room.bans.pop(id, None)
        case Act.APPOINT:
            room.members.add(id)
            room.moderators.add(id)
        case Act.DISMISS:
            room.moderators.discard(id)
        case Act.KICK:
            pass


def _shown_in(event: Event, rooms: Collection[str]) -> bool:
    return isinstance(event, SHOWN) and getattr(event, "room", None) in rooms


def _whispered_with(event: Event, person: int) -> bool:
    return isinstance(event, PRIVATE) and person in (event.sender.id, event.to.id)


def _heard(
    event: Event, person: Person, marks: Mapping[str, int]
) -> TypeGuard[Said | Emoted]:
    return (
        isinstance(event, SPOKEN)
        and event.sender.id != person.id
        and event.id > marks.get(event.room, LARGEST)
    )


def _contains(text: str, phrases: Iterable[tuple[list[str], bool]]) -> bool:
    tokens = words.tokens(text)
    return all(words.occurs(phrase, tokens) for phrase in phrases)


def _page(events: Iterable[Event], before: int, after: int, limit: int) -> list[Event]:
    found = [
        event
        for event in events
        if event.id > after and (not before or event.id < before)
    ]
    return found[:limit] if after and not before else _latest(found, limit)


def _latest(events: Sequence[Event], limit: int) -> list[Event]:
    return list(events[max(0, len(events) - limit) :])
