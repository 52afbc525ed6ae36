"""A session does what it is asked one after another, and no faster than it may."""

from dataclasses import replace
from types import ModuleType

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat import session
from chatd.chat.account import Role
from chatd.chat.command import Call, Command, command
from chatd.chat.errors import NotEntered
from chatd.chat.events import (
    Closing,
    Departed,
    Done,
    Failed,
    Notice,
    Said,
    TopicChanged,
)
from chatd.chat.request import Enter, History, Invoke, Ping, Say, Search, Typed
from chatd.chat.rules import Rules
from chatd.chat.session import IN_FLIGHT, WAITING, Session
from chatd.store.memory import MemoryStore
from chatd.testing import FakeDoor, connect, join, make_hub, turn, type_in


def texts(door: FakeDoor) -> list[str]:
    """What was said to a door."""
    return [event.text for event in door.of(Said)]


def commands(*found: Command) -> ModuleType:
    """A module of commands."""
    module = ModuleType("strange")
    for one in found:
        setattr(module, one.name, one)
    return module


waiting: list["Deferred[None]"] = []


@command("wait")
async def wait(call: Call) -> None:
    """Wait until the test says so."""
    done: Deferred[None] = Deferred()
    waiting.append(done)
    await done
    call.reply("waited")


@command("bug", secret=True)
async def bug(call: Call) -> None:
    """Say something, and fail."""
    call.room.emote(call.session, "stumbles", call.hub.rules)
    raise ZeroDivisionError("a bug")


@command("praise", usage="TEXT...")
async def praise(call: Call) -> None:
    """Say something, and that it was said."""
    call.room.emote(call.session, call.rest, call.hub.rules)
    await call.happened()
    call.reply("said")


@command("count")
async def count(call: Call) -> None:
    """Answer at length."""
    for number in range(10):
        call.reply(f"{number}")
        if not await call.taken():
            counted.append(number)
            return


counted: list[int] = []


class SessionCase(SynchronousTestCase):
    """Ann, and bob who watches."""

    rules = Rules(throttle=False)

    def setUp(self) -> None:
        waiting.clear()
        counted.clear()
        self.clock = Clock()
        self.store = MemoryStore()
        self.hub = make_hub(
            store=self.store,
            clock=self.clock,
            rules=Rules(throttle=False),
            commands=[commands(wait, bug, praise, count)],
        )
        self.ann, self.ann_door = join(self.hub, "ann")
        self.bob, self.bob_door = join(self.hub, "bob")
        self.hub.rules = self.rules
        self.ann_door.take()
        self.bob_door.take()


