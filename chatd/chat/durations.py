"""Lengths of time, as people type and read them."""

import re
from itertools import pairwise
from math import ceil

from chatd.chat.errors import BadRequest

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}
_UNIT = (
    "(?:s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:eeks?)?)"
)
_PART = re.compile(rf"([0-9]{{1,9}})\s*({_UNIT})", re.IGNORECASE)
_WHOLE = re.compile(rf"(?:[0-9]{{1,9}}{_UNIT})+", re.IGNORECASE)
_FIRST = re.compile(
    rf"(?:(?:for|in)\s+)?([0-9]{{1,9}}\s*{_UNIT}(?:\s*[0-9]{{1,9}}\s*{_UNIT})*)(?:\s|$)",
    re.IGNORECASE,
)
_LIKE_A_TIME = re.compile(r"(?:(?:for|in)\s+)?([-+.]?\d\S*)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,9}")
_NAMES = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))

# Seconds. Beyond, calendars end: "for ever" is said by leaving the time out.
LONGEST = 10 * 366 * 86_400.0

FORMS = "30s, 10min, 1h30m, 7d or 1w"


def read_duration(text: str) -> float | None:
    """
    Read C{30s}, C{10m}, C{10min}, C{1h30m}, C{2hours}, C{7d} or C{1w}.

    @return: Seconds; C{None} if this is no length of time.
    @raise BadRequest: if it is one that nobody can mean.
    """
    if not _WHOLE.fullmatch(text):
        if text.isdecimal():
            raise BadRequest(f"{text[:20]} of what? Write {text[:20]}m, h or d.")
        return None
    return _seconds(text)


def take_duration(text: str, *, bare: bool = False) -> tuple[float | None, str]:
    """
    Read the length of time with which a text begins: C{10m spam}, C{for 2 hours}.

    @param bare: Whether a number alone is one of seconds.

    @return: Seconds, C{None} if it begins with another word; and what is left.
    @raise BadRequest: if it begins with a digit and is no time, or none that anybody
        can mean: a mistyped time must not be taken for a reason without an end.
    """
    text = text.strip()
    found = _FIRST.match(text)
    if found is not None:
        return _seconds(found[1]), text[found.end() :].strip()
    like = _LIKE_A_TIME.match(text)
    if like is None:
        return None, text
    if bare and _NUMBER.fullmatch(like[1]):
        return float(like[1]), text[like.end() :].strip()
    read_duration(like[1])  # says more of a bare number
    raise BadRequest(
        f"{like[1][:20]} is no length of time: write {FORMS}. "
        "A reason begins with a letter."
    )


def _seconds(text: str) -> float:
    seconds = sum(
        int(part[1]) * _UNITS[part[2][0].lower()] for part in _PART.finditer(text)
    )
    if not 0 < seconds <= LONGEST:
        raise BadRequest(f"{text} is not a time to wait for: 1s to 10 years.")
    return seconds


def in_words(seconds: float) -> str:
    """Write a length of time: C{2 minutes}, C{1 hour and 5 minutes}."""
    left = max(0, int(seconds))
    for (name, unit), (next_name, next_unit) in pairwise(_NAMES):
        if left >= unit:
            words = counted(left // unit, name)
            rest = left % unit // next_unit
            if rest and next_name != "second":
                words += f" and {counted(rest, next_name)}"
            return words
    return counted(left, "second")


def try_again(seconds: float) -> str:
    """
    Tell somebody when to try again: rounded up, so that it is not too soon.

    @param seconds: To wait from now.
    """
    # The smallest that in_words tells of so long a time.
    unit = 3600 if seconds > 86_400 else 60 if seconds > 60 else 1
    return f"Try again in {in_words(max(1, ceil(seconds / unit)) * unit)}."


def counted(number: int, noun: str) -> str:
    """Write so many of something: C{1 minute}, C{2,000 messages}."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {_PLURALS.get(noun, noun + 's')}"


_PLURALS = {"person": "people"}
