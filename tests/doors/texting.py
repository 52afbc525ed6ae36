"""What the tests of the door for people share: somebody with nc."""

from chatd.doors.text import TextFactory
from chatd.testing import nobody_is_exempt
from tests.doors.wire import DoorCase, Peer


class TextCase(DoorCase):
    """A hub with a door for people."""

    def setUp(self) -> None:
        super().setUp()
        self.factory = TextFactory(self.hub, exempt=nobody_is_exempt)

    def connect(self, *, secure: bool = False) -> Peer:
        """Somebody who has read the greeting."""
        peer = Peer(self.hub, self.factory, secure=secure)
        peer.read()
        return peer

    def enter(self, name: str) -> Peer:
        """Somebody who has come in."""
        peer = self.connect()
        peer.type(name)
        self.assertIsNotNone(peer.protocol.session.person, name)
        return peer
