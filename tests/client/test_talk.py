"""Tests for L{chatd.client.talk}: somebody at a terminal, in a chat."""

from twisted.internet.defer import Deferred

from chatd.chat.events import Said, Whispered
from chatd.client.credentials import Credentials
from chatd.client.rooms import SHOWN
from chatd.client.talk import AGAIN
from chatd.client.wording import NEW
from chatd.testing import join, type_in
from tests.chatting import PASSWORD
from tests.client.sitting import TalkCase


class ComingTests(TalkCase):
    """What is seen first."""

    def test_past(self) -> None:
        """What was said last is shown, and then what is said now."""
        bob, _ = join(self.hub, "bob")
        type_in(self.hub, bob, "before")
        ann = self.sit("ann")
        type_in(self.hub, bob, "after")
        ann.line.carry()
        self.assertEqual(ann.shown[0], "* You are ann, a guest.")
        at = ann.shown.index("* What was said last in lobby:")
        self.assertEqual(ann.shown[at + 1], "bob: before")
        self.assertEqual(ann.last, "bob: after")
        self.assertEqual(ann.shown.count("bob: before"), 1)
        self.assertEqual(ann.screen.prompt, "lobby> ")

    def test_new_since(self) -> None:
        """A line shows where the unread begins."""
        join(self.hub, "ann", password=PASSWORD)[0].gone("")
        bob, _ = join(self.hub, "bob")
        for number in range(3):
            type_in(self.hub, bob, f"number {number}")
        ann = self.sit("ann", credentials=Credentials("ann", PASSWORD))
        ann.say("I have seen this")
        ann.end()
        type_in(self.hub, bob, "number 3")
        ann = self.sit("ann", credentials=Credentials("ann", PASSWORD))
        at = ann.shown.index(NEW)
        self.assertEqual(ann.shown[at - 1], "ann: I have seen this")
        self.assertEqual(ann.shown[at + 1], "bob: number 3")

    def test_no_more_than(self) -> None:
        """Of a long past, the end is shown."""
        bob, _ = join(self.hub, "bob")
        for number in range(SHOWN + 5):
            type_in(self.hub, bob, f"number {number}")
        ann = self.sit("ann")
        said = [line for line in ann.shown if line.startswith("bob: number")]
        self.assertEqual(len(said), SHOWN)
        self.assertEqual(said[-1], f"bob: number {SHOWN + 4}")


class RoomTests(TalkCase):
    """Rooms that are looked at, and others."""

    def setUp(self) -> None:
        super().setUp()
        self.bob, _ = join(self.hub, "bob")
        self.ann = self.sit("ann")
        self.ann.say("/join ops")

    def say(self, text: str) -> None:
        """Bob says something in the lobby."""
        type_in(self.hub, self.bob, text)
        self.ann.line.carry()

    def test_unread(self) -> None:
        """What is said elsewhere is counted, and mentions are shown with a bell."""
        self.say("one")
        self.assertEqual(self.ann.screen.prompt, "ops (lobby 1)> ")
        self.assertNotIn("bob: one", self.ann.shown)
        self.assertEqual(self.ann.screen.bells, 0)
        self.say("ann: two")
        self.assertEqual(self.ann.screen.prompt, "ops (lobby 2!)> ")
        self.assertEqual(self.ann.last, "#lobby bob: ann: two")
        self.assertEqual(self.ann.screen.bells, 1)

    def test_no_bell(self) -> None:
        """The bell can be switched off."""
        self.ann.say("/set bell off")
        self.say("ann: two")
        self.assertEqual(self.ann.screen.bells, 0)

    def test_switch(self) -> None:
        """Back in a room, what was missed is shown behind a line."""
        self.say("one")
        self.ann.say("/switch lobby")
        at = self.ann.shown.index(NEW)
        self.assertEqual(self.ann.shown[at + 1], "bob: one")
        self.assertEqual(self.ann.screen.prompt, "lobby> ")
        self.ann.say("/switch nowhere")
        self.assertEqual(
            self.ann.last,
            "! You are not in nowhere. /join nowhere enters it.",
        )
        self.ann.say("/switch")
        self.assertEqual(
            self.ann.last, "* You are in: lobby, ops. /switch ROOM looks at one."
        )

    def test_leave(self) -> None:
        """Who leaves a room looks at another."""
        self.ann.say("/leave")
        self.assertEqual(self.ann.last, "* You are in lobby now.")
        self.assertEqual(self.ann.screen.prompt, "lobby> ")

    def test_complete(self) -> None:
        """Commands, people and rooms are completed."""
        complete = self.ann.talk.complete
        self.assertEqual(complete("/switc"), ["/switch"])
        self.assertEqual(complete("/whoson"), ["/whosonline"])
        self.assertEqual(complete("hello BO"), ["bob"])
        self.assertEqual(complete("/msg @bo"), ["@bob"])
        self.assertEqual(complete("/switch #lo"), ["#lobby"])


