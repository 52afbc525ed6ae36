"""Lengths of time, typed and read."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.durations import (
    LONGEST,
    counted,
    in_words,
    read_duration,
    take_duration,
    try_again,
)
from chatd.chat.errors import BadRequest


class ReadTests(SynchronousTestCase):
    """What people type."""

    def test_units(self) -> None:
        """Seconds, minutes, hours, days and weeks, whatever the case."""
        for text, seconds in {
            "30s": 30,
            "10m": 600,
            "2h": 7200,
            "7D": 604_800,
            "1w": 604_800,
            "10min": 600,
            "1h30m": 5400,
            "2hours": 7200,
            "1Week2days": 777_600,
        }.items():
            self.assertEqual(read_duration(text), seconds)

    def test_something_else(self) -> None:
        """Other words are no length of time."""
        for text in ("", "x", "m", "10 m", "10mm", "-5m", "1.5h", "spam"):
            self.assertIsNone(read_duration(text))

    def test_beginning(self) -> None:
        """A time may stand before a text, written as people write it."""
        for text, read in {
            "": (None, ""),
            "spam, 10m": (None, "spam, 10m"),
            "for spam": (None, "for spam"),
            "10m": (600, ""),
            "10min  calm down": (600, "calm down"),
            "for 2 hours calm down": (7200, "calm down"),
            "in 5 Minutes": (300, ""),
            "1 hour 30 min x 5m": (5400, "x 5m"),
            "1d\tx": (86_400, "x"),
        }.items():
            self.assertEqual(take_duration(text), read)

    def test_mistyped(self) -> None:
        """What begins like a time and is none is refused, not taken for a reason."""
        for text in ("10mm x", "-5m x", "1.5h", "5minz", "for 10x", "3rd warning"):
            error = self.assertRaises(BadRequest, take_duration, text)
            self.assertIn("is no length of time: write 30s, 10min, 1h30m", error.text)
        self.assertRaises(BadRequest, take_duration, "10 spam")
        self.assertRaises(BadRequest, take_duration, "0m spam")

    def test_bare(self) -> None:
        """Where a number is one of seconds, it may stand alone."""
        self.assertEqual(take_duration("60 new disk", bare=True), (60, "new disk"))
        self.assertEqual(take_duration("60 min x", bare=True), (3600, "x"))

    def test_no_unit(self) -> None:
        """A bare number is asked about, because nobody can know."""
        error = self.assertRaises(BadRequest, read_duration, "10")
        self.assertEqual(error.text, "10 of what? Write 10m, h or d.")

    def test_limits(self) -> None:
        """Nothing, and more than ten years, are refused, at the edge."""
        self.assertRaises(BadRequest, read_duration, "0m")
        days = int(LONGEST / 86_400)
        self.assertEqual(read_duration(f"{days}d"), LONGEST)
        self.assertRaises(BadRequest, read_duration, f"{days + 1}d")


class WriteTests(SynchronousTestCase):
    """What people read."""

    def test_in_words(self) -> None:
        """The two largest units, but seconds only below a minute."""
        for seconds, words in {
            -5: "0 seconds",
            0: "0 seconds",
            1.9: "1 second",
            59: "59 seconds",
            60: "1 minute",
            125: "2 minutes",
            3600: "1 hour",
            3660: "1 hour and 1 minute",
            7325: "2 hours and 2 minutes",
            86_400: "1 day",
            86_400 + 3599: "1 day",
            90_000: "1 day and 1 hour",
            400 * 86_400: "400 days",
        }.items():
            self.assertEqual(in_words(seconds), words)

    def test_try_again(self) -> None:
        """When somebody may try again is never told too soon."""
        for seconds, words in {
            0.0: "1 second",
            0.3: "1 second",
            1.0: "1 second",
            2.4: "3 seconds",
            59.2: "1 minute",
            60.0: "1 minute",
            61.0: "2 minutes",
            1800.0: "30 minutes",
            3599.0: "1 hour",
            3601.0: "1 hour and 1 minute",
        }.items():
            self.assertEqual(try_again(seconds), f"Try again in {words}.")

    def test_counted(self) -> None:
        """One of it, several, thousands."""
        self.assertEqual(counted(1, "message"), "1 message")
        self.assertEqual(counted(0, "message"), "0 messages")
        self.assertEqual(counted(2_000, "message"), "2,000 messages")
        self.assertEqual(counted(4, "person"), "4 people")
