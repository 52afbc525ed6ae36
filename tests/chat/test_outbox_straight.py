"""Most is sent past the doors, straight to the sockets."""

from chatd.chat.door import Writer
from chatd.testing import FakeDoor, join, type_in
from tests.chatting import Chatting


class Straight(FakeDoor):
    """A door that may be passed."""

    def __init__(self) -> None:
        super().__init__()
        self.room = 1000
        self.past = b""

    def straight(self, writer: Writer) -> "_Socket":  # type: ignore[override]
        """Always."""
        return _Socket(self)


class _Socket:
    def __init__(self, door: Straight) -> None:
        self.door = door

    def send(self, data: bytes) -> int:
        """Take what there is room for."""
        if not self.door.room:
            raise BlockingIOError
        taken = data[: self.door.room]
        self.door.room -= len(taken)
        self.door.past += taken
        return len(taken)


class StraightTests(Chatting):
    """Most are sent what all are shown past their doors, and nothing gets lost."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, _ = join(self.hub, "ann")
        self.door = Straight()
        self.bob = self.hub.connections.connect(
            self.door, kind="fake", address="192.0.2.1", secure=True
        )
        type_in(self.hub, self.bob, "bob")
        self.sent: list[bytes] = []
        self.patch(self.door, "send", self.sent.append)
        _, cho_door = join(self.hub, "cho")
        self.whole: list[bytes] = []
        self.patch(cho_door, "send", self.whole.append)

    def say(self) -> bytes:
        """Ann says something; what bob should be sent."""
        self.door.past = b""
        self.sent.clear()
        self.whole.clear()
        type_in(self.hub, self.ann, "hi")
        (data,) = self.whole
        return data

    def test_past(self) -> None:
        """What is there for all is sent past the door."""
        data = self.say()
        self.assertEqual((self.door.past, self.sent), (data, []))

    def test_partly(self) -> None:
        """What was not taken is written by the door."""
        self.door.room = 1
        data = self.say()
        self.assertEqual((self.door.past, self.sent), (data[:1], [data[1:]]))

    def test_not_at_all(self) -> None:
        """If nothing was taken, all is."""
        self.door.room = 0
        data = self.say()
        self.assertEqual((self.door.past, self.sent), (b"", [data]))

    def test_hindered(self) -> None:
        """Nothing is sent past a door behind which something waits."""
        self.bob.hindered()
        self.patch(self.door, "straight", lambda session: None)
        data = self.say()
        self.assertEqual((self.door.past, self.sent), (b"", [data]))

    def test_congested(self) -> None:
        """Nor while the transport is full; afterwards it is again."""
        self.bob.congested()
        data = self.say()
        self.assertEqual((self.door.past, self.sent), (b"", []))
        self.bob.drained()
        self.assertEqual(b"".join(self.sent)[-len(data) :], data)
        data = self.say()
        self.assertEqual((self.door.past, self.sent), (data, []))

    def test_held(self) -> None:
        """Nor while something is kept back."""
        self.bob.hold()
        self.say()
        self.assertEqual((self.door.past, self.sent), (b"", []))
