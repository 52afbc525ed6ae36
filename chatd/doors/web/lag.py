"""How late the server is: all that waits for its turn waits so long."""

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat.spread import Spread

# Seconds between two looks.
EVERY = 1.0


class Lag:
    """
    Looks each second how late it is called.

    @ivar spread: How often by how much.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.spread = Spread()
        self._clock = clock
        self._due = 0.0
        self._call: IDelayedCall | None = None

    def start(self) -> None:
        """Begin to look."""
        self._due = self._clock.seconds() + EVERY
        self._call = self._clock.callLater(EVERY, self._look)

    def stop(self) -> None:
        """Look no more."""
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _look(self) -> None:
        self.spread.note(max(0.0, self._clock.seconds() - self._due))
        self.start()
