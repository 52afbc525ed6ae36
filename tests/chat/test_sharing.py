"""Tests for sharing files: who may, how much, and what becomes of it."""

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred

from chatd.chat.errors import (
    BadName,
    Banned,
    ChatError,
    Closed,
    Full,
    Muted,
    NotAllowed,
    NotFound,
    NotInRoom,
    NotStored,
    TooFast,
    TooLong,
)
from chatd.chat.events import Handed, Past, Shared
from chatd.chat.file import File
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.chat.sharing import A_MINUTE, COST, Place, Upload
from chatd.testing import result, turn, type_in
from tests.chatting import Chatting, of

LIMITS = Rules(
    throttle=False,
    file_bytes=10_000,
    files_account=25_000,
    files_total=45_000,
    files_keep=3600.0,
)


class SharingCase(Chatting):
    """A hub with small limits, and people who share."""

    rules = LIMITS

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.ann_door = self.member("ann", "ops")
        self.bob, self.bob_door = self.member("bob", "ops")
        self.cho, self.cho_door = self.member("cho")
        self.room = self.hub.rooms.find("ops")

    def begin(
        self, session: Session, place: Place | None = None, name: str = "a.txt"
    ) -> Upload:
        """Begin to share in the room."""
        return result(self.hub.sharing.begin(session, place or self.room, name))

    def finish(self, upload: Upload) -> None:
        """Share it."""
        done = Deferred.fromCoroutine(upload.finish())
        turn(self.hub)
        self.successResultOf(done)

    def share(
        self,
        session: Session,
        content: bytes = b"hello",
        place: Place | None = None,
        name: str = "a.txt",
    ) -> None:
        """Share a file."""
        upload = self.begin(session, place, name)
        result(upload.write(content))
        self.finish(upload)

    def listed(self, session: Session, place: Place | None = None) -> list[File]:
        """What somebody is listed."""
        return result(self.hub.sharing.shared(session, place or self.room, limit=99))

    def fetch(self, session: Session, id: str) -> bytes:
        """What somebody fetches."""
        file = result(self.hub.sharing.find(session, id))
        reader = result(self.hub.sharing.open(session, file))
        content = result(reader.read(0, 99_999))
        result(reader.close())
        return content

    def refuses(self, error: type[ChatError], question: Any) -> str:
        """Why something is refused; nothing is left open."""
        waiting = Deferred.fromCoroutine(question)
        turn(self.hub)
        text: str = self.failureResultOf(waiting, error).value.text
        return text


