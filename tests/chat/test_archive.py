"""What was said before is found again, by those who may know it."""

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat import archive
from chatd.chat.events import Event, Failed, Marked, Past, Said, Welcome, Whispered
from chatd.chat.request import Enter, History, Invoke, Search, Seen
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.chat.short_ids import short_id
from chatd.store.memory import MemoryStore
from chatd.testing import FakeDoor, connect, join, make_hub, result, turn, type_in
from tests.chatting import PASSWORD


def said(events: "tuple[Event, ...]") -> list[str]:
    """The texts of what was said."""
    return [e.text for e in events if isinstance(e, (Said, Whispered))]


class ArchiveCase(SynchronousTestCase):
    """Ann, with a program, and bob."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore()
        rules = Rules(throttle=False)
        self.hub = make_hub(store=self.store, clock=self.clock, rules=rules)
        self.ann, self.door = join(self.hub, "ann", "ops")
        self.bob, self.bob_door = join(self.hub, "bob")

    def ask(self, request: History | Search, session: Session | None = None) -> Past:
        """What ann, or somebody else, is answered."""
        session = session or self.ann
        door = session.door
        assert isinstance(door, FakeDoor)
        door.take()
        session.submit(request)
        turn(self.hub)
        failed = door.of(Failed)
        assert not failed, failed
        (past,) = door.of(Past)
        return past

    def refusal(self, request: object, session: Session | None = None) -> str:
        """Why a request fails."""
        session = session or self.ann
        door = session.door
        assert isinstance(door, FakeDoor)
        door.take()
        session.submit(request)  # type: ignore[arg-type]
        turn(self.hub)
        return door.of(Failed)[-1].code


class HistoryTests(ArchiveCase):
    """History comes by pages."""

    def setUp(self) -> None:
        super().setUp()
        type_in(self.hub, self.ann, *(f"{number}" for number in range(10)))
        self.ids = [e.id for e in self.ask(History("ops", limit=20)).events]
        self.ids = self.ids[-10:]

    def page(self, **bounds: Any) -> tuple[str, bool]:
        """What is on a page, and whether there is more."""
        past = self.ask(History("ops", **bounds))
        return " ".join(said(past.events)), past.more

    def test_latest(self) -> None:
        """The latest, oldest first."""
        self.assertEqual(self.page(limit=3), ("7 8 9", True))
        self.assertEqual(self.page(limit=10), ("0 1 2 3 4 5 6 7 8 9", False))

    def test_before(self) -> None:
        """Those before a message, the nearest of them."""
        self.assertEqual(self.page(before=self.ids[5], limit=3), ("2 3 4", True))
        self.assertEqual(self.page(before=self.ids[3], limit=3), ("0 1 2", False))

    def test_after(self) -> None:
        """Those after a message, the nearest of them."""
        self.assertEqual(self.page(after=self.ids[5], limit=3), ("6 7 8", True))
        self.assertEqual(self.page(after=self.ids[6], limit=3), ("7 8 9", False))

    def test_between(self) -> None:
        """Those between two messages, the latest of them."""
        bounds = {"after": self.ids[1], "before": self.ids[6]}
        self.assertEqual(self.page(**bounds, limit=9), ("2 3 4 5", False))
        self.assertEqual(self.page(**bounds, limit=2), ("4 5", True))

    def test_around(self) -> None:
        """Those on both sides of a message, with it."""
        self.assertEqual(self.page(around=self.ids[5], limit=4), ("3 4 5 6", True))
        self.assertEqual(self.page(around=self.ids[1], limit=4), ("0 1 2", False))
        self.assertEqual(self.page(around=1, limit=4), ("0 1", False))
        self.assertEqual(self.page(around=self.ids[5], limit=1), ("5", True))

    def test_most(self) -> None:
        """So many at once, and no more; at least one."""
        self.hub.rules = replace(self.hub.rules, history_max=4)
        self.assertEqual(self.page(limit=100), ("6 7 8 9", True))
        self.assertEqual(self.page(limit=-5), ("9", True))

    def test_odd_numbers(self) -> None:
        """Numbers that no message has are no error."""
        self.assertEqual(self.page(before=10**30, limit=2), ("8 9", True))
        self.assertEqual(self.page(after=10**30, limit=2), ("", False))

    def test_private_room(self) -> None:
        """The history of a private room is for its members."""
        self.assertEqual(said(self.ask(History("ops"), self.bob).events)[0], "0")
        type_in(self.hub, self.ann, "/private")
        self.assertEqual(self.refusal(History("ops"), self.bob), "not-found")

    def test_banned(self) -> None:
        """Who is banned from a room does not read there."""
        type_in(self.hub, self.ann, "/ban bob")
        self.assertEqual(self.refusal(History("ops"), self.bob), "banned")

    def test_two_people(self) -> None:
        """What two people told each other is theirs."""
        type_in(self.hub, self.ann, "/msg bob one")
        type_in(self.hub, self.bob, "/msg ann two")
        cho, _ = join(self.hub, "cho")
        self.assertEqual(said(self.ask(History(person="bob")).events), ["one", "two"])
        past = self.ask(History(person="ann", limit=1), self.bob)
        self.assertEqual((said(past.events), past.more), (["two"], True))
        self.assertEqual(said(self.ask(History(person="ann"), cho).events), [])

    def test_switched_off(self) -> None:
        """What is said while the history is off is not there later."""
        type_in(self.hub, self.ann, "/history off", "secret", "/history on", "open")
        self.assertEqual(said(self.ask(History("ops", limit=2)).events), ["open"])

    def test_log(self) -> None:
        """The log of a room comes whole, piece by piece, up to now."""
        self.patch(archive, "STEP", 4)
        self.door.take()
        type_in(self.hub, self.ann, "/getlog ops")
        turn(self.hub, 20)
        pieces = self.door.of(Past)
        self.assertEqual([len(piece.events) for piece in pieces], [4, 4, 2])
        texts = [text for piece in pieces for text in said(piece.events)]
        self.assertEqual(texts, [f"{number}" for number in range(10)])

    def test_log_while_speaking(self) -> None:
        """What is said meanwhile is not in it, so that it ends."""
        self.patch(archive, "STEP", 4)
        self.door.take()
        self.ann.receive("/getlog ops")
        for number in range(20):
            self.bob.submit(Invoke("join", "ops"))
            self.bob.receive(f"more {number}")
            turn(self.hub, 1)
        turn(self.hub, 20)
        texts = [text for piece in self.door.of(Past) for text in said(piece.events)]
        self.assertEqual(texts, [f"{number}" for number in range(10)])

    def test_log_and_kick(self) -> None:
        """Who loses the right to read meanwhile reads no further."""
        self.patch(archive, "STEP", 4)
        type_in(self.hub, self.bob, "/join ops")
        self.bob_door.take()
        self.bob.receive("/getlog ops")
        type_in(self.hub, self.ann, "/ban bob")
        turn(self.hub, 20)
        self.assertLess(len(self.bob_door.of(Past)), 3)
        self.assertEqual(self.bob_door.codes(), ["banned"])


class ShowTests(ArchiveCase):
    """One message is shown to whom it concerns."""

    def show(self, session: Session, event: int) -> str:
        """What somebody is shown."""
        door = session.door
        assert isinstance(door, FakeDoor)
        door.take()
        type_in(self.hub, session, f"/show {short_id(event)}")
        pasts = door.of(Past)
        return " ".join(said(pasts[0].events)) if pasts else door.of(Failed)[0].code

    def test_room(self) -> None:
        """What was said in a room that one may read."""
        type_in(self.hub, self.ann, "hello")
        self.assertEqual(self.show(self.bob, self.hub.last), "hello")
        said_there = self.hub.last
        type_in(self.hub, self.ann, "/ban bob")
        self.assertEqual(self.show(self.bob, said_there), "not-found")
        self.assertEqual(self.show(self.ann, said_there), "hello")
        type_in(self.hub, self.ann, "/unban bob", "/private")
        self.assertEqual(self.show(self.bob, said_there), "not-found")

    def test_whisper(self) -> None:
        """A private message is for two."""
        cho, _ = join(self.hub, "cho")
        type_in(self.hub, self.ann, "/msg bob psst")
        last = self.hub.last
        self.assertEqual(self.show(self.ann, last), "psst")
        self.assertEqual(self.show(self.bob, last), "psst")
        self.assertEqual(self.show(cho, last), "not-found")
        self.assertEqual(self.show(cho, 5), "not-found")

    def test_others(self) -> None:
        """What is no message, such as a ban of an address, is for nobody."""
        boss, _ = join(self.hub, "boss", password=PASSWORD)
        type_in(self.hub, boss, f"/claim {result(self.hub.login.open_claim())}")
        type_in(self.hub, boss, "/serverban 203.0.113.9")
        self.assertEqual(self.show(self.ann, self.hub.last), "not-found")
        type_in(self.hub, boss, "/announce Fire drill.")
        self.assertEqual(self.show(self.ann, self.hub.last), "")


class SearchTests(ArchiveCase):
    """Words are found where one may look."""

    def setUp(self) -> None:
        super().setUp()
        type_in(self.hub, self.ann, "the disk is full", "/topic disks")
        type_in(self.hub, self.bob, "which disk?", "/msg ann the disk, again")
        self.cho, _ = join(self.hub, "cho")

    def find(self, words: str, session: Session | None = None, **how: int) -> list[str]:
        """What is found."""
        return said(self.ask(Search(words, **how), session).events)

    def test_words(self) -> None:
        """All words must occur, in rooms and in one's own private messages."""
        self.assertEqual(
            self.find("DISK"), ["the disk is full", "which disk?", "the disk, again"]
        )
        self.assertEqual(self.find("disk full"), ["the disk is full"])
        self.assertEqual(self.find('"disk is"'), ["the disk is full"])
        self.assertEqual(self.find('"is disk"'), [])
        self.assertEqual(
            self.find("disk", self.cho), ["the disk is full", "which disk?"]
        )

    def test_from(self) -> None:
        """from: takes a name, also with @, and needs no words."""
        self.assertEqual(self.find("disk from:ann"), ["the disk is full"])
        self.assertEqual(self.find("from:@Bob"), ["which disk?", "the disk, again"])

    def test_in(self) -> None:
        """in: takes a room, also with #; private messages are then left out."""
        self.assertEqual(self.find("disk in:ops"), ["the disk is full"])
        self.assertEqual(self.find("disk in:#Lobby"), ["which disk?"])
        self.assertEqual(self.refusal(Search("disk in:nowhere")), "not-found")

    def test_since(self) -> None:
        """since: takes a duration, a date or a time, in one's own time zone."""
        self.clock.advance(7200)
        type_in(self.hub, self.ann, "disk late")
        self.assertEqual(self.find("disk since:1h"), ["disk late"])
        self.assertEqual(len(self.find("disk since:3h")), 4)
        self.assertEqual(len(self.find("disk since:2026-11-21T12:00+00:00")), 4)
        self.assertEqual(self.find("disk since:2026-11-21T13:00+00:00"), ["disk late"])
        self.assertEqual(self.find("disk since:2030-01-01"), [])
        for wrong in ("soon", "0001-01-01", "25:99", "9" * 30):
            code = self.refusal(Search(f"disk since:{wrong}"))
            self.assertEqual(code, "bad-request", wrong)

    def test_since_in_the_own_zone(self) -> None:
        """A time without a zone is one's own; one that is yet to come, yesterday's."""
        self.clock.advance(7200)  # 14:00 UTC, 23:00 in Tokyo
        type_in(self.hub, self.ann, "/set zone Asia/Tokyo", "disk late")
        self.assertEqual(self.find("disk since:22:30"), ["disk late"])
        self.assertEqual(len(self.find("disk since:20:30")), 4)
        self.assertEqual(len(self.find("disk since:23:30")), 4)
        self.assertEqual(len(self.find("disk since:2026-11-21")), 4)
        self.assertEqual(self.find("disk since:2026-11-22"), [])

    def test_nothing(self) -> None:
        """A search needs words, or somebody."""
        for words in ("", "in:ops", '""', "since:1h"):
            self.assertEqual(self.refusal(Search(words)), "bad-request")

    def test_too_many_words(self) -> None:
        """So many words, and no more."""
        most = archive.WORDS
        self.assertEqual(self.find(" ".join(["disk"] * most)), self.find("disk"))
        self.assertEqual(self.refusal(Search("disk " * (most + 1))), "bad-request")

    def test_colons(self) -> None:
        """Words with colons that mean nothing are words."""
        type_in(self.hub, self.ann, "see http://example")
        self.assertEqual(self.find("http://example"), ["see http://example"])
        self.assertEqual(self.find("from: http"), [])

    def test_pages(self) -> None:
        """The latest are found first; the others come by pages."""
        past = self.ask(Search("disk", limit=2))
        self.assertEqual((len(past.events), past.more), (2, True))
        self.assertIn("2 latest found", past.title)
        past = self.ask(Search("disk", before=past.events[0].id, limit=2))
        self.assertEqual((said(past.events), past.more), (["the disk is full"], False))

    def test_hidden(self) -> None:
        """Private rooms are searched by their members only, and never by the banned."""
        type_in(self.hub, self.ann, "/ban bob")
        self.assertEqual(
            self.find("disk", self.bob), ["which disk?", "the disk, again"]
        )
        self.assertEqual(self.refusal(Search("disk in:ops"), self.bob), "not-found")
        type_in(self.hub, self.ann, "/private")
        self.assertEqual(self.find("disk", self.cho), ["which disk?"])
        self.assertIn("the disk is full", self.find("disk"))


