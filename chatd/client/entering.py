"""How a client comes in, and learns what it has missed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

from twisted.internet.defer import Deferred

from chatd.chat.events import CaughtUp, Event, Failed, Past, Welcome
from chatd.client.asking import Asking, Reply, RequestFailed, Unanswered
from chatd.client.credentials import Credentials
from chatd.client.hearing import Hearing
from chatd.client.inbox import Heard
from chatd.client.state import State

# Messages asked for at once, to fill a gap: the most that servers give.
PAGE = 200

# Why one may not come in now, but perhaps later.
LATER = frozenset({"full", "too-fast", "closed", "store-down", "internal"})

Ask: TypeAlias = Callable[[RequestFailed], Awaitable[Credentials]]


class Entering:
    """
    Comes in, over each connection anew.

    @ivar credentials: As whom the next time.
    """

    def __init__(
        self,
        state: State,
        asking: Asking,
        hearing: Hearing,
        credentials: Credentials,
        *,
        patient: bool,
    ) -> None:
        """
        @param patient: Whether to try again later if one may not come in now; who has
            come in once always does.
        """
        self.credentials = credentials
        self._state = state
        self._asking = asking
        self._hearing = hearing
        self._patient = patient

    def welcomed(self, welcome: Welcome) -> None:
        """One is in; from now on as the same."""
        self._patient = True
        name = welcome.person.name
        self.credentials = replace(self.credentials, name=name, token=welcome.token)

    def keep_token(self, token: str) -> None:
        """Come back with this one, in place of the one before."""
        self.credentials = replace(self.credentials, token=token)

    async def come_in(self) -> None:
        """
        Come in, and tell what was missed.

        @raise Unanswered: if that is to be tried again.
        @raise RequestFailed: if one may not, as this one.
        """
        rooms = dict(self._state.rooms)
        self._hearing.hold()
        waiting = self._hearing.caught_up() if self._hearing.position else None
        welcome = await self._enter()
        caught = None if waiting is None else await waiting
        if not self._hearing.holds:
            raise Unanswered("The connection broke.")
        fill: list[Event] = []
        if caught is not None and caught.gap:
            for room in list(self._state.rooms.values()):
                fill += await self._fill(room.name)
        if not self._state.account:
            # Rooms of guests are not kept.
            for key, room in rooms.items():
                if key not in self._state.rooms:
                    fill += await self._return(room.name)
        self._hearing.release(fill, welcome, caught or CaughtUp(False, welcome.cursor))

    def _first(self, do: str, **fields: object) -> "Deferred[Reply]":
        """Ask for something that is part of coming in."""
        return self._asking.ask({"do": do, **fields}, again=False, first=True)

    async def _enter(self) -> Welcome:
        while True:
            position = self._hearing.position
            resume = {"resume": position} if position else {}
            try:
                reply = await self._first(
                    "enter", **self.credentials.fields(), **resume
                )
                return self._hearing.welcome(reply.fields)
            except RequestFailed as refused:
                self._try_otherwise(refused)

    def _try_otherwise(self, refused: RequestFailed) -> None:
        """
        Find out how else one may come in.

        @raise Exception: if there is no other way now.
        """
        now = self.credentials
        if now.token and refused.code == "wrong-password" and now.name:
            self.credentials = replace(now, token="")
        elif self._hearing.position and "cursor" in refused.text:
            # Another server, or an older copy of its data.
            self._hearing.forget()
        elif refused.code in LATER and self._patient:
            raise Unanswered(refused.text)
        else:
            raise refused

    async def _fill(self, room: str) -> list[Event]:
        """What is missing of a room."""
        after = self._hearing.latest(room)
        found: list[Event] = []
        while after:
            try:
                reply = await self._first(
                    "history", room=room, after=str(after), limit=PAGE
                )
            except RequestFailed:
                break
            past = past_of(reply)
            found += past.events
            after = past.events[-1].id if past.more and past.events else 0
        return found

    async def _return(self, room: str) -> list[Event]:
        """Go back into a room."""
        try:
            await self._first("command", line=f"/join {room}")
        except RequestFailed as refused:
            self._hearing.put(Heard(Failed(refused.code, refused.text)))
            return []
        return await self._fill(room)


def past_of(reply: Reply) -> Past:
    """What was said before, of an answer that has it."""
    for answer in reply.answers:
        if isinstance(answer, Past):
            return answer
    return Past("history", ())