class RoomTests(SharingCase):
    """A file in a room is for all who are in it."""

    def test_shared(self) -> None:
        """All are told, in all sessions; the file can be fetched and is listed."""
        self.share(self.ann)
        for door in (self.ann_door, self.bob_door):
            (event,) = door.of(Shared)
            self.assertEqual(
                (event.room, event.sender.name, event.name, event.size),
                ("ops", "ann", "a.txt", 5),
            )
            self.assertEqual(event.expires, self.hub.now() + 3600)
        self.assertEqual(self.cho_door.of(Shared), [])
        (file,) = self.listed(self.bob)
        self.assertEqual((file.name, file.owner.name), ("a.txt", "ann"))
        self.assertEqual(self.fetch(self.bob, file.id), b"hello")
        self.assertEqual(self.files.open_files, 0)

    def test_history(self) -> None:
        """Who comes later reads of it."""
        self.share(self.ann)
        type_in(self.hub, self.cho, "/join ops")
        (past,) = [p for p in of(Past, self.cho_door.events) if p.name == "latest"]
        self.assertIsInstance(past.events[-1], Shared)

    def test_search(self) -> None:
        """A file is found by its name."""
        self.share(self.ann, name="quarterly report.pdf")
        past = result(self.hub.archive.search(self.bob, "report", limit=9))
        self.assertEqual(len(past.events), 1)

    def test_ignored(self) -> None:
        """Whom one ignores, one is not told of."""
        type_in(self.hub, self.bob, "/ignore ann")
        self.share(self.ann)
        self.assertEqual(self.bob_door.of(Shared), [])

    def test_elsewhere(self) -> None:
        """In a room that one is not in nothing can be shared."""
        self.refuses(NotInRoom, self.hub.sharing.begin(self.cho, self.room, "a"))

    def test_public(self) -> None:
        """Whoever may enter a room may fetch what is shared there."""
        self.share(self.ann)
        self.assertEqual(self.fetch(self.cho, "f1"), b"hello")

    def test_private(self) -> None:
        """What is shared in a private room is for its members."""
        type_in(self.hub, self.ann, "/private")
        self.share(self.ann)
        self.refuses(NotFound, self.hub.sharing.find(self.cho, "f1"))
        self.refuses(NotAllowed, self.hub.sharing.shared(self.cho, self.room, limit=9))
        self.assertEqual(self.fetch(self.bob, "f1"), b"hello")

    def test_banned(self) -> None:
        """Who is banned fetches nothing any more, even what was found before."""
        self.share(self.ann)
        file = result(self.hub.sharing.find(self.bob, "f1"))
        type_in(self.hub, self.ann, "/ban bob")
        self.refuses(NotFound, self.hub.sharing.find(self.bob, "f1"))
        self.refuses(NotFound, self.hub.sharing.open(self.bob, file))
        self.refuses(Banned, self.hub.sharing.shared(self.bob, self.room, limit=9))

    def test_muted(self) -> None:
        """Who is muted shares nothing, also if it was begun before."""
        upload = self.begin(self.bob)
        type_in(self.hub, self.ann, "/mute bob")
        self.refuses(Muted, upload.finish())
        self.refuses(Muted, self.hub.sharing.begin(self.bob, self.room, "b"))
        self.assertEqual((self.files.kept, self.files.open_files), ({}, 0))

    def test_guest(self) -> None:
        """Guests share nothing, unless the operator lets them; they may fetch."""
        guest, _ = self.guest("gus", "ops")
        self.refuses(NotAllowed, self.hub.sharing.begin(guest, self.room, "a"))
        self.share(self.ann)
        self.assertEqual(self.fetch(guest, "f1"), b"hello")

    def test_names(self) -> None:
        """A file's name is never a path."""
        self.share(self.ann, name="../../etc/passwd\n")
        self.assertEqual(self.listed(self.bob)[0].name, "passwd")
        self.refuses(BadName, self.hub.sharing.begin(self.ann, self.room, ".."))

    def test_closing(self) -> None:
        """A server that stops takes no more files."""
        upload = self.begin(self.ann)
        self.hub.closing = "Good night."
        self.refuses(Closed, self.hub.sharing.begin(self.ann, self.room, "a"))
        self.refuses(Closed, upload.finish())
        self.assertEqual(self.files.open_files, 0)

    def test_nowhere(self) -> None:
        """A hub without a place for files says so."""
        self.hub.sharing.files = None
        self.refuses(Closed, self.hub.sharing.begin(self.ann, self.room, "a"))
        self.assertEqual(result(self.hub.sharing.sweep()), 0)


class PersonTests(SharingCase):
    """A file for one person is for two people."""

    def test_handed(self) -> None:
        """Both are told, both may fetch, and nobody else."""
        self.share(self.ann, place=self.bob.somebody())
        for door in (self.ann_door, self.bob_door):
            (event,) = door.of(Handed)
            self.assertEqual((event.sender.name, event.to.name), ("ann", "bob"))
        self.assertEqual(self.cho_door.of(Handed), [])
        self.assertEqual(self.fetch(self.bob, "f1"), b"hello")
        self.assertEqual(self.fetch(self.ann, "f1"), b"hello")
        self.refuses(NotFound, self.hub.sharing.find(self.cho, "f1"))
        listed = self.listed(self.bob, self.ann.somebody())
        self.assertEqual([file.name for file in listed], ["a.txt"])
        self.assertEqual(self.listed(self.cho, self.ann.somebody()), [])
        self.assertEqual(
            result(self.hub.sharing.partners(self.bob)), [self.ann.somebody()]
        )

    def test_operator(self) -> None:
        """Not even an operator fetches what two people share."""
        boss, _ = self.operator("boss")
        self.share(self.ann, place=self.bob.somebody())
        self.refuses(NotFound, self.hub.sharing.find(boss, "f1"))

    def test_away(self) -> None:
        """Who is away is told at the next login."""
        bob = self.bob.somebody()
        self.bob.end("")
        self.share(self.ann, place=bob)
        _, door = self.member("bob")
        past = result(self.hub.store.unseen_whispers(bob.id, limit=9))
        self.assertEqual([type(event) for event in past], [Handed])
        del door

    def test_self(self) -> None:
        """One shares nothing with oneself, and nothing with a guest who has gone."""
        ann = self.ann.somebody()
        self.refuses(NotAllowed, self.hub.sharing.begin(self.ann, ann, "a"))
        session, _ = self.guest("gus")
        gus = session.somebody()
        self.begin(self.ann, gus)
        session.end("")
        turn(self.hub)
        self.refuses(NotFound, self.hub.sharing.begin(self.ann, gus, "a"))


