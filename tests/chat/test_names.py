"""What a name may be."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.errors import BadName
from chatd.chat.names import (
    MARKS,
    PERSON_LENGTH,
    RESERVED,
    ROOM_LENGTH,
    Name,
    is_reserved,
    key_of,
    person_name,
    room_name,
    script,
    skeleton,
)


class PersonTests(SynchronousTestCase):
    """Names of people."""

    def refused(self, text: str, reason: str) -> None:
        """Check that the name is refused with these words."""
        error = self.assertRaises(BadName, person_name, text)
        self.assertIn(reason, error.text)

    def test_plain(self) -> None:
        """A plain name is shown as it was typed."""
        self.assertEqual(
            person_name("Ann_b-2.x"), Name("Ann_b-2.x", "ann_b-2.x", "ann_b-2.x")
        )

    def test_many_scripts(self) -> None:
        """People may write their names in their own script."""
        for text in [
            "José",
            "Владимир",
            "山田太郎",
            "たろう",
            "ラーメン",
            "太郎Taro",
            "김철수",
            "ㄅㄆ漢",
            "שלום",
            "العربية",
            "Αλφα",
            "नमस्ते",
            "น้ํา",
            "ⵜⴰⵎⴰⵣ",
            "नम१२",
            "نم۱۲",
            "佐々木",
            "Ann2",
        ]:
            self.assertEqual(
                person_name(text).shown, unicodedata.normalize("NFKC", text)
            )

    def test_longest(self) -> None:
        """A name has 24 characters at most, however they were typed."""
        self.assertEqual(len(person_name("x" * PERSON_LENGTH).shown), 24)
        self.assertEqual(len(person_name("e\u0301" * PERSON_LENGTH).shown), 24)
        for text in ("x" * 25, "é" * 25, "e\u0301" * 25, "é" * 97):
            self.refused(text, "A name has at most 24 characters.")

    def test_nothing(self) -> None:
        """A name is not empty."""
        self.refused("", "at least one character")

    def test_spellings(self) -> None:
        """Upper case, width and composed accents do not make another name."""
        for spellings in [
            ("bob", "BOB", "ｂｏｂ", "Ｂob"),
            ("josé", "JOSÉ", "jose\u0301"),
            ("fiona", "ﬁona"),
            ("น้ํา", "น้ำ"),
            ("カナ", "ｶﾅ"),
        ]:
            self.assertEqual(len({person_name(text).key for text in spellings}), 1)

    def test_forbidden_characters(self) -> None:
        """What a door, a shell or a mention would trip over is refused."""
        for character in "#@:!*,/&+~'\"`()[]{}<>|\\^$%=;?":
            self.refused(
                f"a{character}b",
                f"made of letters, digits, -, _ and .; not {character}",
            )
        for character in "😀©€·〇ǃꞌ½":
            self.refused(f"a{character}b", "made of letters")

    def test_spaces(self) -> None:
        """A name has no spaces, of whatever width."""
        for character in " \u00a0\u3000\u2003":
            self.refused(f"a{character}b", "cannot have spaces")

    def test_invisible(self) -> None:
        """Control, direction, joining and unknown characters are refused."""
        for character in (
            "\0\t\n\r\x1b\x7f\x85\u200b\u200d\u200e\u202e\u2066\ufeff\ud800\ue000\u0378"
        ):
            self.refused(f"a{character}b", "invisible or unknown")
        self.refused("ann\n", "invisible or unknown")

    def test_invisible_letters(self) -> None:
        """Letters that are drawn as nothing are refused."""
        for character in "\u3164\u115f\uffa0\u00ad\ufe0f\u034f":
            self.assertRaises(BadName, person_name, f"a{character}b")
            self.assertRaises(BadName, person_name, f"김{character}b")

    def test_beginning(self) -> None:
        """A name begins with a letter or a digit."""
        self.assertEqual(person_name("2bob").key, "2bob")
        for text in ("-bob", "_bob", "_é", "\u0301a"):
            self.refused(text, "begins with a letter or a digit")

    def test_dots(self) -> None:
        """Dots stand alone between other characters."""
        self.assertEqual(person_name("a.b").key, "a.b")
        self.assertEqual(person_name("é.b").key, "é.b")
        for text in ("a.", "é."):
            self.refused(text, "cannot end in a dot")
        for text in ("a..b", "é..b"):
            self.refused(text, "two dots in a row")
        self.refused(".a", "begins with")

    def test_trailing_underscore(self) -> None:
        """IRC clients add an underscore to a name that is taken."""
        self.assertNotEqual(person_name("bob_").skeleton, person_name("bob").skeleton)

    def test_mixed_scripts(self) -> None:
        """A name that mixes scripts is refused, naming them."""
        self.refused(
            "раураl", "keeps to one script; this one mixes Cyrillic and Latin."
        )
        self.refused("Αnn", "Greek and Latin")
        self.refused("김ひ", "Hangul and Hiragana")
        self.refused("ᚠᚢ", "made of letters")  # runes: in no living use

    def test_directions(self) -> None:
        """A name does not change its direction."""
        self.refused("نم۱٢", "from right to left")
        self.refused("1שלום", "runs either from left to right or from right to left")

    def test_accents(self) -> None:
        """Three different marks may stand on a letter, not more and none twice."""
        marks = "\u0316\u0317\u0318\u0319"
        self.assertEqual(person_name("x" + marks[:MARKS]).shown, "x" + marks[:3])
        for text in ("x" + marks, "x\u0316\u0316"):
            self.refused(text, "pile up accents")

    def test_precis(self) -> None:
        """What only PRECIS refuses is refused in our words too."""
        self.refused("a\u1100", "made of letters, digits, -, _ and .; not \u1100")

    @given(st.text(max_size=30))
    @settings(max_examples=300, deadline=None)
    def test_any_text(self, text: str) -> None:
        """Any text is refused in words or gives a name that reads back as itself."""
        try:
            name = person_name(text)
        except BadName as error:
            self.assertTrue(error.text)
        else:
            self.assertEqual(person_name(name.shown), name)

    def test_key_of(self) -> None:
        """What somebody typed is looked up by its key, and nonsense finds nobody."""
        self.assertEqual(key_of("BOB"), "bob")
        self.assertEqual(key_of("no body"), "")


class RoomTests(SynchronousTestCase):
    """Names of rooms."""

    def test_hash(self) -> None:
        """One # before a room's name is dropped."""
        self.assertEqual(room_name("#Ops"), room_name("Ops"))
        self.assertRaises(BadName, room_name, "##ops")
        self.assertRaises(BadName, room_name, "#")

    def test_longest(self) -> None:
        """A room's name has 32 characters at most."""
        self.assertEqual(len(room_name("#" + "x" * ROOM_LENGTH).key), 32)
        error = self.assertRaises(BadName, room_name, "x" * 33)
        self.assertEqual(error.text, "A room's name has at most 32 characters.")

    def test_same_rules(self) -> None:
        """The rules for people hold for rooms."""
        for text in ("a b", "a,b", ".", "орs", "-x"):
            self.assertRaises(BadName, room_name, text)


