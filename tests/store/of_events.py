"""What every store must answer about events."""

from dataclasses import replace

from chatd.chat.account import Person
from chatd.chat.events import (
    Act,
    Announced,
    Emoted,
    Invited,
    Moderated,
    MotdChanged,
    RoomChanged,
    RoomOpened,
    TopicChanged,
)
from chatd.chat.store import Duplicate, Query, ServerRecord
from tests.store.asking import ANN, BOB, CHO, Asking, account, said, whispered

LARGEST = 2**63 - 1


class OfEvents(Asking):
    """What is kept, and what of it is shown to whom."""

    def test_probe(self) -> None:
        """To see whether something can be stored leaves nothing behind."""
        self.must_keep(said(1))
        self.ask(self.store.probe())
        self.ask(self.store.probe())
        self.assertEqual(self.ask(self.store.last_id()), 1)

    def test_nothing_yet(self) -> None:
        """A new store is empty."""
        self.assertEqual(self.ask(self.store.last_id()), 0)
        self.assertEqual(self.ask(self.store.rooms()), [])
        self.assertEqual(self.ask(self.store.server()), ServerRecord())
        self.assertIsNone(self.ask(self.store.event(1)))
        self.assertEqual(self.keep(), [])

    def test_event(self) -> None:
        """What was said is read as it was said."""
        event = said(5, "hi\nthere “you” 🙂")
        self.must_keep(event)
        self.assertEqual(self.ask(self.store.event(5)), event)

    def test_large_ids(self) -> None:
        """Ids have 63 bits; larger ones are not found, and not kept."""
        event = replace(said(LARGEST, sender=Person(LARGEST, "z")), time=1.0)
        self.must_keep(event)
        self.assertEqual(self.ask(self.store.event(LARGEST)), event)
        self.assertEqual(self.ask(self.store.last_id()), LARGEST)
        self.assertIsNone(self.ask(self.store.event(LARGEST + 1)))
        self.assertIsInstance(self.keep(said(LARGEST + 1))[0], Exception)
        self.assertEqual(
            self.ids(self.store.history("ops", before=2**70, limit=9)), [LARGEST]
        )
        self.assertEqual(self.ids(self.store.history("ops", after=2**70, limit=9)), [])

    def test_stored(self) -> None:
        """One can ask which of some events are kept."""
        self.must_keep(said(1), said(3))
        self.assertEqual(self.ask(self.store.stored([1, 2, 3])), {1, 3})
        self.assertEqual(self.ask(self.store.stored(range(1, 3000))), {1, 3})
        self.assertEqual(self.ask(self.store.stored([])), set())

    def test_last_id(self) -> None:
        """Ids go on from the largest, whether of an event or an account."""
        self.must_keep(said(7))
        self.assertEqual(self.ask(self.store.last_id()), 7)
        self.ask(self.store.add_account(account(9, "ann")))
        self.assertEqual(self.ask(self.store.last_id()), 9)

    def test_by_key(self) -> None:
        """What was sent under a key is found by it, for each sender apart."""
        event = replace(said(5), key="k")
        other = replace(whispered(6, BOB, ANN), key="k")
        self.must_keep(event, other, said(7), said(8))
        self.assertEqual(self.ask(self.store.by_key(1, "k")), event)
        self.assertEqual(self.ask(self.store.by_key(2, "k")), other)
        self.assertIsNone(self.ask(self.store.by_key(3, "k")))

    def test_no_key(self) -> None:
        """Nothing is found under an empty key, although most messages have none."""
        self.must_keep(said(7))
        self.assertIsNone(self.ask(self.store.by_key(1, "")))

    def test_bad_neighbour(self) -> None:
        """What cannot be kept fails alone; what was sent together with it is kept."""
        self.must_keep(replace(said(1), key="k"))
        results = self.keep(
            said(2),
            said(3, "\ud800"),
            said(4),
            said(1),
            replace(said(5), key="k"),
            said(2**63),
            TopicChanged(id=6, room="a\udfff", sender=ANN, text="t"),
            TopicChanged(id=7, room="ops", sender=ANN, text="all"),
            TopicChanged(id=7, room="ops", sender=ANN, text="not this"),
            said(8),
        )
        self.assertEqual(
            [result is None for result in results],
            [True, False, True, False, False, False, False, True, False, True],
        )
        self.assertEqual(self.ids(self.store.history("ops", limit=10)), [1, 2, 4, 7, 8])
        self.assertEqual([room.name for room in self.ask(self.store.rooms())], ["ops"])
        self.assertEqual(self.room().topic, "all")

    def test_same_key_in_one_batch(self) -> None:
        """Of two messages under one key the first is kept, and told to the second."""
        first, second = self.keep(replace(said(1), key="k"), replace(said(2), key="k"))
        self.assertIsNone(first)
        assert isinstance(second, Duplicate)
        self.assertEqual(second.event, replace(said(1), key="k"))
        self.assertEqual(self.ids(self.store.history("ops", limit=9)), [1])

    def test_same_key_later(self) -> None:
        """What was sent before under the key is told; others may use the same key."""
        self.must_keep(replace(said(1), key="k"))
        mine, again, theirs = self.keep(
            replace(said(2, "other words"), key="k"),
            replace(whispered(3, ANN, BOB), key="k"),
            replace(whispered(4, BOB, ANN), key="k"),
        )
        for problem in (mine, again):
            assert isinstance(problem, Duplicate)
            self.assertEqual(problem.event.id, 1)
        self.assertIsNone(theirs)

    def test_history(self) -> None:
        """History shows the latest of a room, oldest first."""
        self.must_keep(*(said(id) for id in range(1, 8)), said(8, room="else"))
        history = self.store.history
        self.assertEqual(self.ids(history("ops", limit=3)), [5, 6, 7])
        self.assertEqual(self.ids(history("ops", before=5, limit=3)), [2, 3, 4])
        self.assertEqual(self.ids(history("ops", after=5, limit=3)), [6, 7])
        self.assertEqual(self.ids(history("ops", after=2, limit=3)), [3, 4, 5])
        self.assertEqual(
            self.ids(history("ops", after=2, before=6, limit=9)), [3, 4, 5]
        )
        self.assertEqual(self.ids(history("ops", after=2, before=6, limit=2)), [4, 5])
        self.assertEqual(self.ids(history("ops", before=1, limit=3)), [])
        self.assertEqual(self.ids(history("nowhere", limit=3)), [])

    def test_history_kinds(self) -> None:
        """History has what a room shows; not private messages, not invitations."""
        self.must_keep(
            RoomOpened(id=1, room="ops", sender=ANN),
            Emoted(id=2, room="ops", sender=ANN, text="waves"),
            TopicChanged(id=3, room="ops", sender=ANN, text="t"),
            RoomChanged(id=4, room="ops", sender=ANN, private=True, history=True),
            Invited(id=5, room="ops", sender=ANN, person=BOB),
            Moderated(id=6, room="ops", sender=ANN, act=Act.KICK, person=BOB),
            whispered(7, ANN, BOB),
            Announced(id=8, sender=ANN, text="hear"),
        )
        self.assertEqual(self.ids(self.store.history("ops", limit=9)), [2, 3, 4, 6])

    def test_outdated(self) -> None:
        """What is older than history is kept is found, oldest first."""
        self.must_keep(
            RoomOpened(id=1, time=1.0, room="ops", sender=ANN),
            *(said(id) for id in range(2, 7)),
            said(7, room="else"),
        )
        ask, outdated = self.ask, self.store.outdated
        self.assertEqual(ask(outdated("ops", before=5.0, limit=2)), [2, 3])
        self.assertEqual(ask(outdated("ops", before=5.0, limit=9)), [2, 3, 4])
        self.assertEqual(ask(outdated("ops", before=2.0, limit=9)), [])
        self.assertEqual(ask(outdated("ops", limit=9)), [])

    def test_beyond(self) -> None:
        """So is what is more than is kept, also together with what is too old."""
        self.must_keep(*(said(id) for id in range(1, 6)), said(6, room="else"))
        ask, outdated = self.ask, self.store.outdated
        for beyond, ids in ((0, []), (1, [1, 2, 3, 4]), (4, [1]), (5, []), (6, [])):
            self.assertEqual(ask(outdated("ops", beyond=beyond, limit=9)), ids)
        self.assertEqual(ask(outdated("ops", beyond=2, limit=2)), [1, 2])
        self.assertEqual(ask(outdated("ops", before=2.0, beyond=2, limit=9)), [1, 2, 3])
        self.assertEqual(
            ask(outdated("ops", before=5.0, beyond=4, limit=9)), [1, 2, 3, 4]
        )

    def test_outdated_whispers(self) -> None:
        """Private messages and announcements are in no room, and go as well."""
        self.must_keep(
            whispered(1, ANN, BOB),
            Announced(id=2, time=2.0, sender=ANN, text="hear"),
            MotdChanged(id=3, time=3.0, sender=ANN, text="this stays"),
            whispered(4, ANN, BOB),
            said(5),
        )
        outdated = self.store.outdated
        self.assertEqual(self.ask(outdated("", before=4.0, limit=9)), [1, 2])
        self.assertEqual(self.ask(outdated("", before=9.0, limit=9)), [1, 2, 4])

    def test_last_stays(self) -> None:
        """The last event of all stays: a clock set back must not make its id again."""
        self.must_keep(said(1), said(2))
        for more in ({"before": 9.0}, {"beyond": 1}):
            self.assertEqual(
                self.ask(self.store.outdated("ops", **more, limit=9)),  # type: ignore[arg-type]
                [1],
            )

    def test_forget(self) -> None:
        """What is forgotten is not found any more; the rest stays."""
        self.must_keep(
            RoomOpened(id=1, time=1.0, room="ops", sender=ANN),
            *(replace(said(id, f"word{id}"), key=f"k{id}") for id in range(2, 5)),
            said(7, room="else"),
        )
        self.ask(self.store.forget([2, 3, 99]))
        self.assertEqual(self.ids(self.store.history("ops", limit=9)), [4])
        self.assertEqual(self.ids(self.store.history("else", limit=9)), [7])
        self.assertEqual(self.room().moderators, {1})
        query = Query(("word2",), rooms=("ops",))
        self.assertEqual(self.ids(self.store.search(query)), [])
        self.must_keep(replace(said(8), key="k2"))
        self.ask(self.store.forget([]))
        self.assertEqual(self.ids(self.store.history("ops", limit=9)), [4, 8])

    def test_whispers(self) -> None:
        """Two people read what they told each other, and nobody else's."""
        self.must_keep(
            whispered(1, ANN, BOB),
            whispered(2, BOB, ANN),
            whispered(3, ANN, CHO),
            whispered(4, CHO, BOB),
            whispered(5, ANN, BOB),
            whispered(6, ANN, ANN),
        )
        whispers = self.store.whispers
        self.assertEqual(self.ids(whispers(1, 2, limit=9)), [1, 2, 5])
        self.assertEqual(self.ids(whispers(2, 1, limit=2)), [2, 5])
        self.assertEqual(self.ids(whispers(2, 1, before=5, limit=1)), [2])
        self.assertEqual(self.ids(whispers(2, 1, after=1, limit=1)), [2])
        self.assertEqual(self.ids(whispers(1, 1, limit=9)), [6])

    def test_unseen_whispers(self) -> None:
        """Private messages wait until they were read, each conversation apart."""
        self.must_keep(
            whispered(1, ANN, CHO),
            whispered(2, BOB, CHO),
            whispered(3, ANN, CHO),
            whispered(4, CHO, ANN),
            whispered(5, BOB, CHO),
        )
        unseen = self.store.unseen_whispers
        self.assertEqual(self.ids(unseen(3, limit=9)), [1, 2, 3, 5])
        self.assertEqual(self.ids(unseen(3, limit=2)), [1, 2])
        self.ask(self.store.keep_marks(3, {"@1": 1, "@2": 5, "ops": 9}))
        self.assertEqual(self.ids(unseen(3, limit=9)), [3])
        self.ask(self.store.keep_marks(3, {"@1": 3}))
        self.assertEqual(self.ids(unseen(3, limit=9)), [])

    def test_count_unseen(self) -> None:
        """They are counted up to a limit, without being read."""
        self.must_keep(*(whispered(id, ANN, CHO) for id in range(1, 6)))
        count = self.store.count_unseen
        self.ask(self.store.keep_marks(3, {"@1": 2}))
        self.assertEqual(self.ask(count(3, limit=9)), 3)
        self.assertEqual(self.ask(count(3, limit=2)), 2)
        self.assertEqual(self.ask(count(1, limit=9)), 0)

    def test_everything_seen(self) -> None:
        """A mark for everything counts for each conversation."""
        self.must_keep(*(whispered(id, ANN, CHO) for id in range(1, 6)))
        self.ask(self.store.keep_marks(3, {"": 3, "@1": 2}))
        self.assertEqual(self.ids(self.store.unseen_whispers(3, limit=9)), [4, 5])
        self.ask(self.store.keep_marks(3, {"@1": 4}))
        self.assertEqual(self.ids(self.store.unseen_whispers(3, limit=9)), [5])
