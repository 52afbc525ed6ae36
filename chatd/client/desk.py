"""What somebody at a terminal is shown, and asked."""

from collections.abc import Callable

from chatd.chat.events import Answer, Event, Handed, Shared
from chatd.client.client import Client
from chatd.client.offers import Offers
from chatd.client.screen import Screen
from chatd.client.state import key
from chatd.client.wording import Wording
from chatd.wire.outcome import Outcome


class Desk:
    """
    A screen, and how things are worded on it.

    @ivar room: The one that is looked at; C{""} for none.
    @ivar offers: The files that were shown.
    @ivar progress: How far a file is; C{""} if none is on its way.
    @ivar news: Words for the prompt: what is unread, and how things are.
    @ivar typed: Takes what is typed when nothing is asked.
    """

    def __init__(self, client: Client, screen: Screen, wording: Wording) -> None:
        self.room = ""
        self.offers = Offers()
        self.progress = ""
        self.news: Callable[[], list[str]] = list
        self.typed: Callable[[Outcome], None] = lambda _: None
        self._client = client
        self._screen = screen
        self._wording = wording

    @property
    def terminal(self) -> bool:
        """Whether somebody sits there; otherwise these are pipes."""
        return self._screen.terminal

    @property
    def redraws(self) -> bool:
        """Whether a typed line goes away when it is finished."""
        return self._screen.redraws

    def looks_at(self, *rooms: str) -> bool:
        """Whether one of these rooms is looked at."""
        return key(self.room) in map(key, rooms)

    def show(self, event: Event | Answer, *, named: bool = False) -> None:
        """
        Show what happened.

        @param named: Whether it names the one who reads.
        """
        room = getattr(event, "room", "")
        here = not isinstance(room, str) or not room or self.looks_at(room)
        number = self.offers.add(event) if isinstance(event, Shared | Handed) else 0
        self._screen.show(
            self._wording.event(
                event, self._client.name, here=here, named=named, file=number
            )
        )

    def new(self) -> None:
        """Show where the unread begins."""
        self._screen.show(self._wording.new())

    def ours(self, text: str) -> None:
        """The client tells something."""
        self._screen.show(self._wording.ours(text))

    def wrong(self, text: str) -> None:
        """Something was not done."""
        self._screen.show(self._wording.wrong(text))

    def faint(self, text: str) -> None:
        """Something that matters little."""
        self._screen.show(self._wording.faint(text))

    def quote(self, text: str) -> None:
        """Give back what somebody typed."""
        self._screen.show("\n".join(f"    {line}" for line in text.split("\n")))

    def choose(self, choices: dict[str, str]) -> None:
        """Look as somebody chose by C{/set}: names and values."""
        self._wording.choose(choices)

    def ring(self, on: bool) -> None:
        """Whether to ring when one is named or told something."""
        self._wording.bell = on

    def begin(self) -> None:
        """Let be typed from now on."""
        self._screen.read(self.typed)

    async def ask(self, prompt: str, *, secret: bool = False) -> str | None:
        """Ask for a line; C{None}: there is none."""
        answer = await self._screen.ask(prompt, secret=secret)
        self.begin()
        self.prompt()
        return answer

    def prompt(self) -> None:
        """Show where what is typed goes, what is unread, and how things are."""
        news = ", ".join(self.news())
        words = " ".join(filter(None, (self.room, news and f"({news})")))
        self._screen.set_prompt(f"{self.progress}{words}> ")

    def forget(self, line: str) -> None:
        """Do not offer a line again: it may hold a password."""
        self._screen.forget(line)

    async def ready(self) -> None:
        """Wait until more can be shown."""
        await self._screen.ready()