class MissedTests(ArchiveCase):
    """People learn what they missed."""

    def setUp(self) -> None:
        super().setUp()
        join(self.hub, "cho", password=PASSWORD)[0].end("")
        turn(self.hub)

    def come(self) -> tuple[Session, FakeDoor, Welcome]:
        """Cho comes with a program."""
        session, door = connect(self.hub)
        session.submit(Enter("cho", PASSWORD))
        turn(self.hub)
        return session, door, door.of(Welcome)[0]

    def unread(self) -> tuple[int, int]:
        """What cho is told of the lobby on coming in, and leaves."""
        session, _, welcome = self.come()
        session.end("")
        turn(self.hub)
        return welcome.rooms[0].unread, welcome.rooms[0].mentions

    def test_counted(self) -> None:
        """Messages and mentions since the read mark are counted."""
        type_in(self.hub, self.bob, "one", "two, cho", "three")
        self.assertEqual(self.unread(), (3, 1))

    def test_idle_program(self) -> None:
        """A program that is only there has read nothing."""
        cho, _, _ = self.come()
        type_in(self.hub, self.bob, "one")
        cho.submit(Invoke("who"))
        turn(self.hub)
        cho.end("")
        turn(self.hub)
        self.assertEqual(self.unread(), (1, 0))

    def test_seen(self) -> None:
        """What a program says was seen is read; it never goes back."""
        cho, _, _ = self.come()
        type_in(self.hub, self.bob, "one", "two", "three")
        ids = [e.id for e in self.ask(History("lobby"), cho).events]
        cho.submit(Seen(ids[1], "lobby"))
        cho.submit(Seen(ids[0], "lobby"))
        cho.submit(Seen(-5, "lobby"))
        turn(self.hub)
        cho.end("")
        turn(self.hub)
        self.assertEqual(self.unread(), (1, 0))

    def test_seen_elsewhere(self) -> None:
        """One's other sessions are told what was read; others, or twice, are not."""
        cho, door, _ = self.come()
        phone, phone_door, _ = self.come()
        type_in(self.hub, self.bob, "one")
        (said,) = self.ask(History("lobby"), cho).events
        cho.submit(Seen(said.id, "lobby"))
        turn(self.hub)
        phone.submit(Seen(said.id, "lobby"))
        phone.submit(Seen(10**30, person="bob"))
        turn(self.hub)
        self.assertEqual(phone_door.of(Marked), [Marked(said.id, room="lobby")])
        self.assertEqual(door.of(Marked), [Marked(self.hub.last, person="bob")])
        self.assertEqual(self.bob_door.of(Marked), [])

    def test_seen_ahead(self) -> None:
        """Nobody can have read what was not yet said."""
        cho, _, _ = self.come()
        cho.submit(Seen(10**30, "lobby"))
        turn(self.hub)
        cho.end("")
        type_in(self.hub, self.bob, "one")
        self.assertEqual(self.unread(), (1, 0))

    def test_terminal(self) -> None:
        """Who types in a terminal has read what was shown there, and not before."""
        type_in(self.hub, self.bob, "one")
        cho, door = join(self.hub, "cho", password=PASSWORD)
        type_in(self.hub, self.bob, "two")
        self.assertEqual(self.unread(), (2, 0))
        type_in(self.hub, cho, "hello")
        self.assertEqual(self.unread(), (0, 0))
        type_in(self.hub, self.bob, "three")
        type_in(self.hub, cho, "/who")
        self.assertEqual(self.unread(), (0, 0))
        self.assertTrue(door.open)

    def test_kept(self) -> None:
        """Read marks are stored now and then, also when the store fails once."""
        cho, _ = join(self.hub, "cho", password=PASSWORD)
        type_in(self.hub, self.bob, "one")
        type_in(self.hub, cho, "hello")
        id = cho.somebody().id
        cho.end("")
        turn(self.hub)
        self.store.failing = True
        with self.assertRaises(Exception):  # noqa: B017
            result(self.hub.archive.keep_marks())
        self.store.failing = False
        self.assertEqual(result(self.store.marks(id)), {})
        result(self.hub.archive.keep_marks())
        self.assertGreater(result(self.store.marks(id))[""], 0)
        self.assertEqual(self.hub.archive._marks, {})
        self.assertEqual(self.unread(), (0, 0))

    def test_moved_while_kept(self) -> None:
        """A mark that moves while it is stored is stored again."""
        cho, _ = join(self.hub, "cho", password=PASSWORD)
        type_in(self.hub, cho, "hello")
        id = cho.somebody().id
        self.store.hold(questions=True)
        keeping = Deferred.fromCoroutine(self.hub.archive.keep_marks())
        held, self.store._held = self.store._held or [], None
        type_in(self.hub, self.bob, "one")
        type_in(self.hub, cho, "/who")
        for answer in held:
            answer()
        self.successResultOf(keeping)
        result(self.hub.archive.keep_marks())
        self.assertEqual(result(self.store.marks(id))[""], self.hub.last)
        self.assertIn(id, self.hub.archive._marks)

    def test_catch_up(self) -> None:
        """/catchup tells what was missed, once."""
        type_in(self.hub, self.bob, "one", "two, cho", "/msg cho psst")
        type_in(self.hub, self.ann, "/topic x")
        cho, door = join(self.hub, "cho", password=PASSWORD)
        type_in(self.hub, cho, "hello")
        private, mentions, rooms = result(self.hub.archive.catch_up(cho))
        self.assertEqual(said(private.events), ["psst"])
        self.assertEqual(said(mentions.events), ["two, cho"])
        self.assertEqual(
            [(r.name, r.unread, r.mentions) for r in rooms], [("lobby", 2, 1)]
        )
        private, mentions, rooms = result(self.hub.archive.catch_up(cho))
        self.assertEqual((private.events, mentions.events, rooms), ((), (), []))
        self.assertTrue(door.open)

    def test_catch_up_without_the_ignored(self) -> None:
        """What ignored people wrote is not caught up with."""
        cho, door = join(self.hub, "cho", password=PASSWORD)
        type_in(self.hub, cho, "/ignore bob")
        cho.end("")
        type_in(self.hub, self.bob, "/msg cho psst")
        type_in(self.hub, self.ann, "/msg cho hello")
        cho, door = join(self.hub, "cho", password=PASSWORD)
        self.assertEqual(door.of(Welcome)[0].whispers, 1)
        private, _, _ = result(self.hub.archive.catch_up(cho))
        self.assertEqual(said(private.events), ["hello"])

    def test_guests(self) -> None:
        """Guests have no marks: nothing is unread to them."""
        cho, _ = join(self.hub, "visitor")
        type_in(self.hub, self.bob, "one")
        room = self.hub.rooms.lobby
        view = result(self.hub.archive.view(room, cho.somebody()))
        self.assertEqual((view.unread, view.mentions), (0, 0))
        self.assertEqual(result(self.hub.archive.waiting(cho, 9)), [])

    def test_store_away(self) -> None:
        """While the store is away, nothing is counted, and nobody disturbed."""
        cho, _, _ = self.come()
        type_in(self.hub, self.bob, "one")
        self.store.failing = True
        room = self.hub.rooms.lobby
        view = result(self.hub.archive.view(room, cho.somebody()))
        self.assertEqual(view.unread, 0)