class SkeletonTests(SynchronousTestCase):
    """Names that look alike."""

    def test_alike(self) -> None:
        """Texts that look alike have one skeleton."""
        for one, other in [
            ("paypal", "раураl"),
            ("coco", "сосо"),
            ("coco", "СОСО"),
            ("modern", "rnodern"),
            ("Modern", "rnodern"),
            ("user1", "userl"),
            ("Ian", "lan"),
            ("straße", "strasse"),
            ("STRAẞE", "strasse"),
            ("walter", "vvalter"),
            ("BOB", "B0B"),
            ("bob", "b0b"),
            ("Olga", "0lga"),
            ("σας", "σασ"),
            ("ann", "аnn"),
            ("é", "e\u0301"),
        ]:
            self.assertEqual(skeleton(one), skeleton(other), (one, other))

    def test_different(self) -> None:
        """Texts that can be told apart have not."""
        for one, other in [
            ("team10", "team11"),
            ("ian", "lan"),
            ("jose", "josé"),
            ("ann", "anna"),
            ("a-b", "a_b"),
        ]:
            self.assertNotEqual(skeleton(one), skeleton(other), (one, other))

    def test_every_spelling_of_a_letter(self) -> None:
        """No skeleton changes when it is taken again."""
        for number in range(0x20, 0x3000):
            character = unicodedata.normalize("NFKC", chr(number))
            if all(script(each) is not None for each in character):
                once = skeleton(character)
                self.assertEqual(skeleton(once), once, character)


class ReservedTests(SynchronousTestCase):
    """Names that nobody may take."""

    def test_reserved(self) -> None:
        """Nobody is called as the server, in whatever case."""
        for word in RESERVED:
            for text in (word, word.upper(), word.capitalize()):
                self.assertTrue(is_reserved(person_name(text)), text)

    def test_look_alikes(self) -> None:
        """Nor by a name that looks like that."""
        for text in (
            "adrnin",
            "AdmIn",
            "adm1n",
            "Iobby",
            "R00T",
            "r00t",
            "every0ne",
            "уоu",
            "vvorld",
        ):
            self.assertTrue(is_reserved(Name(text, text.lower(), skeleton(text))), text)

    def test_commands(self) -> None:
        """The caller's words, such as commands, are reserved too."""
        self.assertFalse(is_reserved(person_name("shrug")))
        self.assertTrue(is_reserved(person_name("Shrug"), ["shrug"]))
        self.assertTrue(is_reserved(person_name("he1p"), {"help"}))

    def test_free(self) -> None:
        """Ordinary names are free."""
        for text in ("ann", "bob", "Ian", "adminton", "Владимир", "r22t"):
            self.assertFalse(is_reserved(person_name(text)), text)
