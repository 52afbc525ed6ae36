"""The door for commands and lines, by SSH: C{uptime | ssh bob@host say '#ops'}."""

from collections.abc import Callable
from typing import TYPE_CHECKING, assert_never

from twisted.internet.defer import Deferred

from chatd.chat.account import Account, Role
from chatd.chat.clean import mark, mark_first
from chatd.chat.command import Command
from chatd.chat.errors import ChatError, NotEntered
from chatd.chat.hub import Hub
from chatd.chat.request import History, Invoke, Ping, Request, Say, Typed
from chatd.doors.connection import Exempt
from chatd.doors.ssh.pipe import PipeDoor, Refused
from chatd.render.frames import Frame, Kind, json_frames, line_frames
from chatd.wire.order import JSON, SAY, TAIL, Order, Run, Speak, Tail, Talk, read_order

if TYPE_CHECKING:
    from chatd.doors.ssh.channel import SessionChannel

# What Ctrl-C and Ctrl-D are in a terminal that sends keys.
_KEYS = (b"\x03", b"\x04")


class CommandDoor(PipeDoor):
    """One command, or lines that come through a pipe."""

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
        super().__init__(hub, channel, exempt=exempt, paste_from=paste_from)
        self._order = self._understand(command) if isinstance(command, str) else command
        if getattr(self._order, "json", False):
            self.json = True
            self.frames = line_frames if isinstance(self._order, Tail) else json_frames
        self._ask_line: Callable[[str], Request] = Typed
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

    async def carry_out(self) -> None:
        match self._order:
            case ChatError():
                raise self._order
            case Talk():
                self.showing = True
                await self.enter()
                await self._each_line(Typed)
            case Speak():
                await self._speak(self._order)
            case Tail():
                await self._tail(self._order)
            case Run():
                await self._run(self._order)
            case _:
                assert_never(self._order)

    async def _run(self, order: Run) -> None:
        command = self.hub.commands.find(order.name)
        self.leaving = command.name == "quit"
        marked = mark_first(order.rest)
        request = Invoke(order.name, order.rest, mark(order.room), marked=marked)
        if not await self._done_from_outside(command, request):
            await self.enter()
            self.showing = True
            await self.ask(request)
        if command.name == "help" and not (order.rest or self.json):
            self.show(f"* By ssh also: {SAY}, {TAIL}; and {JSON}.\n".encode())

    async def _done_from_outside(self, command: Command, request: Invoke) -> bool:
        """
        Run what does not need anybody: none need hear of a stranger who only looks.

        @return: Whether that was enough.
        """
        member = isinstance(self.channel.visitor.proved, Account)
        if member or request.room or command.needs > Role.NOBODY:
            return False
        self.showing = True
        try:
            await self.ask(request)
        except Refused as refused:
            if refused.frame.label != NotEntered.code:
                raise
            self.showing = False
            return False
        return True

    async def _speak(self, order: Speak) -> None:
        await self.enter()
        if order.room:
            await self._go_to(order.room)
        self.showing = True
        if order.text:
            await self.ask(Say(order.text))
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
            self.showing = True
            await self.ask(History(room.name, limit=order.count))
        ahead, self._ahead = self._ahead or [], None
        for frame in ahead:
            self._happened(frame)
        if order.follow:
            await Deferred()  # until somebody ends it

    async def _go_to(self, name: str) -> None:
        """Make a room the current one, if there is such a room."""
        assert self.session is not None
        room = self.hub.visible_room(self.session, name)
        await self.ask(Invoke("join", room.name))

    async def _each_line(self, ask: Callable[[str], Request]) -> None:
        """Take lines until there are no more, and until all are carried out."""
        self._ask_line = ask
        self.resume()
        await self.finished
        await self.ask(Ping())

    # Lines

    def submit(self, *texts: str) -> None:
        """Ask for what lines stand for; many may be under way."""
        if self.session is not None:
            asked = [self._ask_line(text) for text in texts if text.strip()]
            self.session.submit(*asked)

    def dataReceived(self, data: bytes) -> None:
        if self.channel.terminal is not None and any(key in data for key in _KEYS):
            self.interrupted()
        else:
            self.lines_received(data)

    def readConnectionLost(self) -> None:
        if not self.finished.called:
            self.lines_received(b"\n")  # the last line need not have an end
        super().readConnectionLost()

    # Answers

    def take(self, frame: Frame) -> None:
        talking = isinstance(self._order, Talk)
        match frame.kind:
            case Kind.ANSWER:
                self._last = frame.id or self._last
                if isinstance(self._order, Tail) and not frame.id:
                    return  # that there is nothing needs no words
                self.show(frame.data)
            case Kind.DONE if frame.id or not self.json:
                self.show(frame.data)
                super().take(frame)
            case Kind.ASIDE | Kind.EARLIER if talking:
                self.show(frame.data)
            case Kind.HAPPENED:
                self._happened(frame)
            case _:
                super().take(frame)

    def _happened(self, frame: Frame) -> None:
        if isinstance(self._order, Talk):
            self.show(frame.data)
        elif not self._following or frame.label != self._following:
            return
        elif self._ahead is not None:
            self._ahead.append(frame)
        elif frame.id > self._last:
            self.showing = True
            self.show(frame.data)
