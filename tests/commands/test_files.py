"""Tests for C{/files}."""

import hashlib
from dataclasses import replace

from twisted.internet.defer import Deferred
from twisted.logger import globalLogPublisher

from chatd.chat.events import Listing, Unshared
from chatd.chat.session import Session
from chatd.chat.sharing import Place
from chatd.commands.files import LISTED
from chatd.testing import result, turn, type_in
from tests.chatting import Chatting, of


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
                "By SSH, to get one: scp -P 5050 bob@chat.example:ops/NAME .",
                "By SSH, to share one: scp -P 5050 FILE bob@chat.example:ops/",
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
        for word in ("remove", "refuse"):
            text = self.refusal(self.bob, self.bob_door, f"/files {word}")
            self.assertEqual(text, f"Type it like this: /files {word} ID")

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

    def test_told(self) -> None:
        """Who is in the room reads that a file was removed; who did it, the answer."""
        self.share(self.ann)
        id = self.listing("/files").lines[0].split()[0]
        self.bob_door.take()
        events = self.ask(self.ann, self.ann_door, f"/files remove {id}")
        self.assertEqual(of(Unshared, events), [])
        (gone,) = self.bob_door.of(Unshared)
        self.assertEqual(
            (gone.sender.name, gone.name, gone.room), ("ann", "report.txt", "ops")
        )

    def test_refuse(self) -> None:
        """Who is offered a file alone refuses it: it is gone, and the other told."""
        self.share(self.ann, place=self.bob.somebody())
        id = self.listing("/files @ann").lines[0].split()[0]
        self.refusal(self.ann, self.ann_door, f"/files refuse {id}")
        answer = self.answer(self.bob, self.bob_door, f"/files refuse {id}")
        self.assertEqual(answer, "report.txt is removed.")
        (gone,) = self.ann_door.of(Unshared)
        self.assertEqual((gone.sender.name, gone.to), ("bob", self.bob.person))
        self.assertEqual(self.listing("/files @ann").rows, ())

    def test_refuse_shared(self) -> None:
        """What is for a whole room is not one person's to refuse."""
        self.share(self.ann)
        id = self.listing("/files").lines[0].split()[0]
        text = self.refusal(self.bob, self.bob_door, f"/files refuse {id}")
        self.assertIn("just do not fetch it", text)

    def test_one(self) -> None:
        """All about one file, with its SHA-256."""
        type_in(self.hub, self.bob, "/set zone UTC")
        self.share(self.ann)
        id = self.listing("/files").lines[0].split()[0]
        listing = self.listing(f"/files {id}")
        self.assertIn("report.txt (5 bytes), ann", listing.title)
        self.assertEqual(
            listing.lines,
            (
                "    5 bytes, text/plain",
                f"    SHA-256 {hashlib.sha256(b'hello').hexdigest()}",
                "    kept until 2026-12-21 12:00",
            ),
        )
        self.refusal(self.bob, self.bob_door, "/files 123")


class LinkTests(Chatting):
    """Where there is the web door, files have lines for curl."""

    def setUp(self) -> None:
        super().setUp()
        self.hub.rules = replace(
            self.hub.rules, web="http://{}:5050", web_secure="https://{}:5050"
        )
        self.ann, self.ann_door = self.member("ann", "ops")
        self.bob, self.bob_door = self.member("bob", "ops")
        links = self.hub.sharing.links("chat.example", secure=False)
        assert links is not None
        for session in (self.ann, self.bob):
            session.look = replace(session.look, links=links)
        self.links = links

    def sent(self, line: str) -> str:
        """The line that ann is answered."""
        (listing,) = of(Listing, self.ask(self.ann, self.ann_door, line))
        self.assertEqual(len(listing.lines), 1)
        return listing.lines[0]

    def test_send(self) -> None:
        """The answer to /send-file is one line of curl, good for one file."""
        self.assertRegex(
            self.sent("/send-file ops"),
            r"^curl -T FILE http://chat\.example:5050/up/token-\d+/$",
        )
        self.assertIn("curl -T report.txt http", self.sent("/send-file bob report.txt"))

    def test_quoted(self) -> None:
        """A path is quoted as a shell needs it; what stands for one's home is not."""
        for path, shown in (
            ("~/my plan.txt", "-T ~/'my plan.txt' "),
            ("a;reboot", "-T 'a;reboot' "),
            ("-x", "-T ./-x "),
            ("[1].txt", "-g -T '[1].txt' "),
        ):
            self.assertIn(f"curl {shown}http", self.sent(f"/send-file ops {path}"))

    def test_refused(self) -> None:
        """Who may not share there is told so at once."""
        self.refusal(self.ann, self.ann_door, "/send-file nowhere")
        self.refusal(self.ann, self.ann_door, "/send-file ann")
        guest, door = self.guest("gus")
        self.assertIn("/register", self.refusal(guest, door, "/send-file lobby"))
        self.hub.rules = replace(self.hub.rules, web="")
        self.assertIn("closed", self.refusal(self.ann, self.ann_door, "/send-file ops"))

    def test_listed(self) -> None:
        """Each file that is listed has its line, which is for the reader alone."""
        room = self.hub.rooms.find("ops")
        upload = result(self.hub.sharing.begin(self.ann, room, "a b.txt"))
        done = Deferred.fromCoroutine(upload.finish())
        turn(self.hub)
        self.successResultOf(done)
        (listing,) = of(Listing, self.ask(self.bob, self.bob_door, "/files"))
        file = result(self.hub.sharing.find(self.bob, str(listing.rows[0]["file"])))
        url = self.links.of(file, self.bob.somebody())
        self.assertTrue(url.endswith("/a_b.txt"))
        self.assertEqual(listing.lines[1], f"    curl -OJ {url} -f")
        self.assertEqual(listing.rows[0]["url"], url)
        self.assertEqual(listing.lines[2], "To share one: /send-file ops FILE")
