"""What somebody at a terminal types becomes requests."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred

from chatd.chat.clean import clean_block
from chatd.chat.events import Emoted, Listing
from chatd.chat.password_rules import command_meant, looks_secret, secretive
from chatd.client.asking import RequestFailed, Unanswered
from chatd.client.client import Client, Ended
from chatd.client.desk import Desk
from chatd.client.files import Files
from chatd.client.reading import person_called
from chatd.client.rooms import Rooms
from chatd.client.saying import Saying
from chatd.client.state import key

# Commands that take a password, and how many words they have with it.
_SECRET = {"login": 2, "register": 2, "password": 2, "unregister": 1, "claim": 1}
_ASKED = {
    "login": ("password: ",),
    "register": ("password: ", "once more: "),
    "password": ("password so far: ", "new password: ", "once more: "),
    "unregister": ("password: ",),
    "claim": ("code: ",),
}
_TELL = frozenset({"msg", "pm", "send", "tell", "w"})
_OURS = frozenset({"switch", "send-file", "get-file", "refuse-file"})
_LEAVE = frozenset({"quit", "exit", "bye", "logout"})

HELP = (
    "Of this client: /switch ROOM looks at another room you are in; /send-file PATH "
    "[NAME|ROOM]; /get-file [NUMBER|NAME|ID] [PATH]; /refuse-file [NUMBER]. Tab "
    "completes; Ctrl-C stops a file on its way."
)

Work: TypeAlias = Coroutine["Deferred[Any]", Any, None]


class Orders:
    """
    Does what is typed.

    @ivar commands: Those that are known, also by their aliases.
    """

    def __init__(
        self,
        client: Client,
        desk: Desk,
        rooms: Rooms,
        saying: Saying,
        files: Files,
        *,
        go: Callable[[Work], None],
        leave: Callable[[], None],
    ) -> None:
        """
        @param go: Lets something be done that takes a while.
        @param leave: Ends it all.
        """
        self.commands: set[str] = set(_LEAVE | _TELL | _OURS | {"me", "help"})
        self._client = client
        self._desk = desk
        self._rooms = rooms
        self._saying = saying
        self._files = files
        self._go = go
        self._leave = leave

    async def learn(self) -> None:
        """Find out what may be typed, and how things should look."""
        for line in ("/set", "/help"):
            try:
                reply = await self._client.command(line)
            except Unanswered:
                return  # it is asked again when the connection is back
            for answer in reply.answers:
                if isinstance(answer, Listing) and line == "/set":
                    choices = {
                        str(row["name"]): str(row["value"]) for row in answer.rows
                    }
                    self._desk.choose(choices)
                elif isinstance(answer, Listing):
                    for row in answer.rows:
                        aliases = row.get("aliases")
                        words = aliases if isinstance(aliases, list | tuple) else ()
                        self.commands |= {str(row["name"]), *map(str, words)}

    def take(self, typed: str) -> None:
        """A line, or a paste, was typed."""
        text = clean_block(typed)
        words = text.split()
        if not words:
            return
        if "\n" in text:
            self._go(self._saying.say(text))
        elif text.startswith("/") and not text.startswith("//"):
            self._command(text)
        elif text.startswith("@") and words[0][1:].casefold() in self.commands:
            self._command(f"/{text[1:]}")
        elif looks_secret(words) or self._logs_in(words):
            self._desk.forget(text)
            self._desk.wrong(
                "That looks like a password, and was sent to nobody. The command "
                f"begins with a slash: /{command_meant(words[0])}"
            )
        else:
            self._go(self._saying.say(text[1:] if text.startswith("//") else text))

    def _logs_in(self, words: list[str]) -> bool:
        """Whether it is C{login ann secret of many words}, and somebody is ann."""
        if len(words) < 4 or not secretive(words[0]):
            return False
        state = self._client.state
        return state.is_me(words[1]) or key(words[1]) in state.people

    def _command(self, line: str) -> None:
        name, _, rest = line[1:].partition(" ")
        word, rest = name.casefold(), rest.strip()
        to, _, text = rest.partition(" ")
        if word in _SECRET:
            self._desk.forget(line)
        if word == "switch":
            self._go(self._rooms.switch(rest))
        elif word in _LEAVE:
            self._leave()
        elif word in ("send-file", "sendfile"):
            self._go(self._files.send(rest, self._desk.room))
        elif word in ("get-file", "getfile"):
            self._go(self._files.get(rest))
        elif word in ("refuse-file", "refusefile"):
            self._go(self._files.refuse(rest))
        elif word in _SECRET and len(rest.split()) < _SECRET[word]:
            self._go(self._ask_secret(word, rest))
        elif word in _TELL and text.strip() and to.casefold() not in ("all", "@all"):
            self._go(self._saying.whisper(to.removeprefix("@"), text.strip()))
        elif word in ("r", "reply") and rest and self._saying.correspondent:
            self._go(self._saying.whisper(self._saying.correspondent, rest))
        else:
            self._go(self._perform(word, rest, line))

    async def _perform(self, word: str, rest: str, line: str) -> None:
        try:
            reply = await self._client.command(line, room=self._desk.room)
        except (RequestFailed, Unanswered) as problem:
            if word in _SECRET:
                self._desk.wrong(str(problem))
            else:
                self._desk.wrong(f"{problem} Your line was not sent: {line}")
            return
        except Ended:
            return
        for answer in reply.answers:
            self._desk.show(answer)
        if word == "me" and reply.id:
            me, room = person_called(self._client.name), self._desk.room
            self._desk.show(
                Emoted(id=reply.id, time=reply.time, room=room, sender=me, text=rest)
            )
        elif word == "set" and rest:
            name, _, value = rest.casefold().partition(" ")
            if name == "bell":
                self._desk.ring(value != "off")
            await self.learn()
        elif word == "help" and not rest:
            self._desk.ours(HELP)

    async def _ask_secret(self, word: str, rest: str) -> None:
        """Ask for passwords that were, rightly, not typed into the line."""
        words = rest.split()
        if word in ("login", "register") and not words:
            words = [self._client.name]
        answers: list[str] = []
        for prompt in _ASKED[word]:
            answer = await self._desk.ask(prompt, secret=True)
            if not answer:
                self._desk.ours("Nothing was changed.")
                return
            answers.append(answer)
        if _ASKED[word][-1] == "once more: " and answers.pop() != answers[-1]:
            self._desk.wrong("These are two different passwords. Nothing was changed.")
            return
        line = " ".join([f"/{word}", *words, *answers])
        await self._perform(word, rest, line)
