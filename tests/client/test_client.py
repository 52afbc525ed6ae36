"""Tests for L{chatd.client.client}: a place in the chat that outlives connections."""

from typing import Any

from twisted.internet.defer import Deferred

from chatd.chat.events import (
    CaughtUp,
    Closing,
    Departed,
    Listing,
    Said,
    Welcome,
    Whispered,
)
from chatd.client import inbox
from chatd.client.asking import RequestFailed, Unanswered
from chatd.client.client import Client, Ended
from chatd.client.connector import BREAKS, GREETING
from chatd.client.credentials import Credentials
from chatd.client.inbox import Lost
from chatd.client.reasons import NotReached
from chatd.testing import join, type_in
from tests.chatting import PASSWORD
from tests.client.wired import ClientCase

# How much is held in these tests, to fill it soon.
QUEUE = 200


class EnteringTests(ClientCase):
    """How one comes in."""

    def test_guest(self) -> None:
        """A name is enough to come in as a guest."""
        join(self.hub, "bob")
        ann = self.client()
        (welcome,) = self.of(Welcome, ann)
        self.assertEqual((ann.name, ann.state.account), ("ann", False))
        self.assertEqual(welcome.people, ("ann", "bob"))
        self.assertTrue(ann.ready)
        self.assertTrue(ann.credentials.token)

    def test_password(self) -> None:
        """With a password one comes in as oneself."""
        join(self.hub, "ann", password=PASSWORD)[0].gone("")
        ann = self.client(credentials=Credentials("ann", PASSWORD))
        self.assertTrue(ann.state.account)

    def test_refused(self) -> None:
        """Who may not come in is told why, and it is over."""
        join(self.hub, "ann", password=PASSWORD)
        ann = self.client()
        with self.assertRaises(RequestFailed) as caught:
            self.take_one(ann)
        self.assertEqual(caught.exception.code, "password-needed")
        self.back()
        self.assertEqual(self.line.made, 1)

    def take_one(self, client: Client) -> Any:
        """What happens next, or what is wrong."""
        taken = Deferred.fromCoroutine(client.__anext__())
        failed: list[Any] = []
        taken.addErrback(failed.append)
        if failed:
            raise failed[0].value
        return self.successResultOf(taken)

    def test_asked(self) -> None:
        """Whoever can be asked for a password is, and comes in with it."""
        join(self.hub, "ann", password=PASSWORD)
        codes = []

        async def ask(refused: RequestFailed) -> Credentials:
            codes.append(refused.code)
            return Credentials("ann", PASSWORD if len(codes) > 1 else "wrong-password")

        ann = self.client("ann", ask=ask)
        self.assertEqual(codes, ["password-needed", "wrong-password"])
        self.assertEqual(ann.name, "ann")

    def test_not_there(self) -> None:
        """Where nobody listens, one who tries once is told so."""
        self.line.up = False
        ann = self.client(tries=1)
        with self.assertRaises(NotReached) as caught:
            self.take_one(ann)
        self.assertEqual(str(caught.exception), "Nobody listens there.")

    def test_cut_at_once(self) -> None:
        """A server that hangs up again and again was not reached either."""
        ann = Client(self.line, Credentials("ann"), clock=self.clock, tries=1)
        ann.start()
        for number in range(BREAKS):
            self.assertEqual(self.line.made, number + 1)
            self.line.cut()
            self.clock.advance(4)
        self.assertEqual(len(self.of(Lost, ann)), BREAKS - 1)
        with self.assertRaises(NotReached) as caught:
            self.take_one(ann)
        self.assertEqual(str(caught.exception), "The connection broke.")

    def test_silent(self) -> None:
        """Whatever says nothing at all is no server."""
        self.line.lost_answers = True
        ann = Client(self.line, Credentials("ann"), clock=self.clock, tries=1)
        ann.start()
        self.line.carry()
        self.clock.advance(GREETING)
        self.line.carry()
        with self.assertRaises(NotReached) as caught:
            self.take_one(ann)
        self.assertEqual(str(caught.exception), "What is there does not answer.")

    def test_tries_on(self) -> None:
        """Where nobody listens yet, a bot waits, longer and longer, and comes in."""
        self.line.up = False
        ann = self.client()
        for _ in range(6):
            self.clock.advance(60)
        waits = [lost.seconds for lost in self.of(Lost, ann)]
        self.assertEqual(len(waits), 7)
        for wait, longest in zip(waits, (1, 2, 4, 8, 16, 32, 60), strict=True):
            self.assertTrue(longest / 2 <= wait <= longest, waits)
        self.line.up = True
        self.back()
        self.assertEqual(ann.name, "ann")

    def test_lost_token(self) -> None:
        """A token that is good no more does not keep a guest out."""
        ann = self.client(credentials=Credentials("ann", token="of another server"))
        self.assertEqual(ann.name, "ann")

    def test_strange_cursor(self) -> None:
        """A cursor of another server does not keep anybody out."""
        ann = self.client(cursor="abc")
        self.assertEqual(len(self.of(CaughtUp, ann)), 1)
        self.assertEqual(ann.name, "ann")

    def test_full(self) -> None:
        """A bot that finds the chat full comes again later."""
        self.hub.rules = self.hub.rules.__class__(max_people=1, throttle=False)
        bob, _ = join(self.hub, "bob")
        ann = self.client()
        self.assertEqual(ann.name, "")
        (lost,) = self.of(Lost, ann)
        self.assertIn("1", lost.reason)
        bob.gone("")
        self.back()
        self.assertEqual(ann.name, "ann")


