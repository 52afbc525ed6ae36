"""Who is shown what happens, through a door and as fast as they read."""

from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chatd.chat.account import Person, Preferences
from chatd.chat.backlog import Backlog
from chatd.chat.door import Door, Straight
from chatd.chat.events import Answer, Done, Past
from chatd.chat.held import Held
from chatd.chat.look import Look
from chatd.chat.told import Audience, Item

if TYPE_CHECKING:
    from chatd.chat.hub import Hub

# Why a door reads nothing for now: more was asked than is done yet, or more was sent
# than is read yet. It reads again when neither is so.
BUSY = 1
UNREAD = 2

# Shared by all who have not chosen anything.
_USUAL = Preferences()


class Reader:
    """
    One connection of somebody, as L{chatd.chat.outbox} sees it.

    @ivar door: The connection; C{kind} names it, as in C{text} or C{json}.
    @ivar person: Who it is; C{None} before they have come in.
    @ivar room: Where they are; what happens elsewhere says so.
    @ivar plain: Whether all that is put for it can be written at once.
    @ivar straight: What this can be given to at that, past the door.
    @ivar paused: Why the door reads nothing; 0 if it does.
    @ivar lost: Why nobody reads any more; C{None} as long as somebody does.
    """

    __slots__ = (
        "_backlog",
        "_held",
        "_hub",
        "_taken",
        "door",
        "kind",
        "look",
        "lost",
        "paused",
        "person",
        "plain",
        "preferences",
        "room",
        "straight",
    )

    def __init__(self, hub: "Hub", door: Door, kind: str) -> None:
        self.door = door
        self.kind = kind
        self.preferences = _USUAL
        self.look: Look = door.look(self.preferences)
        self.person: Person | None = None
        self.room: Audience | None = None
        self.plain = True
        self.straight: Straight | None = None
        self.paused = 0
        self.lost: str | None = None
        self._hub = hub
        self._held: Held | None = None
        self._backlog: Backlog | None = None  # while the transport is full
        self._taken: Deferred[None] | None = None

    def prefer(self, preferences: Preferences) -> None:
        """Read as somebody with these preferences from now on."""
        self.preferences = preferences
        self.look = self.door.look(preferences)

    # What is shown

    def tell(self, answer: Answer) -> None:
        """Answer this one, behind all that they are shown in this turn."""
        if self.lost is None:
            self._hub.outbox.tell(answer, (self,), self.person)

    def hold(self) -> None:
        """Keep events back until L{release}; answers go through."""
        if self._held is None:
            self._held = Held()
            self.plain = False
            self.hindered()
        self._held.hold()

    def release(self, *shown: Past) -> None:
        """
        Show what was kept back, behind what this one was told so far.

        @param shown: In these it was shown already.
        """
        if self._held is not None:
            self._held.release(self._hub.outbox.stir(self), shown)

    def show(self, items: list[Item]) -> None:
        """Write what was put for this one, in this order."""
        if self._held is not None:
            items = self._held.sift(items)
            if self._held.full:
                self.release()
            released = self._held.pass_on(items)
            if released is not None:
                items = released
                self._held = None
                self.plain = True
        self.write(b"".join(map(self.render, items)))

    def render(self, item: Item) -> bytes:
        """How something reads here."""
        event = item.event.event if isinstance(item.event, Done) else item.event
        room = getattr(event, "room", None)
        here = room is None or (self.room is not None and room == self.room.name)
        return item.render(self.look, here)

    # What is sent

    def write(self, data: bytes) -> None:
        """Send, or keep while the reader does not read."""
        if not data or self.lost is not None:
            return
        if self._backlog is None:
            try:
                self.door.send(data)
            except Exception:
                # Others wait for theirs.
                _log.failure("the {door} door cannot send", door=self.kind)
            if self.straight is None and self._backlog is None and self.plain:
                self.straight = self.door.straight(self)
            return
        self._backlog.keep(data)
        rules, connections = self._hub.rules, self._hub.connections
        if self.unread > rules.outbox_pause:
            self.pause(UNREAD)
        if self.unread > rules.outbox_bytes or connections.backlog > rules.outbox_total:
            connections.relieve()

    def hindered(self) -> None:
        """All that is written has to take the way through the door."""
        self.straight = None

    @property
    def unread(self) -> int:
        """Bytes that wait because the reader does not read."""
        return 0 if self._backlog is None else self._backlog.size

    def congested(self) -> None:
        """The transport is full: keep what comes."""
        self.hindered()
        if self._backlog is None:
            self._backlog = Backlog(self._hub.connections)

    def drained(self) -> None:
        """The transport takes more."""
        backlog, self._backlog = self._backlog, None
        # Only until it is full again: what it holds is not counted.
        for data in backlog.empty() if backlog is not None else ():
            self.write(data)
        self._release_writer()
        if self.unread <= self._hub.rules.outbox_pause:
            self.resume(UNREAD)

    def pour(self) -> None:
        """Send all that waits, although the reader does not read: it is the last."""
        backlog, self._backlog = self._backlog, None
        if backlog is not None:
            self.write(b"".join(backlog.empty()))

    def forget_unread(self) -> None:
        """Never send what waits."""
        if self._backlog is not None:
            self._backlog.empty()

    async def taken(self) -> bool:
        """
        Wait a turn, and then until the transport takes more: for long answers, so
        that others have their turns and little piles up.

        @return: Whether somebody is still there to read.
        """
        turn: Deferred[None] = Deferred()
        self._hub.clock.callLater(0, turn.callback, None)
        await turn
        while self._backlog is not None and self.lost is None:
            self._taken = Deferred()
            await self._taken
        return self.lost is None

    def lose(self, why: str) -> None:
        """Nobody reads any more."""
        self.lost = why
        self.hindered()
        self.forget_unread()
        self._release_writer()

    def _release_writer(self) -> None:
        taken, self._taken = self._taken, None
        if taken is not None:
            taken.callback(None)

    # What is heard

    def wait_for_reader(self) -> None:
        """
        Listen no more while the transport is full; for doors that echo what comes.
        """
        if self._backlog is not None:
            self.pause(UNREAD)

    def pause(self, why: int) -> None:
        """Have the door read nothing, until C{resume} is called for the same."""
        if not self.paused:
            self.door.pause()
        self.paused |= why

    def resume(self, why: int) -> None:
        """What the door was paused for is over."""
        if self.paused:
            self.paused &= ~why
            if not self.paused:
                self.door.resume()


_log = Logger()
