"""Somebody at a terminal that lies in memory."""

import re
from typing import Any

from twisted.internet.defer import Deferred, succeed

from chatd.chat.clean import clean_block
from chatd.client.client import Client
from chatd.client.credentials import Credentials
from chatd.client.talk import Talk
from chatd.client.wording import Wording
from chatd.wire.outcome import EndOfFile, Interrupt, Line, Outcome
from tests.client.wired import ClientCase

_TIME = re.compile(r"^\[[-0-9: ]+\] ")


class FakeScreen:
    """
    What was shown, and what is typed.

    @ivar lines: All that was shown, without colours.
    @ivar prompt: What stands before the line being typed.
    @ivar asked: What was asked for and not answered.
    @ivar bells: How often it rang.
    """

    terminal = redraws = True

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.prompt = ""
        self.asked: list[tuple[str, bool]] = []
        self.forgotten: list[str] = []
        self.bells = 0
        self._answer: Deferred[str | None] | None = None
        self._typed: Any = None

    def show(self, text: str | bytes) -> None:
        """Show lines."""
        words = text if isinstance(text, str) else text.decode()
        self.bells += words.count("\a")
        self.lines += words.replace("\a", "").removesuffix("\r\n").split("\r\n")

    def set_prompt(self, prompt: str) -> None:
        """What stands before the line being typed: it is taken from now on."""
        if self._typed is None:
            raise AssertionError(f"{prompt!r} is shown too early")
        self.prompt = prompt

    def read(self, typed: Any) -> None:
        """Give what is typed to somebody."""
        self._typed = typed

    def ask(self, prompt: str, *, secret: bool = False) -> "Deferred[str | None]":
        """Ask for a line."""
        self.asked.append((prompt, secret))
        self._answer = Deferred()
        return self._answer

    def forget(self, line: str) -> None:
        """Do not offer a line again."""
        self.forgotten.append(line)

    def ready(self) -> "Deferred[None]":
        """It always takes more."""
        return succeed(None)

    def type(self, outcome: Outcome) -> None:
        """Somebody presses keys."""
        answer, self._answer = self._answer, None
        if answer is not None:
            self.asked.pop()
            answer.callback(outcome.text if isinstance(outcome, Line) else None)
        else:
            self._typed(outcome)


class Sitting:
    """Somebody sits there and talks."""

    def __init__(self, case: "TalkCase", name: str, **more: Any) -> None:
        self.screen = FakeScreen()
        self.line = case.new_line()
        credentials = more.pop("credentials", Credentials(name))
        self.client = Client(self.line, credentials, clock=case.clock, **more)
        wording = Wording(colour=False, bell=True)
        screen: Any = self.screen
        self.talk = Talk(self.client, screen, wording, case.clock, case.no_files)
        self.over = Deferred.fromCoroutine(self.talk.run())
        self._clock = case.clock
        case.addCleanup(self.go)
        self.line.carry()

    def go(self) -> None:
        """Be gone without a word."""
        Deferred.fromCoroutine(self.client.stop())
        self._clock.advance(0)
        self.over.addErrback(lambda _: None)

    def say(self, text: str) -> None:
        """Type a line."""
        self.screen.type(Line(clean_block(text)))
        self.line.carry()

    def interrupt(self, text: str = "") -> None:
        """Press Ctrl-C."""
        self.screen.type(Interrupt(text))
        self.line.carry()

    def end(self) -> None:
        """Press Ctrl-D."""
        self.screen.type(EndOfFile())
        self.line.carry()

    @property
    def last(self) -> str:
        """What was shown last, without the time."""
        return self.shown[-1]

    @property
    def shown(self) -> list[str]:
        """What was shown, without times."""
        return [_TIME.sub("", line) for line in self.screen.lines]


class TalkCase(ClientCase):
    """A hub, and people who sit at terminals."""

    def sit(self, name: str, **more: Any) -> Sitting:
        """Somebody sits down and comes in."""
        return Sitting(self, name, **more)

    def no_files(self) -> Any:
        """Nothing moves files here."""
        raise AssertionError("no files here")