class AskingTests(ClientCase):
    """What is asked for, and its answers."""

    def setUp(self) -> None:
        super().setUp()
        self.bob, self.door = join(self.hub, "bob")
        self.ann = self.client()
        self.take(self.ann)
        self.door.take()

    def test_say(self) -> None:
        """What is said is shown to others, and done when it is stored."""
        reply = self.ann.say("lobby", "hello")
        self.assertNoResult(reply)
        self.line.carry()
        (said,) = self.door.of(Said)
        self.assertEqual((said.sender.name, said.text), ("ann", "hello"))
        self.assertEqual(self.successResultOf(reply).id, said.id)
        self.assertEqual(self.take(self.ann), [])

    def test_hear(self) -> None:
        """What others say comes as an event, which says whether it names one."""
        type_in(self.hub, self.bob, "hello ann", "bye")
        self.line.carry()
        named = []
        for text in ("hello ann", "bye"):
            event = self.successResultOf(Deferred.fromCoroutine(anext(self.ann)))
            assert isinstance(event, Said)
            self.assertEqual((event.room, event.sender.name), ("lobby", "bob"))
            self.assertEqual(event.text, text)
            named.append(self.ann.named)
        self.assertEqual(named, [True, False])

    def test_whisper(self) -> None:
        """What is told one person reaches that one."""
        self.ann.whisper("bob", "psst")
        type_in(self.hub, self.bob, "/msg ann what?")
        self.line.carry()
        (told,) = self.of(Whispered, self.ann)
        self.assertEqual((told.sender.name, told.to.name), ("bob", "ann"))
        self.assertEqual([w.text for w in self.door.of(Whispered)], ["psst"])

    def test_command(self) -> None:
        """A command is answered with what it tells, and with nothing else."""
        reply = self.ann.command("/who")
        self.line.carry()
        (listing,) = self.successResultOf(reply).answers
        assert isinstance(listing, Listing)
        self.assertEqual(listing.title, "2 people in lobby: ann, bob")
        self.assertEqual(self.take(self.ann), [])

    def test_failed(self) -> None:
        """What is refused fails, saying why."""
        reply = self.ann.say("nowhere", "hello")
        self.line.carry()
        error = self.failureResultOf(reply, RequestFailed).value
        self.assertEqual(error.code, "not-found")
        self.assertIn("nowhere", str(error))

    def test_history(self) -> None:
        """What was said before can be asked for, and searched."""
        type_in(self.hub, self.bob, "one", "two", "three")
        history = Deferred.fromCoroutine(self.ann.history("lobby", limit=2))
        search = Deferred.fromCoroutine(self.ann.search("two"))
        self.line.carry()
        past = self.successResultOf(history)
        self.assertEqual([e.text for e in past.events], ["two", "three"])
        self.assertTrue(past.more)
        self.assertEqual([e.text for e in self.successResultOf(search).events], ["two"])

    def test_order(self) -> None:
        """A thousand messages that are sent at once come in order."""
        replies = [self.ann.say("lobby", str(number)) for number in range(1_000)]
        self.line.carry()
        self.assertEqual(
            [said.text for said in self.door.of(Said)], list(map(str, range(1_000)))
        )
        for reply in replies:
            self.successResultOf(reply)

    def test_leave(self) -> None:
        """Who leaves has said everything."""
        self.ann.say("lobby", "bye")
        left = Deferred.fromCoroutine(self.ann.leave())
        self.assertNoResult(left)
        self.line.carry()
        self.successResultOf(left)
        self.assertEqual([said.text for said in self.door.of(Said)], ["bye"])
        self.assertEqual(len(self.door.of(Departed)), 1)
        self.failureResultOf(self.ann.say("lobby", "too late"), Unanswered)
        over = Deferred.fromCoroutine(anext(self.ann))
        self.failureResultOf(over, StopAsyncIteration)

    def test_state(self) -> None:
        """Who is where is known, whatever happens."""
        state = self.ann.state
        self.ann.command("/join ops")
        self.line.carry()
        type_in(self.hub, self.bob, "/join ops", "/nick Rob")
        cho, _ = join(self.hub, "cho")
        self.line.carry()
        self.assertEqual(sorted(state.people.values()), ["Rob", "ann", "cho"])
        ops, lobby = state.room("#OPS"), state.room("lobby")
        assert ops is not None and lobby is not None
        self.assertEqual(sorted(ops.people.values()), ["Rob", "ann"])
        cho.gone("")
        type_in(self.hub, self.bob, "/leave ops")
        self.ann.command("/topic tea", room="ops")
        self.line.carry()
        self.assertEqual(sorted(ops.people.values()), ["ann"])
        self.assertEqual(sorted(lobby.people.values()), ["Rob", "ann"])
        self.assertEqual(ops.topic, "tea")
        self.ann.command("/nick Anna")
        self.ann.command("/leave ops")
        self.line.carry()
        self.assertEqual(self.ann.name, "Anna")
        self.assertIsNone(state.room("ops"))

    def test_register(self) -> None:
        """Who registers on the way comes back as a member."""
        self.ann.command(f"/register ann {PASSWORD}")
        self.line.carry()
        self.line.cut()
        self.back()
        self.assertTrue(self.ann.state.account)

    def test_new_password(self) -> None:
        """Who changes the password comes back without being asked for it."""
        self.ann.command(f"/register ann {PASSWORD}")
        self.line.carry()
        self.ann.command(f"/password {PASSWORD} another-good-secret")
        self.line.carry()
        self.line.cut()
        self.take(self.ann)
        self.back()
        self.assertEqual(len(self.of(Welcome, self.ann)), 1)


