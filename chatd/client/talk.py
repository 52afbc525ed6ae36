"""Somebody at a terminal, in a chat."""

from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.clean import clean_block
from chatd.chat.events import (
    SPOKEN,
    Answer,
    Arrived,
    CaughtUp,
    Departed,
    Emoted,
    Entered,
    Event,
    Handed,
    Left,
    Listing,
    Said,
    Shared,
    Stamped,
    Welcome,
    Whispered,
)
from chatd.client.asking import Reply, RequestFailed, Unanswered
from chatd.client.client import Client, Ended
from chatd.client.files import Files
from chatd.client.inbox import Happening, Lost
from chatd.client.reading import person_called
from chatd.client.screen import Screen
from chatd.client.wording import Wording
from chatd.wire.editor import EndOfFile, Interrupt, Line, Outcome, TooLong

if TYPE_CHECKING:
    from chatd.client.transfer import Transfers

# Messages shown when a room is looked at, and the most.
SHOWN = 20
MOST_SHOWN = 200

# Seconds after which a message that is not answered is shown as waiting.
WAITS = 1.0

# Seconds within which a second Ctrl-C leaves.
AGAIN = 3.0

# Seconds for the server to say good-bye.
PATIENCE = 3.0

# Events of a room that is not looked at, for rooms that keep none.
KEPT = 200

_SECRET = {"login": 2, "register": 2, "password": 2, "unregister": 1, "claim": 1}
_TELL = frozenset({"msg", "pm", "send", "tell", "w"})
_OURS = frozenset({"switch", "send-file", "get-file", "refuse-file"})
_LEAVE = frozenset({"quit", "exit", "bye", "logout"})

HELP = (
    "Of this client: /switch ROOM looks at another room you are in; /send-file PATH "
    "[NAME|ROOM]; /get-file [NUMBER|NAME|ID] [PATH]; /refuse-file [NUMBER]. Tab "
    "completes; Ctrl-C stops a file on its way."
)


