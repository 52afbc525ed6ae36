"""What is asked for is done, and answered once."""

from chatd.chat.events import Done, Event, Failed, Past, Said, Whispered
from chatd.chat.request import (
    History,
    Invoke,
    Refused,
    Say,
    Search,
    Seen,
    Typed,
    Whisper,
)
from chatd.chat.session import Session
from chatd.testing import connect, join, turn, type_in
from tests.chat.talking import TalkCase
from tests.chatting import PASSWORD


class RequestTests(TalkCase):
    """What can be asked for."""

    def test_nothing(self) -> None:
        """An empty line is answered, and does nothing."""
        self.ann.submit(Typed("", 1))
        turn(self.hub)
        self.assertEqual(self.ann_door.events, [Done(1, None, {})])

    def test_refused(self) -> None:
        """What a door could not understand is answered in its turn."""
        from chatd.chat.errors import TooLong

        self.ann.submit(Refused(TooLong("Too long."), "a line", 1))
        turn(self.hub)
        self.assertEqual(
            self.ann_door.events, [Failed("too-long", "Too long.", "a line", 1)]
        )

    def test_history(self) -> None:
        """A room's history, and what two people told each other, by pages."""
        type_in(self.hub, self.ann, "one", "two", "three")
        type_in(self.hub, self.ann, "/msg bob psst")
        self.clear()
        self.ann.submit(History(limit=2, ref=1))
        turn(self.hub)
        (past,) = self.ann_door.of(Past)
        self.assertEqual(
            [e.text for e in past.events if isinstance(e, Said)], ["two", "three"]
        )
        self.assertEqual((past.more, past.ref, past.room), (True, 1, "lobby"))
        self.clear()
        self.ann.submit(History(before=past.events[0].id, ref=2))
        self.ann.submit(History(person="bob", ref=3))
        turn(self.hub)
        one, two = self.ann_door.of(Past)
        self.assertEqual([e.text for e in one.events if isinstance(e, Said)], ["one"])
        self.assertFalse(one.more)
        self.assertEqual([type(e) for e in two.events], [Whispered])

    def test_search(self) -> None:
        """What was said is found."""
        type_in(self.hub, self.ann, "the disk is full")
        self.clear()
        self.ann.submit(Search("disk", ref=1))
        turn(self.hub)
        (past,) = self.ann_door.of(Past)
        self.assertEqual((past.name, len(past.events), past.ref), ("search", 1, 1))
        self.assertEqual(self.ann_door.kinds(), ["Past", "Done"])

    def test_not_entered(self) -> None:
        """Who has not come in can ask for nothing that is others'."""
        session, door = connect(self.hub)
        for request in (
            Say("hello"),
            Whisper("ann", "hello"),
            History(),
            History(person="ann"),
            Search("hello"),
            Seen(1),
            Seen(1, person="ann"),
            Invoke("join", "ops"),
        ):
            session.submit(request)
        turn(self.hub)
        self.assertEqual(door.codes(), ["not-entered"] * 8)

    def test_seen(self) -> None:
        """A member moves the read marks; a guest has none, and is not refused."""
        cho, door = join(self.hub, "cho", password=PASSWORD)
        self.absent("dan")
        type_in(self.hub, self.ann, "hello")
        last = self.hub.last
        door.take()
        for session in (cho, self.ann):
            session.submit(Seen(last, ref=1))
            session.submit(Seen(last, person="dan", ref=2))
            session.submit(Seen(last, person="nobody1", ref=3))
        turn(self.hub)
        self.assertEqual(door.kinds(), ["Done", "Done", "Failed"])
        self.assertEqual(self.ann_door.codes(), ["not-found"])
        marks = self.hub.archive._marks[cho.somebody().id]
        self.assertEqual(marks["lobby"], last)

    def test_bug(self) -> None:
        """A bug in a command is logged, told in one sentence, and harms nobody."""

        async def bug(*args: object, **how: object) -> None:
            raise ZeroDivisionError("a bug")

        self.hub.archive.search = bug  # type: ignore[method-assign, assignment]
        self.ann.submit(Search("x", ref=1))
        self.ann.submit(Say("hello", ref=2))
        turn(self.hub)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        (failed,) = self.ann_door.of(Failed)
        self.assertEqual((failed.code, failed.ref), ("internal", 1))
        self.assertEqual(self.bob_door.texts(), ["hello"])

    def test_bug_in_delivery(self) -> None:
        """An event that cannot be delivered is logged, and its sender answered."""
        show = self.hub.delivery.show

        def bug(event: Event, origin: Session | None = None) -> None:
            if getattr(event, "text", "") == "bug":
                raise ZeroDivisionError("a bug")
            show(event, origin)

        self.hub.delivery.show = bug  # type: ignore[method-assign]
        self.ann.submit(Say("bug", ref=1))
        self.ann.submit(Say("hello", ref=2))
        turn(self.hub)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual([done.ref for done in self.ann_door.of(Done)], [1, 2])
        self.assertEqual(self.bob_door.texts(), ["hello"])


class DuplicateTests(TalkCase):
    """Sending twice under one key is safe."""

    def test_again(self) -> None:
        """The second one shows nothing, and is answered like the first."""
        self.ann.submit(Say("hello", key="k", ref=1))
        turn(self.hub)
        self.ann.submit(Say("hello", key="k", ref=2))
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), ["hello"])
        one, two = self.ann_door.of(Done)
        self.assertEqual((one.event, one.ref, two.ref), (two.event, 1, 2))

    def test_at_once(self) -> None:
        """Also in one turn."""
        self.ann.submit(Say("hello", key="k", ref=1))
        self.ann.submit(Say("hello", key="k", ref=2))
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), ["hello"])
        self.assertEqual([done.ref for done in self.ann_door.of(Done)], [1, 2])

    def test_private(self) -> None:
        """Also in private."""
        self.ann.submit(Whisper("bob", "psst", key="k", ref=1))
        self.ann.submit(Whisper("bob", "psst", key="k", ref=2))
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), ["psst"])
        one, two = self.ann_door.of(Done)
        self.assertEqual(one.event, two.event)

    def test_others(self) -> None:
        """A key is its sender's only."""
        self.ann.submit(Say("one", key="k"))
        self.bob.submit(Say("two", key="k"))
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), ["one"])
        self.assertEqual(self.ann_door.texts(), ["two"])

    def test_after_a_failure(self) -> None:
        """What was not stored can be sent again under its key."""
        self.store.failing = True
        self.ann.submit(Say("hello", key="k", ref=1))
        turn(self.hub)
        self.store.failing = False
        self.clock.advance(10)
        self.ann.submit(Say("hello", key="k", ref=2))
        turn(self.hub)
        self.assertEqual(self.ann_door.kinds(), ["Failed", "Done"])
        self.assertEqual(self.bob_door.texts(), ["hello"])
