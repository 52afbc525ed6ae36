"""Tests for L{chatd.client.say}: what comes through a pipe is said."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from chatd.client.asking import RequestFailed
from chatd.client.say import MOST_LINES, UNDER_WAY, Lines


class LinesTests(SynchronousTestCase):
    """Lines become messages."""

    def setUp(self) -> None:
        self.told: list[str] = []
        self.answers: list[Deferred[Any]] = []
        self.lines = Lines(self.tell)
        self.transport = StringTransport()
        self.lines.makeConnection(self.transport)

    def tell(self, words: str) -> "Deferred[Any]":
        """Something is said."""
        self.told.append(words)
        self.answers.append(Deferred())
        return self.answers[-1]

    def answer(self) -> None:
        """All that was said is stored."""
        answers, self.answers = self.answers, []
        for answer in answers:
            answer.callback(None)

    def test_lines(self) -> None:
        """Each line is a message, also the last, which may have no end."""
        self.lines.dataReceived(b"one\r\ntw")
        self.lines.dataReceived(b"o\n\nthree")
        self.assertEqual(self.told, ["one", "two"])
        self.lines.connectionLost()
        self.assertEqual(self.told, ["one", "two", "three"])
        self.assertNoResult(self.lines.end)
        self.answer()
        self.assertEqual(self.successResultOf(self.lines.end), 0)

    def test_paste(self) -> None:
        """Five lines or more that come at once are one message."""
        self.lines.dataReceived(b"1\n2\n\n3\n4\n5\n")
        self.assertEqual(self.told, ["1\n2\n\n3\n4\n5"])

    def test_long_paste(self) -> None:
        """Very many are several."""
        self.lines.dataReceived(b"x\n" * (MOST_LINES + 1))
        self.assertEqual([words.count("x") for words in self.told], [MOST_LINES, 1])

    def test_pressure(self) -> None:
        """When many wait to be stored, no more is read."""
        for _ in range(UNDER_WAY):
            self.lines.dataReceived(b"x\n")
        self.assertEqual(self.transport.producerState, "producing")
        self.lines.dataReceived(b"x\n")
        self.assertEqual(self.transport.producerState, "paused")
        self.answer()
        self.assertEqual(self.transport.producerState, "producing")

    def test_refused(self) -> None:
        """What the server refuses ends it."""
        self.lines.dataReceived(b"one\ntwo\n")
        self.answers[0].errback(RequestFailed("muted", "You are muted."))
        self.failureResultOf(self.lines.end, RequestFailed)

    def test_nothing(self) -> None:
        """Nothing to say is all said."""
        self.lines.connectionLost()
        self.assertEqual(self.successResultOf(self.lines.end), 0)
