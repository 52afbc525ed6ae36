"""How often something may be done."""

from collections import OrderedDict
from collections.abc import Hashable

# A wait so short that it is lost in the digits of a clock would never end.
_ROUNDING = 1e-6


class Throttle:
    """
    A token bucket that is told the time.

    @ivar rate: Tokens per second.
    @ivar burst: How many may be spent at once.
    """

    __slots__ = ("_level", "_time", "burst", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._level = burst
        self._time = 0.0

    def take(self, now: float, cost: float = 1.0) -> float:
        """
        Spend tokens, if there are enough.

        @param now: Seconds, from any clock that does not go back.
        @return: Seconds to wait before asking again; 0.0 means go ahead.
        @raise ValueError: if C{cost} is more than C{burst}.
        """
        if cost > self.burst:
            raise ValueError(f"a cost of {cost} never fits into {self.burst}")
        self._refill(now)
        if self._level < cost - _ROUNDING:
            return (cost - self._level) / self.rate
        self._level -= cost
        return 0.0

    def spend(self, now: float, cost: float = 1.0) -> None:
        """
        Spend tokens, also such as are not there: for what cannot be undone. The debt is
        never more than C{burst}.
        """
        self._refill(now)
        self._level = max(self._level - cost, -self.burst)

    def give_back(self, now: float, cost: float = 1.0) -> None:
        """Undo a L{take}."""
        self._refill(now)
        self._level = min(self.burst, self._level + cost)

    def wait(self, now: float, cost: float = 1.0) -> float:
        """What L{take} would return, without spending anything."""
        self._refill(now)
        return max(0.0, (cost - self._level) / self.rate)

    def spent(self, now: float) -> float:
        """How many tokens are missing."""
        self._refill(now)
        return self.burst - self._level

    def _refill(self, now: float) -> None:
        self._level = min(self.burst, self._level + (now - self._time) * self.rate)
        self._time = now


class Throttles:
    """
    A bucket for each of many.

    One that is full again is as good as forgotten, and is forgotten.

    @ivar limit: How many are remembered at most, the last used.
    """

    def __init__(self, count: float, seconds: float, limit: int = 10_000) -> None:
        """
        @param count: So many at once, and so many in C{seconds}.
        """
        self._seconds = seconds
        self._rate = count / seconds
        self._burst = count
        self.limit = limit
        self._buckets: OrderedDict[Hashable, Throttle] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def resize(self, count: float) -> None:
        """Allow so many from now on; whoever is remembered begins anew."""
        if count != self._burst:
            self._rate = count / self._seconds
            self._burst = count
            self._buckets.clear()

    def take(self, who: Hashable, now: float) -> float:
        """As L{Throttle.take}, for one of them."""
        return self._bucket(who, now).take(now)

    def spend(self, who: Hashable, now: float) -> None:
        """As L{Throttle.spend}, for one of them."""
        self._bucket(who, now).spend(now)

    def give_back(self, who: Hashable, now: float) -> None:
        """As L{Throttle.give_back}, for one of them."""
        self._bucket(who, now).give_back(now)

    def wait(self, who: Hashable, now: float) -> float:
        """As L{Throttle.wait}, for one of them."""
        bucket = self._buckets.get(who)
        return bucket.wait(now) if bucket else 0.0

    def spent(self, who: Hashable, now: float) -> float:
        """As L{Throttle.spent}, for one of them."""
        bucket = self._buckets.get(who)
        return bucket.spent(now) if bucket else 0.0

    def _bucket(self, who: Hashable, now: float) -> Throttle:
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = Throttle(self._rate, self._burst)
            self._forget(now)
            self._buckets[who] = bucket
        self._buckets.move_to_end(who)
        return bucket

    def _forget(self, now: float) -> None:
        # The first was used longest ago: if it is not full, few others are.
        while self._buckets:
            first = next(iter(self._buckets.values()))
            if len(self._buckets) < self.limit and first.spent(now):
                break
            self._buckets.popitem(last=False)