class LimitTests(SharingCase):
    """Files have limits, and each says so."""

    def test_size(self) -> None:
        """A file may be as large as the limit, and not a byte larger."""
        upload = self.begin(self.ann)
        result(upload.write(b"x" * 10_000))
        self.assertIn("10 kB", self.refuses(TooLong, upload.write(b"x")))
        self.assertEqual(self.files.open_files, 0)
        begin = self.hub.sharing.begin
        self.refuses(TooLong, begin(self.ann, self.room, "a", size=10_001))
        result(result(begin(self.ann, self.room, "a", size=10_000)).abort())

    def test_account(self) -> None:
        """All files of an account together have a limit; those of others count not."""
        self.share(self.bob, b"x" * 10_000)
        self.share(self.ann, b"x" * 10_000)
        self.share(self.ann, b"x" * 10_000)
        upload = self.begin(self.ann)
        result(upload.write(b"x" * 5_000))
        self.assertIn("/files remove", self.refuses(Full, upload.write(b"x")))
        file = self.listed(self.ann)[0]
        result(self.hub.sharing.remove(self.ann, file))
        self.share(self.ann, b"x" * 10_000)

    def test_at_the_same_time(self) -> None:
        """Files on their way count as well, whoever is first."""
        uploads = [self.begin(self.ann) for _ in range(3)]
        for upload in uploads[:2]:
            result(upload.write(b"x" * 10_000))
        self.refuses(Full, uploads[2].write(b"x" * 5_001))
        for upload in uploads[:2]:
            self.finish(upload)
        self.assertEqual(len(self.files.kept), 2)

    def test_total(self) -> None:
        """All files together have a limit."""
        for session in (self.ann, self.bob):
            self.share(session, b"x" * 10_000)
            self.share(session, b"x" * 10_000)
        type_in(self.hub, self.cho, "/join ops")
        self.share(self.cho, b"x" * 4_500)
        self.refuses(Full, self.hub.sharing.begin(self.cho, self.room, "a"))

    def test_small(self) -> None:
        """An empty file counts, too, so that there are not too many."""
        for _ in range(25_000 // COST):
            self.share(self.ann, b"")
        self.refuses(Full, self.hub.sharing.begin(self.ann, self.room, "a"))

    def test_guests(self) -> None:
        """All guests together have the room of one account."""
        self.hub.rules = Rules(
            throttle=False,
            files_guests=True,
            file_bytes=20_000,
            files_account=25_000,
        )
        one, _ = self.guest("gus", "ops")
        two, _ = self.guest("gil", "ops")
        self.share(one, b"x" * 20_000)
        upload = self.begin(two)
        text = self.refuses(Full, upload.write(b"x" * 5_001))
        self.assertIn("all guests", text)

    def test_uploads(self) -> None:
        """So many at the same time, and no more; one that ended makes room."""
        self.hub.rules = replace(LIMITS, files_transfers_person=3)
        uploads = [self.begin(self.ann) for _ in range(3)]
        self.refuses(TooFast, self.hub.sharing.begin(self.ann, self.room, "a"))
        self.begin(self.bob)
        result(uploads[0].abort())
        self.begin(self.ann)

    def test_often(self) -> None:
        """So many in a minute, and no more."""
        self.hub.rules = Rules()
        for _ in range(A_MINUTE):
            self.share(self.ann, b"")
        text = self.refuses(TooFast, self.hub.sharing.begin(self.ann, self.room, "a"))
        self.assertIn("Wait 1 second", text)


class TroubleTests(SharingCase):
    """Whatever happens, nothing is left over and nothing is told that is not so."""

    def test_abort(self) -> None:
        """Nobody is told of an upload that broke off."""
        upload = self.begin(self.ann)
        result(upload.write(b"x"))
        result(upload.abort())
        result(upload.abort())
        self.assertEqual(self.bob_door.of(Shared), [])
        self.assertEqual((self.files.kept, self.files.open_files), ({}, 0))

    def test_disk_full(self) -> None:
        """A full disk refuses the file; its place is free again."""
        upload = self.begin(self.ann)
        self.files.full = True
        self.refuses(NotStored, upload.write(b"x"))
        self.assertEqual(self.files.open_files, 0)

    def test_store_down(self) -> None:
        """What the database does not take is not shared, and can be tried again."""
        upload = self.begin(self.ann)
        self.store.failing = True
        self.refuses(ChatError, upload.finish())
        self.store.failing = False
        self.assertEqual(self.bob_door.of(Shared), [])
        self.clock.advance(10)
        self.assertEqual(result(self.hub.sharing.sweep()), 1)
        self.share(self.ann)
        self.assertEqual(len(self.files.kept), 1)

    def test_not_stored(self) -> None:
        """A file of which nobody could be told is gone at once."""
        upload = self.begin(self.ann)
        self.store.full = True
        self.refuses(NotStored, upload.finish())
        self.assertEqual(self.files.kept, {})
        self.store.full = False
        self.share(self.ann)

    def test_unsure(self) -> None:
        """If the answer of the database got lost, the file that it kept stays."""
        upload = self.begin(self.ann)
        self.store.unsure = True
        done = Deferred.fromCoroutine(upload.finish())
        turn(self.hub)
        self.store.unsure = False
        self.successResultOf(done)
        self.flushLoggedErrors()
        self.assertEqual(self.fetch(self.bob, "f1"), b"hello"[:0])


class EndTests(SharingCase):
    """Files go."""

    def test_expire(self) -> None:
        """When its time is over a file cannot be fetched, and is removed."""
        for _ in range(3):
            self.share(self.ann, b"")
        self.clock.advance(3599)
        self.assertEqual(len(self.listed(self.ann)), 3)
        result(self.hub.sharing.expire())
        self.assertEqual(len(self.files.kept), 3)
        file = self.listed(self.ann)[0]
        self.clock.advance(1)
        self.assertEqual(self.listed(self.ann), [])
        self.refuses(NotFound, self.hub.sharing.find(self.ann, "f1"))
        self.refuses(NotFound, self.hub.sharing.open(self.ann, file))
        result(self.hub.sharing.expire())
        self.assertEqual(self.files.kept, {})
        self.assertEqual(result(self.store.file_ids()), set())

    def test_for_ever(self) -> None:
        """With 0 they stay for ever."""
        self.hub.rules = Rules(throttle=False, files_keep=0.0)
        self.share(self.ann)
        self.clock.advance(1e9)
        result(self.hub.sharing.expire())
        self.assertEqual(self.fetch(self.ann, "f1"), b"hello")

    def test_remove(self) -> None:
        """The owner removes a file; it is gone for all."""
        self.share(self.bob)
        file = self.listed(self.bob)[0]
        result(self.hub.sharing.remove(self.bob, file))
        self.refuses(NotFound, self.hub.sharing.find(self.ann, file.id))
        self.assertEqual(self.files.kept, {})

    def test_remove_others(self) -> None:
        """Moderators and operators remove those of others; nobody else does."""
        boss, _ = self.operator("boss")
        for session in (self.ann, boss):
            self.share(self.bob)
            file = self.listed(self.bob)[0]
            self.refuses(NotAllowed, self.hub.sharing.remove(self.cho, file))
            result(self.hub.sharing.remove(session, file))
        self.assertEqual(self.files.kept, {})

    def test_sweep(self) -> None:
        """At the start goes what nothing tells of."""
        self.share(self.ann)
        self.files.kept["lost"] = b""
        self.assertEqual(result(self.hub.sharing.sweep()), 1)
        self.assertEqual(list(self.files.kept), ["f1"])
