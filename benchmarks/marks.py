"""What chatd is to reach, compared with the better of the other servers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# By load, then by server: what was measured, by names as in C{us} and C{p99}.
Results = Mapping[str, Mapping[str, Mapping[str, float]]]

OTHERS = ("ngircd", "inspircd")


@dataclass(frozen=True)
class Mark:
    """
    At most so much.

    @ivar times: So many times what the better of the others has; 0: of nobody.
    @ivar more: And so much more.
    """

    load: str
    figure: str
    unit: str
    times: float = 0.0
    more: float = 0.0


MARKS = (
    Mark("busy-100", "us", "us a delivery", 2.0),
    Mark("busy-100-off", "us", "us a delivery", 1.2),
    Mark("busy-1000", "us", "us a delivery", 0.8),
    Mark("busy-1000-100", "us", "us a delivery", 0.25),
    Mark("alone", "us", "us a delivery", 1.0),
    Mark("steady", "p50", "ms, p50", 1.0, 2.0),
    Mark("steady", "p99", "ms, p99", 1.2),
    Mark("busy-500-tls", "us", "us a delivery", 1.3),
    Mark("alone-tls", "us", "us a delivery", 2.0),
    Mark("idle", "kib", "KiB a person", 0.0, 4.0),
    Mark("idle-tls", "kib", "KiB a person", 0.0, 32.0),
    Mark("churn", "us", "us a visit", 0.0, 300.0),
    Mark("churn-tls", "us", "us a visit", 0.0, 700.0),
    Mark("waiting", "p99", "ms, p99", 0.0, 5.0),
    Mark("start", "again", "s to listening", 0.0, 0.5),
)


def verdicts(results: Results) -> Iterator[str]:
    """One line for each mark of which something was measured."""
    for mark in MARKS:
        measured = results.get(mark.load, {})
        ours = measured.get("chatd", {}).get(mark.figure)
        others = [
            measured[name][mark.figure]
            for name in OTHERS
            if mark.figure in measured.get(name, {})
        ]
        if ours is None or (mark.times and not others):
            continue
        limit = mark.times * min(others, default=0.0) + mark.more
        word = "reached" if ours <= limit else f"missed: {ours / limit:.2f} times it"
        yield f"{mark.load:14} {ours:8.2f} of {limit:8.2f} {mark.unit:14} {word}"
