"""
What sessions have yet to be sent: one write per reader per reactor turn.

All that happens in a turn is gathered, rendered once per event and look, joined once
per room and look, and written once to each reader. Readers who need something else
than their neighbours (they spoke, came in the middle, or hear of several rooms) get
their own selection, in the order in which things happened.
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Protocol

from twisted.internet.interfaces import IReactorTime

from chatd.chat.account import Person
from chatd.chat.events import Answer, Event
from chatd.chat.look import Look

if TYPE_CHECKING:
    from chatd.chat.session import Session


class Audience(Protocol):
    """
    Many who read the same.

    @ivar readers: Since which place in the order each of them reads along.
    """

    readers: "dict[Session, int]"


class Item:
    """
    Something to be shown.

    @ivar order: Its place among all that was ever put.
    @ivar skip: Who of the audience is not shown it.
    @ivar reader: Whom it concerns by name, if it does.
    """

    __slots__ = ("_rendered", "event", "order", "reader", "skip")

    def __init__(
        self,
        order: int,
        event: Event | Answer,
        skip: "Collection[Session]" = (),
        reader: Person | None = None,
    ) -> None:
        self.order = order
        self.event = event
        self.skip = skip
        self.reader = reader
        self._rendered: dict[tuple[Look, bool], bytes] = {}

    def later(self, order: int) -> "Item":
        """The same, in another place; what was rendered is shared."""
        item = Item(order, self.event, reader=self.reader)
        item._rendered = self._rendered
        return item

    def render(self, look: Look, here: bool) -> bytes:
        """What is sent to those who share a look."""
        data = self._rendered.get((look, here))
        if data is None:
            data = look.render(self.event, look, here, self.reader)
            self._rendered[look, here] = data
        return data


class Outbox:
    """
    Gathers what happens in one turn of the reactor and sends it at its end.

    @ivar renders: How often something was rendered, for the tests.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._order = 0
        self._scheduled = False
        self._rooms: dict[Audience, list[Item]] = {}
        self._own: dict[Session, list[Item]] = {}

    def put(
        self,
        event: Event,
        audience: Audience,
        skip: "Collection[Session]" = (),
        named: "Iterable[tuple[Person, Collection[Session]]]" = (),
    ) -> None:
        """
        Show an event to an audience.

        @param skip: Who of them is not shown it.
        @param named: People whom the event names, with their sessions: they are shown
            it as concerning them.
        """
        order = self._next()
        for person, sessions in named:
            item = Item(order, event, reader=person)
            concerned = [session for session in sessions if session not in skip]
            for session in concerned:
                self._own.setdefault(session, []).append(item)
            skip = {*skip, *concerned}
        self._rooms.setdefault(audience, []).append(Item(order, event, skip))

    def tell(
        self,
        event: Event | Answer,
        sessions: "Iterable[Session]",
        reader: Person | None = None,
    ) -> None:
        """Show something to some sessions, whatever rooms they are in."""
        item = Item(self._next(), event, reader=reader)
        for session in sessions:
            self._own.setdefault(session, []).append(item)

    def take(self, session: "Session") -> list[Item]:
        """What was put for a session and not yet sent; it will not be sent."""
        taken = self._own.pop(session, [])
        for audience, items in self._rooms.items():
            since = audience.readers.get(session)
            if since is not None:
                taken += _selection(items, session, since)
                audience.readers[session] = self._order
        return sorted(taken, key=_order)

    def again(self, session: "Session", items: Iterable[Item]) -> None:
        """Show what was taken or held back, behind all that was put so far."""
        own = self._own.setdefault(session, [])
        own += [item.later(self._next()) for item in items]

    def enter(self, audience: Audience, session: "Session") -> None:
        """The session reads along from now on."""
        audience.readers.setdefault(session, self._order)

    def leave(self, audience: Audience, session: "Session") -> None:
        """The session is shown what was put so far, and nothing more."""
        since = audience.readers.pop(session, None)
        if since is not None and audience in self._rooms:
            own = self._own.setdefault(session, [])
            own += _selection(self._rooms[audience], session, since)

    def forget(self, session: "Session") -> None:
        """The session is gone."""
        self._own.pop(session, None)

    def flush(self) -> None:
        """Send all that was put."""
        self._scheduled = False
        rooms, self._rooms = self._rooms, {}
        own, self._own = self._own, {}
        if len(rooms) > 1:
            _gather_several(rooms, own)
        for audience, items in rooms.items():
            first = items[0].order
            skipped = {session for item in items for session in item.skip}
            blocks: dict[tuple[Look, bool], bytes] = {}
            for session, since in list(audience.readers.items()):
                if since >= first or session in own or session in skipped:
                    mine = own.setdefault(session, [])
                    mine += _selection(items, session, since)
                elif session.plain:
                    key = (session.look, session.room is audience)
                    block = blocks.get(key)
                    if block is None:
                        block = blocks[key] = b"".join(
                            [item.render(*key) for item in items]
                        )
                    session.write(block)
                else:
                    session.show(items)
        for session, items in own.items():
            items.sort(key=_order)
            session.show(items)

    def _next(self) -> int:
        if not self._scheduled:
            self._scheduled = True
            self._clock.callLater(0, self.flush)
        self._order += 1
        return self._order


def _gather_several(
    rooms: dict[Audience, list[Item]], own: "dict[Session, list[Item]]"
) -> None:
    """Readers of several rooms of this turn get all in one write, in order."""
    seen: set[Session] = set()
    for audience in rooms:
        for session in audience.readers:
            if session in seen:
                own.setdefault(session, [])
            else:
                seen.add(session)


def _selection(items: list[Item], session: "Session", since: int) -> list[Item]:
    return [i for i in items if i.order > since and session not in i.skip]


def _order(item: Item) -> int:
    return item.order
