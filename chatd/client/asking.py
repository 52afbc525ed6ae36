"""What was asked of the server, and how it was answered."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred

from chatd.chat.events import Answer, Event, Failed

# Requests that were sent and not yet answered; the server lets 32 wait.
WINDOW = 32


class RequestFailed(Exception):
    """
    The server refused a request.

    @ivar code: For programs, see C{docs/protocol.rst}; C{text}: for people.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Unanswered(Exception):
    """
    The connection broke before the answer came, and asking again might do it twice.

    Messages are not concerned: they are sent again, under their keys.
    """


@dataclass(frozen=True, slots=True)
class Reply:
    """
    A request was carried out.

    @ivar id: Of what it caused; 0 if that has none. C{time} likewise.
    @ivar answers: What was told before it was done: a notice, a listing, the past.
    @ivar fields: All that C{done} has.
    """

    id: int = 0
    time: float = 0.0
    answers: tuple[Event | Answer, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Asked:
    """
    A request that waits for its answer.

    @ivar again: Whether it is sent again if the connection breaks before.
    @ivar now: Whether it fails rather than wait for another connection.
    """

    ref: int
    fields: dict[str, Any]
    again: bool
    now: bool = False
    answer: "Deferred[Reply]" = field(default_factory=Deferred)
    answers: list[Event | Answer] = field(default_factory=list)

    def done(self, found: Mapping[str, Any]) -> None:
        """It was carried out."""
        id, time = found.get("id"), found.get("time")
        reply = Reply(
            int(id) if isinstance(id, str) and id.isdecimal() else 0,
            float(time) if isinstance(time, int | float) else 0.0,
            tuple(self.answers),
            found,
        )
        self.answer.callback(reply)


class Asking:
    """Requests, in the order in which they were made."""

    def __init__(self, send: Callable[[Mapping[str, Any]], None]) -> None:
        """
        @param send: Sends an object over the connection that there is.
        """
        self._send = send
        self._refs = count(1)
        self._open = False
        self._waiting: deque[Asked] = deque()
        self._sent: dict[int, Asked] = {}
        self._idle: Deferred[None] | None = None

    @property
    def unanswered(self) -> int:
        """How many were sent and not answered."""
        return len(self._sent)

    def ask(
        self,
        fields: dict[str, Any],
        *,
        again: bool = True,
        now: bool = False,
        first: bool = False,
    ) -> "Deferred[Reply]":
        """
        Ask for something.

        @param again: Whether it is sent again if the connection breaks before it is
            answered.
        @param now: Whether it fails if the connection breaks, even if it was not sent.
        @param first: Whether it is sent at once, before all that waits.
        """
        asked = Asked(next(self._refs), fields, again and not now, now)
        if first:
            self._put(asked)
        else:
            self._waiting.append(asked)
            self.flush()
        return asked.answer

    def _put(self, asked: Asked) -> None:
        self._sent[asked.ref] = asked
        self._send({**asked.fields, "ref": asked.ref})

    def flush(self) -> None:
        """Send what may be sent."""
        while self._open and self._waiting and len(self._sent) < WINDOW:
            self._put(self._waiting.popleft())
        if not self._sent:
            self.rest()

    def open(self) -> None:
        """What waits may be sent from now on."""
        self._open = True
        self.flush()

    def shut(self) -> None:
        """Nothing may be sent for now; answers may still come."""
        self._open = False

    def find(self, ref: object) -> Asked | None:
        """What has this reference and waits for its answer."""
        return self._sent.get(ref) if isinstance(ref, int) else None

    def is_sent(self, key: str) -> bool:
        """Whether a message with this key waits for its answer, or to be sent again."""
        return bool(key) and any(
            asked.fields.get("key") == key
            for asked in (*self._sent.values(), *self._waiting)
        )

    def done(self, asked: Asked, found: Mapping[str, Any]) -> None:
        """The server did what it was asked for."""
        self._sent.pop(asked.ref, None)
        asked.done(found)
        self.flush()

    def failed(self, asked: Asked, failed: Failed) -> None:
        """The server did not."""
        self._sent.pop(asked.ref, None)
        asked.answer.errback(RequestFailed(failed.code, failed.text))
        self.flush()

    def broken(self) -> None:
        """The connection is gone: what may be asked again will be."""
        self._open = False
        sent, self._sent = list(self._sent.values()), {}
        waiting, self._waiting = self._waiting, deque()
        for asked in sent:
            if asked.again:
                asked.answers.clear()
                self._waiting.append(asked)
        self._waiting += [asked for asked in waiting if not asked.now]
        lost = [asked for asked in sent if not asked.again]
        for asked in (*lost, *(asked for asked in waiting if asked.now)):
            asked.answer.errback(
                Unanswered("The connection broke: it may have been done, or not.")
            )
        self.rest()

    def close(self, problem: Exception) -> None:
        """Nothing will be answered any more."""
        self._open = False
        left = [*self._sent.values(), *self._waiting]
        self._sent.clear()
        self._waiting.clear()
        for asked in left:
            asked.answer.errback(problem)
        self.rest()

    def idle(self) -> "Deferred[None]":
        """Fires when all that was sent is answered, or L{rest} is called."""
        idle = self._idle = Deferred()
        if not self._sent:
            self.rest()
        return idle

    def rest(self) -> None:
        """Let whoever waits go on."""
        idle, self._idle = self._idle, None
        if idle is not None:
            idle.callback(None)
