"""What a session let happen, until it was shown to others."""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from chatd.chat.errors import ChatError
from chatd.chat.events import Event


class Caused:
    """
    Events of a session on their way to the store and to those who are shown them.

    @ivar number: How many there are.
    @ivar last: What was shown last of what the request at hand caused.
    @ivar failure: Why some of that was not.
    """

    __slots__ = ("_settled", "failure", "last", "number")

    def __init__(self) -> None:
        self.number = 0
        self.last: Event | None = None
        self.failure: ChatError | None = None
        self._settled: Deferred[None] | None = None

    def forget(self) -> None:
        """Another request is at hand, or none."""
        self.last = self.failure = None

    def sent(self, number: int) -> None:
        """So many more are on their way."""
        self.number += number

    def arrived(self, number: int) -> None:
        """So many were shown or dropped."""
        self.number -= number
        if not self.number and self._settled is not None:
            settled, self._settled = self._settled, None
            settled.callback(None)

    async def settled(self) -> None:
        """Wait until all were shown or dropped."""
        if not self.number:
            return
        done: Deferred[None] = Deferred()
        if self._settled is None:
            self._settled = done
        else:
            self._settled.chainDeferred(done)
        await done

    async def happened(self) -> None:
        """
        Wait until all were shown.

        @raise NotStored: if some of what the request at hand caused was not.
        @raise Unsure: if nobody knows.
        """
        await self.settled()
        if self.failure is not None:
            raise self.failure

    async def besides(self, act: Callable[[], None]) -> None:
        """
        Let something happen that no request asked for, and wait until it was shown.

        @raise NotStored: if it was not.
        """
        failure, self.failure = self.failure, None
        try:
            act()
            await self.happened()
        finally:
            self.failure = failure
