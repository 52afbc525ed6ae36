"""Tests for what a search takes for the same word."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.store import words


def found(word: str, text: str) -> bool:
    """Whether a search for the word finds the text."""
    return words.occurs(words.phrase(word), words.tokens(text))


class WordTests(SynchronousTestCase):
    """Searching is kind about spelling."""

    def test_longer(self) -> None:
        """A letter that stands for a sentence does not fill the index with it."""
        letters = "\ufdfa" * 1_000
        self.assertLessEqual(sum(map(len, words.tokens(letters))), 6_000)
        self.assertTrue(words.occurs(words.phrase("\ufdfa"), words.tokens("\ufdfa")))

    def test_case_and_accents(self) -> None:
        """Case, accents and width do not matter, in either direction."""
        for word, text in [
            ("cafe", "Das CAFÉ."),
            ("Café", "cafe"),
            ("STRASSE", "straße"),
            ("ｂｏｂ", "bob"),
            ("Ελλάδα", "ελλαδα"),
            ("Ёлка", "елка"),
        ]:
            self.assertTrue(found(word, text), word)

    def test_whole_words(self) -> None:
        """A word is found as a whole only."""
        self.assertFalse(found("ann", "planning with anna"))
        self.assertTrue(found("ann", "@ann, look"))

    def test_word_with_punctuation(self) -> None:
        """What has punctuation inside is found when its parts follow each other."""
        self.assertTrue(found("jean-luc", "hi Jean-Luc!"))
        self.assertFalse(found("jean-luc", "luc saw jean"))

    def test_unspaced(self) -> None:
        """Chinese, Japanese and Korean are found in the middle of a sentence."""
        for word in ("你好", "好", "吗", "你好吗", "好吗"):
            self.assertTrue(found(word, "abc 你好吗"), word)
        self.assertFalse(found("你吗", "你好吗"))
        self.assertTrue(found("ガキ", "これはガキです"))
        self.assertFalse(found("カキ", "これはガキです"))
        self.assertTrue(found("한국", "대한국민"))

    def test_mixed_scripts(self) -> None:
        """Latin letters inside Chinese text are a word of their own."""
        self.assertEqual(words.tokens("用chatd聊天"), ["用", "chatd", "聊天", "天"])
        for word in ("chatd", "用chatd", "chatd聊", "聊天", "用chatd聊天"):
            self.assertTrue(found(word, "我们用chatd聊天吧"), word)

    def test_nothing(self) -> None:
        """A word without a letter or digit is never found."""
        self.assertEqual(words.phrase("!?"), ([], False))
        self.assertFalse(found("!?", "what!?"))

    @given(st.text(), st.text())
    def test_anything(self, before: str, word: str) -> None:
        """Every word that has letters is found in a text that ends with it."""
        if words.phrase(word)[0]:
            self.assertTrue(found(word, f"{before} {word}"))

    @given(st.text())
    def test_ends(self, text: str) -> None:
        """Folding twice is folding once."""
        self.assertEqual(words.fold(words.fold(text)), words.fold(text))
