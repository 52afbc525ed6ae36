"""Long lines in narrow terminals."""

from functools import partial
from timeit import repeat

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from wcwidth import strip_sequences, width

from chatd.wire.fold import columns, fold


def rows(text: str, columns: int) -> list[str]:
    """The rows of one line."""
    folded = fold(f"{text}\r\n".encode(), columns).decode()
    return strip_sequences(folded).removesuffix("\r\n").split("\r\n")


class FoldTests(SynchronousTestCase):
    """L{fold}"""

    def test_short(self) -> None:
        """Lines that fit are left alone, up to the last column, which stays free."""
        for text in ("", "ann: hi", "x" * 19, "好" * 9, "\x1b[1m" + "x" * 19):
            data = f"{text}\r\n".encode()
            self.assertEqual(fold(data, 20), data)
        self.assertEqual(rows("ann: " + "x" * 14 + " y", 20)[1], "     y")

    def test_indent(self) -> None:
        """What goes on stands below the words, for all kinds of lines."""
        for head in (
            "[21:45] ann: ",
            "[21:45] #ops bob: ",
            "[21:45] ann -> you: ",
            "bob: ",
            "* ",
            "! ",
            "[21:45] ** ",
        ):
            first, *others = rows(head + "some words " * 9, 50)
            self.assertTrue(first.startswith(head + "some"))
            for row in others:
                self.assertEqual(len(row) - len(row.lstrip()), len(head), (head, row))

    def test_narrow(self) -> None:
        """Where the words begin far to the right the indent is small."""
        _, second, *_ = rows("[2026-11-21 21:45:03] ann: some words and more", 30)
        self.assertTrue(second.startswith("  "))
        self.assertFalse(second.startswith("   "))

    def test_painted(self) -> None:
        """Escapes take no room, and none of them is lost."""
        text = (
            "\x1b[2m[21:45]\x1b[0m \x1b[38;5;27mann\x1b[0m: \x1b[1mone two three\x1b[0m"
        )
        data = f"{text}\r\n".encode()
        self.assertEqual(fold(data, 27), data)
        folded = fold(data, 26)
        self.assertEqual(folded.replace(b"\r\n" + b" " * 13, b" "), data)

    def test_wide(self) -> None:
        """Chinese is broken anywhere, by its width."""
        lines = rows("ann: " + "你好" * 20, 30)
        self.assertGreater(len(lines), 2)
        for row in lines:
            self.assertLess(width(row), 30)

    def test_web_address(self) -> None:
        """A long address of the web stays whole, so that it can be clicked on."""
        text = "ann: see https://example.org/" + "a" * 60 + " or not"
        self.assertEqual(rows(text, 40), [text])

    def test_several(self) -> None:
        """Of several lines only the long ones are broken."""
        data = b"ann: hi\r\nbob: one two three four\r\ncho: ho\r\n"
        self.assertEqual(
            fold(data, 16),
            b"ann: hi\r\nbob: one two\r\n     three four\r\ncho: ho\r\n",
        )

    def test_no_spaces(self) -> None:
        """What has no spaces begins on the row where it is said, and fills each row."""
        self.assertEqual(
            rows("ann: " + "x" * 40 + " y", 20),
            ["ann: " + "x" * 14, "     " + "x" * 14, "     " + "x" * 12 + " y"],
        )
        family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
        for row in rows("ann: " + family * 20, 20):
            self.assertEqual(row.removeprefix("ann:").strip().replace(family, ""), "")
        accents = rows("ann: " + "e\u0301" * 40, 20)
        self.assertEqual(accents[0], "ann: " + "e\u0301" * 14)

    def test_flags(self) -> None:
        """Thousands of flags take no longer than other words of their width."""
        flags = "\U0001f1e9\U0001f1ea" * 2_000
        self.assertEqual(columns(flags), 4_000)
        self.assertEqual(columns(f"{flags}x\U0001f1e9"), 4_003)
        slow, quick = (
            min(repeat(partial(columns, text), number=1, repeat=5))
            for text in (flags, "\u56fd" * 4_000)
        )
        self.assertLess(slow, 10 * quick)

    def test_any_width(self) -> None:
        """Whatever a terminal says its width is, lines are shown; at best broken."""
        for text in ("x" * 300, "words " * 50, "你好" * 100, "\x1b[1mx\x1b[0m " * 50):
            data = f"[21:45] ann: {text}\r\n".encode()
            for most in range(200):
                folded = fold(data, most)
                self.assertEqual(b"".join(folded.split()), b"".join(data.split()))
                if most >= 16:
                    for row in strip_sequences(folded.decode()).split("\r\n"):
                        self.assertLess(width(row), most)
            self.assertEqual(fold(data, 15), data)
            self.assertEqual(fold(data, 2**32 - 1), data)

    @given(st.text(st.characters(exclude_categories=["C", "Z"]), max_size=80))
    def test_nothing_lost(self, text: str) -> None:
        """Whatever is broken, all characters are still there."""
        kept = "".join(rows(f"ann: {text} and {text}", 24)).replace(" ", "")
        self.assertEqual(kept, f"ann:{text}and{text}")
