"""How long something takes, counted in steps, so that rare long waits are seen."""

from bisect import bisect_left

# Seconds; what takes longer is counted, too.
STEPS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Spread:
    """
    How often something took how long.

    @ivar counts: For each of L{STEPS}, how often it took no longer than that, but
        longer than the step before; in the end, how often it took longer than all.
    @ivar total: Seconds, all together.
    """

    def __init__(self) -> None:
        self.counts = [0] * (len(STEPS) + 1)
        self.total = 0.0

    def note(self, seconds: float) -> None:
        """It happened once."""
        self.counts[bisect_left(STEPS, seconds)] += 1
        self.total += seconds
