"""Tests for L{chatd.render.websocket}."""

import json

from twisted.trial.unittest import SynchronousTestCase
from wsproto.frame_protocol import FrameProtocol, Opcode

from chatd.chat.account import Person
from chatd.chat.events import Notice, Said
from chatd.chat.look import look
from chatd.render import json as lines
from chatd.render.websocket import PING, close_frame, frame, render

LOOK = look(render)


def read(data: bytes) -> list[tuple[Opcode, object]]:
    """What a client makes of what a server sends."""
    client = FrameProtocol(client=True, extensions=[])
    client.receive_bytes(data)
    found: list[tuple[Opcode, object]] = []
    for one in client.received_frames():
        assert one.frame_finished
        assert one.message_finished
        found.append((one.opcode, one.payload))
    return found


class FrameTests(SynchronousTestCase):
    """Frames are read by others as they were meant."""

    def test_lengths(self) -> None:
        """However long they are."""
        for length in (0, 1, 125, 126, 65_535, 65_536, 100_000):
            ((opcode, text),) = read(frame(b"a" * length))
            self.assertEqual((opcode, text), (Opcode.TEXT, "a" * length))

    def test_events(self) -> None:
        """Events are the lines of JSON without their ends, and many are one write."""
        said = Said(
            id=1, time=2.0, node=0, room="lobby", sender=Person(1, "ann"), text="hä"
        )
        data = render(said, LOOK, True, None) + render(Notice("x"), LOOK, True, None)
        (_, first), (_, second) = read(data)
        line = lines.render(said, LOOK, True, None).decode()
        self.assertEqual(f"{first}\n", line)
        self.assertEqual(json.loads(str(second)), {"event": "notice", "text": "x"})

    def test_control(self) -> None:
        """Pings, and the end with its reason, of which too much is cut."""
        self.assertEqual(read(frame(b"", PING)), [(Opcode.PING, b"")])
        self.assertEqual(read(close_frame(1008, "no")), [(Opcode.CLOSE, (1008, "no"))])
        ((_, payload),) = read(close_frame(1001, "ä" * 200))
        self.assertEqual(payload, (1001, "ä" * 61))
