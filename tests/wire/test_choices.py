"""What the tab key finds."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.choices import CHOICES_SHOWN
from chatd.wire.editor import Editor
from chatd.wire.limits import Limits
from tests.wire.desk import LEFT, TAB, Desk


class CompletionTests(SynchronousTestCase):
    """Tab finishes words."""

    def setUp(self) -> None:
        self.asked: list[str] = []
        self.words = ["/join", "/joke", "/leave", "Ann", "anna", "bob:", "bob-by"]
        self.editor = Editor(prompt="> ", width=40, complete=self.complete)
        self.desk = Desk(self.editor, columns=40)

    def complete(self, before: str) -> list[str]:
        """Name the words that begin so."""
        self.asked.append(before)
        word = before.rpartition(" ")[2].casefold()
        return [one for one in self.words if one.casefold().startswith(word)]

    def check(self, keys: bytes, row: str) -> None:
        """Type into an empty line and expect it to look so."""
        self.desk.type(b"\x05\x15", keys)
        self.assertEqual(self.desk.row, "> " + row)

    def test_one(self) -> None:
        """A word that can only become one thing becomes it, with a space."""
        self.check(b"/l\t", "/leave |")
        self.check(b"hi /L\t", "hi /leave |")
        self.check(b"x y" + LEFT + LEFT + b" /l\t", "x /leave| y")
        self.check(b"/lx" + LEFT + b"\t", "/leave |x")
        self.assertEqual(self.asked, ["/l", "hi /L", "x /l", "/l"])

    def test_several(self) -> None:
        """What several have in common is filled in, then they are listed."""
        self.check(b"/j\t", "/jo|")
        self.assertEqual(self.desk.rows, ["> /jo"])
        self.check(b"/jo\t", "/jo|")
        self.assertEqual(self.desk.rows, ["/join  /joke", "> /jo"])
        self.check(b"BO\t", "bob|")

    def test_nothing_in_common(self) -> None:
        """Words that differ only in case are listed, and nothing is changed."""
        self.check(b"an\t", "an|")
        self.assertEqual(self.desk.rows, ["Ann   anna", "> an"])

    def test_none(self) -> None:
        """Where nothing fits, Tab rings; where nothing can, it does nothing."""
        self.check(b"zz\t", "zz|")
        self.assertTrue(self.desk.written.endswith(b"\a"))
        desk = Desk(Editor())
        desk.type("x", TAB)
        self.assertEqual(desk.row, "x|")

    def test_columns(self) -> None:
        """The list uses the width of the window, wide letters included."""
        self.words = ["你好", "你们", "你们大家都好", "你a"]
        self.desk.type("你\t")
        listed = ["你好          你们", "你们大家都好  你a"]
        self.assertEqual(self.desk.rows, [*listed, "> 你"])

    def test_most_choices(self) -> None:
        """A long list is cut, and says so."""
        self.words = [f"w{number:02}" for number in range(CHOICES_SHOWN)]
        self.editor.show("")
        self.desk.type(b"w\t")
        self.assertNotIn(b"more", self.desk.written)
        self.words.append("wx")
        self.desk.type(TAB)
        self.assertEqual(self.desk.rows[-2:], ["... and 1 more", "> w"])

    def test_full(self) -> None:
        """A word for which there is no room is not filled in."""
        desk = Desk(Editor(limits=Limits(line=6), complete=self.complete))
        desk.type("/l", TAB)
        self.assertEqual(desk.editor.text, "/l")
        desk = Desk(Editor(limits=Limits(line=7), complete=self.complete))
        desk.type("/l", TAB)
        self.assertEqual(desk.editor.text, "/leave ")
