"""What the tests of the chat share: a hub, people, and what they read."""

from collections.abc import Iterable
from typing import TypeVar

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.events import Answer, Closing, Event, Failed, Listing, Notice
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.store.memory import MemoryStore
from chatd.testing import (
    FakeDoor,
    FakeFiles,
    FakeServer,
    join,
    make_hub,
    result,
    turn,
    type_in,
)

PASSWORD = "seven-small-rain-clouds"

Kind = TypeVar("Kind")


class Chatting(SynchronousTestCase):
    """Somebody types, and everybody reads; the store can be held."""

    rules = Rules(throttle=False)

    def setUp(self) -> None:
        self.clock, self.store, self.files = Clock(), MemoryStore(), FakeFiles()
        self.hub = make_hub(
            store=self.store, clock=self.clock, rules=self.rules, files=self.files
        )
        self.server = FakeServer()
        self.hub.server = self.server

    def guest(self, name: str, *rooms: str) -> tuple[Session, FakeDoor]:
        """A guest who has read everything so far."""
        session, door = join(self.hub, name, *rooms)
        door.take()
        return session, door

    def member(self, name: str, *rooms: str) -> tuple[Session, FakeDoor]:
        """A member, likewise."""
        session, door = join(self.hub, name, *rooms, password=PASSWORD)
        door.take()
        return session, door

    def absent(self, *names: str) -> None:
        """Members who were here, and are not any more."""
        for name in names:
            session, _ = self.member(name)
            session.end("")
            turn(self.hub)

    def operator(self, name: str, *rooms: str) -> tuple[Session, FakeDoor]:
        """The first operator, likewise."""
        session, door = self.member(name, *rooms)
        code = result(self.hub.login.open_claim())
        type_in(self.hub, session, f"/claim {code}")
        door.take()
        return session, door

    def answer_each(self) -> None:
        """The store answers what it was asked so far, and no further question."""
        waiting, self.store._held = self.store._held or [], []
        for answer in waiting:
            answer()

    def ask(
        self, session: Session, door: FakeDoor, *lines: str
    ) -> list[Event | Answer]:
        """What somebody reads after typing lines."""
        door.take()
        type_in(self.hub, session, *lines)
        return door.take()

    def answer(self, session: Session, door: FakeDoor, *lines: str) -> str:
        """What the server says to somebody who types lines, as one text."""
        return text(self.ask(session, door, *lines))

    def refusal(self, session: Session, door: FakeDoor, line: str) -> str:
        """Why a line is refused."""
        failed = of(Failed, self.ask(session, door, line))
        self.assertEqual(len(failed), 1, failed)
        return failed[0].text


def of(kind: type[Kind], events: Iterable[Event | Answer]) -> list[Kind]:
    """Those of one kind."""
    return [event for event in events if isinstance(event, kind)]


def text(events: Iterable[Event | Answer]) -> str:
    """What the server itself says in them, a line each."""
    lines: list[str] = []
    for event in events:
        match event:
            case Notice() | Failed() | Closing():
                lines.append(event.text)
            case Listing():
                lines += [event.title, *event.lines]
            case _:
                pass
    return "\n".join(lines)
