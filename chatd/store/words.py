"""
What a search compares: words without case, accents and width.

Python does it, not the database, so that all databases find the same.
"""

import re
import unicodedata
from collections.abc import Sequence

# Scripts written without spaces: kana, Han, Hangul. Their runs are cut into pairs.
_UNSPACED = re.compile(
    "([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+)"
)
_WORD = re.compile(r"[^\W_]+")

# Marks of a lower combining class are part of a letter: of kana, of Indian scripts.
_ACCENTS = 10


# Letters that one may stand for. There are some that stand for eighteen: what they make
# beyond this is not found, so that nobody fills the index with them.
LONGER = 6


def fold(text: str) -> str:
    """Take case, accents and width away."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", text.casefold())[: LONGER * len(text)]
    bare = "".join(c for c in letters if unicodedata.combining(c) < _ACCENTS)
    return unicodedata.normalize("NFC", bare).casefold()


def tokens(text: str) -> list[str]:
    """
    List the words of a message, as they are indexed.

    C{你好吗} becomes C{你好 好吗 吗}, so that any part of it is found.
    """
    folded = fold(text)
    if folded.isascii():
        return _WORD.findall(folded)
    return [token for part in _parts(folded) for token in _indexed(*part)]


def phrase(word: str) -> tuple[list[str], bool]:
    """
    Turn a word that is looked for into tokens that must follow each other.

    @return: The tokens, and whether the last one may go on.
    """
    parts = _parts(fold(word))
    found = [token for part in parts[:-1] for token in _indexed(*part)]
    if not parts:
        return [], False
    last, unspaced = parts[-1]
    begun = unspaced and len(last) == 1
    return found + (_pairs(last) if unspaced and not begun else [last]), begun


def occurs(phrase: tuple[Sequence[str], bool], tokens: Sequence[str]) -> bool:
    """Whether the tokens of a message contain a phrase, for stores without an index."""
    wanted, begun = phrase
    if not wanted:
        return False
    *whole, last = wanted
    for start in range(len(tokens) - len(whole)):
        end = start + len(whole)
        if list(tokens[start:end]) == whole and (
            tokens[end].startswith(last) if begun else tokens[end] == last
        ):
            return True
    return False


def _parts(folded: str) -> list[tuple[str, bool]]:
    """Cut into words, and say of each whether it is written without spaces."""
    return [
        (part, _UNSPACED.fullmatch(part) is not None)
        for word in _WORD.findall(folded)
        for part in _UNSPACED.split(word)
        if part
    ]


def _indexed(part: str, unspaced: bool) -> list[str]:
    return [*_pairs(part), part[-1]] if unspaced else [part]


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]
