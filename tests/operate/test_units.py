"""Durations and sizes, as people write them."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.units import parse, read_kept, show


class ParseTests(SynchronousTestCase):
    """Numbers with and without units are understood."""

    def test_plain(self) -> None:
        """A number without a unit is that number."""
        self.assertEqual(parse("0.5", "seconds"), 0.5)
        self.assertEqual(parse("1_000", ""), 1000)

    def test_units(self) -> None:
        """Units follow with or without a space, in any case."""
        for text, seconds in (("10 s", 10), ("5m", 300), ("2 H", 7200), ("1 d", 86400)):
            self.assertEqual(parse(text, "seconds"), seconds)
        for text, size in (("64 KiB", 65536), ("10mb", 10**7), ("1.5 GiB", 3 * 2**29)):
            self.assertEqual(parse(text, "bytes"), size)

    def test_wrong(self) -> None:
        """What is no number, and a unit of something else, are refused."""
        for text in ("", "ten", "-1", "1e3", "inf", "10 KiB", "1 2"):
            self.assertRaises(ValueError, parse, text, "seconds")


class ShowTests(SynchronousTestCase):
    """Values are written with the unit that suits them."""

    def test_whole(self) -> None:
        """The largest unit that leaves the number whole is used."""
        self.assertEqual(show(65536, "bytes"), "64 KiB")
        self.assertEqual(show(10_000_000, "bytes"), "10 MB")
        self.assertEqual(show(90.0, "seconds"), "90 s")
        self.assertEqual(show(0.5, "seconds"), "500 ms")
        self.assertEqual(show(0, "bytes"), "0")
        self.assertEqual(show(0.25, ""), "0.25")

    def test_back(self) -> None:
        """Every value that is written is read back the same."""
        for size in (1, 1000, 1024, 12345, 10**9, 2**30, 10**13 + 1):
            self.assertEqual(parse(show(size, "bytes"), "bytes"), size)
        for duration in (0.1, 0.3, 1.0, 61.0, 86400.0, 123456.789):
            self.assertEqual(parse(show(duration, "seconds"), "seconds"), duration)


class KeptTests(SynchronousTestCase):
    """How much of a room is kept."""

    def test_time_or_number(self) -> None:
        """A duration needs a unit; a number alone is one of messages."""
        self.assertEqual(read_kept("Ops=90d"), ("ops", 90 * 86_400.0, 0))
        self.assertEqual(read_kept("ops=12 h"), ("ops", 43_200.0, 0))
        self.assertEqual(read_kept("ops=5000"), ("ops", 0.0, 5000))
        self.assertEqual(read_kept("ops=0"), ("ops", 0.0, 0))

    def test_wrong(self) -> None:
        """Anything else is refused."""
        for text in ("", "ops", "ops=", "=90d", "ops=-1", "ops=much", "ops=9 KiB"):
            self.assertRaises(ValueError, read_kept, text)
