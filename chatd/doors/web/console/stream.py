"""The log, live: server-sent events."""

import json
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from zope.interface import implementer

from chatd.chat.desk import Seat
from chatd.chat.errors import Full
from chatd.chat.outside import Lines
from chatd.doors.web.console.asked import MOST_LINES
from chatd.doors.web.request import Request

# How many an operator may follow at once.
STREAMS = 6

# Seconds between signs of life, so that a dead peer is noticed on both sides.
SIGN = 15.0


@implementer(IPushProducer)
class Stream:
    """
    One browser that follows the log.

    A browser that does not read misses lines, and is told how many: nothing is kept for
    it.
    """

    def __init__(
        self, request: Request, seat: Seat, lines: Lines, clock: IReactorTime, run: str
    ) -> None:
        """
        @param run: Changes with each start of the server: numbers begin anew then.
        @raise Full: if there are too many already.
        """
        if len(seat.ended) >= STREAMS:
            raise Full(
                f"You follow the log {STREAMS} times already, which is the most."
            )
        self._request = request
        self._seat = seat
        self._lines = lines
        self._clock = clock
        self._run = run
        self._sent = 0
        self._paused = False
        self._over = False
        self._sign: IDelayedCall | None = None

    def begin(self, last: int, after: str) -> None:
        """
        Send the last lines, and then each that comes.

        A browser that comes back is sent what it has not seen, instead.

        @param after: The id of what it saw last; C{""} for nothing.
        """
        request = self._request
        request.setHeader(b"content-type", b"text/event-stream; charset=utf-8")
        seen = request.header("last-event-id") or after
        run, _, number = seen.rpartition("-")
        if run == self._run and number.isdecimal():
            self._sent = int(number[:15])
        else:
            shown = self._lines.last(last)
            newest = self._lines.last(1)
            self._sent = (
                shown[0]["number"] - 1
                if shown
                else newest[0]["number"]
                if newest
                else 0
            )
        self._seat.ended[self.end] = None
        self._stop = self._lines.follow(self._tell)
        request.notifyFinish().addBoth(self._gone)
        request.channel.endless()
        request.write(b"retry: 1000\n\n")
        request.registerProducer(self, True)
        self._tell([])
        self._live()

    def end(self) -> None:
        """The operator is none any more, or logged out."""
        if not self._over:
            self._request.write(b"event: end\ndata: {}\n\n")
            self._request.unregisterProducer()
            self._request.finish()

    def _tell(self, lines: list[dict[str, Any]]) -> None:
        if self._paused or self._over:
            return
        new = [
            line for line in self._lines.last(MOST_LINES) if line["number"] > self._sent
        ]
        if not new:
            return
        missing = new[0]["number"] - self._sent - 1
        out = [_event("missing", str(missing))] if missing > 0 and self._sent else []
        out += [f"id: {self._run}-{new[-1]['number']}\n" + _event("lines", _dump(new))]
        self._sent = new[-1]["number"]
        self._request.write("".join(out).encode())

    def _live(self) -> None:
        if not self._paused:
            self._request.write(b": here\n\n")
        self._sign = self._clock.callLater(SIGN, self._live)

    def _gone(self, reason: object) -> None:
        self._over = True
        self._stop()
        self._seat.ended.pop(self.end, None)
        if self._sign is not None and self._sign.active():
            self._sign.cancel()

    # What the transport tells

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        self._tell([])

    def stopProducing(self) -> None:
        """The connection is lost, which C{notifyFinish} tells."""


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"


def _dump(lines: list[dict[str, Any]]) -> str:
    return json.dumps(lines, ensure_ascii=True, separators=(",", ":"))
