"""Tests for L{chatd.doors.late}."""

from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase

from chatd.doors.late import _IMPORTING, Late, load


class Door(Factory):
    """Remembers whether it listens."""

    protocol = Protocol
    noisy = False
    listens = False

    def startFactory(self) -> None:
        self.listens = True

    def stopFactory(self) -> None:
        self.listens = False


class LateTests(SynchronousTestCase):
    """A door that takes long to import is built when it is needed, and once."""

    def setUp(self) -> None:
        self.built: list[Door] = []

        def build() -> Door:
            self.built.append(Door())
            return self.built[-1]

        self.late = Late(build)

    def test_needed(self) -> None:
        """Whoever comes first has it built, and the next find it there."""
        self.late.doStart()
        self.assertEqual(self.built, [])
        for _ in range(2):
            protocol = self.late.buildProtocol(None)
            assert protocol is not None
            self.assertIs(protocol.factory, self.built[0])
        self.assertEqual(len(self.built), 1)
        self.assertTrue(self.built[0].listens)

    def test_before(self) -> None:
        """It may be built before the server listens, or before anybody comes."""
        door = self.late.door
        assert isinstance(door, Door)
        self.assertFalse(door.listens)
        for _ in range(2):
            self.late.doStart()
        self.late.doStop()
        self.assertTrue(door.listens)
        self.late.doStop()
        self.assertFalse(door.listens)
        self.assertEqual(self.built, [door])

    def test_loading(self) -> None:
        """Nothing is built while a thread imports what it is made of."""
        load("chatd.doors.late")
        locked: list[bool] = []
        late = Late(lambda: locked.append(_IMPORTING.locked()) or Door())
        self.assertIsInstance(late.door, Door)
        self.assertEqual(locked, [True])
        self.assertFalse(_IMPORTING.locked())

    def test_never(self) -> None:
        """If nobody comes, nothing is built."""
        self.late.doStart()
        self.late.doStop()
        self.assertEqual(self.built, [])
