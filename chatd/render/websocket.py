"""Events as programs read them over a WebSocket: the lines of JSON, each a frame."""

from struct import pack

from chatd.chat.account import Person
from chatd.chat.events import Answer, Event
from chatd.chat.look import Look
from chatd.render import json

# First bytes of frames that are whole messages; see RFC 6455, section 5.2.
TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A

# The longest reason for closing that fits into a control frame.
REASON = 123


def render(
    event: Event | Answer, look: Look, here: bool, reader: Person | None
) -> bytes:
    """One frame; a server's has no mask, so it is the same for all."""
    return frame(json.render(event, look, here, reader)[:-1])


def frame(payload: bytes, first: int = TEXT) -> bytes:
    """Put a header before what is sent."""
    length = len(payload)
    if length < 126:
        return pack(">BB", first, length) + payload
    if length < 2**16:
        return pack(">BBH", first, 126, length) + payload
    return pack(">BBQ", first, 127, length) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """The last frame; a reason that is too long is cut."""
    words = reason.encode()[:REASON].decode("utf-8", "ignore")
    return frame(pack(">H", code) + words.encode(), CLOSE)
