"""What every store must answer about what somebody missed or looks for."""

from typing import Any

from chatd.chat.account import Person
from chatd.chat.events import Announced, Emoted, Killed, RoomOpened, TopicChanged
from chatd.chat.store import Query
from tests.store.asking import ANN, BOB, CHO, Asking, said, whispered


class OfMissed(Asking):
    """Who was away, or searches."""

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
