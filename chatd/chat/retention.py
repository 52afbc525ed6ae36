"""How long what was said is kept."""

from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.chat.rules import Rules

# Seconds between two looks at all rooms.
EVERY = 3600.0

# Events of one transaction, and seconds before the next one: what is said meanwhile
# waits for one such step at most.
STEP = 100
PAUSE = 0.1

# Looks in a row that must agree on what day it is before anything is removed for it.
AGREEING = 24


class Forgetful(Protocol):
    """What is asked of a store; C{Store} has it."""

    async def outdated(
        self, room: str, *, before: float = 0.0, beyond: int = 0, limit: int
    ) -> list[int]:
        """Ids of what need not be kept."""

    async def forget(self, ids: Collection[int]) -> None:
        """Remove events."""


class Retention:
    """Removes what is older, or more, than the operator keeps; a little at a time."""

    def __init__(
        self,
        store: Forgetful,
        clock: IReactorTime,
        now: Callable[[], float],
        rules: Callable[[], Rules],
    ) -> None:
        """
        @param clock: Monotonic.
        @param now: POSIX seconds.
        @param rules: Those that hold at the moment.
        """
        self._store = store
        self._clock = clock
        self._now = now
        self._rules = rules
        self._offsets: deque[float] = deque(maxlen=AGREEING)

    async def clean(self, rooms: Iterable[str]) -> int:
        """
        Look at all rooms, private messages and announcements once.

        @return: How many events were removed.
        """
        today, removed = self._today(), 0
        for room in ("", *rooms):
            keep, count = self._limits(room)
            if keep or count:
                before = today - keep if keep else 0.0
                removed += await self._clean(room, before, count)
        if removed:
            _log.info("{count} events were kept long enough", count=removed)
        return removed

    async def _clean(self, room: str, before: float, beyond: int) -> int:
        removed = 0
        while True:
            ids = await self._store.outdated(
                room, before=before, beyond=beyond, limit=STEP
            )
            if not ids:
                return removed
            await self._store.forget(ids)
            removed += len(ids)
            await self._pause()

    def _pause(self) -> Awaitable[None]:
        pause: Deferred[None] = Deferred()
        self._clock.callLater(PAUSE, pause.callback, None)
        return pause

    def _limits(self, room: str) -> tuple[float, int]:
        """
        @return: Seconds, and a number; 0 for no such bound.
        """
        rules = self._rules()
        if not room:
            return rules.history_keep, 0
        everywhere = rules.history_keep, rules.history_keep_count
        return rules.history_rooms.get(room.casefold(), everywhere)

    def _today(self) -> float:
        """
        @return: POSIX seconds. A clock that was set forward is believed when it was
            so for a while: what is removed by mistake does not come back.
        """
        seconds = self._clock.seconds()
        self._offsets.append(self._now() - seconds)
        return seconds + min(self._offsets)


_log = Logger()
