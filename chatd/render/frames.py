"""
Events for a command in a pipe: what is written, and what it means for the command.

Events are rendered for many at once and reach a door as bytes. A frame keeps beside
the text what the door has to know: whether it answers a request, or fails one.
"""

from collections.abc import Iterator
from enum import IntEnum, auto
from struct import Struct
from typing import NamedTuple

from chatd.chat.account import Person
from chatd.chat.events import (
    SPOKEN,
    Answer,
    CaughtUp,
    Closing,
    Done,
    Event,
    Failed,
    Greeting,
    Marked,
    Past,
    Ref,
    Stamped,
    Welcome,
)
from chatd.chat.look import Look, Render
from chatd.render import json, text


class Kind(IntEnum):
    """What something means for a command."""

    ANSWER = auto()  # what was asked for
    DONE = auto()  # the request is carried out
    FAILED = auto()  # it is refused
    EARLIER = auto()  # what people are shown when they come
    ASIDE = auto()  # said by the server without being asked
    HAPPENED = auto()
    CLOSING = auto()


class Frame(NamedTuple):
    """
    One event or answer.

    @ivar ref: Which request it answers; 0 for none.
    @ivar id: Of the event; of the last one, if it shows several.
    @ivar label: The room in which it happened, or the code of what failed.
    """

    kind: Kind
    ref: int
    id: int
    label: str
    data: bytes


_HEAD = Struct(">BIQHI")


def text_frames(
    event: Event | Answer, look: Look, here: bool, reader: Person | None
) -> bytes:
    """For people."""
    return _frame(event, look, here, reader, text.render)


def json_frames(
    event: Event | Answer, look: Look, here: bool, reader: Person | None
) -> bytes:
    """For programs."""
    return _frame(event, look, here, reader, json.render)


def line_frames(
    event: Event | Answer, look: Look, here: bool, reader: Person | None
) -> bytes:
    """For programs, which read the past as they read the present: line by line."""
    return _frame(event, look, here, reader, _each)


def read_frames(data: bytes) -> Iterator[Frame]:
    """Take apart what was made of several events."""
    at = 0
    while at < len(data):
        kind, ref, id, label, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        begin = at + label
        frame = data[at:begin].decode(), data[begin : begin + length]
        yield Frame(Kind(kind), ref, id, *frame)
        at = begin + length


def _frame(
    event: Event | Answer,
    look: Look,
    here: bool,
    reader: Person | None,
    render: Render,
) -> bytes:
    kind, ref, id, label = _about(event)
    data = render(event, look, here, reader)
    shown = label.encode()
    return _HEAD.pack(kind, ref, id, len(shown), len(data)) + shown + data


def _each(
    event: Event | Answer, look: Look, here: bool, reader: Person | None
) -> bytes:
    if not isinstance(event, Past):
        return json.render(event, look, here, reader)
    # Who reads what was said long ago need not be named in it.
    readers = [None if isinstance(one, SPOKEN) else reader for one in event.events]
    past = zip(event.events, readers, strict=True)
    return b"".join(json.render(one, look, here, whom) for one, whom in past)


def _about(event: Event | Answer) -> tuple[Kind, int, int, str]:
    match event:
        case Stamped():
            return Kind.HAPPENED, 0, event.id, getattr(event, "room", "")
        case Failed():
            return Kind.FAILED, _number(event.ref), 0, event.code
        case Done():
            cause = event.event.id if event.event is not None else 0
            return Kind.DONE, _number(event.ref), cause, ""
        case Welcome():
            return Kind.DONE, _number(event.ref), 0, ""
        case Past():
            last = event.events[-1].id if event.events else 0
            kind = Kind.ANSWER if event.ref is not None else Kind.EARLIER
            return kind, _number(event.ref), last, event.room
        case Closing():
            return Kind.CLOSING, 0, 0, ""
        case Greeting() | CaughtUp() | Marked():
            return Kind.EARLIER, 0, 0, ""
        case _:
            kind = Kind.ANSWER if event.ref is not None else Kind.ASIDE
            return kind, _number(event.ref), 0, ""


def _number(ref: Ref) -> int:
    return ref if isinstance(ref, int) else 0
