"""How what a delivery costs grows with people, rooms and messages."""

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.generator import Generator, measure
from benchmarks.loads import LOADS, Load

PEOPLE = (10, 100, 1_000, 5_000)  # in one room
ROOMS = (1, 10, 100)  # of 1,000 people in all
IN_FLIGHT = (1, 4, 16, 64)  # messages of ten who talk to 100 people, each


def series() -> Iterator[tuple[str, Load]]:
    """What is varied, and the loads."""
    alone, busy = LOADS["alone"], LOADS["busy-100"]
    for people in PEOPLE:
        yield f"{people:,} people, one message at a time", replace(alone, people=people)
    for people in PEOPLE:
        talkers = min(10, people // 2)
        load = replace(busy, people=people, talkers=talkers)
        yield f"{people:,} people, {talkers} talk", load
    for rooms in ROOMS:
        load = replace(busy, people=1_000, rooms=rooms, talkers=100)
        yield f"1,000 people in {rooms} rooms, 100 talk", load
    for window in IN_FLIGHT:
        load = replace(busy, window=window)
        yield f"100 people, 10 talk, {window} messages in flight each", load


def growth(generator: Generator, seconds: float) -> Iterator[str]:
    """A line for each load: what a delivery costs, and what a message costs."""
    for about, load in series():
        found = measure(generator, "chatd", load, seconds)
        others = load.people // load.rooms - 1
        yield (
            f"{about:50} {found['us']:8.3f} us a delivery "
            f"{found['us'] * others:9.0f} us a message  p99 {found['p99']:7.1f} ms"
        )
