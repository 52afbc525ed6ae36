"""What comes over a WebSocket, as messages: wsproto takes it apart, with our limits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from wsproto.extensions import Extension
from wsproto.frame_protocol import (
    CloseReason,
    FrameDecoder,
    FrameProtocol,
    Opcode,
    ParseFailed,
    RsvBits,
)


@dataclass(frozen=True, slots=True)
class Message:
    """A message of text, whole."""

    text: str


@dataclass(frozen=True, slots=True)
class Ping:
    """The peer asks whether somebody is there, and wants this back."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """A frame that is some of a message, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The peer says nothing more."""

    code: int


@dataclass(frozen=True, slots=True)
class Broken:
    """
    What came cannot be read, and nothing after it.

    @ivar code: For the frame that closes; see RFC 6455, section 7.4.1.
    @ivar why: As in "because it sent …".
    """

    code: int
    why: str


Incoming = Message | Part | Ping | Closed | Broken


class Frames:
    """
    Takes apart what a client sends.

    A message that is too large is noticed by the header of its frame, before the rest
    of it is kept.

    @ivar limit: Bytes in a message.
    """

    def __init__(self, limit: int) -> None:
        self._size = _Size(limit)
        self._frames = FrameProtocol(client=False, extensions=[self._size])
        self._parts: list[str] = []
        self._over = False

    @property
    def limit(self) -> int:
        return self._size.limit

    @limit.setter
    def limit(self, limit: int) -> None:
        self._size.limit = limit

    def feed(self, data: bytes) -> None:
        """Take what came; L{incoming} makes something of it."""
        if not self._over:
            self._frames.receive_bytes(data)

    def incoming(self) -> Iterator[Incoming]:
        """What is there; one may stop in the middle, and go on later."""
        while not self._over:
            try:
                frame = next(iter(self._frames.received_frames()), None)
            except ParseFailed as error:
                self._over = True
                self._parts.clear()
                yield Broken(int(error.code), self._explain(error))
                return
            if frame is None:
                return
            if frame.opcode is Opcode.CLOSE:
                self._over = True
                yield Closed(int(frame.payload[0]))
            elif frame.opcode is Opcode.PING:
                yield Ping(cast(bytes, frame.payload))
            elif frame.opcode is Opcode.TEXT:
                if frame.payload:
                    self._parts.append(cast(str, frame.payload))
                if frame.message_finished:
                    text, self._parts = "".join(self._parts), []
                    yield Message(text)
                elif frame.frame_finished:
                    yield Part()
            else:
                yield Part()  # a pong

    def _explain(self, error: ParseFailed) -> str:
        match error.code:
            case CloseReason.MESSAGE_TOO_BIG:
                return f"a message has at most {self.limit} bytes here"
            case CloseReason.UNSUPPORTED_DATA:
                return "messages are text here, not bytes"
            case CloseReason.INVALID_FRAME_PAYLOAD_DATA:
                return "it sent a message that is not UTF-8"
            case _:
                return "it does not speak WebSocket"


class _Size(Extension):
    """Looks at headers of frames; the only thing in wsproto that sees them."""

    name = "size"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._so_far = 0  # bytes of the message, in frames that are whole
        self._announced = 0  # by the frame that comes

    def enabled(self) -> bool:
        return True

    def offer(self) -> bool:
        return False

    def frame_inbound_header(
        self,
        proto: FrameDecoder | FrameProtocol,
        opcode: Opcode,
        rsv: RsvBits,
        payload_length: int,
    ) -> CloseReason | RsvBits:
        # Asked again for each piece of a header that comes in pieces.
        self._announced = 0
        if not opcode.iscontrol():
            if opcode is Opcode.BINARY:
                return CloseReason.UNSUPPORTED_DATA
            if opcode is Opcode.TEXT:
                self._so_far = 0
            self._announced = payload_length
            if self._so_far + payload_length > self.limit:
                return CloseReason.MESSAGE_TOO_BIG
        return RsvBits(False, False, False)

    def frame_inbound_complete(
        self, proto: FrameDecoder | FrameProtocol, fin: bool
    ) -> None:
        self._so_far += self._announced
        self._announced = 0