class OneAfterAnotherTests(SessionCase):
    """Requests are carried out in the order in which they came."""

    def test_order(self) -> None:
        """What comes while a command waits, waits behind it."""
        self.ann.submit(Invoke("wait", ref=1))
        self.ann.submit(Say("after", ref=2))
        self.ann.submit(Ping(3))
        turn(self.hub)
        self.assertEqual((self.ann_door.events, self.bob_door.events), ([], []))
        waiting.pop().callback(None)
        turn(self.hub)
        refs = [getattr(event, "ref", None) for event in self.ann_door.events]
        self.assertEqual(refs, [1, 1, 2, 3])
        self.assertEqual(texts(self.bob_door), ["after"])

    def test_together(self) -> None:
        """What comes together is said together, but each is answered by itself."""
        long = "x" * (self.rules.message_chars + 1)
        self.ann.submit(Say("1", ref=1), Say("2", ref=2), Say(long, ref=3), Say("4"))
        self.ann.submit(Say("5", ref=5))
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), ["1", "2", "4", "5"])
        answers = [(type(event), event.ref) for event in self.answers()]
        told = [(Done, 1), (Done, 2), (Failed, 3), (Done, None), (Done, 5)]
        self.assertEqual(answers, told)

    def test_together_elsewhere(self) -> None:
        """What comes together may be for several rooms."""
        type_in(self.hub, self.bob, "/join ops")
        type_in(self.hub, self.ann, "/join ops")
        self.ann.submit(Say("1"), Say("2", "lobby"), Say("3", "lobby"), Say("4"))
        turn(self.hub)
        rooms = [(event.room, event.text) for event in self.bob_door.of(Said)]
        told = [("ops", "1"), ("lobby", "2"), ("lobby", "3"), ("ops", "4")]
        self.assertEqual(rooms, told)

    def answers(self) -> list[Done | Failed]:
        """What ann was answered."""
        return [e for e in self.ann_door.events if isinstance(e, Done | Failed)]

    def test_bounded_in_flight(self) -> None:
        """Only so many messages are on their way to the store; the next one waits."""
        self.store.hold()
        for number in range(IN_FLIGHT + 2):
            self.ann.submit(Say(f"{number}"))
        turn(self.hub)
        self.assertEqual(len(self.hub.journal), IN_FLIGHT)
        self.store.release()
        turn(self.hub)
        said = [f"{number}" for number in range(IN_FLIGHT + 2)]
        self.assertEqual(texts(self.bob_door), said)

    def test_bounded_queue(self) -> None:
        """When so many requests wait, nothing more is read until half are done."""
        self.ann.submit(Invoke("wait"))
        for _ in range(WAITING - 1):
            self.ann.submit(Ping())
        self.assertFalse(self.ann_door.paused)
        self.ann.submit(Ping())
        self.assertTrue(self.ann_door.paused)
        waiting.pop().callback(None)
        turn(self.hub)
        self.assertFalse(self.ann_door.paused)
        self.assertEqual(len(self.ann_door.of(Done)), WAITING + 1)

    def test_bug(self) -> None:
        """A command with a bug is logged with its traceback, and the session lives."""
        self.ann.submit(Invoke("bug", ref=1))
        self.ann.submit(Say("still here", ref=2))
        turn(self.hub)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        kinds = [type(event) for event in self.ann_door.events]
        self.assertEqual(kinds, [Failed, Done])
        self.assertEqual(self.ann_door.of(Failed)[0].code, "internal")
        self.assertEqual(texts(self.bob_door), ["still here"])

    def test_bug_waits_for_what_it_caused(self) -> None:
        """It is told behind what the command had done before."""
        self.store.hold()
        self.ann.submit(Invoke("bug", ref=1))
        turn(self.hub)
        self.flushLoggedErrors(ZeroDivisionError)
        self.assertEqual(self.ann_door.events, [])
        self.store.release()
        turn(self.hub)
        self.assertEqual([type(event) for event in self.ann_door.events], [Failed])

    def test_bug_in_understanding(self) -> None:
        """A line that cannot even be understood harms nobody."""

        def broken(*args: object) -> None:
            raise ZeroDivisionError("a bug")

        patch = self.patch(session, "understand", broken)
        type_in(self.hub, self.ann, "hello")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        (failed,) = self.ann_door.of(Failed)
        self.assertEqual((failed.code, failed.line), ("internal", "hello"))
        patch.restore()
        type_in(self.hub, self.ann, "hello")
        self.assertEqual(texts(self.bob_door), ["hello"])

    def test_bug_in_the_work(self) -> None:
        """Whatever goes wrong is logged, never lost in silence."""

        async def broken(*args: object) -> None:
            raise ZeroDivisionError("a bug")

        self.patch(Session, "_perform", broken)
        self.ann.submit(Ping())
        turn(self.hub)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_happened(self) -> None:
        """A command says that something was done when it was, and not before."""
        self.store.hold()
        self.ann.submit(Invoke("praise", "it", ref=1))
        turn(self.hub)
        self.assertEqual(self.ann_door.events, [])
        self.store.release()
        turn(self.hub)
        self.assertEqual([n.text for n in self.ann_door.of(Notice)], ["said"])
        self.store.failing = True
        self.ann.submit(Invoke("praise", "it", ref=2))
        turn(self.hub)
        self.store.failing = False
        self.clock.advance(10)
        turn(self.hub)
        self.assertEqual(len(self.ann_door.of(Notice)), 1)
        self.assertEqual([f.ref for f in self.ann_door.of(Failed)], [2])

    def test_refused_lines(self) -> None:
        """What is refused is handed back, unless it might hold a secret."""
        type_in(self.hub, self.ann, "/jion ops", "/login ann wrong-password", "/bug x")
        self.ann.submit(Say("", ref=1))
        self.ann.submit(Enter("cho", ref=2))
        self.ann.submit(Invoke("jion", ref=3))
        turn(self.hub)
        lines = [failed.line for failed in self.ann_door.of(Failed)]
        self.assertEqual(lines, ["/jion ops", "", "", "", "", ""])

    def test_active(self) -> None:
        """It is known when somebody was last heard of."""
        before = self.ann.active
        self.clock.advance(60)
        type_in(self.hub, self.ann, "hello")
        self.assertEqual(self.ann.active, before + 60)
        self.clock.advance(60)
        type_in(self.hub, self.ann, "/who")
        self.assertEqual(self.ann.active, before + 120)

    def test_long_answers(self) -> None:
        """A long answer stops while the reader does not read, and goes on after."""
        self.ann.congested()
        type_in(self.hub, self.ann, "/count")
        self.assertEqual(len(counted), 0)
        self.ann.drained()
        turn(self.hub, 12)
        self.assertEqual(len(self.ann_door.of(Notice)), 10)

    def test_long_answers_to_nobody(self) -> None:
        """A long answer ends when nobody is there to read it."""
        self.ann.congested()
        type_in(self.hub, self.ann, "/count")
        self.ann.end("")
        turn(self.hub)
        self.assertEqual(counted, [0])

    def test_full_again(self) -> None:
        """A reader who reads a little is sent a little."""
        self.ann.congested()
        type_in(self.hub, self.bob, "one")
        type_in(self.hub, self.bob, "two")
        send = self.ann_door.send

        def fill(data: bytes) -> None:
            send(data)
            self.ann.congested()

        self.ann_door.send = fill  # type: ignore[method-assign]
        self.ann.drained()
        self.assertEqual(texts(self.ann_door), ["one"])
        self.assertGreater(self.ann.unread, 0)
        type_in(self.hub, self.bob, "three")
        self.ann.drained()
        self.assertEqual(texts(self.ann_door), ["one", "two"])
        self.ann.drained()
        self.assertEqual(texts(self.ann_door), ["one", "two", "three"])
        self.assertEqual((self.ann.unread, self.hub.connections.backlog), (0, 0))


