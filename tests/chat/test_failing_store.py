"""A store that fails loses nothing that was shown, and comes back."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred, fail

from chatd.chat.events import Event, Failed, Listing, Welcome
from chatd.chat.journal import PATIENCE
from chatd.chat.request import Enter, Invoke, Say
from chatd.chat.store import StoreDown
from chatd.testing import connect, turn, type_in
from tests.chat.talking import TalkCase


class FailingStoreTests(TalkCase):
    """The store fails, and comes back."""

    def recover(self) -> None:
        """The store is well again, and the journal has noticed."""
        self.store.failing = self.store.unsure = False
        self.clock.advance(10)
        turn(self.hub)

    def test_not_sent(self) -> None:
        """Who spoke is told that it was not sent, and nobody was shown it."""
        self.store.failing = True
        self.ann.submit(Say("lost", ref=1))
        turn(self.hub)
        self.assertEqual(self.bob_door.events, [])
        self.recover()
        (failed,) = self.ann_door.of(Failed)
        self.assertEqual(
            (failed.code, failed.line, failed.ref), ("not-stored", "lost", 1)
        )
        self.assertEqual(self.bob_door.events, [])
        type_in(self.hub, self.ann, "found")
        self.assertEqual(self.bob_door.texts(), ["found"])
        self.assertEqual(self.said(), ["found"])

    def test_refused_meanwhile(self) -> None:
        """While the store is away, everybody is told at once that it is."""
        self.store.failing = True
        type_in(self.hub, self.ann, "lost")
        self.bob.submit(Say("also lost", ref=5))
        turn(self.hub)
        (failed,) = self.bob_door.of(Failed)
        self.assertEqual((failed.code, failed.ref), ("not-stored", 5))
        type_in(self.hub, self.bob, "/topic no")
        self.recover()
        self.assertEqual(self.bob_door.texts(), [])

    def test_kept_after_all(self) -> None:
        """What was stored although the answer was lost is shown, not called lost."""
        self.store.unsure = True
        self.ann.submit(Say("kept", ref=1))
        turn(self.hub)
        self.recover()
        self.assertEqual(self.bob_door.texts(), ["kept"])
        self.assertEqual(self.ann_door.kinds(), ["Done"])

    def test_unknown_until_looked_up(self) -> None:
        """As long as the store cannot be asked, it is neither lost nor sent."""
        self.store.failing = self.store.unsure = True
        self.ann.submit(Say("unknown", ref=1))
        for _ in range(5):
            self.clock.advance(1)
            self.assertEqual((self.ann_door.events, self.bob_door.events), ([], []))
        self.recover()
        self.assertEqual(self.ann_door.codes(), ["not-stored"])

    def test_nobody_waits_for_ever(self) -> None:
        """A store that stays away: senders are told, and people come and go."""
        keeping = self.patch(self.store, "stored", self.away)
        self.store.unsure = True
        self.ann.submit(Say("perhaps", ref=1))
        turn(self.hub)
        session, cho = connect(self.hub)
        session.submit(Enter("cho"))
        self.clock.pump([1] * int(PATIENCE - 1))
        self.assertEqual((self.ann_door.events, cho.codes()), ([], []))
        self.clock.pump([1] * 2)
        turn(self.hub)
        self.assertEqual(self.ann_door.codes(), ["unsure"])
        self.assertEqual(len(cho.of(Welcome)), 1)
        self.bob.submit(Say("and now?", ref=2))
        turn(self.hub)
        self.assertEqual(self.bob_door.codes(), ["not-stored"])
        type_in(self.hub, self.bob, "/who")
        self.assertEqual(len(self.bob_door.of(Listing)), 1)
        keeping.restore()
        self.recover()
        for door in (self.ann_door, self.bob_door, cho):
            self.assertEqual(door.texts(), ["perhaps"])
        type_in(self.hub, self.bob, "back again")
        self.assertEqual(self.ann_door.texts(), ["perhaps", "back again"])

    async def away(self, ids: object) -> set[int]:
        """The store cannot be asked."""
        raise StoreDown

    def test_unkept_keep_their_place(self) -> None:
        """Comings and goings that waited behind a lost message are shown."""
        self.store.failing = self.store.unsure = True
        self.ann.receive("lost")
        self.bob.receive("/away")
        turn(self.hub)
        cho, _ = connect(self.hub)
        self.assertEqual(self.bob_door.events, [])
        self.recover()
        self.assertEqual(self.bob_door.kinds(), ["AwayChanged", "Done"])
        self.assertFalse(cho.ended)

    def test_command(self) -> None:
        """A command whose event was not stored has failed."""
        carol, door = self.member("carol")
        self.store.failing = True
        carol.submit(Invoke("topic", "Lunch", ref=1))
        turn(self.hub)
        self.recover()
        self.assertEqual(door.kinds(), ["Failed"])
        self.assertEqual(door.of(Failed)[0].code, "not-stored")
        self.assertEqual(self.hub.rooms.lobby.topic, "")
        carol.submit(Invoke("topic", "Lunch", ref=2))
        turn(self.hub)
        self.assertEqual(door.kinds()[1:], ["TopicChanged", "Done"])

    def test_command_refused(self) -> None:
        """So has one that is not even begun, because the store is away."""
        carol, door = self.member("carol")
        self.store.failing = True
        type_in(self.hub, self.ann, "lost")
        carol.submit(Invoke("topic", "Lunch", ref=1))
        turn(self.hub)
        self.assertEqual(
            [(f.code, f.ref) for f in door.of(Failed)], [("not-stored", 1)]
        )
        self.recover()

    def test_opening(self) -> None:
        """A room that could not be stored is not there, for nobody."""
        self.store.failing = True
        self.ann.receive("/join ops")
        self.bob.receive("/join ops")
        turn(self.hub)
        self.recover()
        self.assertEqual(self.ann_door.codes(), ["not-stored"])
        self.assertEqual(self.bob_door.codes(), ["not-in-room"])
        self.assertIsNone(self.hub.rooms.get("ops"))
        for session in (self.ann, self.bob):
            self.assertEqual(
                self.hub.presence.rooms_of(session.somebody().id), ["lobby"]
            )
            self.assertIs(session.room, self.hub.rooms.lobby)
        type_in(self.hub, self.bob, "/join ops")
        self.assertEqual(self.hub.rooms.find("ops").names(), ("bob",))
        self.assertEqual(
            self.hub.rooms.find("ops").moderators, {self.bob.somebody().id}
        )

    def test_opening_refused(self) -> None:
        """Nor is one that was asked for while the store is away."""
        self.store.failing = True
        type_in(self.hub, self.ann, "lost")
        type_in(self.hub, self.bob, "/join ops")
        self.assertEqual(self.bob_door.codes(), ["not-stored"])
        self.assertIsNone(self.hub.rooms.get("ops"))
        self.recover()

    def test_opened_again(self) -> None:
        """Who waits for a room that is not stored is not put into one opened later."""
        self.store.hold()
        self.ann.receive("/join ops")
        self.bob.receive("/join ops")
        turn(self.hub)
        self.store.failing = True
        self.store.release()
        self.recover()
        self.ann.receive("/join ops")
        turn(self.hub)
        self.assertEqual(self.hub.rooms.find("ops").names(), ("ann",))
        self.assertEqual(self.hub.presence.rooms_of(self.bob.somebody().id), ["lobby"])

    def test_bad_row(self) -> None:
        """A message that cannot be stored fails alone."""
        self.ann.submit(Say("one", ref=1))
        self.ann.submit(Say("\ud800", ref=2))
        self.ann.submit(Say("three", ref=3))
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), ["one", "three"])
        self.assertEqual(self.ann_door.kinds(), ["Done", "Failed", "Done"])

    def test_store_that_raises(self) -> None:
        """A store with a bug loses what it was given, and no more."""
        append = self.store.append

        def broken(events: Sequence[Event]) -> "Deferred[list[Exception | None]]":
            self.store.append = append  # type: ignore[method-assign]
            return fail(RuntimeError("a bug"))

        self.store.append = broken  # type: ignore[method-assign]
        type_in(self.hub, self.ann, "one", "two")
        self.assertEqual(self.bob_door.texts(), ["two"])
        self.assertEqual(self.ann_door.codes(), ["not-stored"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
