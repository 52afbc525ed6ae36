"""How tests ask a store, and what they keep in it."""

from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Account, Person
from chatd.chat.events import Event, Handed, Said, Shared, Whispered
from chatd.chat.store import RoomRecord, Store

T = TypeVar("T")
Base = SynchronousTestCase if TYPE_CHECKING else object

ANN = Person(1, "Ann", guest=False)
BOB = Person(2, "bob", guest=False)
CHO = Person(3, "cho")


def said(id: int, text: str = "hi", sender: Person = ANN, room: str = "ops") -> Said:
    """A message; its time is its id, in seconds."""
    return Said(id=id, time=float(id), node="n", room=room, sender=sender, text=text)


def whispered(id: int, sender: Person, to: Person, text: str = "psst") -> Whispered:
    """A private message; its time is its id, in seconds."""
    return Whispered(id=id, time=float(id), node="n", sender=sender, to=to, text=text)


def shared(id: int, file: str, sender: Person = ANN, **changes: Any) -> Shared:
    """A file in a room; its time is its id, in seconds, and it is kept for a minute."""
    event = Shared(
        id=id,
        time=float(id),
        node="n",
        room="ops",
        sender=sender,
        file=file,
        name=f"{file}.txt",
        size=10_000,
        mime="text/plain",
        sha256="00",
        expires=id + 60.0,
    )
    return replace(event, **changes)


def handed(id: int, file: str, sender: Person, to: Person) -> Handed:
    """A file for one person, likewise."""
    return Handed(
        id=id,
        time=float(id),
        node="n",
        sender=sender,
        to=to,
        file=file,
        name=f"{file}.txt",
        size=1,
        mime="text/plain",
        sha256="00",
    )


def account(id: int, name: str, **changes: Any) -> Account:
    """An account that can log in."""
    new = Account(id, name, name.lower(), f"{name.lower()}~", "$argon2id$", 12.5)
    return replace(new, **changes)


class Asking(Base):
    """
    Asks a store.

    @ivar store: Made by C{setUp}; answers at once.
    """

    store: Store

    def ask(self, question: Coroutine[Any, Any, T]) -> T:
        """The answer to a question."""
        return self.successResultOf(Deferred.fromCoroutine(question))

    def keep(self, *events: Event) -> list[Exception | None]:
        """Append events in one transaction."""
        return self.successResultOf(self.store.append(events))

    def must_keep(self, *events: Event) -> None:
        """Append events, all of which are fine."""
        self.assertEqual(self.keep(*events), [None] * len(events))

    def ids(self, question: Coroutine[Any, Any, list[Event]]) -> list[int]:
        """The ids of the events in an answer."""
        return [event.id for event in self.ask(question)]

    def room(self, name: str = "ops") -> RoomRecord:
        """What is kept of a room."""
        return next(room for room in self.ask(self.store.rooms()) if room.name == name)
