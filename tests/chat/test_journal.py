"""Events are kept in batches, then delivered in the order in which they were given."""

from collections.abc import Collection, Sequence
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat import journal
from chatd.chat.account import Person
from chatd.chat.errors import NotStored
from chatd.chat.events import Event, Joined, Said
from chatd.chat.journal import Entry, Journal
from chatd.chat.request import Say
from chatd.chat.store import StoreDown, Unsure

ANN = Person(1, "ann")


class Keeper:
    """A store that answers when the test says so, and lists what it was asked."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.answers: list[Deferred[list[Exception | None]]] = []
        self.known: set[int] = set()
        self.down = False
        self.asked = 0
        self.probed = 0

    def append(self, events: Sequence[Event]) -> "Deferred[list[Exception | None]]":
        self.batches.append([event.id for event in events])
        answer: Deferred[list[Exception | None]] = Deferred()
        self.answers.append(answer)
        return answer

    async def stored(self, ids: Collection[int]) -> set[int]:
        self.asked += 1
        if self.down:
            raise StoreDown
        return self.known.intersection(ids)

    async def probe(self) -> None:
        self.probed += 1
        if self.down:
            raise StoreDown

    def commit(self, *problems: Exception | None) -> None:
        """Answer the oldest batch."""
        size = len(self.batches[-len(self.answers)])
        self.answers.pop(0).callback(list(problems) or [None] * size)

    def lose(self, *known: int, problem: Exception | None = None) -> None:
        """Break off the oldest batch, of which these were kept all the same."""
        self.known.update(known)
        self.answers.pop(0).errback(problem or Unsure())


class JournalTests(SynchronousTestCase):
    """What is given to the journal comes out in order, or is said to be lost."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.store = Keeper()
        self.log: list[str] = []
        self.journal = Journal(self.store, self.clock, self.deliver, self.drop)
        self.broken = 0

    def deliver(self, entry: Entry) -> None:
        self.log += [f"{event.id}" for event in entry.events]
        if entry.events[0].id == self.broken:
            raise RuntimeError("cannot be shown")

    def drop(self, entry: Entry, problem: Exception) -> None:
        self.assertEqual(len(entry.events), 1)
        self.log.append(f"-{entry.events[0].id} {type(problem).__name__}")

    def say(self, *ids: int, room: str = "lobby") -> None:
        for id in ids:
            event = Said(id=id, room=room, sender=ANN, text="hi")
            self.journal.append(Entry((event,), None, (), True, (room,)))

    def enter(self, *ids: int, room: str = "lobby", person: int = 2) -> None:
        for id in ids:
            event = Joined(id=id, room=room, person=Person(person, "bob"))
            self.journal.append(Entry((event,), None, (), False, (room, person)))

    def test_one_transaction_a_turn(self) -> None:
        """All that was said in one turn is kept in one transaction, then shown."""
        self.say(1, 2)
        self.say(3, room="ops")
        self.assertEqual(self.store.batches, [])
        self.clock.advance(0)
        self.assertEqual(self.store.batches, [[1, 2, 3]])
        self.assertEqual(self.log, [])
        self.assertEqual(len(self.journal), 3)
        self.store.commit()
        self.assertEqual(self.log, ["1", "2", "3"])
        self.assertEqual(len(self.journal), 0)

    def test_not_taken(self) -> None:
        """What could not be taken may be given again, and is shown once."""

        def broken(*args: object) -> None:
            raise ZeroDivisionError("a bug")

        patch = self.patch(self.clock, "callLater", broken)
        with self.assertRaises(ZeroDivisionError):
            self.say(1)
        self.assertEqual(len(self.journal), 0)
        patch.restore()
        self.say(1)
        self.clock.advance(0)
        self.store.commit()
        self.assertEqual(self.log, ["1"])

    def test_taken(self) -> None:
        """What is shown at once was taken, also if it cannot be shown to all."""
        self.broken = 1
        self.enter(1)
        self.assertEqual(self.log, ["1"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_gathers(self) -> None:
        """While one transaction is in progress, the next batch gathers."""
        self.say(1)
        self.clock.advance(0)
        self.say(2)
        self.clock.advance(0)
        self.say(3)
        self.clock.advance(0)
        self.assertEqual(self.store.batches, [[1]])
        self.store.commit()
        self.assertEqual(self.store.batches, [[1], [2, 3]])
        self.store.commit()
        self.assertEqual(self.log, ["1", "2", "3"])

    def test_gathers_answers(self) -> None:
        """Those who were shown much at once have a moment to answer, all together."""
        self.say(1, 2, 3, 4, 5)
        self.clock.advance(0)
        self.say(6)  # at once, when the others have not heard of the first five
        self.clock.advance(0.002)
        self.store.commit()
        self.assertEqual(self.log, ["1", "2", "3", "4", "5"])
        self.assertEqual(len(self.journal), 1)
        self.clock.advance(0.0035)
        self.say(7, 8)
        self.assertEqual(len(self.store.batches), 1)
        self.clock.advance(0.0005)  # twice what the transaction took
        self.assertEqual(self.store.batches[1:], [[6, 7, 8]])

    def test_gathers_enough(self) -> None:
        """When as many have answered, nobody waits any longer."""
        self.say(1, 2, 3, 4, 5)
        self.clock.advance(0)
        self.clock.advance(0.004)
        self.store.commit()
        self.say(6, 7, 8, 9)
        self.clock.advance(0)
        self.assertEqual(len(self.store.batches), 1)
        self.say(10, 11)
        self.assertEqual(len(self.store.batches), 1)  # the turn may bring more
        self.clock.advance(0)
        self.assertEqual(self.store.batches[1:], [[6, 7, 8, 9, 10, 11]])

    def test_gathers_halves(self) -> None:
        """Two halves of those who talk do not go on taking turns."""
        self.say(1, 2, 3, 4, 5)
        self.clock.advance(0)
        self.clock.advance(0.001)
        self.say(6, 7, 8, 9, 10)
        self.store.commit()
        self.clock.advance(0)
        self.assertEqual(len(self.store.batches), 1)
        self.say(11, 12, 13, 14, 15)
        self.clock.advance(0)
        self.assertEqual(self.store.batches[1:], [list(range(6, 16))])

    def test_gathers_not_for_long(self) -> None:
        """That moment is short, also where the disk is slow."""
        self.say(*range(1, 6))
        self.clock.advance(0)
        self.clock.advance(2.0)
        self.store.commit()
        self.say(6)
        self.clock.advance(journal.LONGEST)
        self.assertEqual(self.store.batches[1:], [[6]])

    def test_alone(self) -> None:
        """A message alone waits for nothing but its own transaction."""
        for id in (1, 2, 3):
            self.say(id)
            self.clock.advance(0)
            self.clock.advance(0.004)
            self.store.commit()
        self.assertEqual(self.store.batches, [[1], [2], [3]])
        self.assertEqual(self.log, ["1", "2", "3"])

    def test_largest_batch(self) -> None:
        """A transaction holds so many events, and the one too many waits."""
        self.patch(journal, "BATCH", 3)
        self.say(1, 2, 3, 4)
        self.clock.advance(0)
        self.assertEqual(self.store.batches, [[1, 2, 3]])
        self.store.commit()
        self.assertEqual(self.store.batches, [[1, 2, 3], [4]])
        self.say(5, 6, 7)
        self.store.commit()
        self.assertEqual(self.store.batches[2:], [[5, 6, 7]])
        self.store.commit()
        self.assertEqual(len(self.store.batches), 3)

    def say_together(self, *ids: int) -> None:
        """Somebody says several things at once."""
        events = [Said(id=id, room="lobby", sender=ANN, text="hi") for id in ids]
        self.journal.append(Entry(events, None, (), True, ("lobby", ANN.id)))

    def test_together(self) -> None:
        """What was said at once is kept together, and is as many as it is."""
        self.patch(journal, "BATCH", 3)
        self.say_together(1, 2)
        self.say_together(3, 4)
        self.say_together(5)
        self.assertEqual(len(self.journal), 5)
        self.clock.advance(0)
        self.assertEqual(self.store.batches, [[1, 2, 3, 4]])
        self.store.commit()
        self.assertEqual(self.store.batches[1:], [[5]])

    def test_apart(self) -> None:
        """If some of it cannot be kept, the rest is shown all the same."""
        self.say_together(1, 2, 3)
        self.enter(4)
        self.clock.advance(0)
        self.store.commit(None, ValueError(), None)
        self.assertEqual(self.log, ["1", "-2 ValueError", "3", "4"])

    def test_nothing_to_keep(self) -> None:
        """A batch of events that are not kept needs no transaction."""
        self.patch(journal, "BATCH", 1)
        self.say(1)
        self.enter(2)
        self.clock.advance(0)
        self.store.commit()
        self.assertEqual(self.log, ["1", "2"])
        self.assertEqual(self.store.batches, [[1]])

    def test_not_kept(self) -> None:
        """What is not kept is shown at once, where nothing is on its way."""
        self.enter(1)
        self.assertEqual(self.log, ["1"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_not_kept_waits(self) -> None:
        """What is not kept keeps its place behind what its room waits for."""
        self.say(1)
        self.enter(2)
        self.enter(3, room="ops", person=3)
        self.assertEqual(self.log, ["3"])
        self.clock.advance(0)
        self.enter(4)
        self.say(5)
        self.store.commit()
        self.assertEqual(self.log, ["3", "1", "2"])
        self.store.commit()
        self.assertEqual(self.log, ["3", "1", "2", "4", "5"])
        self.enter(6)
        self.assertEqual(self.log[-1], "6")

    def test_not_kept_waits_for_the_person(self) -> None:
        """What somebody does is shown in order, in whatever rooms."""
        self.say(1)
        self.enter(2, person=2)
        self.enter(3, room="ops", person=2)
        self.enter(4, room="ops", person=3)
        self.assertEqual(self.log, [])
        self.clock.advance(0)
        self.store.commit()
        self.assertEqual(self.log, ["1", "2", "3", "4"])

    def test_bad_row(self) -> None:
        """An event that cannot be kept fails alone."""
        self.say(1, 2, 3)
        self.clock.advance(0)
        self.store.commit(None, ValueError("bad"), None)
        self.assertEqual(self.log, ["1", "-2 ValueError", "3"])
        self.assertTrue(self.journal.well)

    def test_bug_in_delivery(self) -> None:
        """An event that cannot be shown does not take its neighbours along."""
        self.broken = 2
        self.say(1, 2, 3)
        self.clock.advance(0)
        self.store.commit()
        self.assertEqual(self.log, ["1", "2", "3"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.say(4)
        self.clock.advance(0)
        self.store.commit()
        self.assertEqual(self.log[-1], "4")

    def test_lost(self) -> None:
        """What a failed transaction did not keep is dropped, and what it kept shown."""
        self.say(1, 2)
        self.enter(3)
        self.clock.advance(0)
        self.store.lose(2)
        self.assertEqual(self.log, ["-1 NotStored", "2", "3"])

    def test_refused(self) -> None:
        """What the store refuses as a whole is dropped without asking it anything."""
        self.store.down = True
        self.say(1, 2)
        self.enter(3)
        self.clock.advance(0)
        self.store.lose(problem=StoreDown())
        self.assertEqual(self.log, ["-1 NotStored", "-2 NotStored", "3"])
        self.assertEqual(self.store.asked, 0)

    def test_not_well(self) -> None:
        """After a failure it is not well, until something can be stored."""
        self.store.down = True
        self.say(1)
        self.clock.advance(0)
        self.store.lose(problem=StoreDown())
        self.assertFalse(self.journal.well)
        self.say(2)  # is tried
        self.clock.advance(0)
        self.store.commit()
        self.assertTrue(self.journal.well)
        self.clock.advance(journal.PROBE[0])
        self.assertEqual(self.store.probed, 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_well_by_itself(self) -> None:
        """Also if nobody says anything it is seen that it is well again."""
        self.store.down = True
        self.say(1)
        self.clock.advance(0)
        self.store.lose(problem=StoreDown())
        self.clock.pump([1] * 20)
        self.assertFalse(self.journal.well)
        self.assertLess(self.store.probed, 9)
        self.store.down = False
        self.clock.advance(journal.PROBE[-1])
        self.assertTrue(self.journal.well)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_lost_by_a_bug(self) -> None:
        """A store that fails in an unforeseen way is logged, and asked what it kept."""
        self.say(1)
        self.clock.advance(0)
        self.store.lose(problem=RuntimeError("oops"))
        self.assertEqual(self.log, ["-1 NotStored"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_store_raises(self) -> None:
        """A store that fails before it waits is no different."""
        self.store.append = lambda events: succeed([])  # type: ignore[method-assign]
        self.say(1)
        self.clock.advance(0)
        self.assertEqual(self.log, ["-1 NotStored"])
        self.flushLoggedErrors(ValueError)
        self.store.append = lambda events: fail(StoreDown())  # type: ignore[method-assign]
        self.say(2)
        self.clock.advance(0)
        self.assertEqual(self.log, ["-1 NotStored", "-2 NotStored"])

    def test_probes(self) -> None:
        """A store that does not answer is asked again, less and less often."""
        self.store.down = True
        self.say(1)
        self.enter(2)
        self.clock.advance(0)
        self.store.lose(1)
        self.assertFalse(self.journal.well)
        self.assertEqual((self.store.asked, self.log), (1, []))
        for seconds in journal.PROBE[:-1]:
            asked = self.store.asked
            self.clock.advance(seconds * 0.9)
            self.assertEqual(self.store.asked, asked)
            self.clock.advance(seconds * 0.2)
            self.assertEqual(self.store.asked, asked + 1)
        self.store.down = False
        self.clock.advance(journal.PROBE[-1])
        self.assertEqual(self.log, ["1", "2"])
        self.clock.advance(journal.PROBE[-1])
        self.assertTrue(self.journal.well)
        self.say(3)
        self.clock.advance(0)
        self.store.commit()
        self.assertEqual(self.log, ["1", "2", "3"])

    def away(self) -> None:
        """One and three are kept, two is not, and four waits; the store is away."""
        self.store.down = True
        self.say(1, 2, 3)
        self.enter(10)
        self.clock.advance(0)
        self.say(4)
        self.enter(11)
        self.store.lose(1, 3)

    def test_unknown(self) -> None:
        """Who waits for too long is told that nobody knows, and others wait no more."""
        self.away()
        self.clock.pump([0.1] * int(journal.PATIENCE * 10 - 1))
        self.assertEqual(self.log, [])
        self.clock.pump([0.1] * 2)
        unsure = [f"-{id} Unsure" for id in (1, 2, 3)]
        self.assertEqual(self.log, [*unsure, "10", "-4 NotStored", "11"])
        self.assertEqual(len(self.store.batches), 1)
        self.successResultOf(self.journal.idle())
        self.enter(12)
        self.assertRaises(NotStored, self.say, 5)
        self.assertEqual(self.log[6:], ["12"])
        self.assertFalse(self.journal.well)

    def test_shown_in_the_end(self) -> None:
        """What turns out to be stored is shown, once, and then it goes on."""
        self.test_unknown()
        del self.log[:]
        self.clock.pump([1] * 30)
        self.assertEqual(self.log, [])
        self.store.down = False
        self.clock.advance(journal.PROBE[-1])
        self.assertEqual(self.log, ["1", "3"])
        self.assertTrue(self.journal.well)
        self.say(5)
        self.clock.advance(0)
        self.store.commit()
        self.assertEqual(self.log, ["1", "3", "5"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_answered_once(self) -> None:
        """Its sender, who was answered, is not answered a second time."""
        entries: list[Entry] = []
        self.journal = Journal(self.store, self.clock, entries.append, self.drop)
        self.store.down = True
        origin: Any = object()
        event = Said(id=1, room="lobby", sender=ANN, text="hi")
        self.journal.append(Entry((event,), origin, (Say("hi"),), True, ("lobby",)))
        self.clock.advance(0)
        self.store.lose(1)
        self.clock.pump([1] * 12)
        self.store.down = False
        self.clock.pump([1] * 6)
        (entry,) = entries
        self.assertEqual((entry.origin, entry.requests), (None, ()))

    def test_takes_nothing_while_down(self) -> None:
        """While the store does not answer, nothing more is taken that must be kept."""
        self.store.down = True
        self.say(1)
        self.clock.advance(0)
        self.say(2)
        self.store.lose()
        self.assertRaises(NotStored, self.say, 3)
        self.enter(4, room="ops")
        self.assertEqual(self.log, ["4"])
        self.enter(5)
        self.store.down = False
        self.clock.advance(journal.PROBE[0])
        self.store.commit()
        self.assertEqual(self.log, ["4", "-1 NotStored", "2", "5"])

    def test_idle(self) -> None:
        """One can wait until nothing is on its way."""
        self.successResultOf(self.journal.idle())
        self.say(1)
        first, second = self.journal.idle(), self.journal.idle()
        self.clock.advance(0)
        self.say(2)
        self.store.commit()
        self.assertNoResult(first)
        self.store.commit()
        self.successResultOf(first)
        self.successResultOf(second)

    def test_idle_no_longer_waited_for(self) -> None:
        """Who stops waiting for that does not disturb anything."""
        self.say(1)
        idle = self.journal.idle()
        idle.addTimeout(1, self.clock)
        self.clock.advance(1)
        self.failureResultOf(idle)
        self.store.commit()
        self.assertEqual(self.log, ["1"])

    def test_said_while_shown(self) -> None:
        """What happens because something is shown comes behind what is on its way."""
        deliver = self.deliver

        def also(entry: Entry) -> None:
            deliver(entry)
            if entry.events[0].id == 1:
                self.enter(10)
                self.enter(11, room="ops", person=3)

        self.journal = Journal(self.store, self.clock, also, self.drop)
        self.say(1, 2)
        self.clock.advance(0)
        self.store.commit()
        self.assertEqual(self.log, ["1", "11", "2", "10"])

    def test_many_batches_of_a_quick_store(self) -> None:
        """However many batches there are, a store that answers at once is no matter."""
        self.patch(journal, "BATCH", 1)
        self.store.append = (  # type: ignore[method-assign]
            lambda events: succeed([None] * len(events))
        )
        self.say(*range(1, 3000))
        self.clock.advance(0)
        self.assertEqual(len(self.log), 2999)
