"""
Events as people read them in a terminal.

The server's words begin with C{*}, refusals with C{!}; everything else was said by
somebody. Whatever happened carries its time.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import assert_never

from chatd.chat.account import Person, Role, Timestamps
from chatd.chat.durations import counted
from chatd.chat.events import (
    Act,
    Announced,
    Answer,
    Arrived,
    AwayChanged,
    CaughtUp,
    Closing,
    Departed,
    Done,
    Emoted,
    Entered,
    Event,
    Failed,
    Greeting,
    Handed,
    Invited,
    Joined,
    Killed,
    Left,
    Listing,
    LockdownChanged,
    Marked,
    Moderated,
    MotdChanged,
    Notice,
    Past,
    Renamed,
    RoleChanged,
    RoomChanged,
    RoomOpened,
    RoomView,
    Said,
    ServerBanned,
    ServerUnbanned,
    Shared,
    TopicChanged,
    Unshared,
    Welcome,
    Whispered,
)
from chatd.chat.file import size_in_words
from chatd.chat.look import Look
from chatd.chat.short_ids import short_id
from chatd.render.paint import PLAIN, THEMES, Paint

# Beyond, only the count of people is told; /who lists them.
NAMED = 30

BELL = "\a"

_FORMS = {
    Timestamps.FULL: "[%Y-%m-%d %H:%M:%S]",
    Timestamps.SHORT: "[%H:%M]",
    Timestamps.OFF: "",
}

# Of a file, where there are no links.
HOW = "/files tells how to get it."


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
    """One event for one look."""

    __slots__ = ("here", "look", "paint", "reader")

    def __init__(self, look: Look, here: bool, reader: Person | None) -> None:
        self.look = look
        self.here = here
        self.reader = reader
        self.paint = _paint(look)

    def lines(self, event: Event | Answer) -> Iterable[str]:
        match event:
            case Said():
                return self._said(event)
            case Emoted():
                name = self.paint.name(event.sender.name)
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
                return self._greeting(event)
            case Welcome():
                return self._welcome(event)
            case Entered():
                return self._server("\n".join(_room(event.room)))
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
        head = _head(event, self.look, self.here)
        if "\n" not in event.text:
            return [f"{head}: {self._words(event, event.text)}"]
        return self._pasted(head, event.id, event.text, whole)

    def _whispered(self, event: Whispered, *, whole: bool = False) -> Iterable[str]:
        me = self.reader.id if self.reader else 0
        sender = "you" if event.sender.id == me else self.paint.name(event.sender.name)
        to = "you" if event.to.id == me else self.paint.name(event.to.name)
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
        sentence = self._sentence(event)
        return [] if sentence is None else self.told(event, sentence)

    def told(self, event: Event, sentence: str) -> Iterable[str]:
        """What happened, in words."""
        when = self._when(event)
        if not when:
            return self._server(sentence)
        return [when + self.paint.faint(sentence)]

    def _sentence(self, event: Event) -> str | None:
        match event:
            case Said() | Emoted() | Whispered() | RoomOpened():
                return None
            case Shared():
                where = "" if self.here else f" in {event.room}"
                how = self._how(event)
                return f"{event.sender.name} shares {_file(event)}{where}: {how}"
            case Handed():
                return self._handed(event)
            case Unshared():
                return self._unshared(event)
            case Arrived():
                return f"{event.person.name} has joined the chat."
            case Departed():
                return f"{event.person.name} has left the chat{_why(event.reason)}"
            case Joined():
                return f"{event.person.name} has joined {event.room}."
            case Left():
                return f"{event.person.name} has left {event.room}{_why(event.reason)}"
            case AwayChanged():
                if event.text is None:
                    return f"{event.person.name} is back."
                return f"{event.person.name} is away{_why(event.text)}"
            case Renamed():
                if event.person.name == event.now.name:
                    return f"{event.now.name} is registered now."
                return f"{event.person.name} is called {event.now.name} now."
            case TopicChanged():
                if not event.text:
                    return f"{event.sender.name} cleared the topic of {event.room}."
                return (
                    f"{event.sender.name} set the topic of {event.room}: {event.text}"
                )
            case RoomChanged():
                kind = "private" if event.private else "public"
                history = "kept" if event.history else "NOT kept"
                return (
                    f"{event.sender.name} changed {event.room}: it is {kind}, and "
                    f"what is said is {history}."
                )
            case Invited():
                if self.reader is not None and self.reader.id == event.person.id:
                    return (
                        f"{event.sender.name} invites you to {event.room}: "
                        f"/join {event.room}"
                    )
                return (
                    f"{event.sender.name} invited {event.person.name} to {event.room}."
                )
            case Moderated():
                return self._moderated(event)
            case Announced():
                return f"{event.sender.name} to all: {event.text}"
            case RoleChanged():
                role = "an operator" if event.role is Role.OPERATOR else "no operator"
                return f"{event.person.name} is {role} now, by {event.sender.name}."
            case ServerBanned():
                until = self._until(event.until)
                return (
                    f"{event.sender.name} banned {event.shown} from the server{until}"
                    f"{_why(event.reason)}"
                )
            case ServerUnbanned():
                return f"{event.sender.name} lifted the ban of {event.shown}."
            case Killed():
                return (
                    f"{event.sender.name} ended the sessions of {event.person.name}"
                    f"{_why(event.reason)}"
                )
            case LockdownChanged():
                if event.on:
                    return (
                        f"{event.sender.name} locked the server down: only members "
                        "come in, and nobody registers."
                    )
                return f"{event.sender.name} ended the lock-down."
            case MotdChanged():
                if not event.text:
                    return f"{event.sender.name} cleared the message of the day."
                return f"{event.sender.name} set the message of the day: {event.text}"
            case _:
                assert_never(event)

    def _moderated(self, event: Moderated) -> str:
        by, name, room = event.sender.name, event.person.name, event.room
        until, why = self._until(event.until), _why(event.reason)
        match event.act:
            case Act.KICK:
                return f"{by} put {name} out of {room}{why}"
            case Act.MUTE:
                return f"{by} muted {name} in {room}{until}{why}"
            case Act.UNMUTE:
                return f"{by} lets {name} speak in {room} again."
            case Act.BAN:
                return f"{by} banned {name} from {room}{until}{why}"
            case Act.UNBAN:
                return f"{by} lifted the ban of {name} from {room}."
            case Act.APPOINT:
                return f"{by} made {name} a moderator of {room}."
            case Act.DISMISS:
                return f"{name} is no moderator of {room} any more, by {by}."
            case _:
                assert_never(event.act)

    def _handed(self, event: Handed) -> str:
        me = self.reader.id if self.reader else 0
        if event.sender.id == me:
            return f"You share {_file(event)} with {event.to.name}."
        to, refuse = event.to.name, ""
        if event.to.id == me:
            to = "you"
            refuse = f" (or refuse it: /files refuse {short_id(event.id)})"
        return (
            f"{event.sender.name} shares {_file(event)} with {to}{refuse}: "
            f"{self._how(event)}"
        )

    def _how(self, event: Shared | Handed) -> str:
        links = self.look.links
        if links is None or self.reader is None:
            return HOW
        return links.fetch(event, self.reader)

    def _unshared(self, event: Unshared) -> str:
        me = self.reader.id if self.reader else 0
        if event.to is None:
            where = "" if self.here else f" from {event.room}"
            return f"{event.sender.name} removed {event.name}{where}."
        who = "You" if event.sender.id == me else event.sender.name
        if event.sender.id != event.to.id:
            return f"{who} removed {event.name}."
        return f"{who} {'do' if who == 'You' else 'does'} not want {event.name}."

    def _until(self, until: float) -> str:
        if not until:
            return " for ever"
        return f" until {datetime.fromtimestamp(until, self.look.zone):%Y-%m-%d %H:%M}"

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

    def _greeting(self, event: Greeting) -> Iterable[str]:
        count = len(event.people)
        if not event.guests:
            people = ""
        elif not count:
            people = " Nobody is here yet."
        elif count == 1:
            people = f" 1 person is here: {event.people[0]}."
        elif count <= NAMED:
            people = f" {count} people are here: {', '.join(event.people)}."
        else:
            people = f" {count} people are here."
        ways = []
        if event.guests:
            ways.append("Type a name to come in")
        if event.passwords:
            ways.append("/login NAME PASSWORD")
        if event.passwords and event.registration != "closed":
            code = " CODE" if event.registration == "invitation" else ""
            ways.append(f"/register NAME PASSWORD{code}")
        line = "This line is encrypted."
        if not event.secure:
            none = "" if event.passwords else ": it takes no passwords"
            how = f" To encrypt: {event.encrypt}" if event.encrypt else ""
            line = f"This line is NOT encrypted{none}.{how}"
        if not ways:
            ways.append("Nobody comes in by this line")
        return self._server(
            f"Welcome to chatd at {event.server}.{people}\n{line}\n"
            f"{', or '.join(ways)}. /help for more."
        )

    def _welcome(self, event: Welcome) -> Iterable[str]:
        lines = event.motd.split("\n") if event.motd else []
        who = "a guest" if event.person.guest else "a member"
        if event.role is Role.OPERATOR:
            who = "an operator"
        lines.append(f"You are {event.person.name}, {who}.")
        for room in event.rooms[:1]:
            lines += _room(room)
        if event.rooms[1:]:
            others = ", ".join(room.name for room in event.rooms[1:])
            lines.append(f"You are also in: {others}. /join ROOM to speak there.")
        missed = _missed(event)
        if missed:
            lines.append(f"While you were away: {missed}. /catchup shows them.")
        return self._server("\n".join(lines))

    def _past(self, event: Past) -> Iterable[str]:
        titles = {"latest": f"What was said last in {event.room}:"}
        title = event.title or titles.get(event.name, "")
        lines = list(self._server(title)) if title else []
        whole = event.name in ("paste", "log")
        for past in event.events:
            room = getattr(past, "room", event.room)
            # Whom it names was called when it was said.
            reader = None if isinstance(past, Said | Emoted) else self.reader
            text = _Text(self.look, room == event.room or not room, reader)
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


def _room(room: RoomView) -> list[str]:
    count = len(room.people)
    people = f"{count} {'person' if count == 1 else 'people'} in {room.name}"
    if count <= NAMED:
        people += f": {', '.join(room.people)}"
    lines = [people]
    if room.topic:
        lines.append(f"Topic: {room.topic}")
    if room.private:
        lines.append(f"{room.name} is private.")
    if not room.history:
        lines.append(f"What is said in {room.name} is NOT kept: its history is off.")
    return lines


def _file(event: Shared | Handed) -> str:
    return f"{event.name} ({size_in_words(event.size)})"


def _missed(event: Welcome) -> str:
    parts = []
    if event.whispers:
        parts.append(_count(event.whispers, "private message"))
    mentions = sum(room.mentions for room in event.rooms)
    if mentions:
        parts.append(_count(mentions, "mention"))
    parts += [f"{room.unread} in #{room.name}" for room in event.rooms if room.unread]
    return ", ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _why(reason: str) -> str:
    return f": {reason}" if reason else "."
