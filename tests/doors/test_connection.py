"""Tests for L{chatd.doors.connection}."""

import gc
import json
import weakref

from twisted.internet.defer import Deferred

from chatd.chat.rules import Rules
from chatd.doors.connection import PATIENCE
from tests.doors.program import ProgramCase


class PressureTests(ProgramCase):
    """Slow readers and fast writers."""

    rules = Rules()

    def test_slowed(self) -> None:
        """Who sends too fast is slowed: reading stops, and nothing is lost."""
        ann = self.enter("ann")
        requests = [{"do": "ping", "ref": number} for number in range(100)]
        got = ann.do(*requests)
        self.assertEqual(ann.wire.producerState, "paused")
        self.assertLess(len(got), 30)
        for _ in range(100):
            self.clock.advance(0.2)
            got += ann.events()
        answers = [e["ref"] for e in got if e["event"] == "done"]
        self.assertEqual(answers, list(range(100)))
        self.assertEqual(ann.wire.producerState, "producing")

    def test_large(self) -> None:
        """A paste counts as the messages that it could have been; none is lost."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        paste = "\n".join(["x" * 127] * 500)  # 16 times the longest message
        ann.do({"do": "say", "text": paste}, {"do": "say", "text": paste})
        self.assertEqual(len(bob.events()), 1)
        self.clock.advance(2.5)  # of the burst of 20, one was spent on coming in
        self.assertEqual(bob.events(), [])
        self.clock.advance(0.2)
        self.assertEqual([e["text"] for e in bob.events()], [paste])

    def test_small_burst(self) -> None:
        """Who may say little at once may paste, too."""
        self.hub.rules = Rules(request_burst=2)
        ann = self.enter("ann")
        self.clock.advance(1)
        got = ann.do({"do": "say", "text": "x\n" * 30_000, "ref": 1})
        self.assertEqual([e["code"] for e in got], ["too-long"])

    def test_not_read(self) -> None:
        """What a peer does not read is kept, and sent when it reads again."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        bob.wire.producer.pauseProducing()
        for text in ("one", "two"):
            ann.do({"do": "say", "text": text})
        self.assertEqual(bob.events(), [])
        self.assertGreater(bob.protocol.session.unread, 0)
        bob.wire.producer.resumeProducing()
        self.assertEqual([e["text"] for e in bob.events()], ["one", "two"])
        self.assertEqual(bob.protocol.session.unread, 0)
        self.assertEqual(self.hub.connections.backlog, 0)

    def test_full_again(self) -> None:
        """When the transport is full again, the rest stays where it is counted."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        producer = bob.wire.producer
        producer.pauseProducing()
        for text in ("one", "two", "three"):
            ann.do({"do": "say", "text": text})
        write = bob.wire.write

        def full(data: bytes) -> None:
            write(data)
            producer.pauseProducing()

        bob.wire.write = full  # type: ignore[method-assign]
        producer.resumeProducing()
        self.assertEqual([e["text"] for e in bob.events()], ["one"])
        producer.resumeProducing()
        self.assertEqual([e["text"] for e in bob.events()], ["two"])

    def test_never_read(self) -> None:
        """Who reads nothing at all is let go, with mercy at first."""
        self.hub.rules = Rules(throttle=False, outbox_pause=1000, outbox_bytes=5000)
        ann, bob = self.enter("ann"), self.enter("bob")
        bob.wire.producer.pauseProducing()
        while not bob.wire.disconnecting:
            ann.do({"do": "say", "text": "x" * 900})
        self.assertIsNone(bob.wire.producer)
        self.assertFalse(bob.wire.disconnected)
        self.clock.advance(PATIENCE - 0.1)
        self.assertFalse(bob.wire.disconnected)
        self.clock.advance(0.1)
        self.assertTrue(bob.wire.disconnected)
        self.assertEqual(self.hub.connections.backlog, 0)

    def test_paused_reading(self) -> None:
        """Who reads too little is not read from either, until it does."""
        self.hub.rules = Rules(throttle=False, outbox_pause=1000)
        ann, bob = self.enter("ann"), self.enter("bob")
        bob.wire.producer.pauseProducing()
        ann.do({"do": "say", "text": "x" * 700})
        self.assertEqual(bob.wire.producerState, "producing")
        ann.do({"do": "say", "text": "x" * 700})
        self.assertEqual(bob.wire.producerState, "paused")
        bob.wire.producer.resumeProducing()
        self.assertEqual(bob.wire.producerState, "producing")

    def test_stop(self) -> None:
        """The transport may stop what writes: nothing more happens."""
        ann = self.enter("ann")
        ann.wire.producer.stopProducing()
        self.assertFalse(ann.wire.disconnecting)


class EndingTests(ProgramCase):
    """Connections end."""

    def test_lost(self) -> None:
        """Others learn that a program left, also when its line broke."""
        ann, bob, cho = [self.enter(name) for name in ("ann", "bob", "cho")]
        ann.events()
        bob.lose()
        (departed,) = ann.events()
        self.assertEqual((departed["event"], departed["person"]), ("departed", "bob"))
        self.assertEqual(departed["reason"], "")
        cho.lose(clean=False)
        (departed,) = ann.events()
        self.assertEqual(departed["reason"], "connection lost")

    def test_half_closed(self) -> None:
        """Who sends no more gets all answers before the connection ends."""
        program = self.program()
        program.protocol.dataReceived(
            b'{"do":"enter","name":"ann","ref":1}\n{"do":"say","text":"hi","ref":2}\n{'
        )
        program.finish()
        program.protocol.writeConnectionLost()
        answers = [e for e in program.events() if e["event"] == "done"]
        self.assertEqual([e["ref"] for e in answers], [1, 2])
        self.assertTrue(program.wire.disconnecting)

    def test_half_closed_slow(self) -> None:
        """So does who reads them slowly."""
        ann = self.enter("ann")
        producer = ann.wire.producer
        producer.pauseProducing()
        ann.protocol.dataReceived(b'{"do":"ping","ref":1}\n')
        ann.finish()
        self.assertEqual(ann.events(), [])
        self.assertFalse(ann.wire.disconnecting)
        producer.resumeProducing()
        self.assertEqual(ann.events(), [{"event": "done", "ref": 1}])
        self.assertTrue(ann.wire.disconnecting)

    def test_last_words(self) -> None:
        """Whole lines that came before the line broke are carried out."""
        self.hub.rules = Rules()
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        lines = b"".join(
            json.dumps({"do": "say", "text": str(number)}).encode() + b"\n"
            for number in range(80)
        )
        ann.protocol.dataReceived(lines + b'{"do":"say","text":"half"')
        self.assertEqual(ann.wire.producerState, "paused")
        ann.lose()
        got = []
        for _ in range(100):
            self.clock.advance(0.2)
            got += bob.events()
        said = [e["text"] for e in got if e["event"] == "said"]
        self.assertEqual(said, [str(number) for number in range(80)])
        self.assertEqual(got[-1]["event"], "departed")

    def test_too_many_last_words(self) -> None:
        """Who is gone does not go on talking for half an hour."""
        self.hub.rules = Rules()
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        ann.protocol.dataReceived(b'{"do":"say","text":"I am a flood"}\n' * 1000)
        ann.lose()
        got = bob.events()
        for _ in range(30):
            self.clock.advance(1)
            got += bob.events()
        self.assertEqual(got[-1]["event"], "departed")
        self.assertGreaterEqual(len(got), 100)

    def test_quit(self) -> None:
        """A program may say that it leaves."""
        ann = self.enter("ann")
        got = ann.do({"do": "command", "line": "/quit", "ref": 9})
        self.assertTrue(ann.wire.disconnecting)
        self.assertEqual([e["event"] for e in got], ["closing"])
        ann.protocol.hang_up()  # once is enough
        ann.lose()
        self.clock.advance(PATIENCE)
        self.assertFalse(ann.wire.disconnected)

    def test_closing(self) -> None:
        """
        When the server stops, what is in flight is stored, shown and answered;
        nothing more is accepted; then the connection ends.
        """
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        self.store.hold()
        ann.do({"do": "say", "text": "last", "ref": 1})
        closing = Deferred.fromCoroutine(self.hub.close("Good night.", 10))
        (closed,) = bob.events()
        self.assertEqual(
            closed,
            {"event": "closing", "text": "Good night.", "seconds": 10, "retry": 30},
        )
        got = ann.do({"do": "say", "text": "late", "ref": 2}, {"do": "ping", "ref": 3})
        self.assertFalse(ann.wire.disconnecting)
        self.store.release()
        got += ann.events()
        answers = [(e["event"], e.get("ref")) for e in got]
        self.assertEqual(
            answers, [("closing", None), ("done", 1), ("failed", 2), ("done", 3)]
        )
        self.assertEqual(got[2]["code"], "closed")
        self.assertEqual(bob.events()[0]["event"], "said")
        self.assertTrue(ann.wire.disconnecting)
        self.successResultOf(closing)


class GoneTests(ProgramCase):
    """What is left of a connection that is gone."""

    rules = Rules(request_burst=2, request_rate=5)

    def setUp(self) -> None:
        super().setUp()
        gc.disable()
        self.addCleanup(gc.enable)

    def leave(self, *requests: bytes) -> "weakref.ref[object]":
        """Somebody leaves right after these requests."""
        program = self.enter("ann")
        door = weakref.ref(program.protocol)
        program.protocol.dataReceived(b"".join(requests))
        program.wire.producer.stopProducing()  # as Twisted does
        program.lose()
        return door

    def test_idle(self) -> None:
        """It is in no circle of objects: none has to wait for the collector."""
        self.assertIsNone(self.leave()())

    def test_last_words(self) -> None:
        """Nor is one that still had something to say."""
        door = self.leave(*[b'{"do":"say","text":"hi"}\n'] * 4)
        self.assertIsNotNone(door())
        for _ in range(20):
            self.clock.advance(0.1)
        self.assertIsNone(door())
