"""Somebody at a terminal, in a chat."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.events import (
    Arrived,
    CaughtUp,
    Departed,
    Entered,
    Handed,
    Stamped,
    Welcome,
    Whispered,
)
from chatd.client.asking import RequestFailed, Unanswered
from chatd.client.client import Client, Ended
from chatd.client.completion import complete
from chatd.client.desk import Desk
from chatd.client.files import Files
from chatd.client.inbox import Happening, Lost
from chatd.client.orders import Orders, Work
from chatd.client.rooms import Rooms
from chatd.client.saying import Saying
from chatd.client.screen import Screen
from chatd.client.wording import Wording
from chatd.wire.outcome import EndOfFile, Interrupt, Line, Outcome, TooLong

if TYPE_CHECKING:
    from chatd.client.transfer import Transfers

# Seconds within which a second Ctrl-C leaves.
AGAIN = 3.0

# Seconds for the server to say good-bye.
PATIENCE = 3.0


class Talk:
    """What is typed becomes requests, and what happens becomes lines."""

    def __init__(
        self,
        client: Client,
        screen: Screen,
        wording: Wording,
        clock: IReactorTime,
        transfers: "Callable[[], Transfers]",
    ) -> None:
        """
        @param transfers: Makes what moves files, when it is needed.
        """
        self._client = client
        self._clock = clock
        self._desk = Desk(client, screen, wording)
        self._desk.news = self._news
        self._desk.typed = self._typed
        self._rooms = Rooms(client, self._desk)
        self._saying = Saying(client, self._desk, self._rooms, clock)
        self._files = Files(client, self._desk, transfers)
        self._orders = Orders(
            client,
            self._desk,
            self._rooms,
            self._saying,
            self._files,
            go=self._go,
            leave=self._leave,
        )
        self._entered = self._returned = False
        self._lost = False
        self._leaving = False
        self._interrupted = -AGAIN

    async def run(self) -> None:
        """
        Be in the chat until it is over.

        @raise Exception: if that is not because one left.
        """
        self._client.start()
        try:
            async for event in self._client:
                await self._tell(event)
                self._desk.prompt()
                await self._desk.ready()
        except Ended:
            if not self._leaving:
                raise
        finally:
            await self._client.stop()

    def complete(self, before: str) -> list[str]:
        """The words that the last word before the cursor may become."""
        commands, room = self._orders.commands, self._desk.room
        return complete(before, commands, self._client.state, room)

    # What happens

    async def _tell(self, event: Happening) -> None:
        match event:
            case Welcome():
                await self._welcome(event)
            case Lost():
                if not self._lost and self._entered:
                    self._desk.ours(
                        f"The connection is lost: {event.reason} What you type now "
                        "waits, and is sent when it is back."
                    )
                self._lost = True
            case Entered():
                self._rooms.look_at(event.room.name)
                self._desk.show(event)
                await self._rooms.show_past()
            case Whispered() | Handed():
                mine = self._client.state.is_me(event.sender.name)
                other = event.to if mine else event.sender
                self._saying.correspondent = other.name
                self._desk.show(event)
            case Arrived() | Departed():
                mine = self._client.state.is_me(event.person.name)
                if self._desk.looks_at(*event.rooms) and not (mine and self._returned):
                    self._desk.show(event)
            case CaughtUp():
                pass
            case Stamped() if getattr(event, "room", None):
                self._rooms.happen(event)
            case _:
                self._desk.show(event)

    async def _welcome(self, event: Welcome) -> None:
        self._lost = False
        self._returned, self._entered = self._entered, True
        self._go(self._orders.learn())
        if self._returned:
            self._desk.ours("The connection is back.")
            self._desk.begin()  # a password may have been asked for
            self._rooms.stay_somewhere()
            return
        self._desk.show(event)
        self._rooms.enter(event.rooms)
        self._rooms.look_at(event.rooms[0].name if event.rooms else "")
        await self._rooms.show_past()
        self._desk.begin()

    def _news(self) -> list[str]:
        lost = ["not connected"] if self._lost else []
        waiting = self._saying.under_way
        waits = waiting and (self._lost or not self._client.ready)
        return lost + self._rooms.unread() + ([f"{waiting} waiting"] if waits else [])

    # What is typed

    def _typed(self, outcome: Outcome) -> None:
        match outcome:
            case Line():
                self._rooms.seen()
                self._orders.take(outcome.text)
            case TooLong():
                self._desk.wrong(outcome.sentence)
            case Interrupt():
                self._interrupt(outcome.text)
            case EndOfFile():
                self._leave()

    def _interrupt(self, text: str) -> None:
        now = self._clock.seconds()
        if self._files.cancel() or text:
            return
        if now - self._interrupted < AGAIN:
            self._leave()
            return
        self._interrupted = now
        self._desk.ours("Press Ctrl-C once more, or type /quit, to leave.")

    # The end

    def _leave(self) -> None:
        if self._leaving:
            return
        self._leaving = True
        if self._client.ready or not self._desk.terminal:
            self._client.command("/quit").addErrback(lambda _: None)
            self._clock.callLater(PATIENCE, self._go_away)
        else:
            self._go_away()

    def _go_away(self) -> None:
        self._go(self._client.stop())

    def _go(self, work: Work) -> None:
        Deferred.fromCoroutine(work).addErrback(self._stumbled)

    def _stumbled(self, failure: Failure) -> None:
        if failure.check(RequestFailed, Unanswered, Ended) is None:
            _log.failure("the client stumbled", failure=failure)
        self._desk.wrong(failure.getErrorMessage())


_log = Logger()
