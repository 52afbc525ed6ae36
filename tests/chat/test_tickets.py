"""Tests for tickets, by which files are put over HTTP."""

from dataclasses import replace

from twisted.internet.defer import Deferred

from chatd.chat.errors import (
    BadName,
    Closed,
    Full,
    NotAllowed,
    NotEntered,
    NotFound,
    TooFast,
    TooLong,
)
from chatd.chat.events import Handed, Shared
from chatd.chat.session import Session
from chatd.chat.sharing import Place
from chatd.chat.tickets import REMEMBERED, WAITING, Ticket
from chatd.testing import join, result, turn, type_in
from tests.chat.test_sharing import LIMITS, SharingCase
from tests.chatting import PASSWORD

WEB = replace(LIMITS, web="http://{}:5050", files_begin=600.0, files_resume=900.0)


class TicketCase(SharingCase):
    """A hub with small limits, where files are put over HTTP."""

    rules = WEB

    def setUp(self) -> None:
        super().setUp()
        self.cuts = 0

    def ticket(
        self,
        session: Session | None = None,
        place: Place | None = None,
        name: str = "a.txt",
        size: int = 0,
    ) -> Ticket:
        """A ticket of ann's, for the room."""
        sharing = self.hub.sharing
        who = session or self.ann
        return result(sharing.ticket(who, place or self.room, name, size=size))

    def take(self, ticket: Ticket) -> None:
        """Be at it."""

        def cut() -> None:
            self.cuts += 1

        result(ticket.take(cut))

    def put(self, ticket: Ticket, content: bytes = b"hello") -> None:
        """Put a part of a file, and break off."""
        self.take(ticket)
        result(ticket.begin("", 0))
        result(ticket.write(content))
        ticket.release()

    def complete(self, ticket: Ticket) -> None:
        """Share what came."""
        self.take(ticket)
        done = Deferred.fromCoroutine(ticket.finish())
        turn(self.hub)
        self.successResultOf(done)
        ticket.release()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        turn(self.hub)


class TicketTests(TicketCase):
    """A ticket lets one file be put, in the name of whoever asked."""

    def test_shared(self) -> None:
        """What was put is shared, by that person and in that place."""
        ticket = self.ticket()
        self.assertIs(self.hub.sharing.tickets.find(ticket.token), ticket)
        self.put(ticket)
        self.complete(ticket)
        (event,) = self.bob_door.of(Shared)
        self.assertEqual(
            (event.sender, event.name, event.size), (self.ann.person, "a.txt", 5)
        )
        assert ticket.shared is not None
        self.assertEqual(ticket.shared.event, event.id)
        self.assertEqual(ticket.offset, 5)

    def test_handed(self) -> None:
        """It may be for one person alone."""
        ticket = self.ticket(place=self.bob.somebody())
        self.put(ticket)
        self.complete(ticket)
        (event,) = self.bob_door.of(Handed)
        self.assertEqual(event.to, self.bob.person)

    def test_once(self) -> None:
        """It is good for one file."""
        ticket = self.ticket()
        self.put(ticket)
        self.complete(ticket)
        self.assertRaises(NotFound, ticket.check)

    def test_name(self) -> None:
        """The name is the ticket's, or whoever puts it says so; a path is cut off."""
        ticket = self.ticket(name="")
        self.take(ticket)
        result(ticket.begin("../../x.txt", 0))
        self.assertEqual(ticket.name, "x.txt")
        ticket.release()
        self.assertEqual(self.ticket(name="/etc/passwd").name, "passwd")

    def test_names(self) -> None:
        """What is no name is none here; what could do harm is taken out."""
        for name in ("..", "/", "\x00", "x" * 300):
            self.refuses(BadName, self.hub.sharing.ticket(self.ann, self.room, name))
        self.assertEqual(self.ticket(name="a\r\nb\u202e.txt").name, "a b.txt")

    def test_asked(self) -> None:
        """Who may not share there, or not so much, gets no ticket."""
        sharing = self.hub.sharing
        self.refuses(TooLong, sharing.ticket(self.ann, self.room, "a", size=10_001))
        self.ticket(size=10_000)
        self.refuses(NotAllowed, sharing.ticket(self.ann, self.ann.somebody(), "a"))
        guest, _ = self.guest("gus", "ops")
        self.refuses(NotAllowed, sharing.ticket(guest, self.room, "a"))
        self.hub.rules = replace(WEB, files_account=4_000)
        self.refuses(Full, sharing.ticket(self.ann, self.room, "a"))
        self.hub.rules = replace(WEB, web="")
        self.refuses(Closed, sharing.ticket(self.ann, self.room, "a"))

    def test_unknown(self) -> None:
        """A token that nobody was given opens nothing."""
        self.assertRaises(NotFound, self.hub.sharing.tickets.find, "token-999")
        self.assertRaises(NotFound, self.hub.sharing.tickets.find, "")


