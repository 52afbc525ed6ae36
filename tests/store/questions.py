"""What every store must answer; a mixin for the tests of each."""

from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Account, Person, Preferences, Role, Timestamps
from chatd.chat.errors import NameTaken
from chatd.chat.events import (
    Act,
    Announced,
    Emoted,
    Event,
    Handed,
    Invited,
    Killed,
    LockdownChanged,
    Moderated,
    MotdChanged,
    RoleChanged,
    RoomChanged,
    RoomOpened,
    Said,
    ServerBanned,
    ServerUnbanned,
    Shared,
    TopicChanged,
    Whispered,
)
from chatd.chat.file import File
from chatd.chat.store import (
    Duplicate,
    PublicKey,
    Query,
    RoomRecord,
    Sentence,
    ServerBan,
    ServerRecord,
    Store,
)

T = TypeVar("T")
Base = SynchronousTestCase if TYPE_CHECKING else object

ANN = Person(1, "Ann", guest=False)
BOB = Person(2, "bob", guest=False)
CHO = Person(3, "cho")
LARGEST = 2**63 - 1


def said(id: int, text: str = "hi", sender: Person = ANN, room: str = "ops") -> Said:
    """A message; its time is its id, in seconds."""
    return Said(id=id, time=float(id), node="n", room=room, sender=sender, text=text)


def whispered(id: int, sender: Person, to: Person, text: str = "psst") -> Whispered:
    """A private message; its time is its id, in seconds."""
    return Whispered(id=id, time=float(id), node="n", sender=sender, to=to, text=text)


def shared(id: int, file: str, sender: Person = ANN, **changes: Any) -> Shared:
    """A file in a room; its time is its id, in seconds, and it is kept for a minute."""
    event = Shared(
        id=id,
        time=float(id),
        node="n",
        room="ops",
        sender=sender,
        file=file,
        name=f"{file}.txt",
        size=10_000,
        mime="text/plain",
        sha256="00",
        expires=id + 60.0,
    )
    return replace(event, **changes)


def handed(id: int, file: str, sender: Person, to: Person) -> Handed:
    """A file for one person, likewise."""
    return Handed(
        id=id,
        time=float(id),
        node="n",
        sender=sender,
        to=to,
        file=file,
        name=f"{file}.txt",
        size=1,
        mime="text/plain",
        sha256="00",
    )


def account(id: int, name: str, **changes: Any) -> Account:
    """An account that can log in."""
    new = Account(id, name, name.lower(), f"{name.lower()}~", "$argon2id$", 12.5)
    return replace(new, **changes)


