"""What somebody asks for is done one after another, and no faster than it may be."""

from dataclasses import replace

from chatd.chat import queue
from chatd.chat.events import Closing, Departed, Done, Failed, Notice, Said
from chatd.chat.queue import WAITING, Queue
from chatd.chat.request import Enter, History, Invoke, Ping, Say, Search, Typed
from chatd.chat.rules import Rules
from chatd.testing import join, turn, type_in
from tests.chat.watched import Watched, waiting


class OneAfterAnotherTests(Watched):
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
        self.assertEqual(self.bob_door.texts(), ["after"])

    def test_together(self) -> None:
        """What comes together is said together, but each is answered by itself."""
        long = "x" * (self.rules.message_chars + 1)
        self.ann.submit(Say("1", ref=1), Say("2", ref=2), Say(long, ref=3), Say("4"))
        self.ann.submit(Say("5", ref=5))
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), ["1", "2", "4", "5"])
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
        self.assertEqual(self.bob_door.texts(), ["stumbles", "still here"])

    def test_bug_in_understanding(self) -> None:
        """A line that cannot even be understood harms nobody."""

        def broken(*args: object) -> None:
            raise ZeroDivisionError("a bug")

        patch = self.patch(queue, "understand", broken)
        type_in(self.hub, self.ann, "hello")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        (failed,) = self.ann_door.of(Failed)
        self.assertEqual((failed.code, failed.line), ("internal", "hello"))
        patch.restore()
        type_in(self.hub, self.ann, "hello")
        self.assertEqual(self.bob_door.texts(), ["hello"])

    def test_bug_in_the_work(self) -> None:
        """Whatever goes wrong is logged, never lost in silence."""

        async def broken(*args: object) -> None:
            raise ZeroDivisionError("a bug")

        self.patch(Queue, "_perform", broken)
        self.ann.submit(Ping())
        turn(self.hub)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

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
        before = self.hub.now()
        self.clock.advance(60)
        type_in(self.hub, self.ann, "hello")
        self.assertEqual(self.ann.active, before + 60)
        self.clock.advance(60)
        type_in(self.hub, self.ann, "/who")
        self.assertEqual(self.ann.active, before + 120)


class ThrottleTests(Watched):
    """Who is too fast is slowed down, and loses nothing."""

    rules = Rules(request_burst=20, request_rate=5, push_seconds=60)

    def setUp(self) -> None:
        super().setUp()
        self.clock.advance(60)

    def test_burst(self) -> None:
        """Twenty at once, and then five a second."""
        for number in range(30):
            self.ann.receive(f"{number}")
        turn(self.hub)
        self.assertEqual(len(self.bob_door.texts()), 20)
        self.clock.advance(0.15)
        turn(self.hub)
        self.assertEqual(len(self.bob_door.texts()), 20)
        self.clock.advance(0.06)
        turn(self.hub)
        self.assertEqual(len(self.bob_door.texts()), 21)
        for _ in range(20):
            self.clock.advance(0.1)
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), [f"{number}" for number in range(30)])

    def test_together(self) -> None:
        """What comes together costs as if it came one by one, also what is refused."""
        long = "x" * (self.rules.message_chars + 1)
        said = [Say(f"{number}") for number in range(18)]
        self.ann.submit(said[0], Say(long), *said[1:], Say("20"), Say("21"))
        turn(self.hub)
        self.assertEqual(len(self.bob_door.texts()), 19)
        self.assertEqual(len(self.ann_door.of(Failed)), 1)
        self.clock.advance(0.4)
        turn(self.hub)
        self.assertEqual(len(self.bob_door.texts()), 20)

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
        self.assertEqual(len(self.bob_door.texts()), 33)
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
        said = self.bob_door.texts()
        self.assertEqual(said, [f"{number}" for number in range(len(said))])
        self.assertGreater(len(said), 300)
        self.push(5)
        self.assertTrue(self.ann.ended)
        self.assertFalse(self.ann_door.open)
        self.assertIn("faster than it may", self.ann_door.of(Closing)[0].text)
        (failed,) = self.ann_door.of(Failed)
        self.assertEqual(failed.code, "too-fast")
        self.assertEqual(failed.line, str(len(self.bob_door.texts())))

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
        self.assertEqual(len(self.bob_door.texts()), 500)
        self.assertEqual(self.ann_door.of(Notice), [])

    def test_gone_while_waiting(self) -> None:
        """Who is let go while waiting is told nothing more."""
        for number in range(25):
            self.ann.receive(f"{number}")
        self.ann.close("Bye.")
        self.clock.advance(1)
        turn(self.hub)
        self.assertEqual(len(self.bob_door.texts()), 20)

    def test_several_sessions(self) -> None:
        """Who is here several times may not say more for that."""
        one, _ = join(self.hub, "cho", password="seven-small-rain-clouds")
        two, _ = join(self.hub, "cho", password="seven-small-rain-clouds")
        self.bob_door.take()
        for number in range(30):
            (one, two)[number % 2].receive(f"{number}")
        turn(self.hub)
        # One of the burst was for coming in.
        self.assertEqual(len(self.bob_door.texts()), 19)

    def test_off(self) -> None:
        """The operator can switch it off."""
        self.hub.rules = replace(self.rules, throttle=False)
        for number in range(100):
            self.ann.receive(f"{number}")
        turn(self.hub)
        self.assertEqual(len(self.bob_door.texts()), 100)


class LastWordsTests(Watched):
    """Somebody's line breaks while what they typed still waits."""

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
        self.assertEqual(self.bob_door.texts(), [f"{number}" for number in range(25)])
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
        self.assertEqual(self.bob_door.texts(), ["last"])
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
        kept = [one.line for one in self.ann.queue._requests if isinstance(one, Typed)]
        self.assertEqual(kept, ["@bob?", "//x", "/history on"])

    def test_lost_with_pastes(self) -> None:
        """Long last words count as many: who is gone does not talk for minutes."""
        self.hub.rules = Rules(message_chars=1_000, paste_bytes=60_000)
        self.ann.submit(Invoke("wait"))
        for _ in range(5):
            self.ann.submit(Say("x" * 40_000))
        self.ann.end("")
        self.assertEqual(len(self.ann.queue._requests), 2)