class TimeTests(TicketCase):
    """What is not used, or not gone on with, is gone after a while."""

    def test_unused(self) -> None:
        """A ticket must be used in time."""
        ticket = self.ticket()
        self.advance(WEB.files_begin - 1)
        self.hub.sharing.tickets.find(ticket.token)
        self.advance(1)
        self.assertRaises(NotFound, self.hub.sharing.tickets.find, ticket.token)

    def test_half(self) -> None:
        """A half file waits to be gone on with; then nothing is left of it."""
        ticket = self.ticket()
        self.put(ticket)
        self.advance(WEB.files_resume - 1)
        self.assertEqual((ticket.offset, self.files.open_files), (5, 1))
        self.advance(1)
        self.assertEqual((self.files.open_files, self.files.kept), (0, {}))
        self.assertEqual(len(self.hub.sharing.tickets), 0)
        self.assertEqual(self.bob_door.of(Shared), [])

    def test_busy(self) -> None:
        """As long as somebody is at it, no time runs out."""
        ticket = self.ticket()
        self.take(ticket)
        result(ticket.begin("", 0))
        self.advance(10 * WEB.files_resume)
        result(ticket.write(b"x"))
        ticket.release()

    def test_remembered(self) -> None:
        """For a while it can be asked whether all came; the file stays."""
        ticket = self.ticket()
        self.put(ticket)
        self.complete(ticket)
        self.advance(REMEMBERED - 1)
        self.hub.sharing.tickets.find(ticket.token)
        self.advance(1)
        self.assertEqual(len(self.hub.sharing.tickets), 0)
        self.assertEqual(len(self.files.kept), 1)

    def test_many(self) -> None:
        """Of many tickets that nobody uses the oldest go."""
        first = self.ticket()
        others = [self.ticket() for _ in range(WAITING)]
        turn(self.hub)
        self.assertRaises(NotFound, self.hub.sharing.tickets.find, first.token)
        self.hub.sharing.tickets.find(others[0].token)
        self.assertEqual(len(self.hub.sharing.tickets), WAITING)

    def test_halves(self) -> None:
        """Of many halves the one that lies longest makes room; those at work stay."""
        self.hub.rules = replace(WEB, files_transfers_person=2)
        first, second = self.ticket(), self.ticket()
        self.put(first)
        self.advance(1)
        self.put(second)
        self.take(first)
        third = self.ticket()
        self.put(third)
        self.assertEqual(len(self.hub.sharing.tickets), 2)
        self.assertRaises(NotFound, self.hub.sharing.tickets.find, second.token)
        self.take(third)
        fourth = self.ticket()
        self.take(fourth)
        self.refuses(TooFast, fourth.begin("", 0))

    def test_given_up(self) -> None:
        """Who gives up leaves nothing behind, also in the middle."""
        ticket = self.ticket()
        self.put(ticket)
        self.take(ticket)
        given_up = Deferred.fromCoroutine(ticket.give_up())
        self.assertEqual(self.cuts, 1)
        ticket.release()
        turn(self.hub)
        self.successResultOf(given_up)
        self.assertEqual(self.files.open_files, 0)


