"""How busy the chat was, minute by minute."""

from collections import deque
from collections.abc import Callable

# Seconds between two figures, and how many are kept: an hour.
MINUTE = 60.0
KEPT = 60

Figure = tuple[float, int, int]


class Minutes:
    """
    Remembers for each of the last minutes how many people there were, and how many
    messages.
    """

    def __init__(
        self,
        now: Callable[[], float],
        people: Callable[[], int],
        messages: Callable[[], int],
    ) -> None:
        """
        @param now: POSIX seconds.
        @param people: How many are here at the moment.
        @param messages: How many were said since the start.
        """
        self._now = now
        self._people = people
        self._messages = messages
        self._figures: deque[Figure] = deque(maxlen=KEPT)
        self._before = 0

    async def note(self) -> None:
        """A minute is over."""
        self._figures.append(self._figure())
        self._before = self._messages()

    def all(self) -> list[Figure]:
        """Time, people and messages of each minute; the last one is not over yet."""
        return [*self._figures, self._figure()]

    def _figure(self) -> Figure:
        return self._now(), self._people(), self._messages() - self._before
