"""Tests for what was said last in a room, kept at hand."""

from collections.abc import Awaitable

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat import recent
from chatd.chat.account import Person
from chatd.chat.events import Event, Invited, Said
from chatd.chat.recent import Recent

ANN = Person(1, "ann")


def said(id: int, room: str = "lobby") -> Said:
    """Something said."""
    return Said(id=id, room=room, sender=ANN, text="hi")


class RecentTests(SynchronousTestCase):
    """What the store was asked once is answered from memory."""

    def setUp(self) -> None:
        self.stored: list[Event] = [said(1), said(2), said(3)]
        self.asked: list[tuple[str, int]] = []
        self.waiting: list[Deferred[list[Event]]] = []
        self.slow = False
        self.recent = Recent(self.read)

    async def read(self, room: str, most: int) -> list[Event]:
        self.asked.append((room, most))
        found = self.stored[-most:]
        if self.slow:
            self.waiting.append(Deferred())
            await self.waiting[-1]
        return found

    def keep(self, event: Event) -> None:
        """Something is stored, and shown."""
        self.stored.append(event)
        self.recent.add([event])

    def get(self, most: int = 3, room: str = "lobby") -> "Deferred[list[int]]":
        """The ids of the latest events."""

        async def ids(events: Awaitable[list[Event]]) -> list[int]:
            return [event.id for event in await events]

        return Deferred.fromCoroutine(ids(self.recent.get(room, most)))

    def test_once(self) -> None:
        """The store is asked once, however many enter."""
        for _ in range(3):
            self.assertEqual(self.successResultOf(self.get()), [1, 2, 3])
        self.keep(said(4))
        self.keep(said(5, room="ops"))
        self.assertEqual(self.successResultOf(self.get()), [2, 3, 4])
        self.assertEqual(self.asked, [("lobby", 3)])

    def test_shown(self) -> None:
        """What history does not show does not push out what it shows."""
        self.successResultOf(self.get())
        self.keep(Invited(id=4, room="lobby", sender=ANN, person=ANN))
        self.assertEqual(self.successResultOf(self.get()), [1, 2, 3])

    def test_meanwhile(self) -> None:
        """What is said while the store looks is neither missed nor doubled."""
        self.slow = True
        first = self.get()
        self.keep(said(4))
        second = self.get()  # whose question sees the fourth
        self.keep(said(5))
        self.waiting[1].callback([])
        self.assertEqual(self.successResultOf(second), [3, 4, 5])
        self.waiting[0].callback([])
        self.assertEqual(self.successResultOf(first), [3, 4, 5])
        self.assertEqual(self.successResultOf(self.get()), [3, 4, 5])
        self.assertEqual(len(self.asked), 2)

    def test_stored_before_it_is_shown(self) -> None:
        """What the store knew before it was shown comes once."""
        self.stored.append(said(4))
        self.assertEqual(self.successResultOf(self.get()), [2, 3, 4])
        self.recent.add([said(4)])
        self.assertEqual(self.successResultOf(self.get()), [2, 3, 4])

    def test_another_number(self) -> None:
        """When the operator wants more to be shown, the store is asked anew."""
        self.assertEqual(self.successResultOf(self.get(1)), [3])
        self.assertEqual(self.successResultOf(self.get(2)), [2, 3])

    def test_removed(self) -> None:
        """What was removed from the store is shown no more."""
        self.successResultOf(self.get())
        del self.stored[0]
        self.recent.clear()
        self.assertEqual(self.successResultOf(self.get()), [2, 3])

    def test_many_rooms(self) -> None:
        """Rooms into which nobody has come for long are not kept at hand."""
        self.patch(recent, "ROOMS", 2)
        for room in ("a", "b", "a", "c", "a", "b"):
            self.successResultOf(self.get(room=room))
        self.assertEqual([room for room, _ in self.asked], ["a", "b", "c", "b"])

    def test_failed(self) -> None:
        """If the store does not answer, it is asked again by the next one."""
        self.slow = True
        failing = self.get()
        self.waiting[0].errback(ValueError("gone"))
        self.failureResultOf(failing, ValueError)
        self.slow = False
        self.keep(said(4))
        self.assertEqual(self.successResultOf(self.get()), [2, 3, 4])