class TypingTests(TalkCase):
    """What is typed."""

    def setUp(self) -> None:
        super().setUp()
        self.bob, self.door = join(self.hub, "bob")
        self.ann = self.sit("ann")

    def test_say(self) -> None:
        """A line is said, and shown when it is sent."""
        self.ann.say("hello")
        self.assertEqual([said.text for said in self.door.of(Said)], ["hello"])
        self.assertEqual(self.ann.last, "ann: hello")
        self.ann.say("//x")
        self.assertEqual(self.ann.last, "ann: /x")

    def test_whisper(self) -> None:
        """Private words go to one, and /r goes back to whoever spoke last."""
        type_in(self.hub, self.bob, "/msg ann psst")
        self.ann.line.carry()
        self.assertEqual(self.ann.last, "bob -> you: psst")
        self.assertEqual(self.ann.screen.bells, 1)
        self.ann.say("/r what?")
        (said,) = self.door.of(Whispered)
        self.assertEqual((said.sender.name, said.text), ("ann", "what?"))
        self.assertEqual(self.ann.last, "you -> bob: what?")

    def test_unknown(self) -> None:
        """What is not done is handed back."""
        self.ann.say("/jion ops")
        self.assertEqual(
            self.ann.last,
            "! There is no command /jion. Did you mean /join? "
            "Your line was not sent: /jion ops",
        )

    def test_too_long(self) -> None:
        """A paste that is refused is handed back whole."""
        self.ann.say("\n".join(f"line {number}" for number in range(501)))
        self.assertIn("! not sent (", "".join(self.ann.shown))
        self.assertIn("line 500", self.ann.shown[-1])

    def test_password(self) -> None:
        """What looks like a password is sent to nobody, and forgotten."""
        self.ann.say("login ann secret")
        self.assertTrue(self.ann.last.startswith("! That looks like a password"))
        self.assertEqual(self.ann.screen.forgotten, ["login ann secret"])
        self.assertEqual(self.door.of(Said), [])

    def test_more_passwords(self) -> None:
        """So is a code, and a login with many words as somebody who is here."""
        for line in ("claim CVYJ-GBAT-CKSQ-F7CV", "login ANN one two three"):
            self.ann.say(line)
            self.assertTrue(self.ann.last.startswith("! That looks like a password"))
        self.assertEqual(self.door.of(Said), [])
        self.ann.say("login is broken again today")
        self.assertEqual(len(self.door.of(Said)), 1)

    def test_register(self) -> None:
        """A password is asked for twice, unseen."""
        self.ann.say("/register")
        self.assertEqual(self.ann.screen.asked, [("password: ", True)])
        self.ann.say(PASSWORD)
        self.assertEqual(self.ann.screen.asked, [("once more: ", True)])
        self.ann.say("another-one-than-before")
        self.assertTrue(self.ann.last.startswith("! These are two different"))
        self.ann.say("/register")
        self.ann.say(PASSWORD)
        self.ann.say(PASSWORD)
        self.assertIn("ann is yours from now on", "".join(self.ann.shown))
        self.assertNotIn(PASSWORD, "".join(self.ann.screen.lines))

    def test_interrupt(self) -> None:
        """Ctrl-C once says how to leave; twice leaves."""
        self.ann.interrupt("half a line")
        self.assertNotIn("Ctrl-C", self.ann.last)
        self.ann.interrupt()
        self.assertIn("Press Ctrl-C once more", self.ann.last)
        self.clock.advance(AGAIN + 1)
        self.ann.interrupt()
        self.assertNoResult(self.ann.over)
        self.ann.interrupt()
        self.clock.advance(0)
        self.successResultOf(self.ann.over)

    def test_quit(self) -> None:
        """After /quit the server says good-bye, and it is over."""
        self.ann.say("/quit")
        self.clock.advance(0)
        self.assertIn("* Bye. You were here for", "".join(self.ann.shown))
        self.successResultOf(self.ann.over)


class LosingTests(TalkCase):
    """The connection goes and comes."""

    def setUp(self) -> None:
        super().setUp()
        self.bob, self.door = join(self.hub, "bob")
        self.ann = self.sit("ann")

    def test_lost(self) -> None:
        """What is typed meanwhile waits, is shown to, and is sent once."""
        self.ann.line.up = False
        self.ann.line.cut()
        self.assertTrue(self.ann.last.startswith("* The connection is lost: "))
        self.ann.say("later")
        self.assertEqual(self.ann.screen.prompt, "lobby (not connected, 1 waiting)> ")
        self.clock.advance(1)
        self.assertEqual(self.ann.last, "... waits to be sent: later")
        type_in(self.hub, self.bob, "meanwhile")
        self.ann.line.up = True
        self.back(self.ann.line)
        back = self.ann.shown.index("* The connection is back.")
        self.assertEqual(self.ann.shown[back + 1 :], ["bob: meanwhile", "ann: later"])
        self.assertEqual([said.text for said in self.door.of(Said)], ["later"])
        self.assertEqual(self.ann.screen.prompt, "lobby> ")

    def test_lost_at_first(self) -> None:
        """It is told even if it breaks before the past was there."""
        cho = self.sit("cho")
        cho.line.lost_answers = True
        cho.say("/switch lobby")
        cho.say("/join ops")
        cho.line.cut()
        self.assertIn("The connection is lost", "".join(cho.shown))

    def test_leave_unsent(self) -> None:
        """Who leaves meanwhile is told what was not sent."""
        self.ann.line.up = False
        self.ann.line.cut()
        self.ann.say("later")
        self.ann.end()
        self.clock.advance(0)
        self.assertTrue(self.ann.last.startswith("! not sent: later"))
        self.successResultOf(self.ann.over)

    def test_closing(self) -> None:
        """When the server stops, that is said, and nothing is sent any more."""
        Deferred.fromCoroutine(self.hub.close("The server is stopping."))
        self.ann.line.carry()
        self.assertIn("* The server is stopping.", self.ann.shown)
        self.ann.say("too late")
        self.assertEqual(self.door.of(Said), [])
