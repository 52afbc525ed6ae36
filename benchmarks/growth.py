"""How what a delivery costs grows with people, rooms and messages."""

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.generator import Generator, measure
from benchmarks.loads import LOADS, Load

PEOPLE = (10, 100, 1_000, 5_000)  # in one room
ROOMS = (1, 10, 100)  # of 1,000 people in all
IN_FLIGHT = (1, 4, 16, 64)  # messages of ten programs that talk to 100, each


def series() -> Iterator[tuple[str, str, Load]]:
    """What is varied, the name of the server, and the loads."""
    alone, busy = LOADS["alone"], LOADS["busy-100"]
    for people in PEOPLE:
        about = f"{people:,} people, one message at a time"
        yield about, "chatd", replace(alone, people=people)
    for people in PEOPLE:
        talkers = min(10, people // 2)
        load = replace(busy, people=people, talkers=talkers)
        yield f"{people:,} people, {talkers} talk", "chatd", load
    for rooms in ROOMS:
        load = replace(busy, people=1_000, rooms=rooms, talkers=100)
        yield f"1,000 people in {rooms} rooms, 100 talk", "chatd", load
    for window in IN_FLIGHT:
        # Lines of a person that come together are one paste.
        load = replace(busy, window=window)
        about = f"100 programs, 10 talk, {window} messages in flight each"
        yield about, "chatd-json", load


def growth(generator: Generator, seconds: float) -> Iterator[str]:
    """A line for each load: what a delivery costs, and what a message costs."""
    for about, name, load in series():
        found = measure(generator, name, load, seconds)
        others = load.people // load.rooms - 1
        yield (
            f"{about:50} {found['us']:8.3f} us a delivery "
            f"{found['us'] * others:9.0f} us a message  p99 {found['p99']:7.1f} ms"
        )
