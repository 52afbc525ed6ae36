"""Where browsers are, which open connections before they have anything to say."""

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

# Seconds for which an address that spoke HTTP is taken for a browser's.
LATELY = 60.0

# Addresses that are kept in mind; beyond it, who came first is forgotten.
MOST = 10_000


class Browsers:
    """
    Lets connections be silent for longer where a browser was lately.

    A browser opens a spare connection. On a busy machine it says nothing until people
    with nc would be greeted, and then takes the greeting for the answer of HTTP.
    """

    def __init__(self, clock: IReactorTime, silence: Callable[[], float]) -> None:
        """
        @param silence: Seconds of silence that mean a person there, too.
        """
        self._clock = clock
        self._silence = silence
        self._seen: dict[str, float] = {}  # by address, who came last is last

    def spoke(self, address: str) -> None:
        """HTTP comes from here."""
        self._seen.pop(address, None)
        self._seen[address] = self._clock.seconds()
        if len(self._seen) > MOST:
            del self._seen[next(iter(self._seen))]

    def silence(self, address: str, usual: float) -> float:
        """Seconds of silence that mean a person, for a connection from here."""
        seen = self._seen.get(address)
        if seen is None or self._clock.seconds() - seen > LATELY:
            return usual
        return max(usual, self._silence())
