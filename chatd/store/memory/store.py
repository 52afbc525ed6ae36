"""A store that forgets: for tests, and for authors of commands."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred, fail, succeed

from chatd.chat.events import (
    Event,
    Handed,
    Invited,
    LockdownChanged,
    Moderated,
    MotdChanged,
    RoleChanged,
    RoomChanged,
    RoomOpened,
    ServerBanned,
    ServerUnbanned,
    Shared,
    TopicChanged,
)
from chatd.chat.store import StoreDown, Unsure
from chatd.store.agreed import LARGEST
from chatd.store.codec import Row, to_row
from chatd.store.memory.accounts import Accounts
from chatd.store.memory.events import Events
from chatd.store.memory.files import Files
from chatd.store.memory.records import Records
from chatd.store.memory.ways import Ways


class MemoryStore(Events, Records, Files, Accounts, Ways):
    """
    All questions of C{chat.store.Store}, answered at once and from memory.

    @ivar unsure: Whether events are kept but the answer gets lost, as when the
        connection breaks during a commit; if it is also failing, they are not kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unsure = False

    def append(self, events: Sequence[Event]) -> "Deferred[list[Exception | None]]":
        """Keep events, and change rooms, roles and bans as they say."""
        events = tuple(events)
        if self._held is None:
            return self._append(events)
        answered: Deferred[list[Exception | None]] = Deferred()
        self._held.append(lambda: self._append(events).chainDeferred(answered))
        return answered

    async def probe(self) -> None:
        await self._turn(writes=True)

    async def last_id(self) -> int:
        await self._turn()
        return max((0, *self._events, *self._accounts))

    def _append(self, events: Sequence[Event]) -> "Deferred[list[Exception | None]]":
        if self.failing or self.full:
            return fail(Unsure() if self.unsure else StoreDown())
        results = [self._keep(event) for event in events]
        return fail(Unsure()) if self.unsure else succeed(results)

    def _keep(self, event: Event) -> Exception | None:
        try:
            row = to_row(event)
            _check_fits(row)
        except (UnicodeEncodeError, OverflowError, KeyError) as problem:
            return problem
        known = self._known(row)
        if known is not None:
            return known
        if isinstance(event, Shared | Handed) and event.file in self._files:
            return ValueError("there is a file with this id")
        self._add(row)
        self._apply(event)
        return None

    def _apply(self, event: Event) -> None:
        match event:
            case (
                RoomOpened() | TopicChanged() | RoomChanged() | Invited() | Moderated()
            ):
                self._change_room(event)
            case Shared() | Handed():
                self._share(event)
            case RoleChanged():
                self._change_role(event)
            case ServerBanned() | ServerUnbanned() | LockdownChanged() | MotdChanged():
                self._change_server(event)
            case _:
                pass


def _check_fits(row: Row) -> None:
    """
    Refuse what a database could not take.

    @raise UnicodeEncodeError: if it is no text.
    @raise OverflowError: if a number is too large.
    """
    for value in row:
        if isinstance(value, str):
            value.encode()
        elif not -LARGEST <= value <= LARGEST:
            raise OverflowError(f"{value} is no number of 64 bits")