class Talk:
    """
    What is typed becomes requests, and what happens becomes lines.

    @ivar room: The one that is looked at; C{""} for none.
    @ivar files: Those that come and go.
    """

    def __init__(
        self,
        client: Client,
        screen: Screen,
        wording: Wording,
        clock: IReactorTime,
        transfers: "Callable[[], Transfers]",
    ) -> None:
        """
        @param transfers: Makes what moves files, when it is needed.
        """
        self.room = ""
        self.files = Files(client, self, transfers)
        self._client = client
        self._screen = screen
        self._wording = wording
        self._clock = clock
        self._commands: set[str] = set(_LEAVE | _TELL | _OURS | {"me", "help"})
        self._rooms: dict[str, _Room] = {}
        self._entered = False
        self._entered_at = 0
        self._lost = False
        self._leaving = False
        self._sending = 0
        self._correspondent = ""
        self._interrupted = -AGAIN

    async def run(self) -> None:
        """
        Be in the chat until it is over.

        @raise Exception: if that is not because one left.
        """
        self._client.start()
        try:
            async for event in self._client:
                await self._tell(event)
                self.prompt()
                await self._screen.ready()
        except Ended:
            if not self._leaving:
                raise
        finally:
            await self._client.stop()

    # What happens

    async def _tell(self, event: Happening) -> None:
        match event:
            case Welcome():
                await self._welcome(event)
            case Lost():
                if not self._lost and self._entered:
                    self.ours(
                        f"The connection is lost: {event.reason} What you type now "
                        "waits, and is sent when it is back."
                    )
                self._lost = True
            case Entered():
                self._look_at(event.room.name)
                self._show(event)
                await self._show_past(SHOWN)
            case Whispered() | Handed():
                mine = self._client.state.is_me(event.sender.name)
                self._correspondent = event.to.name if mine else event.sender.name
                self._show(event)
            case Arrived() | Departed():
                me = self._client.state.is_me(event.person.name)
                if self._looks_at(*event.rooms) and not (me and self._entered_at > 1):
                    self._show(event)
            case CaughtUp():
                pass
            case Stamped() if getattr(event, "room", None):
                self._in_room(event)
            case _:
                self._show(event)

    async def _welcome(self, event: Welcome) -> None:
        again, self._lost, self._entered_at = self._entered, False, 1 + self._entered
        self._entered = True
        for view in event.rooms:
            room = self._state(view.name)
            if not again:
                room.unread, room.mentions = view.unread, view.mentions
                room.mark = view.seen if view.unread else 0
        if again:
            self.ours("The connection is back.")
            self._go(self._learn())
            if self._client.state.room(self.room) is None:
                self._look_at(event.rooms[0].name if event.rooms else "")
            return
        self._show(event)
        self._look_at(event.rooms[0].name if event.rooms else "")
        self._go(self._learn())
        await self._show_past(SHOWN)
        self._screen.read(self._typed)

    async def _learn(self) -> None:
        """Find out what may be typed, and how things should look."""
        for line in ("/set", "/help"):
            try:
                reply = await self._client.command(line)
            except Unanswered:
                return  # it is asked again when the connection is back
            for answer in reply.answers:
                if isinstance(answer, Listing) and line == "/set":
                    self._wording.choose(
                        {str(row["name"]): str(row["value"]) for row in answer.rows}
                    )
                elif isinstance(answer, Listing):
                    for row in answer.rows:
                        aliases = row.get("aliases")
                        words = aliases if isinstance(aliases, list | tuple) else ()
                        self._commands |= {str(row["name"]), *map(str, words)}

    def _in_room(self, event: Any) -> None:
        """Something in a room: of those not looked at, it counts."""
        room = self._state(event.room)
        if event.id <= room.shown:
            return
        if self._looks_at(event.room):
            room.shown = event.id
            self._show(event, named=self._client.named)
        elif isinstance(event, (*SPOKEN, Shared)):
            room.kept.append(event)
            room.unread += 1
            if self._client.named:
                room.mentions += 1
                self._show(event, named=True)
        if isinstance(event, Left) and self._client.state.is_me(event.person.name):
            self._rooms.pop(_key(event.room), None)
        if self.room and self._client.state.room(self.room) is None:
            rooms = list(self._client.state.rooms.values())
            self._look_at(rooms[0].name if rooms else "")
            if self.room:
                self.ours(f"You look at {self.room} now.")

    async def _show_past(self, least: int) -> None:
        """What was said last in the room, and where the unread begins."""
        if not self.room:
            return
        room = self._state(self.room)
        state = self._client.state.room(self.room)
        events: list[Event] = list(room.kept)
        if state is None or state.history:
            limit = min(MOST_SHOWN, max(least, room.unread + 3))
            try:
                # What happens next, perhaps that the connection breaks, waits for this.
                past = await self._client.history(self.room, limit=limit, now=True)
                events = list(past.events)
            except (RequestFailed, Unanswered):
                pass
        events = [event for event in events if event.id > room.shown]
        marked = False
        if events and not room.shown:
            self.ours(f"What was said last in {self.room}:")
        for event in events:
            if room.mark and event.id > room.mark and not marked:
                marked = True
                self._screen.show(self._wording.new())
            room.shown = max(room.shown, event.id)
            self._show(event)
        room.look()

    # What is shown

    def _show(self, event: Event | Answer, *, named: bool = False) -> None:
        room = getattr(event, "room", "")
        here = not isinstance(room, str) or not room or self._looks_at(room)
        name = self._client.name
        number = self.files.offer(event) if isinstance(event, Shared | Handed) else 0
        self._screen.show(
            self._wording.event(event, name, here=here, named=named, file=number)
        )

    def ours(self, text: str) -> None:
        """The client tells something."""
        self._screen.show(self._wording.ours(text))

    def wrong(self, text: str) -> None:
        """Something was not done."""
        self._screen.show(self._wording.wrong(text))

    async def ask(self, prompt: str, *, secret: bool = False) -> str | None:
        """Ask for a line; C{None}: there is none."""
        answer = await self._screen.ask(prompt, secret=secret)
        self._screen.read(self._typed)
        self.prompt()
        return answer

    def prompt(self) -> None:
        """Show where what is typed goes, what is unread, and how things are."""
        news = [
            f"{room.name} {room.unread}{'!' if room.mentions else ''}"
            for room in self._rooms.values()
            if room.unread and not self._looks_at(room.name)
        ]
        if self._lost:
            news.insert(0, "not connected")
        if self._sending and (self._lost or not self._client.ready):
            news.append(f"{self._sending} waiting")
        shown = f" ({', '.join(news)})" if news else ""
        self._screen.set_prompt(f"{self.files.progress}{self.room}{shown}> ")

    # Rooms

    def _state(self, name: str) -> "_Room":
        return self._rooms.setdefault(_key(name), _Room(name))

    def _looks_at(self, *names: str) -> bool:
        return _key(self.room) in map(_key, names)

    def _look_at(self, name: str) -> None:
        if self.room and not self._looks_at(name):
            self._state(self.room).leave()
        self.room = name
        self.prompt()

    async def _switch(self, name: str) -> None:
        state = self._client.state.room(name)
        if not name:
            others = [room.name for room in self._client.state.rooms.values()]
            self.ours(f"You are in: {', '.join(others)}. /switch ROOM looks at one.")
        elif state is None:
            self.wrong(f"You are not in {name}. /join {name} enters it.")
        elif not self._looks_at(name):
            self._look_at(state.name)
            people = ", ".join(sorted(state.people.values(), key=str.casefold))
            topic = f"\nTopic: {state.topic}" if state.topic else ""
            self.ours(f"You look at {state.name}: {people}{topic}")
            await self._show_past(SHOWN)
            self._seen()

    def _seen(self) -> None:
        """Whoever types has read what is shown."""
        room = self._state(self.room) if self.room else None
        if room is None or not self._client.state.account:
            return
        if room.told < room.shown:
            room.told = room.shown
            self._client.seen(room.name, room.shown).addErrback(lambda _: None)

    # What is typed

    def _typed(self, outcome: Outcome) -> None:
        match outcome:
            case Line():
                self._seen()
                self._line(clean_block(outcome.text))
            case TooLong():
                self.wrong(f"A paste has at most {outcome.limit} bytes.")
            case Interrupt():
                self._interrupt(outcome.text)
            case EndOfFile():
                self._leave()

    def _interrupt(self, text: str) -> None:
        now = self._clock.seconds()
        if self.files.cancel() or text:
            return
        if now - self._interrupted < AGAIN:
            self._leave()
            return
        self._interrupted = now
        self.ours("Press Ctrl-C once more, or type /quit, to leave.")

    def _line(self, text: str) -> None:
        word, _, rest = text[1:].partition(" ")
        words = text.split()
        if not words:
            return
        if "\n" in text:
            self._say(text)
        elif text.startswith("/") and not text.startswith("//"):
            self._command(word.casefold(), rest.strip(), text)
        elif text.startswith("@") and word.casefold() in self._commands:
            self._command(word.casefold(), rest.strip(), f"/{text[1:]}")
        elif len(words) == 3 and words[0].casefold() in _SECRET:
            self._screen.forget(text)
            self.wrong(
                "That looks like a password, and was sent to nobody. The command "
                f"begins with a slash: /{words[0].casefold()}"
            )
        else:
            self._say(text[1:] if text.startswith("//") else text)

    def _say(self, text: str) -> None:
        if not self.room:
            self.wrong(f"not sent: {text} (you are in no room; /rooms lists them)")
            return
        room = self.room
        me = person_called(self._client.name)
        self._go(
            self._send(
                text,
                self._client.say(room, text),
                lambda reply: Said(
                    id=reply.id, time=reply.time, room=room, sender=me, text=text
                ),
            )
        )

    def _whisper(self, to: str, text: str) -> None:
        me, them = person_called(self._client.name), person_called(to)
        self._correspondent = to
        self._go(
            self._send(
                f"/msg {to} {text}",
                self._client.whisper(to, text),
                lambda reply: Whispered(
                    id=reply.id, time=reply.time, sender=me, to=them, text=text
                ),
            )
        )

    async def _send(
        self, line: str, answer: "Deferred[Reply]", said: Callable[[Reply], Event]
    ) -> None:
        """Show how it goes with a message: it waits, it is sent, it is not sent."""
        self._sending += 1
        self.prompt()
        late = self._clock.callLater(WAITS, self._waits, line)
        try:
            event = said(await answer)
        except RequestFailed as refused:
            self._not_sent(refused.text, line)
        except Exception as problem:
            self._not_sent(str(problem), line)
        else:
            if isinstance(event, Said):
                room = self._state(event.room)
                room.shown = max(room.shown, event.id)
            if self._screen.redraws or not isinstance(event, Said):
                self._show(event)
        finally:
            self._sending -= 1
            if late.active():
                late.cancel()
            self.prompt()

    def _waits(self, line: str) -> None:
        if self._screen.terminal:
            head = line.partition("\n")[0]
            self._screen.show(self._wording.faint(f"... waits to be sent: {head}"))

    def _not_sent(self, why: str, line: str) -> None:
        # Arrow up brings back a line, but not a paste.
        head, _, more = line.partition("\n")
        self.wrong(f"not sent: {head} ({why})" if not more else f"not sent ({why}):")
        if more:
            self._screen.show(
                "".join(f"    {one}\r\n" for one in line.split("\n")).encode()
            )

    # Commands

    def _command(self, word: str, rest: str, line: str) -> None:
        to, _, text = rest.partition(" ")
        if word in _SECRET:
            self._screen.forget(line)
        if word == "switch":
            self._go(self._switch(rest))
        elif word in _LEAVE:
            self._leave()
        elif word in ("send-file", "sendfile"):
            self._go(self.files.send(rest, self.room))
        elif word in ("get-file", "getfile"):
            self._go(self.files.get(rest))
        elif word == "refuse-file":
            self._go(self.files.refuse(rest))
        elif word in _SECRET and len(rest.split()) < _SECRET[word]:
            self._go(self._ask_secret(word, rest))
        elif word in _TELL and text.strip() and to.casefold() not in ("all", "@all"):
            self._whisper(to.removeprefix("@"), text.strip())
        elif word in ("r", "reply") and rest and self._correspondent:
            self._whisper(self._correspondent, rest)
        else:
            self._go(self._perform(word, rest, line))

    async def _perform(self, word: str, rest: str, line: str) -> None:
        try:
            reply = await self._client.command(line, room=self.room)
        except (RequestFailed, Unanswered) as problem:
            if word in _SECRET:
                self.wrong(str(problem))
            else:
                self.wrong(f"{problem} Your line was not sent: {line}")
            return
        except Ended:
            return
        for answer in reply.answers:
            self._show(answer)
        if word == "me" and reply.id:
            me = person_called(self._client.name)
            self._show(
                Emoted(
                    id=reply.id, time=reply.time, room=self.room, sender=me, text=rest
                )
            )
        elif word == "set" and rest:
            name, _, value = rest.casefold().partition(" ")
            if name == "bell":
                self._wording.bell = value != "off"
            self._go(self._learn())
        elif word == "help" and not rest:
            self.ours(HELP)

    async def _ask_secret(self, word: str, rest: str) -> None:
        """Ask for passwords that were, rightly, not typed into the line."""
        asked = {
            "login": ["password: "],
            "register": ["password: ", "once more: "],
            "password": ["password so far: ", "new password: ", "once more: "],
            "unregister": ["password: "],
            "claim": ["code: "],
        }[word]
        words = rest.split()
        if word in ("login", "register") and not words:
            words = [self._client.name]
        answers = []
        for prompt in asked:
            answer = await self.ask(prompt, secret=True)
            if not answer:
                break
            answers.append(answer)
        if len(answers) < len(asked):
            self.ours("Nothing was changed.")
            return
        if asked[-1] == "once more: " and answers.pop() != answers[-1]:
            self.wrong("These are two different passwords. Nothing was changed.")
            return
        line = " ".join([f"/{word}", *words, *answers])
        await self._perform(word, rest, line)

    # The end

    def _leave(self) -> None:
        if self._leaving:
            return
        self._leaving = True
        if self._client.ready or not self._screen.terminal:
            self._client.command("/quit").addErrback(lambda _: None)
            self._clock.callLater(PATIENCE, self._go_away)
        else:
            self._go_away()

    def _go_away(self) -> None:
        self._go(self._client.stop())

    def complete(self, before: str) -> list[str]:
        """The words that the last word before the cursor may become."""
        word = before.rpartition(" ")[2]
        state = self._client.state
        if before.startswith("/") and " " not in before:
            names = [f"/{name}" for name in sorted(self._commands)]
        else:
            at = "@" if word.startswith("@") else ""
            here = state.room(self.room)
            people = {**(here.people if here else {}), **state.people}
            names = [at + name for name in people.values() if name != state.name]
            names += [
                ("#" if word.startswith("#") else "") + room.name
                for room in state.rooms.values()
            ]
        folded = word.casefold()
        return [name for name in names if name.casefold().startswith(folded)]

    def _go(self, coroutine: Coroutine["Deferred[Any]", Any, None]) -> None:
        Deferred.fromCoroutine(coroutine).addErrback(self._stumbled)

    def _stumbled(self, failure: Failure) -> None:
        if failure.check(RequestFailed, Unanswered, Ended) is None:
            _log.failure("the client stumbled", failure=failure)
        self.wrong(failure.getErrorMessage())


class _Room:
    """
    What was shown of a room.

    @ivar shown: The last id; C{told}: up to which the server knows that it was read.
    @ivar mark: After which id the unread begins; 0: there is none.
    @ivar kept: What was said while another was looked at.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.unread = self.mentions = 0
        self.shown = self.told = self.mark = 0
        self.kept: deque[Event] = deque(maxlen=KEPT)

    def look(self) -> None:
        """All is shown now."""
        self.unread = self.mentions = self.mark = 0
        self.kept.clear()

    def leave(self) -> None:
        """From now on it is not looked at."""
        self.mark = self.shown


def _key(name: str) -> str:
    return name.removeprefix("#").casefold()


_log = Logger()
