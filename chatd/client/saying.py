"""What somebody at a terminal says, until it is sent."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IReactorTime

from chatd.chat.events import Event, Said, Whispered
from chatd.client.asking import Reply, RequestFailed
from chatd.client.client import Client
from chatd.client.desk import Desk
from chatd.client.reading import person_called
from chatd.client.rooms import Rooms

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

# Seconds after which a message that is not answered is shown as waiting.
WAITS = 1.0


class Saying:
    """
    Says things, and shows how it goes with them: they wait, are sent, or not.

    @ivar under_way: How many are not sent yet.
    @ivar correspondent: With whom there were private words last.
    """

    def __init__(
        self, client: Client, desk: Desk, rooms: Rooms, clock: IReactorTime
    ) -> None:
        self.under_way = 0
        self.correspondent = ""
        self._client = client
        self._desk = desk
        self._rooms = rooms
        self._clock = clock

    async def say(self, text: str) -> None:
        """Say something in the room that is looked at."""
        room = self._desk.room
        if not room:
            self._not_sent("you are in no room; /rooms lists them", text)
            return
        me = person_called(self._client.name)
        await self._send(
            text,
            self._client.say(room, text),
            lambda reply: Said(
                id=reply.id, time=reply.time, room=room, sender=me, text=text
            ),
        )

    async def whisper(self, to: str, text: str) -> None:
        """Tell one person something."""
        me, them = person_called(self._client.name), person_called(to)
        self.correspondent = to
        await self._send(
            f"/msg {to} {text}",
            self._client.whisper(to, text),
            lambda reply: Whispered(
                id=reply.id, time=reply.time, sender=me, to=them, text=text
            ),
        )

    async def _send(
        self, line: str, answer: "Deferred[Reply]", said: Callable[[Reply], Event]
    ) -> None:
        self.under_way += 1
        self._desk.prompt()
        late = self._clock.callLater(WAITS, self._waits, line)
        try:
            event = said(await answer)
        except RequestFailed as refused:
            self._not_sent(refused.text, line)
        except Exception as problem:
            self._not_sent(str(problem), line)
        else:
            if isinstance(event, Said):
                self._rooms.note_sent(event.room, event.id)
            if self._desk.redraws or not isinstance(event, Said):
                self._desk.show(event)
        finally:
            self.under_way -= 1
            if late.active():
                late.cancel()
            self._desk.prompt()

    def _waits(self, line: str) -> None:
        if self._desk.terminal:
            self._desk.faint(f"... waits to be sent: {line.partition(chr(10))[0]}")

    def _not_sent(self, why: str, line: str) -> None:
        # Arrow up brings back a line, but not a paste.
        if "\n" in line:
            self._desk.wrong(f"not sent ({why}):")
            self._desk.quote(line)
        else:
            self._desk.wrong(f"not sent: {line} ({why})")
