"""Tests for L{chatd.doors.lines}, and of what all connections have in common."""

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.testing import StringTransport

from chatd.chat.account import Preferences
from chatd.chat.events import Notice
from chatd.chat.hub import Hub
from chatd.chat.look import Look
from chatd.chat.request import Enter
from chatd.doors.lines import AT_ONCE, ENDLESS, ENDLESS_INSIDE, LineConnection
from chatd.testing import FakeDoor, nobody_is_exempt, turn
from tests.doors.wire import DoorCase, Wire

LIMIT = 5000
PIECE = 1024


class Echo(LineConnection):
    """Remembers its lines; C{pause} and C{resume} are read as requests."""

    kind = "echo"

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub, line_limit=LIMIT, exempt=nobody_is_exempt)
        self.lines: list[bytes | tuple[bytes, int]] = []

    def look(self, preferences: Preferences) -> Look:
        return FakeDoor().look(preferences)

    def lineReceived(self, line: bytes) -> None:
        self.lines.append(line)
        if line == b"pause":
            self.pause()
        elif line == b"blink":
            self.pause()
            self.resume()

    def line_too_long(self, head: bytes, length: int) -> None:
        self.lines.append((head, length))


class ConnectionTests(DoorCase):
    """Connections that speak lines."""

    def setUp(self) -> None:
        super().setUp()
        self.wire = Wire()
        self.echo = Echo(self.hub)
        self.echo.makeConnection(self.wire)

    def test_lines(self) -> None:
        """Lines may come in pieces, and a piece may hold several."""
        self.echo.dataReceived(b"on")
        self.echo.dataReceived(b"e\n\ntwo\r\nthr")
        self.assertEqual(self.echo.lines, [b"one", b"", b"two\r"])

    def test_many(self) -> None:
        """However many there are in a piece, reading stops behind any of them."""
        lines = [b"%d" % number for number in range(3 * AT_ONCE)]
        for place in (0, 1, AT_ONCE - 1, AT_ONCE, 2 * AT_ONCE, 3 * AT_ONCE - 1):
            echo = Echo(self.hub)
            echo.makeConnection(Wire())
            said: list[bytes | tuple[bytes, int]] = [*lines]
            said[place] = b"pause"
            echo.dataReceived(b"".join(b"%s\n" % line for line in said) + b"half")
            self.assertEqual(echo.lines, said[: place + 1])
            echo.resume()
            echo.dataReceived(b" a line\n")
            self.assertEqual(echo.lines, [*said, b"half a line"])

    def test_limit(self) -> None:
        """A line at the limit passes; a longer one is named, and others are kept."""
        for length in (LIMIT, LIMIT + 1, LIMIT + PIECE, 10 * LIMIT):
            for size in (1, 100, PIECE, PIECE + 1, 3 * LIMIT, 100 * LIMIT):
                echo = Echo(self.hub)
                echo.makeConnection(Wire())
                data = b"x" * length + b"\n" + b"one\ntwo\n"
                for start in range(0, len(data), size):
                    echo.dataReceived(data[start : start + size])
                line, *others = echo.lines
                if length <= LIMIT:
                    self.assertEqual(line, b"x" * length)
                else:
                    self.assertEqual(line, (b"x" * LIMIT, length))
                self.assertEqual(others, [b"one", b"two"])

    def test_endless(self) -> None:
        """A line without an end takes no memory, and ends the connection in the end."""
        for _ in range(ENDLESS // 1000):
            self.echo.dataReceived(b"x" * 1000)
            self.assertLess(len(self.echo._buffer), LIMIT + PIECE)
        self.assertFalse(self.wire.disconnecting)
        self.echo.dataReceived(b"x" * 10_000)
        self.assertTrue(self.wire.disconnecting)

    def test_endless_inside(self) -> None:
        """Who has come in may send much more of it, and goes on behind it."""
        session = self.echo.session
        assert session is not None
        session.submit(Enter("ann"))
        turn(self.hub)
        megabyte = b"x" * ENDLESS
        for _ in range(ENDLESS_INSIDE // ENDLESS):
            self.echo.dataReceived(megabyte)
            self.assertLess(len(self.echo._buffer), LIMIT + PIECE)
        self.assertFalse(self.wire.disconnecting)
        self.echo.dataReceived(b"\nnext\n")
        self.assertEqual(self.echo.lines[-1], b"next")
        for _ in range(ENDLESS_INSIDE // ENDLESS + 1):
            self.echo.dataReceived(megabyte)
        self.assertTrue(self.wire.disconnecting)

    def test_pause(self) -> None:
        """Reading stops in the middle of what was received, and goes on there."""
        self.echo.dataReceived(b"one\npause\ntwo\n" + b"x" * 2 * PIECE + b"\nthree\n")
        self.assertEqual(self.echo.lines, [b"one", b"pause"])
        self.assertEqual(self.wire.producerState, "paused")
        self.echo.dataReceived(b"four\n")
        self.assertEqual(self.echo.lines, [b"one", b"pause"])
        self.echo.resume()
        self.assertEqual(
            self.echo.lines[2:], [b"two", b"x" * 2 * PIECE, b"three", b"four"]
        )
        self.assertEqual(self.wire.producerState, "producing")

    def test_blink(self) -> None:
        """Who pauses and resumes while reading a line loses and repeats nothing."""
        self.echo.dataReceived(b"one\nblink\ntwo\n")
        self.assertEqual(self.echo.lines, [b"one", b"blink", b"two"])

    def test_lost_while_paused(self) -> None:
        """Whole lines that came before the end are read, half ones are not."""
        self.echo.dataReceived(b"pause\none\npause\ntwo\nhal")
        self.echo.connectionLost()
        self.assertEqual(self.echo.lines, [b"pause", b"one", b"pause", b"two"])
        self.assertTrue(self.echo.lost)

    def test_after_the_end(self) -> None:
        """Nothing is asked of a connection that is gone."""
        self.echo.connectionLost()
        self.wire.producerState = "gone"
        self.echo.pause()
        self.echo.resume()
        self.echo.hang_up()
        self.assertEqual(self.wire.producerState, "gone")
        self.assertFalse(self.wire.disconnecting)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_before_the_beginning(self) -> None:
        """Nor of one that has not begun."""
        echo = Echo(self.hub)
        echo.send(b"x")
        echo.hang_up()
        echo.readConnectionLost()
        echo.connectionLost()
        self.assertIsNone(echo.session)

    def test_half_closed(self) -> None:
        """The transport may tell that the peer says nothing more."""
        self.assertTrue(IHalfCloseableProtocol.providedBy(self.echo))

    def test_no_tcp(self) -> None:
        """Transports that are no TCP are left as they are."""
        echo, pipe = Echo(self.hub), StringTransport()
        echo.makeConnection(pipe)
        self.assertIsNotNone(echo.session)

    def test_abstract(self) -> None:
        """A door says itself what its lines mean."""
        bare = LineConnection(self.hub, line_limit=1, exempt=nobody_is_exempt)
        self.assertRaises(NotImplementedError, bare.look, Preferences())
        self.assertRaises(NotImplementedError, bare.lineReceived, b"")
        self.assertRaises(NotImplementedError, bare.line_too_long, b"", 0)

    def test_told(self) -> None:
        """The session writes by the door."""
        assert self.echo.session is not None
        self.echo.session.tell(Notice("hi"))
        self.hub.outbox.flush()
        self.assertTrue(self.wire.value())
