"""What a server sends becomes answers, a state and events."""

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred

from chatd.chat.events import (
    SPOKEN,
    Answer,
    Arrived,
    CaughtUp,
    Closing,
    Entered,
    Event,
    Failed,
    Past,
    Stamped,
    Welcome,
    Whispered,
)
from chatd.client.asking import Asked, Asking
from chatd.client.inbox import Heard, Inbox
from chatd.client.reading import Fields, read_event, read_welcome
from chatd.client.state import State

# Links to files that are remembered.
LINKS = 1_000


class Hearing:
    """
    Takes objects, and puts what happened into the inbox: in order, and each once.

    While one comes in, what happens is held back: what was missed goes first.

    @ivar greeting: What the server told of itself.
    @ivar links: Paths of shared files, by their ids; good for this person alone.
    @ivar position: A cursor behind all that came, to resume from.
    @ivar holds: Whether what happens is held back.
    """

    def __init__(
        self,
        state: State,
        asking: Asking,
        inbox: Inbox,
        *,
        position: str,
        welcomed: Callable[[Welcome], None],
        closing: Callable[[Closing, float], None],
    ) -> None:
        """
        @param welcomed: Told when one has come in, or has become somebody else.
        @param closing: Told that the server ends the connection, and after how many
            seconds, at most, it wants one back.
        """
        self.greeting: Fields = {}
        self.links: dict[str, str] = {}
        self.position = position
        self._state = state
        self._asking = asking
        self._inbox = inbox
        self._welcomed = welcomed
        self._closing = closing
        self._latest: dict[str, int] = {}  # the last id of each room
        self._held: list[Heard] | None = None
        self._missed: tuple[Event, ...] = ()
        self._caught: Deferred[CaughtUp | None] | None = None

    # While one comes in

    @property
    def holds(self) -> bool:
        """Whether what happens is held back."""
        return self._held is not None

    def hold(self) -> None:
        """Hold back what happens from now on."""
        self._held = []

    def caught_up(self) -> "Deferred[CaughtUp | None]":
        """Fires when all that was missed is there; with C{None} if it will not be."""
        self._caught = Deferred()
        return self._caught

    def forget(self) -> None:
        """Nothing was missed: the server does not know where one was."""
        self.position = ""
        self._catch(None)

    def welcome(self, found: Fields) -> Welcome:
        """
        Take in the state as it is now.

        @raise Exception: if that is not what it should be.
        """
        welcome = read_welcome(found)
        self._state.apply(welcome)
        self._welcomed(welcome)
        return welcome

    def release(
        self, fill: Iterable[Event], welcome: Welcome, caught: CaughtUp
    ) -> None:
        """
        Tell in order what was missed, and what happened meanwhile.

        @param fill: More that was missed.
        """
        held, self._held = self._held or [], None
        missed, self._missed = self._missed, ()
        self._inbox.put(Heard(welcome))
        before = {event.id: event for event in (*fill, *missed)}
        for id in sorted(before):
            self._tell_missed(before[id])
        self.put(Heard(caught, cursor=caught.cursor))
        for heard in held:
            self.put(heard)

    def broken(self) -> None:
        """The connection is gone: what was held back is told when one is back."""
        self._held, self._missed = None, ()
        self._catch(None)

    def _catch(self, event: CaughtUp | None) -> None:
        caught, self._caught = self._caught, None
        if caught is not None:
            caught.callback(event)

    def _tell_missed(self, event: Event) -> None:
        if isinstance(event, (*SPOKEN, Whispered)) and self._asking.is_sent(event.key):
            # What we said ourselves; it will be answered when it is sent again.
            self._inbox.see(event.id)
        else:
            self.put(Heard(event, self._names_me(event)))

    def _names_me(self, event: Event) -> bool:
        text = event.text if isinstance(event, SPOKEN) else ""
        name = self._state.name.casefold()
        return name in text.casefold().replace("@", " ").split()

    # What comes

    def received(self, found: dict[str, Any]) -> None:
        """The server sent an object."""
        kind = found.get("event")
        self._note_link(found)
        asked = self._asking.find(found.get("ref"))
        if kind == "hello":
            self.greeting = found
        elif kind == "done":
            if asked is not None:
                id = found.get("id")
                if isinstance(id, str) and id.isdecimal():
                    self._inbox.see(int(id))
                self._asking.done(asked, found)
            elif "rooms" in found:
                self._another(found)
        else:
            event = read_event(found)
            if isinstance(event, Failed) and asked is not None:
                self._asking.failed(asked, event)
            elif event is not None:
                self._happen(event, found, asked)

    def _note_link(self, found: object) -> None:
        match found:
            case {"event": "shared", "file": str(file), "url": str(url)}:
                self.links[file] = url
                if len(self.links) > LINKS:
                    del self.links[next(iter(self.links))]
            case {"event": "history", "events": list(events)}:
                for one in events:
                    self._note_link(one)
            case _:
                pass

    def _happen(
        self, event: Event | Answer, found: Fields, asked: Asked | None
    ) -> None:
        match event:
            case Past(name="missed") if asked is None:
                self._missed = event.events
                return
            case CaughtUp():
                self._catch(event)
                return
            case Closing():
                self._closing(event, float(found["retry"]) if event.again else 0.0)
            case _:
                pass
        if asked is not None and not isinstance(event, Entered):
            asked.answers.append(event)
            return
        self._state.apply(event)
        cursor = found.get("cursor")
        heard = Heard(
            event,
            found.get("mention") is True,
            cursor if isinstance(cursor, str) else "",
        )
        if self._held is None:
            self.put(heard)
        else:
            self._held.append(heard)

    def _another(self, found: Fields) -> None:
        """A command made somebody else of us."""
        try:
            welcome = self.welcome(found)
        except (LookupError, TypeError, ValueError):
            return
        self.put(Heard(welcome))

    def latest(self, room: str) -> int:
        """The last id in a room; 0 if there was none."""
        return self._latest.get(room.casefold(), 0)

    def put(self, heard: Heard) -> None:
        """Tell of something."""
        event = heard.event
        self.position = heard.cursor or self.position
        if isinstance(event, Stamped):
            places: tuple[str, ...] = (getattr(event, "room", None) or "",)
            if isinstance(event, Arrived) and self._state.is_me(event.person.name):
                places = event.rooms
            for place in places:
                key = place.casefold()
                self._latest[key] = max(event.id, self._latest.get(key, 0))
        self._inbox.put(heard)