class ReturningTests(ClientCase):
    """A connection breaks, and nobody notices."""

    def setUp(self) -> None:
        super().setUp()
        self.bob, self.door = join(self.hub, "bob")
        self.ann = self.client()
        self.take(self.ann)
        self.door.take()

    def texts(self) -> list[str]:
        """What ann was told of what was said."""
        return [said.text for said in self.of(Said, self.ann)]

    def test_missed(self) -> None:
        """What was said meanwhile is told once, and in order."""
        self.ann.command(f"/register ann {PASSWORD}")
        type_in(self.hub, self.bob, "one")
        self.line.carry()
        self.line.cut()
        type_in(self.hub, self.bob, "two", "/msg ann three", "four")
        self.back()
        type_in(self.hub, self.bob, "five")
        self.line.carry()
        told = [e for e in self.take(self.ann) if isinstance(e, Said | Whispered)]
        self.assertEqual(
            [event.text for event in told], ["one", "two", "three", "four", "five"]
        )

    def test_told(self) -> None:
        """That the connection broke is told, and that it is back."""
        self.line.cut()
        self.back()
        kinds = [type(event) for event in self.take(self.ann)]
        self.assertEqual(kinds[:3], [Lost, Welcome, CaughtUp])

    def test_unsent(self) -> None:
        """What is said without a connection is said when it is back."""
        self.line.cut()
        reply = self.ann.say("lobby", "hello")
        self.assertNoResult(reply)
        self.back()
        self.successResultOf(reply)
        self.assertEqual([said.text for said in self.door.of(Said)], ["hello"])

    def test_unanswered(self) -> None:
        """What was stored, but not answered, is said once and told to nobody again."""
        self.line.lost_answers = True
        reply = self.ann.say("lobby", "hello")
        self.line.carry()
        self.line.cut()
        self.assertNoResult(reply)
        self.line.lost_answers = False
        self.back()
        (said,) = self.door.of(Said)
        self.assertEqual(self.successResultOf(reply).id, said.id)
        self.assertEqual(self.texts(), [])

    def test_command_unanswered(self) -> None:
        """A command that was not answered is not sent again, which one is told."""
        self.line.lost_answers = True
        reply = self.ann.command("/me waves")
        self.line.carry()
        self.line.cut()
        self.failureResultOf(reply, Unanswered)

    def test_now(self) -> None:
        """What is wanted now is not waited for when there is no connection."""
        self.line.lost_answers = True
        asked = Deferred.fromCoroutine(self.ann.history("lobby", now=True))
        self.line.carry()
        self.line.cut()
        self.failureResultOf(asked, Unanswered)
        asked = Deferred.fromCoroutine(self.ann.history("lobby", now=True))
        self.failureResultOf(asked, Unanswered)

    def test_guest_rooms(self) -> None:
        """A guest comes back into the rooms they were in, and misses nothing there."""
        self.ann.command("/join ops")
        type_in(self.hub, self.bob, "/join ops")
        self.line.carry()
        self.take(self.ann)
        self.line.cut()
        type_in(self.hub, self.bob, "while you were away")
        self.back()
        type_in(self.hub, self.bob, "and now")
        self.line.carry()
        self.assertEqual(self.texts(), ["while you were away", "and now"])
        self.assertIsNotNone(self.ann.state.room("ops"))

    def test_gap(self) -> None:
        """Even if more was missed than is sent at once, nothing is."""
        type_in(self.hub, self.bob, "first")
        self.line.carry()
        self.line.cut()
        type_in(self.hub, self.bob, *(str(number) for number in range(2_300)))
        self.back()
        self.assertEqual(self.texts(), ["first", *map(str, range(2_300))])

    def test_broken_while_returning(self) -> None:
        """A connection that breaks while things are being told breaks nothing."""
        self.line.cut()
        type_in(self.hub, self.bob, "hello")
        self.line.lost_answers = True
        self.back()
        self.line.cut()
        self.line.lost_answers = False
        self.back()
        self.assertEqual(self.texts(), ["hello"])

    def test_cursor(self) -> None:
        """A program that begins anew where it went away misses nothing."""
        type_in(self.hub, self.bob, "one", "two", "three")
        self.line.carry()
        for _ in range(2):
            self.successResultOf(Deferred.fromCoroutine(anext(self.ann)))
        # "two" was taken but perhaps not handled.
        cursor, token = self.ann.cursor, self.ann.credentials.token
        self.line.cut()
        again = self.client(
            line=self.new_line(),
            credentials=Credentials("ann", token=token),
            cursor=cursor,
        )
        self.assertEqual([said.text for said in self.of(Said, again)], ["two", "three"])

    def test_closing(self) -> None:
        """When the server stops, nothing more is sent, and all come back by and by."""
        told = Deferred.fromCoroutine(self.hub.close("The server is stopping."))
        reply = self.ann.say("lobby", "wait")
        self.line.carry()
        self.assertFalse(self.ann.ready)
        self.assertNoResult(reply)
        del told
        closing, lost = (
            event for event in self.take(self.ann) if isinstance(event, Closing | Lost)
        )
        assert isinstance(closing, Closing) and isinstance(lost, Lost)
        self.assertEqual(closing.text, "The server is stopping.")
        self.assertTrue(0 <= lost.seconds <= 30)

    def test_ended(self) -> None:
        """Whose session is ended for good does not come back."""
        quitting = self.ann.command("/quit")
        self.line.carry()
        self.failureResultOf(quitting, Ended)
        (closing,) = self.of(Closing, self.ann)
        over = Deferred.fromCoroutine(anext(self.ann))
        self.assertEqual(str(self.failureResultOf(over, Ended).value), closing.text)
        self.clock.advance(120)
        self.assertEqual(self.line.made, 1)

    def test_dead(self) -> None:
        """A server that says nothing any more is left, and tried again."""
        self.line.lost_answers = True
        for _ in range(13):
            self.clock.advance(5)
            self.line.carry()
        self.line.lost_answers = False
        self.assertEqual(len(self.of(Lost, self.ann)), 1)
        self.back()
        self.assertEqual(self.line.made, 2)
        self.assertTrue(self.ann.ready)

    def test_stays(self) -> None:
        """While the server is there, silence breaks nothing."""
        for _ in range(60):
            self.clock.advance(5)
            self.line.carry()
        self.assertEqual(self.line.made, 1)
        self.assertTrue(self.ann.ready)


