"""What the server does every so often."""

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger


class Chores:
    """Does things again and again; one that fails is logged, and done again later."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._loops: list[LoopingCall] = []

    def every(self, seconds: float, what: Callable[[], Awaitable[object]]) -> None:
        """Do it after so many seconds, and so many after that, never twice at once."""

        async def once() -> None:
            try:
                await what()
            except Exception:
                # A LoopingCall would end at its first failure, which nobody would see.
                _log.failure("a regular task failed")

        loop = LoopingCall(lambda: Deferred.fromCoroutine(once()))
        loop.clock = self._clock
        self._loops.append(loop)
        loop.start(seconds, now=False)

    def stop(self) -> None:
        """Begin nothing more."""
        for loop in self._loops:
            loop.stop()
        self._loops.clear()


_log = Logger()
