"""What commands, pipes and files by SSH have in common."""

from dataclasses import replace
from typing import TYPE_CHECKING

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.account import Preferences
from chatd.chat.errors import Broken, ChatError
from chatd.chat.events import Failed
from chatd.chat.hub import Hub
from chatd.chat.look import Look, Render, look
from chatd.chat.request import Enter, Request
from chatd.chat.session import Session
from chatd.doors.connection import Exempt, IStream
from chatd.doors.person import PersonDoor
from chatd.render import json, text
from chatd.render.frames import Frame, Kind, read_frames, text_frames

if TYPE_CHECKING:
    from chatd.doors.ssh.channel import SessionChannel

# What commands end with, as programs do.
REFUSED = 1
MISUSED = 2
INTERRUPTED = 130

_MISUSED = ("unknown-command", "usage")


class PipeDoor(PersonDoor):
    """
    One thing that is to be done, and its exit status.

    What was asked for goes to the client's standard output, all else to its standard
    error. What is sent ahead waits until it is wanted.

    @ivar json: Whether a program reads it; C{frames}: how it is written then.
    @ivar showing: Whether what comes is wanted already.
    @ivar leaving: Whether the end is what was asked for.
    @ivar finished: Fires when nothing more comes.
    """

    kind = "ssh"
    secure = True

    def __init__(
        self, hub: Hub, channel: "SessionChannel", *, exempt: Exempt, paste_from: int
    ) -> None:
        super().__init__(hub, exempt=exempt, paste_from=paste_from)
        self.channel = channel
        self.json = False
        self.frames: Render = text_frames
        self.showing = self.leaving = False
        self.finished: Deferred[None] = Deferred()
        self._asked: dict[int, Deferred[Frame]] = {}
        self._ref = 0
        self._status = 0
        self._ended = False

    # What is to be done

    async def carry_out(self) -> None:
        """
        Do what was asked for.

        @raise ChatError: if it is refused.
        """
        raise NotImplementedError

    def connect(self, transport: IStream) -> Session:
        return self.channel.connect(self)

    def connectionMade(self) -> None:
        super().connectionMade()
        if self.session is not None:
            self.pause()
            Deferred.fromCoroutine(self._work()).addErrback(_stumbled)

    async def _work(self) -> None:
        try:
            await self.carry_out()
        except Refused as refused:
            self._fail(refused.frame)
        except ChatError as error:
            self._explain(error)
        except CancelledError:
            return
        except Exception:
            _log.failure("a command by SSH failed")
            self._explain(Broken())
        self._end()

    async def enter(self) -> None:
        """Come in as whoever the connection belongs to."""
        visitor = self.channel.visitor
        await self.ask(Enter(visitor.name, show=True, proved=visitor.proved))

    # Requests

    def ask(self, request: Request) -> "Deferred[Frame]":
        """
        @raise Refused: if it is refused.
        """
        assert self.session is not None
        self._ref += 1
        answered: Deferred[Frame] = Deferred()
        self._asked[self._ref] = answered
        self.session.submit(replace(request, ref=self._ref))
        return answered

    def readConnectionLost(self) -> None:
        if not self.finished.called:
            self.finished.callback(None)

    # Answers

    def look(self, preferences: Preferences) -> Look:
        return look(
            self.frames,
            timestamps=preferences.timestamps,
            zone=preferences.tz,
            shows_latest=False,
            links=self.hub.sharing.paths() if self.json else self.links(),
        )

    def send(self, data: bytes) -> None:
        for frame in read_frames(data):
            self.take(frame)

    def take(self, frame: Frame) -> None:
        """An event, or an answer to what was asked."""
        match frame.kind:
            case Kind.DONE:
                self._answer(frame)
            case Kind.FAILED if frame.ref in self._asked:
                self._answer(frame)
            case Kind.FAILED:
                self._fail(frame)
            case Kind.ASIDE if self.showing:
                self.channel.write_error(self._lines(frame.data))
            case Kind.CLOSING:
                if not (self._ended or self.leaving):
                    self._status = REFUSED
                self.channel.write_error(self._lines(frame.data))
            case _:
                pass

    def _answer(self, frame: Frame) -> None:
        answered = self._asked.pop(frame.ref, None)
        if answered is None:
            return
        # Not in the middle of what the others are shown.
        if frame.kind is Kind.FAILED:
            self.hub.clock.callLater(0, answered.errback, Refused(frame))
        else:
            self.hub.clock.callLater(0, answered.callback, frame)

    def show(self, data: bytes) -> None:
        """Write what was asked for."""
        if self.showing and data:
            self.write(self._lines(data))

    def _fail(self, frame: Frame) -> None:
        self._status = MISUSED if frame.label in _MISUSED else REFUSED
        self.channel.write_error(self._lines(frame.data))

    def _explain(self, error: ChatError) -> None:
        render = json.render if self.json else text.render
        failed = Failed(error.code, error.text)
        data = render(failed, self.look(Preferences()), True, None)
        self._fail(Frame(Kind.FAILED, 0, 0, error.code, data))

    def _lines(self, data: bytes) -> bytes:
        """In a terminal lines end as terminals want it, else as files do."""
        data = data.replace(b"\r\n", b"\n")
        return data if self.channel.terminal is None else data.replace(b"\n", b"\r\n")

    # The end

    def resized(self, width: int) -> None:
        """Nothing is drawn here."""

    def interrupted(self) -> None:
        """The client was told to end."""
        if self.session is not None and not self._ended:
            self._status = INTERRUPTED
            self._ended = True
            self.hub.connections.hang_up(self.session)

    def _end(self) -> None:
        """Leave, when all that was written is on its way."""
        if self.session is not None and not self._ended:
            self._ended = True
            self.session.finish()

    def hang_up(self) -> None:
        self.channel.status = self._status
        super().hang_up()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._ended = True
        super().connectionLost(reason)
        asked, self._asked = self._asked, {}
        for answered in asked.values():
            answered.cancel()
        self.finished.addErrback(lambda failure: None)  # perhaps nobody waits for it
        self.finished.cancel()


class Refused(Exception):
    """A request was refused; C{frame} says why."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame.label)
        self.frame = frame


def _stumbled(failure: Failure) -> None:
    _log.failure("a command by SSH stumbled", failure=failure)


_log = Logger()
