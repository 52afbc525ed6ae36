"""What a session let happen is waited for until it was shown to others."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.caused import Caused
from chatd.chat.errors import NotStored
from chatd.chat.events import Failed, Listing, Notice
from chatd.chat.journal import Entry
from chatd.chat.queue import IN_FLIGHT
from chatd.chat.request import Invoke, Say
from chatd.testing import result, turn, type_in
from tests.chat.watched import Watched, waiting


class CausedTests(Watched):
    """Messages are on their way to the store."""

    def test_happened(self) -> None:
        """A command says that something was done when it was, and not before."""
        self.store.hold()
        self.ann.submit(Invoke("praise", "it", ref=1))
        turn(self.hub)
        self.assertEqual(self.ann_door.events, [])
        self.store.release()
        turn(self.hub)
        self.assertEqual([n.text for n in self.ann_door.of(Notice)], ["said"])
        self.store.failing = True
        self.ann.submit(Invoke("praise", "it", ref=2))
        turn(self.hub)
        self.store.failing = False
        self.clock.advance(10)
        turn(self.hub)
        self.assertEqual(len(self.ann_door.of(Notice)), 1)
        self.assertEqual([f.ref for f in self.ann_door.of(Failed)], [2])

    def test_bug_waits_for_what_it_caused(self) -> None:
        """It is told behind what the command had done before."""
        self.store.hold()
        self.ann.submit(Invoke("bug", ref=1))
        turn(self.hub)
        self.flushLoggedErrors(ZeroDivisionError)
        self.assertEqual(self.ann_door.events, [])
        self.store.release()
        turn(self.hub)
        self.assertEqual([type(event) for event in self.ann_door.events], [Failed])

    def test_bug_on_the_way(self) -> None:
        """What a bug keeps from the journal is said once, and nobody waits for it."""
        append, tried = self.hub.journal.append, []

        def broken(entry: Entry) -> None:
            tried.append(entry)
            if len(tried) == 1:
                raise ZeroDivisionError("a bug")
            append(entry)

        self.patch(self.hub.journal, "append", broken)
        type_in(self.hub, self.ann, "hello", "/who")
        self.assertEqual(self.bob_door.texts(), ["hello"])
        self.assertEqual(self.ann.caused.number, 0)
        self.assertEqual(len(self.ann_door.of(Listing)), 1)

    def test_bounded_in_flight(self) -> None:
        """Only so many messages are on their way to the store; the next one waits."""
        self.store.hold()
        for number in range(IN_FLIGHT + 2):
            self.ann.submit(Say(f"{number}"))
        turn(self.hub)
        self.assertEqual(len(self.hub.journal), IN_FLIGHT)
        self.store.release()
        turn(self.hub)
        said = [f"{number}" for number in range(IN_FLIGHT + 2)]
        self.assertEqual(self.bob_door.texts(), said)

    def test_lost_before_it_began(self) -> None:
        """One that waits for the session's messages is not begun by nobody."""
        self.store.hold()
        self.ann.submit(Say("hello"))
        self.ann.submit(Invoke("wait"))
        turn(self.hub)
        self.ann.close("Bye.")
        self.store.release()
        turn(self.hub)
        self.assertEqual(waiting, [])


class WaitingTests(SynchronousTestCase):
    """Several wait for the same."""

    def setUp(self) -> None:
        self.caused = Caused()

    def test_settled(self) -> None:
        """All who wait go on when the last of it was shown."""
        self.caused.sent(2)
        waiting = [Deferred.fromCoroutine(self.caused.settled()) for _ in range(3)]
        self.caused.arrived(1)
        self.assertFalse(any(one.called for one in waiting))
        self.caused.arrived(1)
        for one in waiting:
            self.assertIsNone(result(one))

    def test_besides(self) -> None:
        """What happens besides a request fails by itself, and changes no answer."""
        self.caused.failure = before = NotStored("This was before.")

        def act() -> None:
            self.caused.failure = NotStored("This is now.")

        with self.assertRaisesRegex(NotStored, "now"):
            result(self.caused.besides(act))
        self.assertIs(self.caused.failure, before)
