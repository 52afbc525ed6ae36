"""Ids that sort by time and are never used twice."""

from collections.abc import Callable, Iterable

from chatd.chat.events import Stamped

# Ids count milliseconds from here, so that 41 bits last until 2089.
EPOCH = 1_577_836_800_000  # 2020-01-01 in POSIX milliseconds
COUNTER_BITS = 12
NODE_BITS = 10


class Stamps:
    """
    Makes ids of 64 bits: milliseconds, node, counter.

    @ivar node: The number of the node.
    @ivar last: The largest id made or continued from.
    """

    def __init__(self, now: Callable[[], float], node: int = 0, last: int = 0) -> None:
        """
        @param now: POSIX seconds; the clock may step back, the ids do not.
        @param node: Below 1024; different for each node.
        @param last: The largest id in use already.
        """
        if not 0 <= node < 1 << NODE_BITS:
            raise ValueError(f"node {node} is not between 0 and {(1 << NODE_BITS) - 1}")
        self._now = now
        self.node = node
        self._bits = node << COUNTER_BITS
        self._millisecond = last >> (NODE_BITS + COUNTER_BITS)
        self._counter = (1 << COUNTER_BITS) - 1 if last else 0
        self.last = last

    def stamp(self, events: Iterable[Stamped], node: str) -> None:
        """Give events that happen now their ids and the time."""
        # Not finer than it is stored: what is shown and what is read back are the same.
        posix = int(self._now() * 1000)
        time = posix / 1000
        for event in events:
            event.stamp(self._next(posix - EPOCH), time, node)

    def next(self) -> tuple[int, float]:
        """
        @return: An id and the time, in POSIX seconds.
        """
        posix = int(self._now() * 1000)
        return self._next(posix - EPOCH), posix / 1000

    def _next(self, millisecond: int) -> int:
        if millisecond > self._millisecond:
            self._millisecond, self._counter = millisecond, 0
        elif self._counter < (1 << COUNTER_BITS) - 1:
            self._counter += 1
        else:
            self._millisecond, self._counter = self._millisecond + 1, 0
        self.last = (
            self._millisecond << (NODE_BITS + COUNTER_BITS) | self._bits | self._counter
        )
        return self.last
