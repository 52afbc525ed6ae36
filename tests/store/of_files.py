"""What every store must answer about files."""

from chatd.chat.account import Person
from chatd.chat.file import File
from chatd.chat.store import Query
from tests.store.asking import ANN, BOB, CHO, Asking, handed, said, shared


class OfFiles(Asking):
    """Files of rooms, and of two people."""

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
