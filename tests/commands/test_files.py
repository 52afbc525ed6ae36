"""Tests for C{/files}."""

from dataclasses import replace

from twisted.internet.defer import Deferred
from twisted.logger import globalLogPublisher

from chatd.chat.events import Listing
from chatd.chat.session import Session
from chatd.chat.sharing import Place
from chatd.commands.files import LISTED
from chatd.testing import result, turn, type_in
from tests.commands.chatting import Chatting, of


class FilesTests(Chatting):
    """C{/files} lists what is shared, tells how to get it, and removes it."""

    def setUp(self) -> None:
        super().setUp()
        self.hub.rules = replace(self.hub.rules, scp="-P 5050 {}@chat.example")
        self.ann, self.ann_door = self.member("ann", "ops")
        self.bob, self.bob_door = self.member("bob", "ops")

    def share(
        self, session: Session, name: str = "report.txt", place: Place | None = None
    ) -> None:
        """Share a file of 5 bytes."""
        where = place or self.hub.rooms.find("ops")
        upload = result(self.hub.sharing.begin(session, where, name))
        result(upload.write(b"hello"))
        done = Deferred.fromCoroutine(upload.finish())
        turn(self.hub)
        self.successResultOf(done)

    def listing(self, line: str) -> Listing:
        """What bob is listed."""
        (listing,) = of(Listing, self.ask(self.bob, self.bob_door, line))
        return listing

    def test_list(self) -> None:
        """Name, size, owner and time stand there, and how to fetch and to share."""
        type_in(self.hub, self.bob, "/set zone UTC")
        self.share(self.ann)
        listing = self.listing("/files")
        (row,) = listing.rows
        self.assertEqual(listing.title, "1 file shared in ops:")
        self.assertRegex(
            listing.lines[0],
            r"^[0-9a-z]+  report\.txt \(5 bytes\), ann, 2026-11-21 12:00$",
        )
        self.assertEqual(
            listing.lines[1:],
            (
                "To get one: scp -P 5050 bob@chat.example:ops/NAME .",
                "To share one: scp -P 5050 FILE bob@chat.example:ops/",
            ),
        )
        self.assertEqual(
            (row["name"], row["size"], row["sender"]), ("report.txt", 5, "ann")
        )
        self.assertEqual((row["room"], row["to"]), ("ops", None))

    def test_nothing(self) -> None:
        """Where nothing is shared, it says so, and how one would."""
        listing = self.listing("/files lobby")
        self.assertEqual(listing.title, "No file is shared in lobby.")
        self.assertEqual(len(listing.lines), 1)
        self.hub.rules = replace(self.hub.rules, scp="")
        self.assertEqual(self.listing("/files lobby").lines, ())

    def test_person(self) -> None:
        """With a name it lists what two people share."""
        self.share(self.ann, "plan.txt", self.bob.somebody())
        for line in ("/files ann", "/files @Ann"):
            listing = self.listing(line)
            self.assertEqual(listing.title, "1 file shared with ann:")
            self.assertEqual(listing.rows[0]["to"], "bob")
            self.assertIn("bob@chat.example:@ann/", listing.lines[-1])

    def test_many(self) -> None:
        """Only the latest are listed."""
        for number in range(LISTED):
            self.share(self.ann, f"{number}.txt")
        self.assertEqual(self.listing("/files").title, f"{LISTED} files shared in ops:")
        self.share(self.ann, "last.txt")
        listing = self.listing("/files")
        self.assertEqual(listing.title, f"The latest {LISTED} files shared in ops:")
        self.assertIn("last.txt", listing.lines[0])
        self.assertEqual(len(listing.rows), LISTED)

    def test_unknown(self) -> None:
        """What there is not is named."""
        text = self.refusal(self.bob, self.bob_door, "/files nowhere")
        self.assertEqual(text, "There is no room and nobody called nowhere.")
        self.refusal(self.bob, self.bob_door, "/files #nowhere")
        self.refusal(self.bob, self.bob_door, "/files ops more")

    def test_guest(self) -> None:
        """A guest who may not share is not told how."""
        guest, door = self.guest("gus")
        (listing,) = of(Listing, self.ask(guest, door, "/files"))
        self.assertEqual(listing.lines, ())

    def test_remove(self) -> None:
        """The owner removes a file by its id."""
        self.share(self.bob)
        id = self.listing("/files").lines[0].split()[0]
        answer = self.answer(self.bob, self.bob_door, f"/files remove {id}")
        self.assertEqual(answer, "report.txt is removed.")
        self.assertEqual(self.listing("/files").rows, ())
        self.refusal(self.bob, self.bob_door, f"/files remove {id}")
        self.refusal(self.bob, self.bob_door, "/files remove !")

    def test_remove_others(self) -> None:
        """Only a moderator removes the file of another, and the log tells of it."""
        self.share(self.ann)
        id = self.listing("/files").lines[0].split()[0]
        self.assertIn(
            "ann", self.refusal(self.bob, self.bob_door, f"/files remove {id}")
        )
        self.share(self.bob, "b.txt")
        id = self.listing("/files").lines[0].split()[0]
        logged: list[str] = []

        def observe(event: dict[str, object]) -> None:
            if event.get("log_namespace") == "chatd.audit":
                logged.append(f"{event['who']} {event['what']} {event['whom']}")

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        answer = self.answer(self.ann, self.ann_door, f"/files remove {id}")
        self.assertEqual(answer, "b.txt is removed.")
        self.assertEqual(logged, ["ann remove a file of bob"])
