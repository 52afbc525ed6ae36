"""What a password may be."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from pkgutil import get_data

from chatd.chat.errors import BadPassword

SHORTEST, LONGEST = 8, 256  # characters; NIST SP 800-63B
MOST = 4_096  # what an operator may allow, and what is looked at
_ADDED = 4  # what must be left of a password without the name

# The commands that a password or a code follows, and what people take for them.
_COMMANDS = ("login", "register", "password", "claim", "unregister")
SECRETIVE = frozenset({*_COMMANDS, "identify", "logon"})
_UNLIKE_A_WORD = re.compile("[0-9-]")
_SLIPS = (
    "@.!\\;:,"  # what is hit, or believed to begin a command, in place of the slash
)


def secretive(word: str) -> bool:
    """Whether it is one of these commands, of which the slash is missing."""
    return word.casefold().lstrip(_SLIPS) in SECRETIVE


def looks_secret(words: Sequence[str]) -> bool:
    """
    Whether a line may hold a password: a command of which the slash is missing.

    It is C{login ann secret}, or C{claim CODE}: one word that is so long and has a
    digit or a hyphen. It is C{@lgoin ann secret-word}, too.
    """
    if not 2 <= len(words) <= 3:
        return False
    if secretive(words[0]):
        return len(words) == 3 or _is_unlike_a_word(words[1])
    if len(words) == 2 or len(words[2]) < SHORTEST:
        return False
    return (words[0][0] in _SLIPS or _is_unlike_a_word(words[2])) and _misspelt(
        words[0]
    )


def command_meant(word: str) -> str:
    """Which command the first word of such a line was meant to be."""
    close = get_close_matches(word.casefold().lstrip(_SLIPS), _COMMANDS, n=1)
    return close[0] if close else "login"


def check_password(
    password: str, name: str, shortest: int = SHORTEST, longest: int = LONGEST
) -> None:
    """
    Refuse a password that would be guessed.

    @param name: Of the account.
    @raise BadPassword: with the reason.
    """
    if not shortest <= len(password) <= longest:
        raise BadPassword(f"A password has {shortest} to {longest} characters.")
    plain, name = normal_password(password).casefold(), name.casefold()
    if plain in name or _is_little_more(plain, name):
        raise BadPassword("A password cannot be the name with little added.")
    if len(set(plain)) < 3 or plain in _commonest():
        raise BadPassword("That password is among the first that anybody would try.")


def normal_password(password: str) -> str:
    """
    Bring all ways to type a password to one. See RFC 8265, section 4.2.

    @raise BadPassword: if it is empty, far too long, or could not be typed again.
    """
    if not 0 < len(password) <= MOST:
        raise BadPassword(f"A password has at least one, at most {MOST} characters.")
    if password.isascii() and password.isprintable():
        return password
    from precis_i18n import get_profile  # 13 ms that a start need not wait for

    try:
        return get_profile("OpaqueString").enforce(password)
    except UnicodeEncodeError:
        raise BadPassword(
            "A password cannot have control or invisible characters."
        ) from None


def _is_unlike_a_word(text: str) -> bool:
    return len(text) >= SHORTEST and bool(_UNLIKE_A_WORD.search(text))


def _misspelt(word: str) -> bool:
    meant = word.casefold().lstrip(_SLIPS)
    return bool(get_close_matches(meant, SECRETIVE, n=1, cutoff=0.8))


def _is_little_more(plain: str, name: str) -> bool:
    for word in (name, name[::-1]):
        rest = plain.replace(word, "")
        if rest != plain and (len(rest) < _ADDED or rest.isdigit()):
            return True
    return False


@cache
def _commonest() -> frozenset[str]:
    data = get_data("chatd.chat", "passwords.txt") or b""
    return frozenset(data.decode().split("\n"))
