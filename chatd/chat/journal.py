"""Group commit: events wait for one transaction, then are delivered together."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.errors import NotStored
from chatd.chat.events import Event
from chatd.chat.request import Say
from chatd.chat.spread import Spread
from chatd.chat.store import StoreDown, Unsure

if TYPE_CHECKING:
    from chatd.chat.session import Session

# A batch is one transaction; larger ones gain nothing and delay the first.
BATCH = 500

# After a transaction of more than so many events the next one waits until there are as
# many, or for twice as long as it took, so that those who were just shown something
# answer in one transaction and not in two that take turns. A message alone never waits.
FEW = 4
LONGEST = 0.005  # seconds

# Seconds between questions to a store that does not answer; the last goes on.
PROBE = (0.1, 0.5, 1.0, 2.0, 5.0)

# So long those wait whose events are kept or not, which only the store knows.
PATIENCE = 10.0  # seconds


class Entry:
    """
    What was caused at once, on its way to being delivered: an event, or several things
    that somebody said in one room.

    @ivar origin: The session that caused them, if it is on this node.
    @ivar requests: What is answered when each event is delivered; empty if a command
        caused them.
    @ivar kept: Whether they are stored.
    @ivar behind: The names of the rooms and the ids of the people behind whose pending
        events they wait.
    """

    __slots__ = ("behind", "events", "kept", "origin", "requests")

    def __init__(
        self,
        events: Sequence[Event],
        origin: "Session | None",
        requests: Sequence[Say],
        kept: bool,
        behind: Collection[str | int],
    ) -> None:
        self.events = events
        self.origin = origin
        self.requests = requests
        self.kept = kept
        self.behind = behind

    def parts(self) -> "Iterator[Entry]":
        """An entry for each event, where they fare differently."""
        for place, event in enumerate(self.events):
            requests = self.requests[place : place + 1]
            yield Entry((event,), self.origin, requests, self.kept, self.behind)


class Keeper(Protocol):
    """What the journal asks of a store; C{Store} has it."""

    def append(self, events: Sequence[Event]) -> "Deferred[list[Exception | None]]":
        """Keep events in one transaction."""

    async def stored(self, ids: Collection[int]) -> set[int]:
        """Those of the ids whose events are kept."""

    async def probe(self) -> None:
        """Write an event and take it back, to see whether that can be done."""


class Journal:
    """
    Keeps events, then delivers them, in the order in which they were given.

    While one transaction is in progress the next batch gathers by itself, and after a
    large one until those answer who were shown it, so the busier the server, the fewer
    transactions per message.

    A store that stays away after it was given events is the only one who knows whether
    it has kept them. Those who wait are told so, nothing more is taken, and when it is
    back those that it has kept are delivered: whatever is stored is shown.

    @ivar well: Whether what was to be stored the last time could be.
    @ivar commits: How long the transactions took that it took.
    @ivar stored: When it last took something, by the clock; C{None} if it never did.
    """

    def __init__(
        self,
        store: Keeper,
        clock: IReactorTime,
        deliver: Callable[[Entry], None],
        drop: Callable[[Entry, Exception], None],
    ) -> None:
        """
        @param deliver: Called with each entry whose events are kept, or need not be.
        @param drop: Called with each entry that could not be kept, and why; it is of
            one event.
        """
        self._store = store
        self._clock = clock
        self._deliver = deliver
        self._drop = drop
        self._waiting: list[Entry] = []
        self._number = 0  # events in them
        self._batch: list[Entry] = []
        # Behind which rooms and people what comes waits, because of each of these.
        self._behind_waiting: set[str | int] = set()
        self._behind_batch: set[str | int] = set()
        self._working = False
        # What the next transaction waits for: so many events, or this call.
        self._company = 0
        self._rest: IDelayedCall | None = None
        self._idle: list[Deferred[None]] = []
        self._asking = False  # whether the store does not say what it has kept
        self._unknown: list[Entry] = []  # what it may have kept: nobody waits for it
        self._healing = False
        self.well = True
        self.commits = Spread()
        self.stored: float | None = None

    def __len__(self) -> int:
        return self._number + sum(len(entry.events) for entry in self._batch)

    def append(self, entry: Entry) -> None:
        """
        Take an event. Whoever is told by an exception that it was not may try again.

        @raise NotStored: if it must be kept and the store does not answer.
        """
        if entry.kept and (self._asking or self._unknown):
            raise NotStored(
                "The server cannot store anything at the moment, so nobody was shown "
                "this. Try again soon."
            )
        if (
            not entry.kept
            and self._behind_batch.isdisjoint(entry.behind)
            and self._behind_waiting.isdisjoint(entry.behind)
        ):
            try:  # not by _try, which would be one more call for each
                self._deliver(entry)
            except Exception:
                _log.failure("an event was not delivered")
            return
        number = self._number + len(entry.events)
        if not self._working:
            # At the end of the turn, so that all that was read in it goes together.
            self._clock.callLater(0, self._start)
            self._working = True
        elif self._rest is not None and number >= self._company:
            self._rest.reset(0)
            self._rest = None
        self._behind_waiting.update(entry.behind)
        # What was taken is on its way: nothing that may go wrong comes behind this.
        self._number = number
        self._waiting.append(entry)

    def idle(self) -> "Deferred[None]":
        """Fires when nothing waits any more."""
        done: Deferred[None] = Deferred()
        if self._working:
            self._idle.append(done)
        else:
            done.callback(None)
        return done

    def _start(self) -> None:
        working = Deferred.fromCoroutine(self._work())
        working.addErrback(_stumbled)

    async def _work(self) -> None:
        while self._waiting:
            self._take()
            began = self._clock.seconds()
            events = [e for entry in self._batch if entry.kept for e in entry.events]
            problems = await self._keep(events)
            took = self._clock.seconds() - began
            for entry in self._batch:
                self._settle(entry, problems)
            self._batch = []
            self._behind_batch = set()
            if len(events) > FEW and self._number < BATCH:
                await self._gather(len(events), took)
        self._working = False
        idle, self._idle = self._idle, []
        for done in idle:
            done.callback(None)

    async def _gather(self, answers: int, took: float) -> None:
        """Wait until so many events more wait, but not for long."""
        over: Deferred[None] = Deferred()
        seconds = min(2 * took, LONGEST)
        self._company = min(self._number + answers, BATCH)
        self._rest = self._clock.callLater(seconds, over.callback, None)
        await over
        self._rest = None

    def _take(self) -> None:
        """Make a batch of what waits: of all, if it is not too much."""
        size, waiting = 0, iter(self._waiting)
        while size < BATCH and (entry := next(waiting, None)) is not None:
            self._batch.append(entry)
            size += len(entry.events)
        self._waiting = list(waiting)
        self._number -= size
        self._behind_batch = self._behind_waiting
        self._behind_waiting = {one for each in self._waiting for one in each.behind}

    async def _keep(self, events: Sequence[Event]) -> dict[int, Exception]:
        """
        @return: For those that are not kept, by id: why not.
        """
        if not events:
            return {}
        ids = [event.id for event in events]
        lost = NotStored("the transaction failed")
        if self._unknown:
            return dict.fromkeys(ids, lost)
        began = self._clock.seconds()
        try:
            problems = await self._store.append(events)
            self.commits.note(self._clock.seconds() - began)
            self.stored = self._clock.seconds()
            results = {
                id: problem
                for id, problem in zip(ids, problems, strict=True)
                if problem is not None
            }
        except StoreDown as error:
            self._fail(error)
            if not isinstance(error, Unsure):
                return dict.fromkeys(ids, lost)
        except Exception as error:
            _log.failure("the store failed")
            self._fail(error)
        else:
            self._recover()
            return results
        # Perhaps after it was committed: look before anyone is told anything.
        stored = await self._look_up(ids)
        if stored is None:
            return {id: Unsure() for id in ids}
        return {id: lost for id in ids if id not in stored}

    async def _look_up(self, ids: Sequence[int]) -> set[int] | None:
        """
        @return: Those that are kept; C{None} if the store does not say so in time.
        """
        end = self._clock.seconds() + PATIENCE
        try:
            for seconds in chain(PROBE, repeat(PROBE[-1])):
                try:
                    return await self._store.stored(ids)
                except Exception:
                    self._asking = True
                left = end - self._clock.seconds()
                if left <= 0:
                    break
                await self._pause(min(seconds, left))
        finally:
            self._asking = False
        return None

    def _fail(self, problem: Exception) -> None:
        """Nothing can be stored; see from now on whether it can be again."""
        if self.well:
            _log.warn(
                "nothing can be stored ({kind}); it is tried again until it can",
                kind=type(problem).__name__,
            )
        self.well = False
        if not self._healing:
            self._healing = True
            healing = Deferred.fromCoroutine(self._heal())
            healing.addErrback(_stumbled)

    def _recover(self) -> None:
        if not self.well:
            _log.info("the store is well again")
        self.well = True

    async def _heal(self) -> None:
        """Try again and again, also if nobody says anything."""
        for seconds in chain(PROBE, repeat(PROBE[-1])):
            await self._pause(seconds)
            if self.well:
                break
            try:
                await self._decide()
                await self._store.probe()
            except Exception as problem:
                _log.debug("still nothing can be stored: {problem!r}", problem=problem)
                continue
            if not self._asking and not self._unknown:
                self._recover()
                break
        self._healing = False

    async def _decide(self) -> None:
        """Deliver what is kept of that whose outcome was unknown."""
        if not self._unknown:
            return
        ids = [event.id for entry in self._unknown for event in entry.events]
        stored = await self._store.stored(ids)
        entries, self._unknown = self._unknown, []
        for entry in entries:
            if entry.events[0].id in stored:
                # Its sender was answered, and is shown it like everybody else.
                self._try(self._deliver, Entry(entry.events, None, (), True, ()))

    async def _pause(self, seconds: float) -> None:
        over: Deferred[None] = Deferred()
        self._clock.callLater(seconds, over.callback, None)
        await over

    def _settle(self, entry: Entry, problems: Mapping[int, Exception]) -> None:
        if not problems or not entry.kept:
            self._try(self._deliver, entry)
            return
        for part in entry.parts():
            problem = problems.get(part.events[0].id)
            if problem is None:
                self._try(self._deliver, part)
                continue
            if isinstance(problem, Unsure) and not self.well:
                self._unknown.append(part)
            self._try(self._drop, part, problem)

    def _try(self, act: Callable[..., None], *args: object) -> None:
        try:
            act(*args)
        except Exception:
            # One event that cannot be shown must not take its neighbours along.
            _log.failure("an event was not delivered")


def _stumbled(failure: Failure) -> None:
    _log.failure("the journal stumbled", failure=failure)


_log = Logger()
