"""Tests for L{chatd.wire.websocket}."""

from twisted.trial.unittest import SynchronousTestCase
from wsproto.frame_protocol import CloseReason, FrameProtocol

from chatd.wire.websocket import (
    Broken,
    Closed,
    Frames,
    Incoming,
    Message,
    Part,
    Ping,
)

LIMIT = 1_000


def client() -> FrameProtocol:
    """Makes what clients send."""
    return FrameProtocol(client=True, extensions=[])


def text(*parts: str) -> bytes:
    """A message in so many fragments."""
    sender = client()
    last = len(parts) - 1
    return b"".join(
        bytes(sender.send_data(part, fin=place == last))
        for place, part in enumerate(parts)
    )


class FramesTests(SynchronousTestCase):
    """Bytes become messages."""

    def setUp(self) -> None:
        self.frames = Frames(LIMIT)
        self.parts = 0

    def take(self, *pieces: bytes) -> list[Incoming]:
        """Feed bytes."""
        found: list[Incoming] = []
        for piece in pieces:
            self.frames.feed(piece)
            found += self.frames.incoming()
        self.parts += found.count(Part())
        found = [one for one in found if one != Part()]
        return found

    def test_messages(self) -> None:
        """Several in a piece, and one in several."""
        data = text("one") + text("zwö")
        self.assertEqual(self.take(data), [Message("one"), Message("zwö")])
        self.assertEqual(
            self.take(*(data[i : i + 1] for i in range(len(data)))),
            [Message("one"), Message("zwö")],
        )

    def test_fragments(self) -> None:
        """A message in fragments is whole, with questions in between."""
        self.assertEqual(self.take(text("on", "", "e")), [Message("one")])
        sender = client()
        data = bytes(sender.send_data("on", fin=False))
        data += bytes(sender.ping(b"?")) + bytes(sender.send_data("e"))
        self.assertEqual(self.take(data), [Ping(b"?"), Message("one")])

    def test_parts(self) -> None:
        """Each frame that is no whole message is told of, however it comes."""
        data = text("on", "", "", "e") + bytes(client().pong(b"x"))
        for piece in (len(data), 1):
            self.parts = 0
            self.take(*(data[i : i + piece] for i in range(0, len(data), piece)))
            self.assertEqual(self.parts, 4)

    def test_split_character(self) -> None:
        """A character may be cut by the network."""
        data = text("ä")
        self.assertEqual(self.take(data[:-1], data[-1:]), [Message("ä")])

    def test_limit(self) -> None:
        """A message at the limit passes."""
        self.assertEqual(self.take(text("a" * LIMIT)), [Message("a" * LIMIT)])
        self.assertEqual(
            self.take(text("a" * (LIMIT - 1), "a")), [Message("a" * LIMIT)]
        )

    def test_too_large(self) -> None:
        """A larger one is refused by its header alone."""
        for parts in (["a" * (LIMIT + 1)], ["a" * LIMIT, "b"]):
            self.frames = Frames(LIMIT)
            data = text(*parts)
            head = data[: len(data) - len(parts[-1])]
            (broken,) = self.take(head)
            self.assertEqual(
                broken, Broken(1009, "a message has at most 1000 bytes here")
            )
            self.assertEqual(self.take(data, text("more")), [])

    def test_each_message(self) -> None:
        """The limit is for each message."""
        self.assertEqual(len(self.take(text("a" * LIMIT) * 5)), 5)

    def test_limit_grows(self) -> None:
        """It may change."""
        self.frames.limit = 2 * LIMIT
        self.assertEqual(self.frames.limit, 2_000)
        self.assertEqual(len(self.take(text("a" * 2 * LIMIT))), 1)

    def test_bytes(self) -> None:
        """Messages of bytes are refused."""
        data = bytes(client().send_data(b"abc"))
        (broken,) = self.take(data)
        self.assertEqual(broken, Broken(1003, "messages are text here, not bytes"))

    def test_not_utf8(self) -> None:
        """So is what is no text."""
        data = bytearray(client().send_data(b"\xff\xfe"))
        data[0] = 0x81
        (broken,) = self.take(bytes(data))
        self.assertEqual(broken, Broken(1007, "it sent a message that is not UTF-8"))

    def test_nonsense(self) -> None:
        """And frames that there are not."""
        for data in (
            b"\x81\x01a",  # no mask
            b"\xc1\x80\x00\x00\x00\x00",  # a bit of an extension
            b"\x83\x80\x00\x00\x00\x00",  # an unknown kind
            b"\x80\x80\x00\x00\x00\x00",  # goes on, but nothing began
            b"\x09\x80\x00\x00\x00\x00",  # a question in fragments
            b"\x89\xfe\x00\x7e\x00\x00\x00\x00",  # a long question
            b"\x81\xff\xff\x00\x00\x00\x00\x00\x00\x00",  # 2**63 and more
            b"\x81\xfe\x00\x01\x00\x00\x00\x00a",  # a length longer than it need be
            b"\x88\x81\x00\x00\x00\x00a",  # half a code
            b"\x88\x82\x00\x00\x00\x00\x00\x01",  # a code that there is not
            text("a", "b")[:7] + text("c"),  # another begins in the middle
        ):
            with self.subTest(data=data):
                self.frames = Frames(LIMIT)
                self.assertEqual(
                    self.take(data)[-1], Broken(1002, "it does not speak WebSocket")
                )

    def test_closed(self) -> None:
        """After the end nothing comes."""
        end = bytes(client().close(CloseReason.GOING_AWAY, "bye"))
        self.assertEqual(self.take(end + text("more")), [Closed(1001)])
        self.assertEqual(self.take(text("more")), [])

    def test_closed_without_a_code(self) -> None:
        """A reason need not be given."""
        self.assertEqual(self.take(bytes(client().close())), [Closed(1005)])

    def test_answers(self) -> None:
        """Answers to our own questions need no more than to have come."""
        self.assertEqual(self.take(bytes(client().pong(b""))), [])

    def test_one_at_a_time(self) -> None:
        """One may stop in the middle, and go on later."""
        self.frames.feed(text("one") + text("two"))
        self.assertEqual(next(self.frames.incoming()), Message("one"))
        self.assertEqual(list(self.frames.incoming()), [Message("two")])