class PressureTests(ClientCase):
    """When more comes than is taken."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(inbox, "QUEUE", QUEUE)
        self.bob, _ = join(self.hub, "bob")
        self.ann = self.client()
        self.take(self.ann)

    def flood(self) -> None:
        """More happens than is held."""
        for start in range(0, 2 * QUEUE, 100):
            type_in(self.hub, self.bob, *(str(start + n) for n in range(100)))
            self.line.carry()

    def test_held(self) -> None:
        """No more is read than is taken, and nothing is lost."""
        self.flood()
        self.assertLess(self.ann.waiting, QUEUE + 200)
        self.assertGreaterEqual(self.ann.waiting, QUEUE)
        texts: list[str] = []
        while self.ann.waiting:
            texts += [said.text for said in self.of(Said, self.ann)]
            self.line.carry()
        self.assertEqual(texts, list(map(str, range(2 * QUEUE))))

    def test_answered(self) -> None:
        """Who takes nothing but asks is answered: nothing stands still."""
        self.flood()
        reply = self.ann.say("lobby", "stop it")
        self.line.carry()
        self.successResultOf(reply)

    def test_stays(self) -> None:
        """Who takes nothing for long is still there."""
        self.flood()
        for _ in range(60):
            self.clock.advance(5)
            self.line.carry()
        self.assertEqual(self.line.made, 1)