class ThrottleTests(SessionCase):
    """Who is too fast is slowed down, and loses nothing."""

    rules = Rules(request_burst=20, request_rate=5, push_seconds=60)

    def test_burst(self) -> None:
        """Twenty at once, and then five a second."""
        for number in range(30):
            self.ann.receive(f"{number}")
        turn(self.hub)
        self.assertEqual(len(texts(self.bob_door)), 20)
        self.clock.advance(0.19)
        turn(self.hub)
        self.assertEqual(len(texts(self.bob_door)), 20)
        self.clock.advance(0.02)
        turn(self.hub)
        self.assertEqual(len(texts(self.bob_door)), 21)
        for _ in range(20):
            self.clock.advance(0.1)
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), [f"{number}" for number in range(30)])

    def test_together(self) -> None:
        """What comes together costs as if it came one by one, also what is refused."""
        long = "x" * (self.rules.message_chars + 1)
        said = [Say(f"{number}") for number in range(18)]
        self.ann.submit(said[0], Say(long), *said[1:], Say("20"), Say("21"))
        turn(self.hub)
        self.assertEqual(len(texts(self.bob_door)), 18)
        self.assertEqual(len(self.ann_door.of(Failed)), 1)
        self.clock.advance(0.4)
        turn(self.hub)
        self.assertEqual(len(texts(self.bob_door)), 20)

    def test_told_once(self) -> None:
        """They are told once to slow down, if it takes long enough to be worth it."""
        for number in range(23):
            self.ann.receive(f"{number}")
        turn(self.hub)
        self.assertEqual(self.ann_door.of(Notice), [])
        for number in range(10):
            self.ann.receive(f"{number}")
        for _ in range(60):
            self.clock.advance(0.1)
        turn(self.hub)
        (notice,) = self.ann_door.of(Notice)
        self.assertIn("Slow down, 2 s", notice.text)
        self.assertEqual(len(texts(self.bob_door)), 33)
        for number in range(40):
            self.ann.receive(f"{number}")
        for _ in range(100):
            self.clock.advance(0.1)
        self.assertEqual(len(self.ann_door.of(Notice)), 2)

    def test_commands(self) -> None:
        """Commands count like messages, and keep the order."""
        for number in range(25):
            self.ann.submit(Ping(number))
        turn(self.hub)
        self.assertEqual(len(self.ann_door.of(Done)), 20)
        for _ in range(11):
            self.clock.advance(0.1)
        turn(self.hub)
        self.assertEqual([d.ref for d in self.ann_door.of(Done)], list(range(25)))

    def push(self, seconds: float) -> None:
        """Send as fast as is read."""
        number = 0
        for _ in range(int(seconds * 10)):
            while not self.ann_door.paused and not self.ann.ended:
                self.ann.receive(f"{number}")
                number += 1
            self.clock.advance(0.1)

    def test_pushing(self) -> None:
        """Who pushes for a minute is slowed; who goes on is let go, with the reason."""
        self.push(59)
        self.assertFalse(self.ann.ended)
        said = texts(self.bob_door)
        self.assertEqual(said, [f"{number}" for number in range(len(said))])
        self.assertGreater(len(said), 300)
        self.push(5)
        self.assertTrue(self.ann.ended)
        self.assertFalse(self.ann_door.open)
        self.assertIn("faster than it may", self.ann_door.of(Closing)[0].text)
        (failed,) = self.ann_door.of(Failed)
        self.assertEqual(failed.code, "too-fast")
        self.assertEqual(failed.line, str(len(texts(self.bob_door))))

    def test_pauses_count(self) -> None:
        """Who stops for a while may push again."""
        for _ in range(3):
            self.push(40)
            self.clock.pump([0.1] * 150)
        self.assertFalse(self.ann.ended)

    def test_steady(self) -> None:
        """Who keeps to the rate is never slowed."""
        for number in range(500):
            self.ann.receive(f"{number}")
            self.clock.advance(0.2)
        turn(self.hub)
        self.assertEqual(len(texts(self.bob_door)), 500)
        self.assertEqual(self.ann_door.of(Notice), [])

    def test_gone_while_waiting(self) -> None:
        """Who is let go while waiting is told nothing more."""
        for number in range(25):
            self.ann.receive(f"{number}")
        self.ann.close("Bye.")
        self.clock.advance(1)
        turn(self.hub)
        self.assertEqual(len(texts(self.bob_door)), 20)

    def test_several_sessions(self) -> None:
        """Who is here several times may not say more for that."""
        one, _ = join(self.hub, "cho", password="seven-small-rain-clouds")
        two, _ = join(self.hub, "cho", password="seven-small-rain-clouds")
        self.bob_door.take()
        for number in range(30):
            (one, two)[number % 2].receive(f"{number}")
        turn(self.hub)
        # One of the burst was for coming in.
        self.assertEqual(len(texts(self.bob_door)), 19)

    def test_off(self) -> None:
        """The operator can switch it off."""
        self.hub.rules = replace(self.rules, throttle=False)
        for number in range(100):
            self.ann.receive(f"{number}")
        turn(self.hub)
        self.assertEqual(len(texts(self.bob_door)), 100)


