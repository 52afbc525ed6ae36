"""
Events as people read them in a terminal.

The server's words begin with C{*}, refusals with C{!}; everything else was said by
somebody. Whatever happened carries its time.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from chatd.chat.account import Person, Timestamps
from chatd.chat.durations import counted
from chatd.chat.events import (
    Answer,
    Arrived,
    CaughtUp,
    Closing,
    Departed,
    Done,
    Emoted,
    Entered,
    Event,
    Failed,
    Greeting,
    Listing,
    Marked,
    Notice,
    Past,
    Said,
    Welcome,
    Whispered,
)
from chatd.chat.look import Look
from chatd.chat.short_ids import short_id
from chatd.render.happened import sentence
from chatd.render.paint import PLAIN, THEMES, Paint
from chatd.render.welcome import greeting, room_lines, welcome

BELL = "\a"

_FORMS = {
    Timestamps.FULL: "[%Y-%m-%d %H:%M:%S]",
    Timestamps.SHORT: "[%H:%M]",
    Timestamps.OFF: "",
}


def render(
    event: Event | Answer, look: Look, here: bool, reader: Person | None
) -> bytes:
    """
    Lines of UTF-8 that end in CR LF.

    @param here: Whether it is in the reader's current room; otherwise the room is
        named.
    @param reader: Who reads, where that matters.
    """
    if isinstance(event, Said) and reader is None and "\n" not in event.text:
        # Most of all; the rest takes twice as long.
        line = f"{_head(event, look, here)}: {event.text}\r\n"
        return line.encode("utf-8", "replace")
    lines = _Text(look, here, reader).lines(event)
    return "\r\n".join((*lines, "")).encode("utf-8", "replace")


def fold(events: Sequence[Event | Answer], look: Look) -> bytes:
    """The same for many who came and went at once: only how many they are."""
    last = events[-1]
    assert isinstance(last, Arrived | Departed)
    came = sum(isinstance(event, Arrived) for event in events)
    told = [
        f"{counted(number, 'person')} {'has' if number == 1 else 'have'} {what}"
        for number, what in ((came, "joined"), (len(events) - came, "left"))
        if number
    ]
    text = _Text(look, True, None)
    (line,) = text.told(last, f"{' the chat, and '.join(told)} the chat.")
    return f"{line}\r\n".encode("utf-8", "replace")


class _Text:
    """
    One event for one look.

    @ivar past: Whether it is shown again: then the names of guests are marked, for they
        may be others' by now.
    """

    __slots__ = ("here", "look", "paint", "past", "reader")

    def __init__(
        self, look: Look, here: bool, reader: Person | None, *, past: bool = False
    ) -> None:
        self.look = look
        self.here = here
        self.reader = reader
        self.past = past
        self.paint = _paint(look)

    def lines(self, event: Event | Answer) -> Iterable[str]:
        match event:
            case Said():
                return self._said(event)
            case Emoted():
                name = self._name(event.sender)
                words = self._words(event, event.text)
                return [
                    f"{self._when(event)}{self._where(event.room)}** {name} {words}"
                ]
            case Whispered():
                return self._whispered(event)
            case Notice():
                return self._server(event.text)
            case Failed():
                return self._failed(event)
            case Done():
                return self._done(event)
            case Greeting():
                return self._server(greeting(event))
            case Welcome():
                return self._server(welcome(event))
            case Entered():
                return self._server("\n".join(room_lines(event.room)))
            case Listing():
                return self._server("\n".join([event.title, *event.lines]))
            case Past():
                return self._past(event)
            case CaughtUp() | Marked():
                return []
            case Closing():
                return self._server(event.text)
            case _:
                return self._happened(event)

    # What somebody said

    def _said(self, event: Said, *, whole: bool = False) -> Iterable[str]:
        head = _head(event, self.look, self.here) + self._mark(event.sender)
        if "\n" not in event.text:
            return [f"{head}: {self._words(event, event.text)}"]
        return self._pasted(head, event.id, event.text, whole)

    def _whispered(self, event: Whispered, *, whole: bool = False) -> Iterable[str]:
        me = self.reader.id if self.reader else 0
        sender = "you" if event.sender.id == me else self._name(event.sender)
        to = "you" if event.to.id == me else self._name(event.to)
        head = f"{self._when(event)}{sender} -> {to}"
        if "\n" not in event.text:
            bell = BELL if self.look.bell and to == "you" else ""
            return [f"{head}: {event.text}{bell}"]
        return self._pasted(head, event.id, event.text, whole)

    def _pasted(self, head: str, id: int, text: str, whole: bool) -> Iterable[str]:
        lines = text.split("\n")
        if whole:
            return [f"{head}:", *(f"    {line}" for line in lines)]
        return [f"{head} pasted {len(lines)} lines — /show {short_id(id)}"]

    def _words(self, event: Said | Emoted, text: str) -> str:
        reader = self.reader
        if reader is None or reader.id == event.sender.id:
            return text
        return self.paint.strong(text) + (BELL if self.look.bell else "")

    # What happened

    def _happened(self, event: Event) -> Iterable[str]:
        told = sentence(event, self.look, self.here, self.reader)
        return [] if told is None else self.told(event, told)

    def told(self, event: Event, words: str) -> Iterable[str]:
        """What happened, in words."""
        when = self._when(event)
        if not when:
            return self._server(words)
        return [when + self.paint.faint(words)]

    # Answers

    def _server(self, text: str) -> Iterable[str]:
        return [self.paint.server(f"* {line}") for line in text.split("\n")]

    def _failed(self, event: Failed) -> Iterable[str]:
        if event.code == "password-needed":
            return self._server(event.text)
        text = event.text
        if event.line and text[-1:] not in ".?!":
            text += "."
        if "\n" in event.line:
            text += f" Your {event.line.count(chr(10)) + 1} lines were not sent."
        elif event.line:
            text += f" Your line was not sent: {event.line}"
        return [self.paint.wrong(f"! {text}")]

    def _done(self, event: Done) -> Iterable[str]:
        match event.event:
            case Emoted() | Whispered():
                return self.lines(event.event)
            case Said() if self.look.echo:
                return self.lines(event.event)
            case _:
                return []

    def _past(self, event: Past) -> Iterable[str]:
        titles = {"latest": f"What was said last in {event.room}:"}
        title = event.title or titles.get(event.name, "")
        lines = list(self._server(title)) if title else []
        whole = event.name in ("paste", "log")
        for past in event.events:
            room = getattr(past, "room", event.room)
            # Whom it names was called when it was said.
            reader = None if isinstance(past, Said | Emoted) else self.reader
            text = _Text(self.look, room == event.room or not room, reader, past=True)
            match past:
                case Said():
                    lines += text._said(past, whole=whole)
                case Whispered():
                    lines += text._whispered(past, whole=whole)
                case _:
                    lines += text.lines(past)
        if event.name in ("history", "search") and not (event.events or title):
            lines += self._server("There is nothing.")
        return lines

    # Parts of lines

    def _name(self, person: Person) -> str:
        return self.paint.name(person.name) + self._mark(person)

    def _mark(self, person: Person) -> str:
        return self.paint.faint(" (guest)") if self.past and person.guest else ""

    def _when(self, event: Event) -> str:
        return _moment(int(event.time), self.look)

    def _where(self, room: str) -> str:
        return "" if self.here else f"#{room} "


def _head(event: Said, look: Look, here: bool) -> str:
    """When, where and by whom something was said."""
    where = "" if here else f"#{event.room} "
    return _begin(int(event.time), look, where, event.sender.name)


@lru_cache(maxsize=256)
def _begin(second: int, look: Look, where: str, name: str) -> str:
    """Begin a line, as those who talk much begin several in a second."""
    return f"{_moment(second, look)}{where}{_paint(look).name(name)}"


@lru_cache(maxsize=256)
def _moment(second: int, look: Look) -> str:
    """Write a moment down, as many lines begin in a busy second."""
    form = _FORMS[look.timestamps]
    if not form:
        return ""
    moment = datetime.fromtimestamp(second, look.zone).strftime(form)
    return f"{_paint(look).faint(moment)} "


def _paint(look: Look) -> Paint:
    return THEMES[look.theme] if look.colour else PLAIN
