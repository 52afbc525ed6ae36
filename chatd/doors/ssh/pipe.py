"""The door for commands and pipes, by SSH: C{uptime | ssh bob@host say '#ops'}."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.account import Account, Preferences, Role
from chatd.chat.command import Command
from chatd.chat.errors import Broken, ChatError, NotEntered
from chatd.chat.events import Failed
from chatd.chat.hub import Hub
from chatd.chat.look import Look, look
from chatd.chat.request import (
    Enter,
    History,
    Invoke,
    Ping,
    Request,
    Say,
    Typed,
)
from chatd.chat.session import Session
from chatd.doors.connection import Exempt, IStream
from chatd.doors.person import PersonDoor
from chatd.render import json, text
from chatd.render.frames import (
    Frame,
    Kind,
    json_frames,
    line_frames,
    read_frames,
    text_frames,
)
from chatd.wire.order import JSON, SAY, TAIL, Order, Run, Speak, Tail, Talk, read_order

if TYPE_CHECKING:
    from chatd.doors.ssh.channel import SessionChannel

# What commands end with, as programs do.
REFUSED = 1
MISUSED = 2
INTERRUPTED = 130

_MISUSED = ("unknown-command", "usage")

# What Ctrl-C and Ctrl-D are in a terminal that sends keys.
_KEYS = (b"\x03", b"\x04")


class PipeDoor(PersonDoor):
    """
    One command, or lines that come through a pipe.

    What was asked for goes to the client's standard output, all else to its standard
    error. What is sent ahead waits until it is wanted.
    """

    kind = "ssh"
    secure = True

    def __init__(
        self,
        hub: Hub,
        channel: "SessionChannel",
        command: str | ChatError,
        *,
        exempt: Exempt,
        paste_from: int,
    ) -> None:
        """
        @param command: What is to be done; C{""} to talk. Or why it is refused.
        """
        super().__init__(hub, exempt=exempt, paste_from=paste_from)
        self._channel = channel
        self._order = self._understand(command) if isinstance(command, str) else command
        self._json = getattr(self._order, "json", False)
        self._asked: dict[int, Deferred[Frame]] = {}
        self._ref = 0
        self._status = 0
        self._showing = False
        self._quitting = False
        self._ended = False
        self._ask_line: Callable[[str], Request] = Typed
        self._finished: Deferred[None] = Deferred()  # nothing more comes
        self._last = 0  # the id of the last event of the past
        self._following = ""
        self._ahead: list[Frame] | None = []  # what happened before that was shown

    def _understand(self, command: str) -> Order | ChatError:
        try:
            return read_order(command, self._takes_text)
        except ChatError as problem:
            return problem

    def _takes_text(self, name: str) -> bool:
        return self.hub.commands.has(name) and self.hub.commands.find(name).most is None

    # What is to be done

    def connect(self, transport: IStream) -> Session:
        return self._channel.connect(self)

    def connectionMade(self) -> None:
        super().connectionMade()
        if self.session is not None:
            self.pause()
            Deferred.fromCoroutine(self._work()).addErrback(_stumbled)

    async def _work(self) -> None:
        try:
            if isinstance(self._order, ChatError):
                raise self._order
            await self.carry_out(self._order)
        except _Refused as refused:
            self._fail(refused.frame)
        except ChatError as error:
            self._explain(error)
        except CancelledError:
            return
        except Exception:
            _log.failure("a command by SSH failed")
            self._explain(Broken())
        self._end()

    async def carry_out(self, order: Order) -> None:
        """
        Do what was asked for.

        @raise ChatError: if it is refused.
        """
        match order:
            case Talk():
                self._showing = True
                await self.enter()
                await self._each_line(Typed)
            case Speak():
                await self._speak(order)
            case Tail():
                await self._tail(order)
            case Run():
                await self._run(order)

    async def enter(self) -> None:
        """Come in as whoever the connection belongs to."""
        visitor = self._channel.visitor
        await self._ask(Enter(visitor.name, show=True, proved=visitor.proved))

    async def _run(self, order: Run) -> None:
        command = self.hub.commands.find(order.name)
        self._quitting = command.name == "quit"
        request = Invoke(order.name, order.rest, order.room)
        if not await self._done_from_outside(command, request):
            await self.enter()
            self._showing = True
            await self._ask(request)
        if command.name == "help" and not (order.rest or self._json):
            self._show(f"* By ssh also: {SAY}, {TAIL}; and {JSON}.\n".encode())

    async def _done_from_outside(self, command: Command, request: Invoke) -> bool:
        """
        Run what does not need anybody: none need hear of a stranger who only looks.

        @return: Whether that was enough.
        """
        member = isinstance(self._channel.visitor.proved, Account)
        if member or request.room or command.needs > Role.NOBODY:
            return False
        self._showing = True
        try:
            await self._ask(request)
        except _Refused as refused:
            if refused.frame.label != NotEntered.code:
                raise
            self._showing = False
            return False
        return True

    async def _speak(self, order: Speak) -> None:
        await self.enter()
        if order.room:
            await self._go_to(order.room)
        self._showing = True
        if order.text:
            await self._ask(Say(order.text))
        else:
            await self._each_line(Say)

    async def _tail(self, order: Tail) -> None:
        await self.enter()
        assert self.session is not None
        room = self.hub.visible_room(self.session, order.room)
        if order.follow:
            # Who reads along is seen to be there.
            await self._go_to(room.name)
            self._following = room.name
        if order.count:
            self._showing = True
            await self._ask(History(room.name, limit=order.count))
        ahead, self._ahead = self._ahead or [], None
        for frame in ahead:
            self._happened(frame)
        if order.follow:
            await Deferred()  # until somebody ends it

    async def _go_to(self, name: str) -> None:
        """Make a room the current one, if there is such a room."""
        assert self.session is not None
        room = self.hub.visible_room(self.session, name)
        await self._ask(Invoke("join", room.name))

    async def _each_line(self, ask: Callable[[str], Request]) -> None:
        """Take lines until there are no more, and until all are carried out."""
        self._ask_line = ask
        self.resume()
        await self._finished
        await self._ask(Ping())

    # Requests

    def _ask(self, request: Request) -> "Deferred[Frame]":
        """
        @raise _Refused: if it is refused.
        """
        assert self.session is not None
        self._ref += 1
        answered: Deferred[Frame] = Deferred()
        self._asked[self._ref] = answered
        self.session.submit(replace(request, ref=self._ref))
        return answered

    def submit(self, text: str) -> None:
        """Ask for what a line stands for; many may be under way."""
        if text.strip() and self.session is not None:
            self.session.submit(self._ask_line(text))

    def dataReceived(self, data: bytes) -> None:
        if self._channel.terminal is not None and any(key in data for key in _KEYS):
            self.interrupted()
        else:
            self.lines_received(data)

    def readConnectionLost(self) -> None:
        if not self._finished.called:
            self.lines_received(b"\n")  # the last line need not have an end
            self._finished.callback(None)

    # Answers

    def look(self, preferences: Preferences) -> Look:
        as_json = line_frames if isinstance(self._order, Tail) else json_frames
        return look(
            as_json if self._json else text_frames,
            timestamps=preferences.timestamps,
            zone=preferences.tz,
            shows_latest=False,
            links=self.hub.sharing.paths() if self._json else self.links(),
        )

    def send(self, data: bytes) -> None:
        for frame in read_frames(data):
            self._take_frame(frame)

    def _take_frame(self, frame: Frame) -> None:
        match frame.kind:
            case Kind.ANSWER:
                self._last = frame.id or self._last
                if isinstance(self._order, Tail) and not frame.id:
                    return  # that there is nothing needs no words
                self._show(frame.data)
            case Kind.DONE:
                if frame.id or not self._json:
                    self._show(frame.data)
                self._answer(frame)
            case Kind.FAILED if frame.ref in self._asked:
                self._answer(frame)
            case Kind.FAILED:
                self._fail(frame)
            case Kind.ASIDE | Kind.EARLIER if isinstance(self._order, Talk):
                self._show(frame.data)
            case Kind.ASIDE if self._showing:
                self._channel.write_error(self._lines(frame.data))
            case Kind.HAPPENED:
                self._happened(frame)
            case Kind.CLOSING:
                if not (self._ended or self._quitting):
                    self._status = REFUSED
                self._channel.write_error(self._lines(frame.data))
            case _:
                pass

    def _happened(self, frame: Frame) -> None:
        if isinstance(self._order, Talk):
            self._show(frame.data)
        elif not self._following or frame.label != self._following:
            return
        elif self._ahead is not None:
            self._ahead.append(frame)
        elif frame.id > self._last:
            self._showing = True
            self._show(frame.data)

    def _answer(self, frame: Frame) -> None:
        answered = self._asked.pop(frame.ref, None)
        if answered is None:
            return
        # Not in the middle of what the others are shown.
        if frame.kind is Kind.FAILED:
            self.hub.clock.callLater(0, answered.errback, _Refused(frame))
        else:
            self.hub.clock.callLater(0, answered.callback, frame)

    def _show(self, data: bytes) -> None:
        if self._showing and data:
            self.write(self._lines(data))

    def _fail(self, frame: Frame) -> None:
        self._status = MISUSED if frame.label in _MISUSED else REFUSED
        self._channel.write_error(self._lines(frame.data))

    def _explain(self, error: ChatError) -> None:
        render = json.render if self._json else text.render
        failed = Failed(error.code, error.text)
        data = render(failed, self.look(Preferences()), True, None)
        self._fail(Frame(Kind.FAILED, 0, 0, error.code, data))

    def _lines(self, data: bytes) -> bytes:
        """In a terminal lines end as terminals want it, else as files do."""
        data = data.replace(b"\r\n", b"\n")
        return data if self._channel.terminal is None else data.replace(b"\n", b"\r\n")

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
        self._channel.status = self._status
        super().hang_up()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._ended = True
        super().connectionLost(reason)
        asked, self._asked = self._asked, {}
        for answered in asked.values():
            answered.cancel()
        self._finished.addErrback(lambda failure: None)  # perhaps nobody waits for it
        self._finished.cancel()


class _Refused(Exception):
    """A request was refused; C{frame} says why."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame.label)
        self.frame = frame


def _stumbled(failure: Failure) -> None:
    _log.failure("a command by SSH stumbled", failure=failure)


_log = Logger()