class EndTests(SessionCase):
    """A session ends."""

    def test_finished(self) -> None:
        """Who says nothing more is answered, and then hung up on."""
        self.ann.submit(Invoke("wait", ref=1))
        self.ann.submit(Say("last", ref=2))
        self.ann.finish()
        self.ann.submit(Say("too late", ref=3))
        turn(self.hub)
        self.assertTrue(self.ann_door.open)
        waiting.pop().callback(None)
        turn(self.hub, 6)
        self.assertFalse(self.ann_door.open)
        refs = [getattr(e, "ref", None) for e in self.ann_door.of(Done)]
        self.assertEqual(refs, [1, 2])
        self.assertEqual(texts(self.bob_door), ["last"])
        self.assertEqual(len(self.bob_door.of(Departed)), 1)

    def test_finished_idle(self) -> None:
        """Who had nothing more to say is hung up on, once, in the next turn."""
        self.ann.finish()
        self.ann.finish()
        self.assertTrue(self.ann_door.open)
        turn(self.hub, 6)
        self.assertFalse(self.ann_door.open)
        self.assertTrue(self.ann.ended)

    def test_finished_and_slow(self) -> None:
        """Who has not read all of it yet is waited for."""
        self.ann.congested()
        self.ann.finish()
        turn(self.hub, 6)
        self.assertTrue(self.ann_door.open)
        self.ann.drained()
        turn(self.hub, 6)
        self.assertFalse(self.ann_door.open)

    def test_finished_in_flight(self) -> None:
        """What was said last is stored first, and answered."""
        self.store.hold()
        self.ann.submit(Say("last", ref=1))
        self.ann.finish()
        turn(self.hub)
        self.assertTrue(self.ann_door.open)
        self.store.release()
        turn(self.hub, 6)
        self.assertFalse(self.ann_door.open)
        self.assertEqual([d.ref for d in self.ann_door.of(Done)], [1])

    def test_finished_and_lost(self) -> None:
        """Whose line breaks while that goes on is simply gone."""
        self.store.hold()
        self.ann.submit(Say("last", ref=1))
        self.ann.finish()
        turn(self.hub)
        self.ann.end("lost")
        self.store.release()
        turn(self.hub, 6)
        self.assertEqual(texts(self.bob_door), ["last"])
        self.assertEqual(len(self.bob_door.of(Departed)), 1)
        self.assertTrue(self.ann_door.open)  # nobody hung up on a dead line

    def test_lost(self) -> None:
        """What was typed before the line broke is still said; then others are told."""
        self.hub.rules = Rules(request_burst=20, request_rate=5)
        for number in range(25):
            self.ann.receive(f"{number}")
        self.ann.end("connection lost")
        self.assertFalse(self.ann.ended)
        self.ann.receive("too late")
        for _ in range(15):
            self.clock.advance(0.1)
        self.assertEqual(texts(self.bob_door), [f"{number}" for number in range(25)])
        (departed,) = self.bob_door.of(Departed)
        self.assertEqual(departed.reason, "connection lost")
        self.assertEqual(self.ann_door.of(Done), [])

    def test_lost_with_questions(self) -> None:
        """What only asked something is not looked up for nobody."""
        self.store.hold(questions=True)
        for ref in range(5):
            self.ann.submit(History(ref=ref))
            self.ann.submit(Search("words", ref=ref))
        self.ann.submit(Say("last"))
        self.ann.end("connection lost")
        asked: list[str] = []
        self.patch(self.store, "history", lambda *_, **__: asked.append("history"))
        self.patch(self.store, "search", lambda *_, **__: asked.append("search"))
        self.store.release()
        turn(self.hub, 6)
        self.assertEqual(texts(self.bob_door), ["last"])
        self.assertEqual(len(self.bob_door.of(Departed)), 1)
        self.assertEqual(asked, [])

    def test_lost_with_questions_only(self) -> None:
        """Whose line goes while only questions wait is gone at once."""
        self.store.hold(questions=True)
        for _ in range(5):
            self.ann.submit(History())
        self.ann.end("")
        self.assertTrue(self.ann.ended)

    def test_lost_with_commands(self) -> None:
        """Nor is what a command would only answer; what it does is done."""
        lines = ("/who", "@help", "/history 9", "/rooms", "@bob?", "//x", "/history on")
        for line in ("first", *lines):
            self.ann.submit(Typed(line))
        self.ann.end("")
        kept = [one.line for one in self.ann._queue if isinstance(one, Typed)]
        self.assertEqual(kept, ["@bob?", "//x", "/history on"])

    def test_lost_with_pastes(self) -> None:
        """Long last words count as many: who is gone does not talk for minutes."""
        self.hub.rules = Rules(message_chars=1_000, paste_bytes=60_000)
        self.ann.submit(Invoke("wait"))
        for _ in range(5):
            self.ann.submit(Say("x" * 40_000))
        self.ann.end("")
        self.assertEqual(len(self.ann._queue), 2)

    def test_lost_by_a_slow_reader(self) -> None:
        """What a lost line had not read counts no more."""
        self.hub.rules = Rules(request_burst=20, request_rate=5)
        self.ann.congested()
        type_in(self.hub, self.bob, "hello")
        for number in range(25):
            self.ann.receive(f"{number}")
        self.ann.end("")
        self.assertEqual(self.hub.connections.backlog, 0)

    def test_lost_in_the_middle(self) -> None:
        """A command that was begun ends by itself."""
        self.ann.submit(Invoke("wait"))
        self.ann.end("")
        turn(self.hub)
        self.assertEqual(len(self.bob_door.of(Departed)), 1)
        waiting.pop().callback(None)
        turn(self.hub)
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_lost_before_it_began(self) -> None:
        """One that waits for the session's messages is not begun by nobody."""
        self.store.hold()
        self.ann.submit(Say("hello"))
        self.ann.submit(Invoke("wait"))
        turn(self.hub)
        self.ann.close("Bye.")
        self.store.release()
        turn(self.hub)
        self.assertEqual(waiting, [])

    def test_lost_twice(self) -> None:
        """A line breaks once."""
        self.ann.end("")
        self.ann.end("")
        self.ann.close("Bye.")
        self.ann.gone("")
        self.hub.connections.hang_up(self.ann)
        turn(self.hub)
        self.assertEqual(len(self.bob_door.of(Departed)), 1)
        self.assertTrue(self.ann_door.open)

    def test_closed(self) -> None:
        """Who is hung up on is told why, and what was typed later is not said."""
        self.ann.submit(Invoke("wait"))
        self.ann.receive("not said")
        self.ann.close("Bye.")
        self.assertEqual(self.ann_door.events, [Closing("Bye.")])
        self.assertFalse(self.ann_door.open)
        waiting.pop().callback(None)
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), [])
        self.hub.connections.let_go(self.ann, "it is gone already")
        self.assertEqual(len(self.ann_door.events), 1)

    def test_nobody(self) -> None:
        """A connection by which nobody came in leaves no trace."""
        session, _ = connect(self.hub)
        with self.assertRaises(NotEntered):
            session.somebody()
        self.assertEqual(session.role, Role.NOBODY)
        self.assertEqual(session.role_in(self.hub.rooms.lobby), Role.NOBODY)
        session.end("")
        turn(self.hub)
        self.assertEqual(self.bob_door.events, [])
        self.assertEqual(len(self.hub.connections), 2)


