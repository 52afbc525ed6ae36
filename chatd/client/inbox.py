"""What came and was not yet taken."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from twisted.internet.defer import Deferred

from chatd.chat.events import Answer, Event, Stamped

# Events that nobody has taken yet, from which on no more are read.
QUEUE = 1_000

# Ids that are remembered, so that nothing is told twice: more than are sent again.
SEEN = 10_000


@dataclass(frozen=True, slots=True)
class Lost:
    """There is no connection; the next try is in so many seconds."""

    reason: str
    seconds: float


Happening: TypeAlias = Event | Answer | Lost


@dataclass(frozen=True, slots=True)
class Heard:
    """
    Something that happened.

    @ivar named: Whether it names the one who reads.
    @ivar cursor: What to come back with when it was handled; may be C{""}.
    """

    event: Happening
    named: bool = False
    cursor: str = ""


class Inbox:
    """
    A queue that nothing enters twice.

    @ivar full: Whether no more should be read.
    """

    def __init__(self, pause: Callable[[], None]) -> None:
        """
        @param pause: Called when it becomes full, and when it is so no more.
        """
        self.full = False
        self._pause = pause
        self._queue: deque[Heard] = deque()
        self._taker: Deferred[None] | None = None
        self._end: BaseException | None = None
        self._seen: dict[int, None] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._queue)

    def see(self, id: int) -> bool:
        """
        Note an event.

        @return: Whether it is new.
        """
        if id in self._seen:
            return False
        self._seen[id] = None
        if len(self._seen) > SEEN:
            del self._seen[next(iter(self._seen))]
        return True

    def put(self, heard: Heard) -> None:
        """Add something, unless it was there before."""
        if isinstance(heard.event, Stamped) and not self.see(heard.event.id):
            return
        self._queue.append(heard)
        if not self.full and len(self._queue) >= QUEUE:
            self.full = True
            self._pause()
        self._wake()

    def close(self, problem: BaseException) -> None:
        """After what is there, whoever takes gets this."""
        self._end = problem
        self._wake()

    async def take(self) -> Heard:
        """
        Wait for the next.

        @raise BaseException: what it was closed with.
        """
        while not self._queue:
            if self._end is not None:
                raise self._end
            self._taker = Deferred()
            await self._taker
        heard = self._queue.popleft()
        if self.full and len(self._queue) < QUEUE // 2:
            self.full = False
            self._pause()
        return heard

    def _wake(self) -> None:
        taker, self._taker = self._taker, None
        if taker is not None:
            taker.callback(None)
