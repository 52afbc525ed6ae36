"""Tests for L{chatd.doors.program}."""

from chatd.doors.program import ABUSE, DEAD, ROUND, SILENCE
from tests.doors.program import ProgramCase


class AbuseTests(ProgramCase):
    """Who does not learn is let go."""

    def test_abuse(self) -> None:
        """A program that learns nothing from the answers is let go."""
        program = self.program()
        for _ in range(ABUSE - 1):
            program.raw(b"hello\n")
        program.raw(b'{"do":"ping"}\n')
        for _ in range(ABUSE - 1):
            (failed,) = program.raw(b"hello\n")
            self.assertEqual(failed["code"], "bad-request")
        self.assertFalse(program.wire.disconnecting)
        got = program.raw(b"hello\n")
        self.assertEqual(got[-1]["event"], "closing")
        self.assertTrue(program.wire.disconnecting)
        self.assertEqual(program.raw(b'{"do":"ping"}\n'), [])

    def test_long_abuse(self) -> None:
        """Lines that are too long count as well."""
        program = self.program()
        for _ in range(ABUSE):
            program.raw(b"x" * 4097 + b"\n")
        self.assertTrue(program.wire.disconnecting)


class LivenessTests(ProgramCase):
    """Dead peers are noticed."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(round(seconds / ROUND)):
            self.clock.advance(ROUND)

    def test_silent(self) -> None:
        """A silent peer is asked once; one that answers stays."""
        ann = self.enter("ann")
        self.wait(SILENCE - ROUND)
        self.assertEqual(ann.events(), [])
        self.wait(ROUND)
        self.assertEqual(ann.events(), [{"event": "ping"}])
        self.wait(SILENCE - ROUND)
        self.assertEqual(ann.events(), [])
        ann.raw(b"\n")
        self.wait(SILENCE)
        self.assertEqual(ann.events(), [{"event": "ping"}])
        self.assertFalse(ann.wire.disconnecting)

    def test_dead(self) -> None:
        """One that does not answer is let go, and others are told."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.events()
        self.wait(DEAD / 2)
        bob.raw(b"\n")
        self.wait(DEAD / 2 - ROUND)
        self.assertFalse(ann.wire.disconnecting)
        self.wait(ROUND)
        self.assertTrue(ann.wire.disconnecting)
        self.assertEqual(ann.events()[-1]["event"], "closing")
        self.assertEqual({e["event"] for e in bob.events()}, {"ping", "departed"})
        self.wait(ROUND)

    def test_setting(self) -> None:
        """The operator may choose another time."""
        self.factory.programs.dead_after = 300.0
        ann = self.enter("ann")
        self.wait(295)
        self.assertFalse(ann.wire.disconnecting)
        self.wait(ROUND)
        self.assertTrue(ann.wire.disconnecting)

    def test_short_setting(self) -> None:
        """Even if that is short, one is asked before."""
        self.factory.programs.dead_after = 20.0
        ann = self.enter("ann")
        self.wait(10)
        self.assertEqual(ann.events(), [{"event": "ping"}])
        self.wait(ROUND)
        self.assertFalse(ann.wire.disconnecting)
        self.wait(ROUND)
        self.assertTrue(ann.wire.disconnecting)

    def test_late(self) -> None:
        """A look that comes late lets nobody go who was not asked before."""
        self.factory.programs.dead_after = 10.0
        ann = self.enter("ann")
        self.clock.advance(ROUND - 0.01)  # heard a moment after the round began
        ann.raw(b"\n")
        self.clock.advance(0.01)
        self.clock.advance(2 * ROUND)
        self.assertEqual(ann.events(), [{"event": "ping"}])
        self.assertFalse(ann.wire.disconnecting)
        self.wait(ROUND)
        self.assertTrue(ann.wire.disconnecting)

    def test_nobody(self) -> None:
        """While nobody is there nobody is looked after."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.lose()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        bob.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])