class SeveralSessionsTests(SessionCase):
    """An account is here several times."""

    def test_roles(self) -> None:
        """A role holds in all sessions."""
        secret = "three-green-lamps"
        join(self.hub, "cho", password=secret)
        one, _ = join(self.hub, "cho", "ops", password=secret)
        two, door = join(self.hub, "cho", password=secret)
        room = self.hub.rooms.find("ops")
        self.assertEqual(two.role, Role.MEMBER)
        self.assertEqual(two.role_in(room), Role.MODERATOR)
        self.assertEqual(two.role_in(None), Role.MEMBER)
        self.assertEqual(self.ann.role_in(room), Role.GUEST)
        type_in(self.hub, one, "/topic Lunch")
        self.assertEqual([e.text for e in door.of(TopicChanged)], ["Lunch"])

    def test_preferences(self) -> None:
        """What somebody chooses in one holds in all, and looks so at once."""
        secret = "three-green-lamps"
        join(self.hub, "cho", password=secret)
        one, _ = join(self.hub, "cho", password=secret)
        two, _ = join(self.hub, "cho", password=secret)
        type_in(self.hub, one, "/set colour on")
        self.assertTrue(two.look.colour)
        three, _ = join(self.hub, "cho", password=secret)
        self.assertIs(three.look, two.look)
