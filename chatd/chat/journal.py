"""Group commit: events wait for one transaction, then are delivered together."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.errors import NotStored
from chatd.chat.events import Event
from chatd.chat.request import Say

if TYPE_CHECKING:
    from chatd.chat.session import Session

# A batch is one transaction; larger ones gain nothing and delay the first.
BATCH = 500

# Seconds between questions to a store that does not answer.
PROBE = (0.1, 0.5, 1.0, 2.0, 5.0)


class Entry:
    """
    An event on its way to being delivered.

    @ivar origin: The session that caused it, if it is on this node.
    @ivar request: What is answered when the event is delivered; C{None} if a command
        caused it.
    @ivar kept: Whether it is stored.
    @ivar rooms: Behind whose pending events it waits.
    """

    __slots__ = ("event", "kept", "origin", "request", "rooms")

    def __init__(
        self,
        event: Event,
        origin: "Session | None",
        request: Say | None,
        kept: bool,
        rooms: tuple[str, ...],
    ) -> None:
        self.event = event
        self.origin = origin
        self.request = request
        self.kept = kept
        self.rooms = rooms


class Keeper(Protocol):
    """What the journal asks of a store; C{Store} has it."""

    def append(self, events: Sequence[Event]) -> "Deferred[list[Exception | None]]":
        """Keep events in one transaction."""

    async def stored(self, ids: Collection[int]) -> set[int]:
        """Those of the ids whose events are kept."""


class Journal:
    """
    Keeps events, then delivers them, in the order in which they were given.

    While one transaction is in progress the next batch gathers by itself, so the
    busier the server, the fewer transactions per message.

    @ivar well: Whether the store answers.
    """

    def __init__(
        self,
        store: Keeper,
        clock: IReactorTime,
        deliver: Callable[[Entry], None],
        drop: Callable[[Entry, Exception], None],
    ) -> None:
        """
        @param deliver: Called with each entry whose event is kept, or need not be.
        @param drop: Called with each entry that could not be kept, and why.
        """
        self._store = store
        self._clock = clock
        self._deliver = deliver
        self._drop = drop
        self._waiting: list[Entry] = []
        self._pending: Counter[str] = Counter()  # waiting entries, by room
        self._scheduled = False
        self._committing = False
        self._idle: list[Deferred[None]] = []
        self.well = True

    def __len__(self) -> int:
        return len(self._waiting) + self._committing

    def append(self, entry: Entry) -> None:
        """
        Take an event.

        @raise NotStored: if it must be kept and the store does not answer.
        """
        if entry.kept and not self.well:
            raise NotStored(
                "The server cannot store anything at the moment, so nobody was shown "
                "this. Try again soon."
            )
        if not entry.kept and not any(room in self._pending for room in entry.rooms):
            self._deliver(entry)
            return
        for room in entry.rooms:
            self._pending[room] += 1
        self._waiting.append(entry)
        if not self._scheduled and not self._committing:
            # At the end of the turn, so that all that was read in it goes together.
            self._scheduled = True
            self._clock.callLater(0, self._commit)

    def idle(self) -> "Deferred[None]":
        """Fires when nothing waits any more."""
        done: Deferred[None] = Deferred()
        if len(self):
            self._idle.append(done)
        else:
            done.callback(None)
        return done

    def _commit(self) -> None:
        self._scheduled = False
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        self._committing = True
        try:
            appending = self._store.append([e.event for e in batch if e.kept])
        except Exception:
            self._unknown(Failure(), batch)
            return
        appending.addCallbacks(
            self._committed, self._unknown, callbackArgs=(batch,), errbackArgs=(batch,)
        )
        appending.addErrback(_failed_delivery)

    def _committed(
        self, results: Sequence[Exception | None], batch: Sequence[Entry]
    ) -> None:
        self.well = True
        result = iter(results)
        for entry in batch:
            problem = next(result) if entry.kept else None
            self._settle(entry, problem)
        self._next()

    def _unknown(self, failure: Failure, batch: Sequence[Entry]) -> None:
        """
        The transaction failed, perhaps after it was committed: look before anyone is
        told anything.
        """
        _log.warn("the store failed: {problem}", problem=failure.getErrorMessage())
        looking = Deferred.fromCoroutine(self._look_up(batch))
        looking.addErrback(_failed_delivery)

    async def _look_up(self, batch: Sequence[Entry]) -> None:
        ids = [entry.event.id for entry in batch if entry.kept]
        attempt = 0
        while True:
            try:
                stored = await self._store.stored(ids)
                break
            except Exception:
                self.well = False
                pause: Deferred[None] = Deferred()
                seconds = PROBE[min(attempt, len(PROBE) - 1)]
                self._clock.callLater(seconds, pause.callback, None)
                await pause
                attempt += 1
        if not self.well:
            _log.info("the store answers again")
        self.well = True
        for entry in batch:
            lost = entry.kept and entry.event.id not in stored
            self._settle(entry, NotStored("the transaction failed") if lost else None)
        self._next()

    def _settle(self, entry: Entry, problem: Exception | None) -> None:
        for room in entry.rooms:
            self._pending[room] -= 1
            if not self._pending[room]:
                del self._pending[room]
        try:
            if problem is None:
                self._deliver(entry)
            else:
                self._drop(entry, problem)
        except Exception:
            # One event that cannot be shown must not take its neighbours along.
            _log.failure("an event was not delivered")

    def _next(self) -> None:
        self._committing = False
        if self._waiting:
            self._commit()
        elif self._idle:
            idle, self._idle = self._idle, []
            for done in idle:
                done.callback(None)


def _failed_delivery(failure: Failure) -> None:
    _log.failure("the journal stumbled", failure=failure)


_log = Logger()
