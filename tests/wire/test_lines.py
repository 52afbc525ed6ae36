"""Tests for L{chatd.wire.lines}."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.lines import Lines, Overlong


def drain(lines: Lines) -> list[bytes | Overlong]:
    """All that can be taken now."""
    taken = []
    while (line := lines.take()) is not None:
        taken.append(line)
    return taken


class LinesTests(SynchronousTestCase):
    """Bytes are cut into lines."""

    def test_pieces(self) -> None:
        """A line may come in pieces, and a piece may hold several lines."""
        lines = Lines(10)
        lines.feed(b"he")
        self.assertEqual(drain(lines), [])
        lines.feed(b"llo\r\n\nyou\nand")
        self.assertEqual(drain(lines), [b"hello\r", b"", b"you"])
        self.assertEqual(lines.rest(), b"and")
        self.assertEqual(lines.rest(), b"")

    def test_limit(self) -> None:
        """A line at the limit passes, with or without CR; one more byte does not."""
        lines = Lines(5)
        lines.feed(b"12345\n12345\r\n123456\n123456\r\n12\n")
        self.assertEqual(
            drain(lines), [b"12345", b"12345\r", Overlong(6), Overlong(6), b"12"]
        )

    def test_limit_in_pieces(self) -> None:
        """The limit is the same when a line comes byte by byte."""
        for length in (5, 6, 7, 8):
            for end in (b"\n", b"\r\n"):
                lines = Lines(5)
                taken = []
                for byte in b"x" * length + end + b"ok\n":
                    lines.feed(bytes([byte]))
                    taken += drain(lines)
                self.assertEqual(len(taken), 2)
                self.assertEqual(taken[0] == Overlong(length), length > 5)
                self.assertEqual(taken[1], b"ok")

    def test_memory(self) -> None:
        """A line that does not end takes no memory, and its length is known."""
        lines = Lines(100)
        for _ in range(1000):
            lines.feed(b"x" * 1000)
            self.assertIsNone(lines.take())
            self.assertLessEqual(len(lines._data), 101)
        self.assertEqual(lines.skipped, 1_000_000)
        lines.feed(b"\nnext\n")
        self.assertEqual(drain(lines), [Overlong(1_000_000), b"next"])
        self.assertEqual(lines.skipped, 0)

    @given(st.lists(st.binary(max_size=12)), st.integers(0, 8))
    def test_any_pieces(self, pieces: list[bytes], limit: int) -> None:
        """How a stream was cut into pieces makes no difference."""
        lines = Lines(limit)
        taken = []
        for piece in pieces:
            lines.feed(piece)
            taken += drain(lines)
        whole = Lines(limit)
        whole.feed(b"".join(pieces))
        self.assertEqual(
            [line if isinstance(line, bytes) else None for line in taken],
            [line if isinstance(line, bytes) else None for line in drain(whole)],
        )
