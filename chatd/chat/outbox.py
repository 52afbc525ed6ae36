"""
What readers have yet to be sent: one write per reader per reactor turn.

All that happens in a turn is gathered, rendered once per event and look, joined once
per room and look, and written once to each reader. A reader who needs a little more or
less than the neighbours (who spoke, was named or is answered) gets the same block with
cuts; who came in the middle or hears of several rooms gets a selection. Either way
everybody is shown everything in the order in which it happened.

Very many readers are written to in several turns, so that nobody else waits for all of
them; whoever is to be sent anything else meanwhile gets theirs before it. Comings and
goings that follow upon others wait a moment for company.
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
    from chatd.chat.reader import Reader

# Who comes or goes is told of at once, but lets those who come or go next wait for
# company: for a moment that nobody notices, or longer where many read. A write takes up
# to a fifth of EACH: so however many come and go, telling of it takes no more than that
# of the time. 2,000 people who came in by TLS took 32 s of processor time when each was
# told of the others one by one, and 6 s now.
MOMENT = 0.02  # seconds
EACH = 0.0001  # seconds, for each reader

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
        self._late: dict[Reader, Told] = {}
        self._blocked: set[Audience] = set()
        self._own: dict[Reader, list[Item]] = {}
        self._reading: dict[Reader, tuple[Audience, ...]] = {}

    def put(
        self,
        event: Event,
        audience: Audience,
        skip: "Collection[Reader]" = (),
        named: "Iterable[tuple[Person, Collection[Reader]]]" = (),
        *,
        patient: bool = False,
    ) -> None:
        """
        Show an event to an audience.

        @param skip: Who of them is not shown it.
        @param named: People whom the event names, with their connections: they
            are shown it as concerning them.
        @param patient: Whether it may wait a moment behind another of its kind. Whoever
            is sent anything else meanwhile is shown it before that.
        """
        if patient and self._may_wait(audience):
            self._order += 1
            self._patient[audience].append(Item(self._order, event, set(skip)))
            return
        apart = set(skip)
        for person, readers in named:
            item = Item(self._order + 1, event, reader=person)
            for reader in readers:
                if reader not in apart:
                    apart.add(reader)
                    self._own.setdefault(reader, []).append(item)
        self.put_all((event,), audience, apart)

    def put_all(
        self, events: Sequence[Event], audience: Audience, skip: "Collection[Reader]"
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
        if len(audience.readers) > 1:
            self._patient[audience] = []
            self._clock.callLater(_moment(audience), self._waited, audience)
        return False

    def _waited(self, audience: Audience) -> None:
        if self._hurry(audience):
            self._clock.callLater(_moment(audience), self._waited, audience)
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
        readers: "Iterable[Reader]",
        person: Person | None = None,
    ) -> None:
        """
        Show something to some readers, whatever rooms they are in.

        @param person: Whom it concerns by name, if it does.
        """
        item = Item(self._next(1), event, reader=person)
        for reader in readers:
            self._own.setdefault(reader, []).append(item)

    def enter(self, audience: Audience, reader: "Reader") -> None:
        """They read along from now on."""
        if reader not in audience.readers:
            audience.readers[reader] = self._order
            self._reading[reader] = (*self._reading.get(reader, ()), audience)

    def leave(self, audience: Audience, reader: "Reader") -> None:
        """They are shown what was put so far, and nothing more."""
        since = audience.readers.pop(reader, None)
        if since is None:
            return
        others = tuple(one for one in self._reading[reader] if one is not audience)
        if others:
            self._reading[reader] = others
        else:
            del self._reading[reader]
        self._write_late(reader)
        items = self._waiting(audience)
        if items:
            own = self._own.setdefault(reader, [])
            own += _selection(items, reader, since)
            self._schedule()

    def finish(self, reader: "Reader") -> None:
        """Send what was put so far for one who reads nothing more."""
        for audience in self._reading.get(reader, ()):
            self.leave(audience, reader)
        items = self._own.pop(reader, [])
        items.sort(key=_order)
        reader.show(items)

    def stir(self, reader: "Reader") -> int:
        """
        Have the reader's C{show} called at the end of the turn in any case.

        @return: The place in the order of what was put last.
        """
        self._schedule()
        self._own.setdefault(reader, [])
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
        for reader, selected in own.items():
            self._write_late(reader)
            for audience in self._reading.get(reader, ()) if waiting else ():
                selected += self._catch_up(reader, audience)
            selected.sort(key=_order)
            reader.show(selected)
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
        own: "dict[Reader, list[Item]]",
        several: "set[Reader]",
        until: float,
    ) -> None:
        """
        Write to those who read one room, but are not shown just what all are shown, or
        select for them; the others are late until they are written to.
        """
        orders = [item.order for item in items]
        without: dict[Reader, list[tuple[int, int]]] = {}
        end = 0
        for skip, alike in groupby(items, _skip):
            start, end = end, end + len(list(alike))
            for reader in skip:
                without.setdefault(reader, []).append((start, end))
        readers, told = audience.readers, Told(audience, items)
        apart = several.union(own, without, _since(readers, orders[0]))
        apart.intersection_update(readers)
        for reader in apart:
            since = readers[reader]
            if since >= orders[0] or not reader.plain or reader in several:
                mine = own.setdefault(reader, [])
                mine += _selection(items, reader, since)
                continue
            extra = [
                (bisect_left(orders, item.order), reader.render(item))
                for item in sorted(own.pop(reader, ()), key=_order)
            ]
            block = told.block(reader.look, reader.room)
            reader.write(block.cut(without.get(reader, ()), extra))
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
            alike = takewhile(lambda reader: late[reader] is told, late)
            some = list(islice(alike, PORTION))
            for reader in some:
                del late[reader]
            self._write_block(told, some)
        if not late:
            self._blocked.clear()

    def _write_block(
        self, told: Told, readers: "Sequence[Reader]", until: float = inf
    ) -> int:
        """
        Write to those who are shown what all are shown, as long as there is time.

        @return: To how many of them it was written.
        """
        look: Look | None = None
        room: Audience | None = None
        for start in range(0, len(readers), PORTION):
            if self._clock.seconds() > until:
                return start
            for reader in readers[start : start + PORTION]:
                if reader.look is not look or reader.room is not room:
                    look, room = reader.look, reader.room
                    data = told.block(look, room).data
                    size = len(data)
                straight = reader.straight
                if straight is None or not size:
                    self._write(reader, told)
                    continue
                # Whatever is touched for one of 1,000 readers is not in the processor's
                # caches any more when it is needed again: to let the reader ask the
                # door, and that the transport, takes half as long as to send.
                try:
                    sent = straight.send(data)
                except OSError:
                    sent = 0
                if sent < size:
                    reader.write(data[sent:])
        return len(readers)

    def _write(self, reader: "Reader", told: "Told") -> None:
        if reader.plain:
            reader.write(told.block(reader.look, reader.room).data)
        else:
            reader.show(_selection(told.items, reader, 0))

    def _write_late(self, reader: "Reader") -> None:
        """Write to a reader what others in a room were written before."""
        told = self._late.pop(reader, None)
        if told is not None:
            self._write(reader, told)

    def _catch_up(self, reader: "Reader", audience: Audience) -> list[Item]:
        """What an audience was not told yet: the reader is shown it now."""
        items = self._waiting(audience)
        if not items:
            return []
        since = audience.readers.pop(reader)
        audience.readers[reader] = self._order  # the last now
        return _selection(items, reader, since)

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


def _moment(audience: Audience) -> float:
    return max(MOMENT, len(audience.readers) * EACH)


def _readers_of_several(rooms: dict[Audience, list[Item]]) -> "set[Reader]":
    """Who reads more than one of these, and is to get all in one write, in order."""
    seen: set[Reader] = set()
    several: set[Reader] = set()
    if len(rooms) > 1:
        for audience in rooms:
            several.update(seen.intersection(audience.readers))
            seen.update(audience.readers)
    return several


def _since(readers: "dict[Reader, int]", order: int) -> "Iterable[Reader]":
    """Who reads along only since this place in the order: they came in last."""
    late = takewhile(lambda one: one[1] >= order, reversed(readers.items()))
    return (reader for reader, _ in late)


def _selection(items: list[Item], reader: "Reader", since: int) -> list[Item]:
    return [i for i in items if i.order > since and reader not in i.skip]


_order, _skip = attrgetter("order"), attrgetter("skip")
