"""Durations and sizes as people write them: C{10 s}, C{64 KiB}."""

import re
from typing import Literal

Unit = Literal["", "seconds", "bytes"]

# Largest first: a value is written in the first that divides it.
_UNITS: dict[Unit, dict[str, float]] = {
    "": {},
    "seconds": {"d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0.001},
    "bytes": {
        "TB": 10**12,
        "GiB": 2**30,
        "GB": 10**9,
        "MiB": 2**20,
        "MB": 10**6,
        "KiB": 2**10,
        "KB": 10**3,
        "B": 1,
    },
}


def parse(text: str, unit: Unit) -> float:
    """
    Read a number, and the unit after it if there is one.

    @raise ValueError: if it is no number, or the unit is unknown.
    """
    match = re.fullmatch(r"([0-9][0-9_]*(?:\.[0-9]+)?) ?([A-Za-z]*)", text.strip())
    if match is None:
        raise ValueError(f"no number: {text}")
    number, name = match.groups()
    if not name:
        return float(number)
    for known, factor in _UNITS[unit].items():
        if known.casefold() == name.casefold():
            return float(number) * factor
    raise ValueError(f"no such unit: {name}")


def show(value: float, unit: Unit) -> str:
    """Write a value with the largest unit that leaves it whole."""
    for name, factor in _UNITS[unit].items():
        number = value / factor
        if value and number == int(number) and number < 10_000:
            return f"{int(number)} {name}"
    return str(int(value) if value == int(value) else value)


def allowed(unit: Unit, whole: bool) -> str:
    """Say in what ways a value may be written."""
    if unit == "seconds":
        return 'seconds, or as in "5 m", "30 d"'
    if unit == "bytes":
        return 'bytes, or as in "64 KiB", "10 MB"'
    return "a whole number" if whole else "a number"


def read_kept(text: str) -> tuple[str, float, int]:
    """
    Read how much of a room is kept, as in C{ops=90d} or C{ops=5000}.

    @return: The room in lower case, seconds, and a number of messages; 0 for all.
    @raise ValueError: if it is something else.
    """
    room, equals, much = text.partition("=")
    if not room or not equals:
        raise ValueError(f"no room and limit: {text}")
    if much.strip().isdecimal():
        return room.strip().casefold(), 0.0, int(much)
    return room.strip().casefold(), parse(much, "seconds"), 0
