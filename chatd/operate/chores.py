"""What the server does every so often."""

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from chatd.chat.store import StoreDown

# At so many failures in a row there is a line in the log, besides the first.
LINES = {10**power for power in range(1, 12)}


class Chores:
    """
    Does things again and again. One that fails is done again later: the first failure
    is in the log with its traceback, those that follow are summed up.
    """

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._loops: list[LoopingCall] = []

    def every(self, seconds: float, what: Callable[[], Awaitable[object]]) -> None:
        """Do it after so many seconds, and so many after that, never twice at once."""
        failures = 0

        async def once() -> None:
            # A LoopingCall would end at its first failure, which nobody would see.
            nonlocal failures
            try:
                await what()
            except StoreDown:
                return  # the store has said so, once
            except Exception as problem:
                failures += 1
                if failures == 1:
                    _log.failure("a regular task failed")
                elif failures in LINES:
                    _log.warn(
                        "a regular task has failed {count} times in a row: {problem!r}",
                        count=failures,
                        problem=problem,
                    )
                return
            if failures:
                _log.info(
                    "a regular task that failed {count} times works again",
                    count=failures,
                )
                failures = 0

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
