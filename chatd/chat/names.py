"""What a name may be, and when two spellings are one name."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pkgutil import get_data

from chatd.chat.clean import MARK
from chatd.chat.errors import BadName

PERSON_LENGTH = 24  # characters
PERSON_LONGEST = 64  # what an operator may allow
ROOM_LENGTH = 32  # characters
PUNCTUATION = "-_."  # what every door can carry: IRC, JSON, @mentions, shells, files
MARKS = 3  # on one letter; no orthography in daily use needs more

# The first word of a letter's Unicode name tells its script. Those of UAX #31,
# tables 5 (recommended) and 7 (limited use); dead scripts are left out, because
# hardly anybody has a font for them.
_WORDS = (
    "ADLAM ARABIC ARMENIAN BALINESE BAMUM BATAK BENGALI BOPOMOFO CANADIAN CHAKMA"
    " CHAM CHEROKEE CYRILLIC DEVANAGARI ETHIOPIC GEORGIAN GREEK GUJARATI GURMUKHI"
    " HANGUL HANIFI HEBREW HIRAGANA JAVANESE KANNADA KATAKANA KAYAH KHMER LAO"
    " LATIN LEPCHA LIMBU LISU MALAYALAM MANDAIC MEETEI MIAO MYANMAR NEW NEWA NKO"
    " NYIAKENG OL ORIYA OSAGE SAURASHTRA SINHALA SUNDANESE SYLOTI SYRIAC TAI"
    " TAMIL TELUGU THAANA THAI TIBETAN TIFINAGH VAI WANCHO YI"
)
_SCRIPTS = {word: word.capitalize() for word in _WORDS.split()} | {
    "ARABIC-INDIC": "Arabic",  # digits
    "CJK": "Han",
    "COMBINING": "",  # marks that fit any script
    "EXTENDED": "Arabic",  # digits
    "IDEOGRAPHIC": "Han",
    "KATAKANA-HIRAGANA": "",  # the prolonged sound mark
}

# What one name may mix: "highly restrictive" of UTS #39, section 5.2.
_MIXTURES = (
    frozenset(("Latin", "Han", "Hiragana", "Katakana")),
    frozenset(("Latin", "Han", "Bopomofo")),
    frozenset(("Latin", "Han", "Hangul")),
)

# Letters that look like the punctuation a name must not have.
_DISGUISED = frozenset("\u01c0\u01c1\u01c2\u01c3\ua78b\ua78c\ua78f")

_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9_-]))*")

# Words that would let somebody speak as the server, as its operator or as everybody.
_FORBIDDEN = (
    "admin administrator administrators admins all anonymous anybody anyone bot channel"
    " chanserv chat chatd console daemon everybody everyone guest guests here"
    " host hostmaster info localhost lobby me member members mod moderator moderators"
    " mods myself nickserv nobody noone notice null official oper operator operators"
    " ops owner postmaster private public root room rooms security server service"
    " services staff superuser support sysadmin sysop system team undefined unknown"
    " webmaster world you yourself"
)
RESERVED = frozenset(_FORBIDDEN.split())


@dataclass(frozen=True, slots=True)
class Name:
    """
    A name in three forms.

    @ivar shown: As people see it: composed, in its own upper and lower case.
    @ivar key: The same for all spellings of one name: case, width, accents composed
        or not. Kept, not computed anew: later versions of Unicode may differ.
    @ivar skeleton: The same for all names that look alike.
    """

    shown: str
    key: str
    skeleton: str


def person_name(text: str, most: int = PERSON_LENGTH) -> Name:
    """
    Read the name of a person.

    @param most: Characters.
    @raise BadName: if it breaks a rule, which the sentence says.
    """
    return _name(text, "A name", most)


def room_name(text: str) -> Name:
    """
    Read the name of a room; a C{#} before it, as in IRC, is dropped.

    @raise BadName: if it breaks a rule, which the sentence says.
    """
    return _name(text.removeprefix("#"), "A room's name", ROOM_LENGTH)


def key_of(text: str) -> str:
    """The key of a person's name as somebody typed it; C{""} if it cannot be one."""
    try:
        return person_name(text, PERSON_LONGEST).key
    except BadName:
        return ""


def is_reserved(name: Name, words: Collection[str] = frozenset()) -> bool:
    """
    Whether nobody may take this name, because it is a reserved word or looks like one.

    @param words: Reserved words besides L{RESERVED}; the names of commands.
    """
    keys, skeletons = _reserved(frozenset(words))
    return name.key in keys or name.skeleton in skeletons


def skeleton(text: str) -> str:
    """
    Reduce text to a form that is the same for all texts that look alike.

    See UTS #39, section 4. It begins with the text as it is shown, because a capital I
    looks like a small l and a small i does not; case is removed afterwards.
    """
    # UTS #39 leaves it to fonts; r00t and b0b are what people try.
    text = text.replace("0", "o")
    table = _look_alikes()
    if text.isascii():
        return text.translate(table).lower().translate(table)
    text = unicodedata.normalize("NFD", text).translate(table).casefold()
    return unicodedata.normalize("NFD", text).translate(table)


def _name(text: str, what: str, most: int) -> Name:
    if len(text) <= most and (name := _plain(text)) is not None:
        return name
    return _any(text, what, most)


@lru_cache(maxsize=1024)
def _plain(text: str) -> Name | None:
    if not _PLAIN.fullmatch(text):
        return None
    key, looks = text.lower(), skeleton(text)
    # Mostly the same: then it is kept once.
    return Name(text, text if key == text else key, key if looks == key else looks)


@lru_cache(maxsize=1024)
def _any(text: str, what: str, most: int) -> Name:
    if not text:
        raise BadName(f"{what} has at least one character.")
    if len(text) > 4 * most:  # composing leaves at least a quarter
        raise BadName(f"{what} has at most {most} characters.")
    shown = unicodedata.normalize("NFKC", text)
    if len(shown) > most:
        raise BadName(f"{what} has at most {most} characters.")
    _check_characters(shown, what)
    _check_scripts(shown, what)
    from precis_i18n import get_profile  # 13 ms that a start need not wait for

    try:
        key = get_profile("UsernameCaseMapped").enforce(shown)
    except UnicodeEncodeError as error:
        if error.reason.endswith("bidi_rule"):
            reason = f"{what} runs either from left to right or from right to left."
            raise BadName(reason) from None
        raise BadName(_refusal(shown[error.start : error.end], what)) from None
    return Name(shown, key, skeleton(shown))


def _check_characters(text: str, what: str) -> None:
    run = ""
    for character in text:
        category = unicodedata.category(character)
        if category[0] == "M":
            if character in run or len(run) == MARKS:
                raise BadName(f"{what} cannot pile up accents on one letter.")
            run += character
            continue
        run = ""
        if character in PUNCTUATION:
            continue
        if (category[0] != "L" and category != "Nd") or character in _DISGUISED:
            raise BadName(_refusal(character, what))
    if text[0] in PUNCTUATION or unicodedata.category(text[0])[0] == "M":
        raise BadName(f"{what} begins with a letter or a digit.")
    if text[-1] == ".":
        raise BadName(f"{what} cannot end in a dot.")
    if ".." in text:
        raise BadName(f"{what} cannot have two dots in a row.")


def _check_scripts(shown: str, what: str) -> None:
    scripts = set()
    for character in shown:
        if not character.isascii() or character.isalpha():
            name = script(character)
            if name is None:
                raise BadName(_refusal(character, what))
            scripts.add(name)
    scripts.discard("")
    if len(scripts) > 1 and not any(scripts <= mixture for mixture in _MIXTURES):
        mixed = " and ".join(sorted(scripts))
        raise BadName(f"{what} keeps to one script; this one mixes {mixed}.")


def script(character: str) -> str | None:
    """
    Say to which script a letter, mark or digit belongs.

    @return: C{""} for what fits any script, C{None} for what no name may have.
    """
    return _SCRIPTS.get(unicodedata.name(character, "").partition(" ")[0])


def _refusal(character: str, what: str) -> str:
    if character == MARK:
        character = ""
    match unicodedata.category(character[:1] or "\0"):
        case "Zs":
            return f"{what} cannot have spaces."
        case "Cc" | "Cf" | "Cn" | "Co" | "Cs" | "Zl" | "Zp":
            return f"{what} cannot have invisible or unknown characters."
        case _:
            return f"{what} is made of letters, digits, -, _ and .; not {character}"


@cache
def _look_alikes() -> dict[int, str]:
    """
    Read the table that contrib/make_skeletons.py made.

    Each line: what is written, a space, the characters that look like it.
    """
    data = get_data("chatd.chat", "skeletons.txt") or b""
    table = {}
    for line in data.decode().splitlines():
        if not line.startswith("#"):
            prototype, _, characters = line.partition(" ")
            table.update(dict.fromkeys(map(ord, characters), prototype))
    return table


@lru_cache(maxsize=8)
def _reserved(words: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    keys = frozenset(word.lower() for word in RESERVED | words)
    return keys, frozenset(_in_any_case(keys))


def _in_any_case(keys: Iterable[str]) -> Iterable[str]:
    for key in keys:
        for spelling in (key, key.upper(), key.capitalize()):
            yield skeleton(spelling)
