"""Ids that sort by time and are never used twice."""

from collections.abc import Callable

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

    def next(self, number: int = 1) -> tuple[int, float]:
        """
        @param number: Of ids; each is by one larger than the one before.
        @return: The first id and the time, in POSIX seconds.
        """
        # Not finer than it is stored: what is shown and what is read back are the same.
        posix = int(self._now() * 1000)
        millisecond = posix - EPOCH
        first = self._counter + 1
        if millisecond > self._millisecond:
            self._millisecond, first = millisecond, 0
        elif first + number > 1 << COUNTER_BITS:
            self._millisecond, first = self._millisecond + 1, 0
        self._counter = first + number - 1
        id = self._millisecond << (NODE_BITS + COUNTER_BITS) | self._bits | first
        self.last = id + number - 1
        return id, posix / 1000
