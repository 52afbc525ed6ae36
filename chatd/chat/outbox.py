"""
What sessions have yet to be sent: one write per reader per reactor turn.

All that happens in a turn is gathered, rendered once per event and look, joined once
per room and look, and written once to each reader. A reader who needs a little more or
less than the neighbours (who spoke, was named or is answered) gets the same block with
cuts; who came in the middle or hears of several rooms gets a selection. Either way
everybody is shown everything in the order in which it happened.

Very many readers are written to in several turns, so that nobody else waits for all of
them; whoever is to be sent anything else meanwhile gets theirs before it. Where many
read, comings and goings wait a moment for company.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby, islice, takewhile
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat.account import Person
from chatd.chat.events import Answer, Event
from chatd.chat.look import Look
from chatd.chat.told import Audience, Item, Told

if TYPE_CHECKING:
    from chatd.chat.session import Session

# Readers from whom on comings and goings are told together, and how long each of them
# lets the next ones wait. A write takes up to a fifth of this: so however many come and
# go, telling of it takes no more than that of the time. 2,000 people who came in by TLS
# took 32 s of processor time when each was told of the others one by one, and 6 s now.
MANY = 100
EACH = 0.0001  # seconds

# Those who were just shown more than so many things answer at about the same time: what
# comes then waits until it is as many, or for as long as showing took, and leaves
# together. Else two halves of those who talk take turns, each with a write for every
# reader. Who speaks alone never waits.
FEW = 4
TOGETHER = 0.002  # seconds, at most

# How long one turn may write, in seconds, and after how many readers that is looked at.
LONGEST = 0.004
PORTION = 50


class Outbox:
    """
    Gathers what happens in one turn of the reactor and sends it at its end.

    @ivar turn: How many turns there were in which something happened.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self.turn = 0
        self._order = 0
        self._call: IDelayedCall | None = None
        self._rest = 0.0  # until when what comes may wait for company
        self._shown = 0  # the place in the order up to which all was shown
        self._company = 0  # the place in the order at which there is enough of it
        self._rooms: dict[Audience, list[Item]] = {}
        # What waits for company, by audiences that were told something a moment ago.
        self._patient: dict[Audience, list[Item]] = {}
        # Who is still to be written a block, and who is shown nothing new before that.
        self._late: dict[Session, Told] = {}
        self._blocked: set[Audience] = set()
        self._own: dict[Session, list[Item]] = {}
        self._reading: dict[Session, tuple[Audience, ...]] = {}

    def put(
        self,
        event: Event,
        audience: Audience,
        skip: "Collection[Session]" = (),
        named: "Iterable[tuple[Person, Collection[Session]]]" = (),
        *,
        patient: bool = False,
    ) -> None:
        """
        Show an event to an audience.

        @param skip: Who of them is not shown it.
        @param named: People whom the event names, with their sessions: they are shown
            it as concerning them.
        @param patient: Whether it may wait a moment, if the audience is large. Whoever
            is sent anything else meanwhile is shown it before that.
        """
        if patient and self._may_wait(audience):
            self._order += 1
            self._patient[audience].append(Item(self._order, event, set(skip)))
            return
        apart = set(skip)
        for person, sessions in named:
            item = Item(self._order + 1, event, reader=person)
            for session in sessions:
                if session not in apart:
                    apart.add(session)
                    self._own.setdefault(session, []).append(item)
        self.put_all((event,), audience, apart)

    def put_all(
        self, events: Sequence[Event], audience: Audience, skip: "Collection[Session]"
    ) -> None:
        """Show events to an audience that name nobody; C{skip} as for L{put}."""
        order = self._next(len(events))
        self._hurry(audience)
        items = self._rooms.setdefault(audience, [])
        items += [Item(place, event, skip) for place, event in enumerate(events, order)]

    def _may_wait(self, audience: Audience) -> bool:
        """Whether an audience was told of comings and goings a moment ago."""
        if audience in self._patient:
            return audience not in self._rooms
        readers = len(audience.readers)
        if readers >= MANY:
            self._patient[audience] = []
            self._clock.callLater(readers * EACH, self._waited, audience)
        return False

    def _waited(self, audience: Audience) -> None:
        if self._hurry(audience):
            self._clock.callLater(len(audience.readers) * EACH, self._waited, audience)
            self._schedule()
        else:
            del self._patient[audience]

    def _hurry(self, audience: Audience) -> bool:
        """
        Let nothing wait any longer.

        @return: Whether something did.
        """
        waiting = self._patient.get(audience)
        if not waiting:
            return False
        self._patient[audience] = []
        self._rooms.setdefault(audience, []).extend(waiting)
        return True

    def tell(
        self,
        event: Event | Answer,
        sessions: "Iterable[Session]",
        reader: Person | None = None,
    ) -> None:
        """Show something to some sessions, whatever rooms they are in."""
        item = Item(self._next(1), event, reader=reader)
        for session in sessions:
            self._own.setdefault(session, []).append(item)

    def enter(self, audience: Audience, session: "Session") -> None:
        """The session reads along from now on."""
        if session not in audience.readers:
            audience.readers[session] = self._order
            self._reading[session] = (*self._reading.get(session, ()), audience)

    def leave(self, audience: Audience, session: "Session") -> None:
        """The session is shown what was put so far, and nothing more."""
        since = audience.readers.pop(session, None)
        if since is None:
            return
        others = tuple(one for one in self._reading[session] if one is not audience)
        if others:
            self._reading[session] = others
        else:
            del self._reading[session]
        self._write_late(session)
        items = self._waiting(audience)
        if items:
            own = self._own.setdefault(session, [])
            own += _selection(items, session, since)
            self._schedule()

    def finish(self, session: "Session") -> None:
        """Send what was put so far for a session that reads nothing more."""
        for audience in self._reading.get(session, ()):
            self.leave(audience, session)
        items = self._own.pop(session, [])
        items.sort(key=_order)
        session.show(items)

    def stir(self, session: "Session") -> int:
        """
        Have the session's C{show} called at the end of the turn in any case.

        @return: The place in the order of what was put last.
        """
        self._schedule()
        self._own.setdefault(session, [])
        return self._order

    def flush(self) -> None:
        """Send what was put: all of it, or as much as a turn has time for."""
        self._call = None
        self.turn += 1
        began = self._clock.seconds()
        until = began + LONGEST
        self._company = 0
        self._write_some()  # however much there is to do for others
        rooms, self._rooms = self._rooms, {}
        own, self._own = self._own, {}
        for audience in self._blocked.intersection(rooms):
            self._rooms[audience] = rooms.pop(audience)
        several = _readers_of_several(rooms)
        waiting = [audience for audience, items in self._patient.items() if items]
        waiting += self._rooms
        for other in rooms:
            several |= self._late.keys() & other.readers.keys()
            for audience in waiting:
                several |= audience.readers.keys() & other.readers.keys()
        for audience, items in rooms.items():
            self._send_block(audience, items, own, several, until)
        for session, selected in own.items():
            self._write_late(session)
            for audience in self._reading.get(session, ()) if waiting else ():
                selected += self._catch_up(session, audience)
            selected.sort(key=_order)
            session.show(selected)
        while self._late and self._clock.seconds() <= until:
            self._write_some()
        if self._late or self._rooms:
            self._schedule()
        shown, self._shown = self._order - self._shown, self._order
        if shown > FEW:
            self._company = self._order + shown
            ended = self._clock.seconds()
            self._rest = ended + min(ended - began, TOGETHER)

    def _send_block(
        self,
        audience: Audience,
        items: list[Item],
        own: "dict[Session, list[Item]]",
        several: "set[Session]",
        until: float,
    ) -> None:
        """
        Write to those who read one room, but are not shown just what all are shown, or
        select for them; the others are late until they are written to.
        """
        orders = [item.order for item in items]
        without: dict[Session, list[tuple[int, int]]] = {}
        end = 0
        for skip, alike in groupby(items, _skip):
            start, end = end, end + len(list(alike))
            for session in skip:
                without.setdefault(session, []).append((start, end))
        readers, told = audience.readers, Told(audience, items)
        apart = several.union(own, without, _since(readers, orders[0]))
        apart.intersection_update(readers)
        for session in apart:
            since = readers[session]
            if since >= orders[0] or not session.plain or session in several:
                mine = own.setdefault(session, [])
                mine += _selection(items, session, since)
                continue
            extra = [
                (bisect_left(orders, item.order), session.render(item))
                for item in sorted(own.pop(session, ()), key=_order)
            ]
            block = told.block(session.look, session.room)
            session.write(block.cut(without.get(session, ()), extra))
        others = [s for s in readers if s not in apart] if apart else list(readers)
        written = self._write_block(told, others, until)
        if written < len(others):
            self._late.update(dict.fromkeys(others[written:], told))
            self._blocked.add(audience)

    def _write_some(self) -> None:
        """Write to some of those who were late in earlier turns."""
        late = self._late
        if late:
            told = next(iter(late.values()))
            alike = takewhile(lambda session: late[session] is told, late)
            some = list(islice(alike, PORTION))
            for session in some:
                del late[session]
            self._write_block(told, some)
        if not late:
            self._blocked.clear()

    def _write_block(
        self, told: Told, sessions: "Sequence[Session]", until: float = inf
    ) -> int:
        """
        Write to those who are shown what all are shown, as long as there is time.

        @return: To how many of them it was written.
        """
        look: Look | None = None
        room: Audience | None = None
        for start in range(0, len(sessions), PORTION):
            if self._clock.seconds() > until:
                return start
            for session in sessions[start : start + PORTION]:
                if session.look is not look or session.room is not room:
                    look, room = session.look, session.room
                    data = told.block(look, room).data
                    size = len(data)
                straight = session.straight
                if straight is None or not size:
                    self._write(session, told)
                    continue
                # Whatever is touched for one of 1,000 readers is not in the processor's
                # caches any more when it is needed again: to let the session ask the
                # door, and that the transport, takes half as long as to send.
                try:
                    sent = straight.send(data)
                except OSError:
                    sent = 0
                if sent < size:
                    session.write(data[sent:])
        return len(sessions)

    def _write(self, session: "Session", told: "Told") -> None:
        if session.plain:
            session.write(told.block(session.look, session.room).data)
        else:
            session.show(_selection(told.items, session, 0))

    def _write_late(self, session: "Session") -> None:
        """Write to a session what others in a room were written before."""
        told = self._late.pop(session, None)
        if told is not None:
            self._write(session, told)

    def _catch_up(self, session: "Session", audience: Audience) -> list[Item]:
        """What an audience was not told yet: the session is shown it now."""
        items = self._waiting(audience)
        if not items:
            return []
        since = audience.readers.pop(session)
        audience.readers[session] = self._order  # the last now
        return _selection(items, session, since)

    def _waiting(self, audience: Audience) -> "list[Item] | None":
        """What an audience is still to be told."""
        return self._rooms.get(audience) or self._patient.get(audience)

    def _next(self, number: int) -> int:
        """
        Let so many things have their places.

        @return: The first of these.
        """
        if self._call is None:
            self._schedule()
        before = self._order
        self._order += number
        if before < self._company <= self._order and self._call is not None:
            self._call.reset(0)
        return before + 1

    def _schedule(self) -> None:
        if self._call is None:
            wait = self._rest - self._clock.seconds() if self._company else 0.0
            self._call = self._clock.callLater(max(0.0, wait), self.flush)


def _readers_of_several(rooms: dict[Audience, list[Item]]) -> "set[Session]":
    """Who reads more than one of these, and is to get all in one write, in order."""
    seen: set[Session] = set()
    several: set[Session] = set()
    if len(rooms) > 1:
        for audience in rooms:
            several.update(seen.intersection(audience.readers))
            seen.update(audience.readers)
    return several


def _since(readers: "dict[Session, int]", order: int) -> "Iterable[Session]":
    """Who reads along only since this place in the order: they came in last."""
    late = takewhile(lambda one: one[1] >= order, reversed(readers.items()))
    return (session for session, _ in late)


def _selection(items: list[Item], session: "Session", since: int) -> list[Item]:
    return [i for i in items if i.order > since and session not in i.skip]


_order, _skip = attrgetter("order"), attrgetter("skip")
