"""How fast somebody asks, and when that is too fast."""

from typing import TYPE_CHECKING

from chatd.chat.request import Request, Say, Typed, Whisper
from chatd.chat.rules import Rules
from chatd.chat.throttle import Throttle

if TYPE_CHECKING:
    from chatd.chat.hub import Hub


class Speed:
    """
    What a session may still ask for.

    @ivar throttle: Shared by all sessions of a person.
    @ivar pushing_since: Since when it asks for more than it may, by the clock; C{None}
        if it does not.
    @ivar warned: Whether it was told so.
    """

    __slots__ = ("_hub", "pushing_since", "throttle", "warned")

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self.throttle = Throttle(hub.rules.request_rate, hub.rules.request_burst)
        self.pushing_since: float | None = None
        self.warned = False

    def wait(self, request: Request) -> float:
        """Seconds until a request may be carried out; 0.0 takes its turn."""
        return self.throttle.take(self._hub.clock.seconds(), self._price(request))

    def give_back(self, request: Request) -> None:
        """A request that took its turn will take it once more."""
        self.throttle.give_back(self._hub.clock.seconds(), self._price(request))

    def _price(self, request: Request) -> float:
        return min(cost(request, self._hub.rules), self.throttle.burst)

    def pushes(self) -> float:
        """
        A request has to wait.

        @return: For how many seconds that has been so.
        """
        now = self._hub.clock.seconds()
        if self.pushing_since is None:
            self.pushing_since = now
        return now - self.pushing_since

    def calm(self) -> None:
        """Nothing waits any more."""
        self.pushing_since = None
        self.warned = False


def cost(request: Request, rules: Rules) -> float:
    """Tokens for a request: a paste counts as the messages that it could be."""
    match request:
        case Typed():
            length = len(request.line)
        case Say() | Whisper():
            length = len(request.text)
        case _:
            length = 0
    return max(1.0, length / rules.message_chars)
