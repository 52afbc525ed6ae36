"""What an audience is told is rendered once for all who share a look."""

from chatd.chat.account import Person, Preferences
from chatd.chat.events import Answer, Event, Said
from chatd.chat.look import Look, Render, look
from chatd.chat.session import Session
from chatd.testing import FakeDoor, turn, type_in
from tests.chatting import Chatting


class Bytes(FakeDoor):
    """A door that keeps the very bytes it was sent."""

    def __init__(self, render: Render) -> None:
        super().__init__()
        self._render = render
        self.data: list[bytes] = []
        self.broken = False

    def look(self, preferences: Preferences) -> Look:
        """One look for all doors with this way to render."""
        return look(self._render)

    def send(self, data: bytes) -> None:
        """Keep it."""
        if self.broken:
            raise OSError("broken")
        self.data.append(data)


class RenderingTests(Chatting):
    """What many are shown is rendered once."""

    def setUp(self) -> None:
        super().setUp()
        self.rendered: list[str] = []

    def render(
        self, event: Event | Answer, look: Look, here: bool, reader: Person | None
    ) -> bytes:
        """Remember that something was rendered."""
        name = type(event).__name__
        self.rendered.append(name)
        if getattr(event, "text", "") == "bug":
            raise RuntimeError("cannot be rendered")
        where = "" if here else " there"
        whom = f" for {reader.name}" if reader and isinstance(event, Said) else ""
        return f"{name} {getattr(event, 'text', '')}{whom}{where}\n".encode()

    def come(self, name: str, *rooms: str) -> "tuple[Session, Bytes]":
        """Somebody whose door shows bytes."""
        door = Bytes(self.render)
        session = self.hub.connections.connect(
            door, kind="fake", address="192.0.2.1", secure=True
        )
        type_in(self.hub, session, name, *(f"/join {room}" for room in rooms))
        return session, door

    def test_once(self) -> None:
        """A line is rendered once for all who read alike, and joined once."""
        ann, _ = self.come("ann")
        doors = [self.come(name)[1] for name in ("bob", "cho", "dan")]
        self.rendered.clear()
        for door in doors:
            door.data.clear()
        ann.receive("one")
        ann.receive("two")
        turn(self.hub)
        self.assertEqual(self.rendered.count("Said"), 2)
        for door in doors:
            self.assertEqual(door.data, [b"Said one\nSaid two\n"])
        self.assertIs(doors[0].data[0], doors[1].data[0])

    def test_other_rooms(self) -> None:
        """A line in a room that is not the current one is rendered as such."""
        ann, _ = self.come("ann")
        _, bob = self.come("bob", "ops")
        _, cho = self.come("cho")
        bob.data.clear()
        cho.data.clear()
        type_in(self.hub, ann, "hi")
        self.assertEqual(bob.data, [b"Said hi there\n"])
        self.assertEqual(cho.data, [b"Said hi\n"])

    def test_named(self) -> None:
        """Who is named is told so; the others share one rendering."""
        ann, _ = self.come("ann")
        _, bob = self.come("bob")
        _, cho = self.come("cho")
        for door in (bob, cho):
            door.data.clear()
        ann.receive("Bob: hi")
        ann.receive("all")
        turn(self.hub)
        self.assertEqual(bob.data, [b"Said Bob: hi for bob\nSaid all\n"])
        self.assertEqual(cho.data, [b"Said Bob: hi\nSaid all\n"])

    def test_bug(self) -> None:
        """What cannot be rendered is logged and left out; all else is shown."""
        ann, _ = self.come("ann")
        _, bob = self.come("bob")
        bob.data.clear()
        ann.receive("one")
        ann.receive("bug")
        ann.receive("two")
        turn(self.hub)
        self.assertEqual(bob.data, [b"Said one\nSaid two\n"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_broken_door(self) -> None:
        """A door that cannot send is logged, and the others are sent theirs."""
        ann, _ = self.come("ann")
        _, bob = self.come("bob")
        _, cho = self.come("cho")
        cho.data.clear()
        bob.broken = True
        type_in(self.hub, ann, "hello")
        self.assertEqual(cho.data, [b"Said hello\n"])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
