"""Lengths of time, as people type and read them."""

import re
from itertools import pairwise

from chatd.chat.errors import BadRequest

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}
_WRITTEN = re.compile(r"([0-9]{1,9})([smhdw])", re.IGNORECASE)
_NAMES = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))

# Seconds. Beyond, calendars end: "for ever" is said by leaving the time out.
LONGEST = 10 * 366 * 86_400.0


def read_duration(text: str) -> float | None:
    """
    Read C{30s}, C{10m}, C{2h}, C{7d} or C{1w}.

    @return: Seconds; C{None} if this is no length of time.
    @raise BadRequest: if it is one that nobody can mean.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None:
        if text.isdecimal():
            raise BadRequest(f"{text[:20]} of what? Write {text[:20]}m, h or d.")
        return None
    seconds = int(written[1]) * _UNITS[written[2].lower()]
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


def counted(number: int, noun: str) -> str:
    """Write so many of something: C{1 minute}, C{2,000 messages}."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {_PLURALS.get(noun, noun + 's')}"


_PLURALS = {"person": "people"}
