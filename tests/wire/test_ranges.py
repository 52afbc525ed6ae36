"""Tests for parts of files, and their names, in headers."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.ranges import Piece, disposition, read_content_range, read_range


class RangeTests(SynchronousTestCase):
    """Clients ask for a part, to go on where they were cut off."""

    def test_part(self) -> None:
        """From a byte on, up to one, or the last ones."""
        for text, first, length in (
            ("bytes=0-", 0, 10),
            ("bytes=3-", 3, 7),
            ("bytes=3-3", 3, 1),
            ("bytes=3-99", 3, 7),
            ("bytes=-4", 6, 4),
            ("bytes=-99", 0, 10),
        ):
            self.assertEqual(read_range(text, 10), Piece(first, length, 10), text)

    def test_whole(self) -> None:
        """What is not understood, or several parts, is answered by the whole."""
        for text in ("", "bytes", "bytes=-", "bytes=5-3", "bytes=0-1,3-4", "items=1-2"):
            self.assertEqual(read_range(text, 10), Piece(0, 10, 10), text)
        self.assertEqual(read_range("bytes=" + "9" * 99 + "-", 10), Piece(0, 10, 10))

    def test_outside(self) -> None:
        """There is nothing behind the end, and nothing in nothing."""
        for text in ("bytes=10-", "bytes=10-12", "bytes=-0"):
            self.assertIsNone(read_range(text, 10), text)
        self.assertIsNone(read_range("bytes=0-", 0))
        self.assertIsNone(read_range("bytes=-5", 0))
        self.assertEqual(read_range("", 0), Piece(0, 0, 0))

    def test_told(self) -> None:
        """A response says which part it is."""
        self.assertEqual(Piece(3, 7, 10).content_range, "bytes 3-9/10")

    def test_put(self) -> None:
        """What goes on with a file says where, how long it is, and perhaps of what."""
        self.assertEqual(read_content_range("bytes 3-9/10"), Piece(3, 7, 10))
        self.assertEqual(read_content_range("bytes 0-0/*"), Piece(0, 1, None))
        for text in ("", "3-9/10", "bytes 9-3/10", "bytes 3-10/10", "bytes */10", "x"):
            self.assertIsNone(read_content_range(text), text)


class DispositionTests(SynchronousTestCase):
    """Files are saved, not shown, under a name that harms nobody."""

    def test_plain(self) -> None:
        """A name that is a name in both forms."""
        self.assertEqual(
            disposition("report.txt"),
            b"attachment; filename=\"report.txt\"; filename*=UTF-8''report.txt",
        )

    def test_letters(self) -> None:
        """Letters of all scripts are kept, escaped where they must be."""
        self.assertEqual(
            disposition("Fuß 1.txt").decode(),
            "attachment; filename=\"Fuß 1.txt\"; filename*=UTF-8''Fu%C3%9F%201.txt",
        )

    def test_harmless(self) -> None:
        """No name breaks out of the header, hides, or is a path or an option."""
        for name in (
            *('a"; x="b', "a\\b", "a/b", "..", ".bashrc", "~", "-rf", "a\r\nX: y"),
            *("a%2fb", "C:x", "a\x00b", "a\x7fb", "a;b", "a*b", "a|b", "x" * 300),
        ):
            value = disposition(name).decode()
            plain, _, encoded = value.removeprefix('attachment; filename="').partition(
                "\"; filename*=UTF-8''"
            )
            self.assertRegex(
                plain, r'^[^-.~"\\/:;%*|\x00-\x1f\x7f][^"\\/:;%*|\x00-\x1f]*$'
            )
            self.assertRegex(encoded, r"^[A-Za-z0-9_%.!#$&+^`|~-]+$")