class GoesTests(TicketCase):
    """A file may come in several goes, of which one counts at a time."""

    def test_go_on(self) -> None:
        """What comes later is added."""
        ticket = self.ticket()
        self.put(ticket, b"hel")
        self.take(ticket)
        ticket.go_on(5)
        result(ticket.write(b"lo"))
        ticket.release()
        self.complete(ticket)
        self.assertEqual(list(self.files.kept.values()), [b"hello"])

    def test_anew(self) -> None:
        """Beginning anew leaves nothing of what was there."""
        ticket = self.ticket()
        self.put(ticket, b"wrong")
        self.put(ticket, b"right")
        self.assertEqual(self.files.open_files, 1)
        self.complete(ticket)
        self.assertEqual(list(self.files.kept.values()), [b"right"])

    def test_cut(self) -> None:
        """Who comes later cuts off who is at it, and waits until they are done."""
        ticket = self.ticket()
        self.take(ticket)
        second = Deferred.fromCoroutine(ticket.take(lambda: None))
        self.assertEqual(self.cuts, 1)
        self.assertNoResult(second)
        ticket.release()
        self.successResultOf(second)
        self.assertTrue(ticket.busy)

    def test_too_large(self) -> None:
        """Going on with too much is refused before it comes."""
        ticket = self.ticket()
        self.put(ticket)
        self.assertRaises(TooLong, ticket.go_on, 10_001)
        ticket.go_on(10_000)

    def test_beyond(self) -> None:
        """Who sends more than may be, whatever was said, leaves nothing behind."""
        ticket = self.ticket()
        self.put(ticket, b"x" * 10_000)
        self.take(ticket)
        self.refuses(TooLong, ticket.write(b"x"))
        self.assertEqual((ticket.offset, self.files.open_files), (0, 0))


class PresenceTests(TicketCase):
    """Who shares a file must be there, and allowed to, when its last byte comes."""

    def test_gone(self) -> None:
        """Not if they have left; then nothing is left."""
        ticket = self.ticket()
        self.put(ticket)
        self.ann.end("")
        turn(self.hub)
        self.take(ticket)
        self.refuses(NotEntered, ticket.finish())
        self.assertEqual(self.files.open_files, 0)

    def test_back(self) -> None:
        """If they were cut off and are back by another connection, it is shared."""
        ticket = self.ticket()
        self.put(ticket)
        join(self.hub, "ann", password=PASSWORD)
        self.ann.end("")
        turn(self.hub)
        self.complete(ticket)
        self.assertEqual(len(self.bob_door.of(Shared)), 1)

    def test_put_out(self) -> None:
        """Not if they were put out of the room meanwhile."""
        self.assertEqual(self.room.moderators, {self.ann.somebody().id})
        ticket = self.ticket(self.bob)
        self.put(ticket)
        type_in(self.hub, self.ann, "/kick bob")
        self.take(ticket)
        waiting = Deferred.fromCoroutine(ticket.finish())
        turn(self.hub)
        self.failureResultOf(waiting)
        self.assertEqual((self.files.open_files, self.files.kept), (0, {}))

    def test_closing(self) -> None:
        """Not if the server stops."""
        ticket = self.ticket()
        self.hub.closing = "Good night."
        self.assertRaises(Closed, ticket.check)


class TransferTests(TicketCase):
    """So many files move at the same time, of one person and of all."""

    def test_person(self) -> None:
        """One person has so many; each that ends makes room."""
        self.hub.rules = replace(WEB, files_transfers_person=2, files_transfers=9)
        begin = self.hub.sharing.transfers.begin
        ends = [begin(1) for _ in range(2)]
        self.assertRaises(TooFast, begin, 1)
        begin(2)
        ends[0]()
        begin(1)

    def test_all(self) -> None:
        """All together have so many."""
        self.hub.rules = replace(WEB, files_transfers_person=2, files_transfers=3)
        transfers = self.hub.sharing.transfers
        ends = [transfers.begin(person) for person in (1, 1, 2)]
        self.assertRaises(TooFast, transfers.begin, 3)
        for end in ends:
            end()
        self.assertEqual(len(transfers), 0)