class Questions(Base):
    """
    Every question, and what events change.

    @ivar store: Made by C{setUp}; answers at once.
    """

    store: Store

    def ask(self, question: Coroutine[Any, Any, T]) -> T:
        """The answer to a question."""
        return self.successResultOf(Deferred.fromCoroutine(question))

    def keep(self, *events: Event) -> list[Exception | None]:
        """Append events in one transaction."""
        return self.successResultOf(self.store.append(events))

    def must_keep(self, *events: Event) -> None:
        """Append events, all of which are fine."""
        self.assertEqual(self.keep(*events), [None] * len(events))

    def ids(self, question: Coroutine[Any, Any, list[Event]]) -> list[int]:
        """The ids of the events in an answer."""
        return [event.id for event in self.ask(question)]

    def room(self, name: str = "ops") -> RoomRecord:
        """What is kept of a room."""
        return next(room for room in self.ask(self.store.rooms()) if room.name == name)

    # Events

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

    # History

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

    # Private messages

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

    # What somebody missed

    def test_missed(self) -> None:
        """Missed is what one would have been shown, wherever it was said."""
        self.must_keep(
            said(1),
            said(2, room="lobby"),
            said(3, room="secret"),
            whispered(4, ANN, BOB),
            whispered(5, BOB, ANN),
            whispered(6, ANN, CHO),
            Announced(id=7, sender=CHO, text="hear"),
            RoomOpened(id=8, room="ops", sender=ANN),
            TopicChanged(id=9, room="ops", sender=ANN, text="t"),
            Killed(id=10, sender=ANN, person=BOB),
            said(11, sender=BOB),
            whispered(12, BOB, BOB),
        )

        def missed(after: int, upto: int, limit: int = 99) -> list[int]:
            rooms = ["ops", "lobby"]
            return self.ids(
                self.store.missed(2, rooms, after=after, upto=upto, limit=limit)
            )

        self.assertEqual(missed(0, 99), [1, 2, 4, 5, 7, 9, 11, 12])
        self.assertEqual(missed(2, 9), [4, 5, 7, 9])
        self.assertEqual(missed(0, 99, 3), [9, 11, 12])
        self.assertEqual(missed(12, 99), [])
        self.assertEqual(
            self.ids(self.store.missed(9, (), after=0, upto=99, limit=9)), [7]
        )

    def test_unread(self) -> None:
        """For each room it is counted what others said, and how often one was named."""
        self.must_keep(
            said(1, "bob?"),
            said(2, "hi Bob!"),
            said(3, "bobby"),
            said(4, "bob here", sender=BOB),
            Emoted(id=5, room="ops", sender=CHO, text="looks at @BOB"),
            TopicChanged(id=6, room="ops", sender=ANN, text="bob"),
            said(7, "bob", room="lobby"),
            said(8, "bob", room="secret"),
            whispered(9, ANN, BOB, "bob"),
        )
        unread = self.store.unread
        self.assertEqual(
            self.ask(unread(BOB, {"ops": 1, "lobby": 7, "empty": 0})),
            {"ops": (3, 2), "lobby": (0, 0), "empty": (0, 0)},
        )
        self.assertEqual(
            self.ask(unread(BOB, {"ops": 0, "lobby": 0})),
            {"ops": (4, 3), "lobby": (1, 1)},
        )
        self.assertEqual(self.ask(unread(BOB, {})), {})

    def test_mentions(self) -> None:
        """The latest messages that name somebody, beyond what was read in each room."""
        ann = Person(7, "Jean-Luc")
        self.must_keep(
            said(1, "jean-luc"),
            said(2, "JEAN-LUC, here"),
            said(3, "luc jean"),
            said(4, "jean-luc", sender=ann),
            said(5, "jean-luc", room="lobby"),
            said(6, "hi jean-luc"),
            said(7, "jean-luc", room="secret"),
        )

        def mentions(marks: dict[str, int], limit: int = 9) -> list[int]:
            return self.ids(self.store.mentions(ann, marks, limit=limit))

        self.assertEqual(mentions({"ops": 0, "lobby": 0}), [1, 2, 5, 6])
        self.assertEqual(mentions({"ops": 1, "lobby": 5}), [2, 6])
        self.assertEqual(mentions({"ops": 0, "lobby": 0}, 2), [5, 6])
        self.assertEqual(mentions({}), [])

    def test_nameless_mention(self) -> None:
        """A name without a word in it is never mentioned."""
        self.must_keep(said(1, "hi ++"))
        nobody = Person(9, "++")
        self.assertEqual(
            self.ask(self.store.unread(nobody, {"ops": 0})), {"ops": (1, 0)}
        )
        self.assertEqual(self.ids(self.store.mentions(nobody, {"ops": 0}, limit=9)), [])

    # Search

    def search(self, *words: str, **more: Any) -> list[int]:
        """The ids of what a search in ops finds."""
        more.setdefault("rooms", ("ops",))
        return self.ids(self.store.search(Query(words, **more)))

    def test_search(self) -> None:
        """All words must occur, whatever their case and accents."""
        self.must_keep(
            said(1, "the Café is open"),
            said(2, "the cafe is closed"),
            said(3, "cafeteria"),
            said(4, "cafe", room="secret"),
            TopicChanged(id=5, room="ops", sender=ANN, text="cafe"),
            Emoted(id=6, room="ops", sender=ANN, text="opens a CAFÉ"),
        )
        self.assertEqual(self.search("cafe"), [1, 2, 6])
        self.assertEqual(self.search("café", "OPEN"), [1])
        self.assertEqual(self.search("open", "closed"), [])
        self.assertEqual(self.search("cafe is"), [1, 2])
        self.assertEqual(self.search("is cafe"), [])
        self.assertEqual(self.search("nothing"), [])
        self.assertEqual(self.search("cafe", rooms=("ops", "secret")), [1, 2, 4, 6])
        self.assertEqual(self.search("cafe", rooms=()), [])

    def test_search_pages(self) -> None:
        """A search shows the latest, and goes on from there."""
        self.must_keep(*(said(id, "word") for id in range(1, 8)))
        self.assertEqual(self.search("word", limit=3), [5, 6, 7])
        self.assertEqual(self.search("word", before=5, limit=3), [2, 3, 4])

    def test_search_filters(self) -> None:
        """A search can be for what one person said, or said lately."""
        zoe = Person(5, "Zoë")
        self.must_keep(said(1, "word"), said(2, "word", zoe), said(3, "else", zoe))
        self.assertEqual(self.search("word", sender="ZOË"), [2])
        self.assertEqual(self.search(sender="zoË"), [2, 3])
        self.assertEqual(self.search("word", sender="nobody"), [])
        self.assertEqual(self.search("word", since=2.0), [2])
        self.assertEqual(self.search("word", since=2.001), [])
        self.assertEqual(self.search(), [1, 2, 3])

    def test_search_whispers(self) -> None:
        """People find their own private messages, and nobody else's."""
        self.must_keep(
            said(1, "word"),
            whispered(2, ANN, BOB, "word"),
            whispered(3, BOB, ANN, "word"),
            whispered(4, CHO, BOB, "word"),
            whispered(5, ANN, ANN, "word"),
        )
        self.assertEqual(self.search("word", person=1), [1, 2, 3, 5])
        self.assertEqual(self.search("word", person=1, rooms=()), [2, 3, 5])
        self.assertEqual(self.search(person=3, rooms=()), [4])

    def test_search_syntax(self) -> None:
        """What the database would take for syntax is looked for as it stands."""
        self.must_keep(said(1, 'he said "no" OR yes - text:none NEAR here*'))
        for word in ("OR", "-text", "text:none", '"no"', "NEAR", "here*", "NOT no"):
            self.assertEqual(self.search(word), [] if word == "NOT no" else [1], word)
        for word in ("he*", "'", '"', "*", "(", "yes)(", "^he", "{text}", "\x00", "%"):
            self.search(word)
        self.assertEqual(self.search('"'), [])
        self.assertEqual(self.search("no", '"'), [])

    def test_search_unspaced(self) -> None:
        """Chinese is found in the middle of a sentence."""
        self.must_keep(said(1, "你好吗 bob"))
        for word in ("好", "好吗", "吗", "你好吗", "bob"):
            self.assertEqual(self.search(word), [1], word)
        self.assertEqual(self.search("你吗"), [])

    # Rooms

    def test_room_opened(self) -> None:
        """Who opens a room is its first moderator and member."""
        self.must_keep(
            RoomOpened(id=1, room="ops", sender=ANN, private=True),
            RoomOpened(id=2, room="lab", sender=BOB),
        )
        self.assertEqual(
            self.ask(self.store.rooms()),
            [
                RoomRecord("lab", members=frozenset({2}), moderators=frozenset({2})),
                RoomRecord(
                    "ops",
                    private=True,
                    members=frozenset({1}),
                    moderators=frozenset({1}),
                ),
            ],
        )

    def test_topic(self) -> None:
        """A topic stays until it is changed or cleared."""
        self.must_keep(TopicChanged(id=1, room="ops", sender=ANN, text="a"))
        self.assertEqual(self.room(), RoomRecord("ops", "a"))
        self.must_keep(TopicChanged(id=2, room="ops", sender=ANN, text=""))
        self.assertEqual(self.room(), RoomRecord("ops"))

    def test_room_changed(self) -> None:
        """Who was in a room when it became private may enter it later."""
        self.must_keep(
            RoomOpened(id=1, room="ops", sender=ANN),
            TopicChanged(id=2, room="ops", sender=ANN, text="t"),
            RoomChanged(
                id=3,
                room="ops",
                sender=ANN,
                private=True,
                history=False,
                members=(1, 5, 6),
            ),
        )
        self.assertEqual(
            self.room(),
            RoomRecord("ops", "t", True, False, frozenset({1, 5, 6}), frozenset({1})),
        )
        self.must_keep(
            RoomChanged(id=4, room="ops", sender=ANN, private=False, history=True)
        )
        self.assertEqual((self.room().private, self.room().history), (False, True))
        self.assertEqual(self.room().members, {1, 5, 6})

    def test_invited(self) -> None:
        """An invitation is good for ever, and twice is once."""
        invited = Invited(id=1, room="ops", sender=ANN, person=BOB)
        self.must_keep(invited, replace(invited, id=2))
        self.assertEqual(self.room().members, {2})

    def moderate(self, id: int, act: Act, person: Person = BOB, **more: Any) -> None:
        """Ann uses a right in ops."""
        self.must_keep(
            Moderated(id=id, room="ops", sender=ANN, act=act, person=person, **more)
        )

    def test_mute(self) -> None:
        """A mute is kept with its end and reason until it is lifted or renewed."""
        self.moderate(1, Act.MUTE, until=99.5, reason="loud")
        self.moderate(2, Act.MUTE, CHO)
        self.assertEqual(
            set(self.room().mutes),
            {Sentence(BOB, 99.5, "loud", "Ann"), Sentence(CHO, 0.0, "", "Ann")},
        )
        self.moderate(3, Act.MUTE, until=100.0)
        self.moderate(4, Act.UNMUTE, CHO)
        self.assertEqual(self.room().mutes, (Sentence(BOB, 100.0, "", "Ann"),))
        self.assertEqual(self.room().bans, ())

    def test_ban(self) -> None:
        """Who is banned is no member any more, also when the ban is lifted."""
        self.must_keep(Invited(id=1, room="ops", sender=ANN, person=BOB))
        self.moderate(2, Act.APPOINT)
        self.moderate(3, Act.BAN, reason="rude")
        self.assertEqual(self.room().bans, (Sentence(BOB, 0.0, "rude", "Ann"),))
        self.assertEqual(self.room().members, frozenset())
        self.assertEqual(self.room().moderators, {2})
        self.moderate(4, Act.UNBAN)
        self.assertEqual(self.room(), RoomRecord("ops", moderators=frozenset({2})))

    def test_moderators(self) -> None:
        """Moderators are appointed and dismissed; a kick changes nothing."""
        self.moderate(1, Act.APPOINT)
        self.moderate(2, Act.APPOINT)
        self.moderate(3, Act.KICK)
        self.assertEqual(
            self.room(),
            RoomRecord("ops", members=frozenset({2}), moderators=frozenset({2})),
        )
        self.moderate(4, Act.DISMISS)
        self.assertEqual(self.room(), RoomRecord("ops", members=frozenset({2})))

    # The chat as a whole

    def test_motd_and_lockdown(self) -> None:
        """Message of the day and lockdown outlast a restart; a cleared one is empty."""
        self.must_keep(
            MotdChanged(id=1, sender=ANN, text="hi"),
            LockdownChanged(id=2, sender=ANN, on=True),
        )
        self.assertEqual(self.ask(self.store.server()), ServerRecord("hi", True))
        self.must_keep(
            MotdChanged(id=3, sender=ANN, text=""),
            LockdownChanged(id=4, sender=ANN, on=False),
        )
        self.assertEqual(self.ask(self.store.server()), ServerRecord("", False))

    def test_server_bans(self) -> None:
        """Bans from the chat are kept until they are lifted; a new one replaces."""
        ban = ServerBanned(
            id=1, sender=ANN, target="account:bob", shown="Bob", until=9.5, reason="r"
        )
        net = ServerBanned(id=2, sender=ANN, target="network:10.0.0.0/8", shown="10/8")
        self.must_keep(ban, net, replace(ban, id=3, until=0.0))
        self.assertEqual(
            set(self.ask(self.store.server()).bans),
            {
                ServerBan("account:bob", "Bob", 0.0, "r", "Ann"),
                ServerBan("network:10.0.0.0/8", "10/8", 0.0, "", "Ann"),
            },
        )
        self.must_keep(
            ServerUnbanned(id=4, sender=ANN, target="account:bob", shown="Bob")
        )
        self.assertEqual(
            [ban.target for ban in self.ask(self.store.server()).bans],
            ["network:10.0.0.0/8"],
        )

    def test_settings(self) -> None:
        """A value is kept under a name."""
        self.assertEqual(self.ask(self.store.setting("a")), "")
        self.ask(self.store.keep_setting("a", "1"))
        self.ask(self.store.keep_setting("a", "2"))
        self.assertEqual(self.ask(self.store.setting("a")), "2")

    # Files

    def test_shared_event(self) -> None:
        """That a file was shared is history, and is found by its name."""
        self.must_keep(shared(1, "report"), handed(2, "plan", ANN, BOB))
        self.assertEqual(self.ask(self.store.event(1)), shared(1, "report"))
        self.assertEqual(self.ids(self.store.history("ops", limit=9)), [1])
        self.assertEqual(self.ids(self.store.whispers(2, 1, limit=9)), [2])
        self.assertEqual(self.ids(self.store.unseen_whispers(2, limit=9)), [2])
        missed = self.store.missed(2, ["ops"], after=0, upto=9, limit=9)
        self.assertEqual(self.ids(missed), [1, 2])
        query = Query(("report",), rooms=("ops",))
        self.assertEqual(self.ids(self.store.search(query)), [1])
        self.assertEqual(self.ids(self.store.search(Query(("plan",), person=2))), [2])
        self.assertEqual(self.ids(self.store.search(Query(("plan",), person=3))), [])

    def test_file(self) -> None:
        """What is known of a file comes with its event, and goes when it is removed."""
        self.must_keep(shared(7, "f"))
        file = File(
            "f", 7, ANN, "ops", None, "f.txt", 10_000, "text/plain", "00", 7.0, 67.0
        )
        self.assertEqual(self.ask(self.store.file("f")), file)
        self.assertEqual(self.ask(self.store.file_of(7)), file)
        self.assertIsNone(self.ask(self.store.file("g")))
        self.assertIsNone(self.ask(self.store.file_of(8)))
        self.assertTrue(self.ask(self.store.remove_file("f")))
        self.assertFalse(self.ask(self.store.remove_file("f")))
        self.assertIsNone(self.ask(self.store.file("f")))
        self.assertEqual(self.ask(self.store.event(7)), shared(7, "f"))

    def test_file_twice(self) -> None:
        """One file is shared once; its neighbours in the transaction are kept."""
        self.must_keep(shared(1, "f"))
        results = self.keep(said(2), shared(3, "f"), shared(4, "g"))
        self.assertEqual([result is None for result in results], [True, False, True])
        self.assertEqual(self.ask(self.store.file_ids()), {"f", "g"})
        self.assertEqual(self.ask(self.store.stored([2, 3, 4])), {2, 4})

    def test_files_in_room(self) -> None:
        """The files of a room come newest first; those for one person are not there."""
        self.must_keep(
            shared(1, "a"),
            shared(2, "b"),
            shared(3, "c", room="lobby"),
            handed(4, "d", ANN, BOB),
        )
        files = self.ask(self.store.files_in("ops", limit=9))
        self.assertEqual([file.id for file in files], ["b", "a"])
        files = self.ask(self.store.files_in("ops", limit=1))
        self.assertEqual([file.id for file in files], ["b"])
        self.assertEqual(self.ask(self.store.files_in("", limit=9)), [])

    def test_files_between(self) -> None:
        """What two people share with each other, both see, and nobody else."""
        self.must_keep(
            handed(1, "a", ANN, BOB), handed(2, "b", BOB, ANN), handed(3, "c", ANN, CHO)
        )
        files = self.ask(self.store.files_between(2, 1, limit=9))
        self.assertEqual([(f.id, f.to) for f in files], [("b", ANN), ("a", BOB)])
        self.assertEqual(self.ask(self.store.files_between(2, 3, limit=9)), [])
        self.assertEqual(self.ask(self.store.partners(1)), [BOB, CHO])
        self.assertEqual(self.ask(self.store.partners(2)), [ANN])
        self.assertEqual(self.ask(self.store.partners(9)), [])

    def test_space(self) -> None:
        """A file takes its size, at least 4 KiB; guests share one account's space."""
        self.assertEqual(self.ask(self.store.space(ANN)), (0, 0))
        dan = Person(4, "dan")
        self.must_keep(
            shared(1, "a"), handed(2, "b", ANN, BOB), shared(3, "c", CHO, size=5_000)
        )
        self.assertEqual(self.ask(self.store.space(ANN)), (14_096, 19_096))
        self.assertEqual(self.ask(self.store.space(BOB)), (0, 19_096))
        self.assertEqual(self.ask(self.store.space(dan)), (5_000, 19_096))

    def test_expired_files(self) -> None:
        """Files whose time is over are named, the oldest first; some have no end."""
        self.must_keep(shared(1, "a"), shared(2, "b"), handed(3, "c", ANN, BOB))
        self.assertEqual(self.ask(self.store.expired_files(60.9, limit=9)), [])
        self.assertEqual(self.ask(self.store.expired_files(61.0, limit=9)), ["a"])
        self.assertEqual(self.ask(self.store.expired_files(99.0, limit=9)), ["a", "b"])
        self.assertEqual(self.ask(self.store.expired_files(99.0, limit=1)), ["a"])

    # Accounts

    def test_account(self) -> None:
        """An account is found by id, by name and by what its name looks like."""
        full = account(
            5,
            "Ann",
            role=Role.OPERATOR,
            preferences=Preferences(Timestamps.SHORT, "Europe/Rome", True, True, False),
            ignored=frozenset({7, 8}),
        )
        self.ask(self.store.add_account(full))
        self.assertEqual(self.ask(self.store.account(5)), full)
        self.assertEqual(self.ask(self.store.account_named("ann")), full)
        self.assertEqual(self.ask(self.store.account_like("ann~")), full)
        self.assertIsNone(self.ask(self.store.account(6)))
        self.assertIsNone(self.ask(self.store.account_named("Ann")))
        self.assertIsNone(self.ask(self.store.account_like("ann")))

    def test_name_taken(self) -> None:
        """Two accounts never have one name, nor names that look alike."""
        self.ask(self.store.add_account(account(5, "ann")))
        self.ask(self.store.add_account(account(6, "bob")))
        for other in (
            account(7, "ann", skeleton="x"),
            account(7, "x", skeleton="ann~"),
            account(5, "cho"),
        ):
            adding = Deferred.fromCoroutine(self.store.add_account(other))
            self.failureResultOf(adding, NameTaken)
        self.assertIsNone(self.ask(self.store.account(7)))
        self.assertEqual(self.ask(self.store.account(6)), account(6, "bob"))
        self.assertEqual(self.ask(self.store.accounts()), 2)

    def test_find_accounts(self) -> None:
        """Accounts are listed by their keys, page by page, or by a part of these."""
        for id, name in ((5, "cho"), (6, "ann"), (7, "bob"), (8, "Joanna"), (9, "a_b")):
            self.ask(self.store.add_account(account(id, name)))
        self.ask(self.store.keep_secret(7, "", was=account(7, "bob").secret))

        def find(text: str = "", after: str = "", limit: int = 10) -> list[str]:
            found = self.ask(self.store.find_accounts(text, after=after, limit=limit))
            return [one.name for one in found]

        self.assertEqual(find(), ["a_b", "ann", "cho", "Joanna"])
        self.assertEqual(find(limit=2), ["a_b", "ann"])
        self.assertEqual(find(after="ann"), ["cho", "Joanna"])
        self.assertEqual(find("ann"), ["ann", "Joanna"])
        self.assertEqual(find("_"), ["a_b"])
        self.assertEqual(find("%"), [])
        found = self.ask(self.store.find_accounts("cho", after="", limit=1))
        self.assertEqual(found, [account(5, "cho")])

    def test_keep_choices(self) -> None:
        """What somebody chooses is replaced, and nothing else."""
        old = account(5, "ann")
        self.ask(self.store.add_account(old))
        chosen = {"preferences": Preferences(bell=True), "ignored": frozenset({6})}
        new = account(5, "Ann", secret="$new$", role=Role.GUEST, **chosen)
        self.ask(self.store.keep_choices(new))
        self.assertEqual(self.ask(self.store.account(5)), replace(old, **chosen))
        self.ask(self.store.keep_choices(account(6, "bob")))
        self.assertIsNone(self.ask(self.store.account(6)))

    def test_keep_secret(self) -> None:
        """A secret is replaced if it is the one that is meant."""
        old = account(5, "ann")
        self.ask(self.store.add_account(old))
        self.assertTrue(self.ask(self.store.keep_secret(5, "$new$", was=old.secret)))
        self.assertFalse(self.ask(self.store.keep_secret(5, "$2$", was=old.secret)))
        self.assertFalse(self.ask(self.store.keep_secret(6, "$2$", was="")))
        self.assertEqual(self.ask(self.store.account(5)), replace(old, secret="$new$"))

    def test_roles(self) -> None:
        """Accounts and operators are counted; who cannot log in does not count."""
        self.ask(self.store.add_account(account(5, "ann")))
        self.ask(self.store.add_account(account(6, "bob", role=Role.OPERATOR)))
        self.ask(self.store.add_account(account(7, "cho", secret="")))
        self.must_keep(
            RoleChanged(id=8, sender=BOB, person=Person(5, "ann"), role=Role.OPERATOR),
            RoleChanged(id=9, sender=BOB, person=Person(7, "cho"), role=Role.OPERATOR),
            RoleChanged(id=10, sender=BOB, person=Person(99, "x"), role=Role.OPERATOR),
        )
        self.assertEqual(self.ask(self.store.accounts()), 2)
        self.assertEqual(self.ask(self.store.operators()), 2)
        found = self.ask(self.store.account(5))
        self.assertEqual(found, account(5, "ann", role=Role.OPERATOR))
        self.ask(self.store.keep_secret(5, "", was=account(5, "ann").secret))
        self.assertEqual(self.ask(self.store.accounts()), 1)
        self.assertEqual(self.ask(self.store.operators()), 1)

    def test_rooms_of(self) -> None:
        """Where somebody was is remembered in order; guests are not remembered."""
        self.ask(self.store.add_account(account(5, "ann")))
        self.assertEqual(self.ask(self.store.rooms_of(5)), [])
        self.ask(self.store.keep_rooms_of(5, ["ops", "lobby"]))
        self.ask(self.store.keep_rooms_of(6, ["ops"]))
        self.assertEqual(self.ask(self.store.rooms_of(5)), ["ops", "lobby"])
        self.assertEqual(self.ask(self.store.rooms_of(6)), [])
        self.ask(self.store.keep_choices(account(5, "ann")))
        self.ask(self.store.keep_rooms_of(5, ()))
        self.assertEqual(self.ask(self.store.rooms_of(5)), [])

    def test_marks(self) -> None:
        """Read marks go forward only, each on its own."""
        self.assertEqual(self.ask(self.store.marks(5)), {})
        self.ask(self.store.keep_marks(5, {"ops": 4, "@7": 2}))
        self.ask(self.store.keep_marks(5, {"ops": 3, "@7": 6, "lobby": 1}))
        self.ask(self.store.keep_marks(6, {"ops": 9}))
        self.ask(self.store.keep_marks(5, {}))
        self.assertEqual(self.ask(self.store.marks(5)), {"ops": 4, "@7": 6, "lobby": 1})

    def test_addresses(self) -> None:
        """The latest hundred addresses of an account are known."""
        for number in range(101):
            self.ask(self.store.keep_address(5, f"10.0.0.{number}"))
            self.ask(self.store.keep_address(5, "::1"))
        self.ask(self.store.keep_address(6, "::2"))
        known = self.ask(self.store.addresses(5))
        self.assertEqual(
            known, {"::1", *(f"10.0.0.{number}" for number in range(2, 101))}
        )
        self.assertEqual(self.ask(self.store.addresses(7)), set())

    # Ways to come in

    def test_token(self) -> None:
        """A token tells who somebody is until it expires."""
        self.ask(self.store.add_token("d", CHO, 100.5))
        self.assertEqual(self.ask(self.store.token("d", 100.0)), CHO)
        self.assertIsNone(self.ask(self.store.token("d", 100.5)))
        self.assertIsNone(self.ask(self.store.token("e", 0.0)))

    def test_many_tokens(self) -> None:
        """Somebody has at most twenty tokens; the oldest goes."""
        self.ask(self.store.add_token("other", ANN, 9.0))
        for number in range(21):
            self.ask(self.store.add_token(f"d{number}", CHO, 9.0))
        self.assertIsNone(self.ask(self.store.token("d0", 0.0)))
        self.assertEqual(self.ask(self.store.token("d1", 0.0)), CHO)
        self.assertEqual(self.ask(self.store.token("d20", 0.0)), CHO)
        self.assertEqual(self.ask(self.store.token("other", 0.0)), ANN)

    def test_remove_token(self) -> None:
        """One token can be forgotten; also one that is not there."""
        self.ask(self.store.add_token("a", ANN, 9.0))
        self.ask(self.store.add_token("b", ANN, 9.0))
        self.ask(self.store.remove_token("a"))
        self.ask(self.store.remove_token("nonsense"))
        self.assertIsNone(self.ask(self.store.token("a", 0.0)))
        self.assertEqual(self.ask(self.store.token("b", 0.0)), ANN)

    def test_remove_tokens(self) -> None:
        """All tokens of somebody can be forgotten."""
        self.ask(self.store.add_token("a", ANN, 9.0))
        self.ask(self.store.add_token("b", BOB, 9.0))
        self.ask(self.store.remove_tokens(1))
        self.assertIsNone(self.ask(self.store.token("a", 0.0)))
        self.assertEqual(self.ask(self.store.token("b", 0.0)), BOB)

    def test_keys(self) -> None:
        """An SSH key belongs to one account."""
        first = PublicKey("ssh-ed25519", "AAAA", "ann@laptop", "SHA256:1")
        second = PublicKey("ssh-rsa", "BBBB", "", "SHA256:0")
        self.ask(self.store.add_key(5, first))
        self.ask(self.store.add_key(5, second))
        for owner in (5, 6):
            adding = Deferred.fromCoroutine(self.store.add_key(owner, first))
            self.failureResultOf(adding, NameTaken)
        self.assertEqual(self.ask(self.store.keys(5)), [first, second])
        self.assertEqual(self.ask(self.store.keys(6)), [])
        self.assertEqual(self.ask(self.store.key_owner("SHA256:1")), 5)
        self.assertEqual(self.ask(self.store.key_owner("SHA256:9")), 0)
        self.assertFalse(self.ask(self.store.remove_key(6, "SHA256:1")))
        self.assertTrue(self.ask(self.store.remove_key(5, "SHA256:1")))
        self.assertFalse(self.ask(self.store.remove_key(5, "SHA256:1")))
        self.assertEqual(self.ask(self.store.keys(5)), [second])

    def test_invitations(self) -> None:
        """It is known how many invitations of somebody are still good."""
        for code, by, expires in (("a", 5, 10.0), ("b", 5, 20.0), ("c", 6, 20.0)):
            self.ask(self.store.add_invitation(code, by, expires))
        self.assertEqual(self.ask(self.store.invitations(5, 9.0)), 2)
        self.assertEqual(self.ask(self.store.invitations(5, 10.0)), 1)
        self.ask(self.store.take_invitation("b", 10.0))
        self.assertEqual(self.ask(self.store.invitations(5, 10.0)), 0)

    def test_invitation(self) -> None:
        """An invitation code is good once, until it expires."""
        self.ask(self.store.add_invitation("a", 5, 10.5))
        self.ask(self.store.add_invitation("b", 5, 10.5))
        self.assertTrue(self.ask(self.store.take_invitation("a", 10.0)))
        self.assertFalse(self.ask(self.store.take_invitation("a", 10.0)))
        self.assertFalse(self.ask(self.store.take_invitation("b", 10.5)))
        self.assertFalse(self.ask(self.store.take_invitation("c", 10.0)))
