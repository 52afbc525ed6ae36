"""Tests for C{docs/extending.rst}: its examples work."""

import sys
import tomllib
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import TestResult

from twisted.internet.defer import Deferred
from twisted.trial.runner import TestLoader
from twisted.trial.unittest import SynchronousTestCase

from chatd import service
from chatd.chat.command import Commands
from chatd.chat.events import Failed, Listing, Notice, Said
from chatd.testing import join, make_hub, type_in
from tests.client.wired import ClientCase
from tests.docs.reading import blocks


class Example(SynchronousTestCase):
    """Somebody copies the examples into a folder of their own."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.files = blocks("extending.rst")
        for name, text in self.files.items():
            (self.folder / name).write_text(text, "utf-8")
        self.patch(sys, "path", [str(self.folder), *sys.path])
        self.patch(sys, "dont_write_bytecode", True)
        for name in self.files:
            self.addCleanup(sys.modules.pop, name.removesuffix(".py"), None)

    def load(self, name: str) -> ModuleType:
        """Import an example."""
        return import_module(name)


class CommandTests(Example):
    """The command does what the document says."""

    def test_roll(self) -> None:
        """Dice fall, for all in the room to see."""
        hub = make_hub(commands=[self.load("chatd_dice")])
        ann, door = join(hub, "ann")
        _, seen = join(hub, "bob")
        type_in(hub, ann, "/roll 2d6", "/DICE d20", "/roll 3d1")
        for said, pattern in zip(
            seen.of(Said),
            (r"2d6: [1-6] \+ [1-6] = \d+", r"d20: (\d+) = \1", r"3d1: 1 \+ 1 \+ 1 = 3"),
            strict=True,
        ):
            self.assertRegex(said.text, f"^{pattern}$")
        self.assertEqual(door.of(Notice)[-1].text, "You rolled 3d1: 1 + 1 + 1 = 3")

    def test_wrong(self) -> None:
        """What are no dice is refused, saying what is."""
        hub = make_hub(commands=[self.load("chatd_dice")])
        ann, door = join(hub, "ann")
        type_in(
            hub, ann, "/roll", "/roll 2d6 3d6", "/roll two", "/roll d0", "/roll 10d6"
        )
        failures = door.of(Failed)
        self.assertEqual([failed.code for failed in failures], ["usage"] * 5)
        self.assertIn("/roll 2d6", failures[-1].text)

    def test_help(self) -> None:
        """Help shows the docstring, below the heading of the module."""
        hub = make_hub(commands=[self.load("chatd_dice")])
        ann, door = join(hub, "ann")
        door.take()
        type_in(hub, ann, "/help roll", "/help")
        text = "\n".join(
            "\n".join([event.title, *event.lines]) for event in door.of(Listing)
        )
        for words in ("/roll DICE", "for all in the room to see", "2d6", "Games"):
            self.assertIn(words, text)

    def test_package(self) -> None:
        """The server finds the command of an installed package, as it is declared."""
        project = tomllib.loads(self.files["pyproject.toml"])["project"]
        info = self.folder / "chatd_dice-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\n"
            f"Version: {project['version']}\n"
        )
        lines = []
        for group, points in project["entry-points"].items():
            lines += [f"[{group}]", *(f"{key} = {points[key]}" for key in points)]
        (info / "entry_points.txt").write_text("\n".join(lines))
        commands = Commands()
        commands.add_strangers(
            (point.name, point.load)
            for point in entry_points(group=service.ENTRY_POINTS)
            if point.name == "dice"
        )
        self.assertEqual(commands.find("roll").subject, "Games")

    def test_its_test(self) -> None:
        """The test of the command that is shown passes."""
        outcome = TestResult()
        suite: Callable[[TestResult], Any] = TestLoader().loadModule(
            self.load("test_chatd_dice")
        )
        suite(outcome)
        self.assertEqual(outcome.testsRun, 1)
        self.assertEqual((outcome.failures, outcome.errors), ([], []))


class BotTests(ClientCase):
    """The bot does what the document says."""

    def setUp(self) -> None:
        super().setUp()
        self.source = blocks("extending.rst")["timebot.py"]
        module: dict[str, Any] = {"__name__": "timebot"}
        exec(compile(self.source, "timebot.py", "exec"), module)
        self.bot = self.client("timebot")
        self.running = Deferred.fromCoroutine(module["timebot"](self.bot))

    def test_length(self) -> None:
        """It has twenty lines at most."""
        self.assertLessEqual(len(self.source.splitlines()), 20)

    def test_greets(self) -> None:
        """Newcomers are greeted once, and it does not greet itself."""
        _, door = join(self.hub, "ann")
        self.line.carry()
        (said,) = door.of(Said)
        self.assertEqual(
            (said.sender.name, said.text),
            ("timebot", "Hello ann! Ask me for the time with !time."),
        )

    def test_time(self) -> None:
        """Whoever asks for the time is told, in the room where they asked."""
        ann, door = join(self.hub, "ann")
        self.line.carry()
        door.take()
        type_in(self.hub, ann, "what is the !time", "!time")
        self.line.carry()
        (said,) = door.of(Said)
        self.assertRegex(said.text, r"^It is \d\d:\d\d\.$")
        self.assertEqual(said.room, "lobby")

    def test_once(self) -> None:
        """Each question is answered once, wherever the connection breaks."""
        ann, door = join(self.hub, "ann")
        self.line.carry()
        door.take()
        for lost in (False, True, False, True):
            self.line.lost_answers = lost
            type_in(self.hub, ann, "!time")
            self.line.carry()
            type_in(self.hub, ann, "!time")
            self.line.cut()
            self.line.lost_answers = False
            self.back()
        answers = [said for said in door.of(Said) if said.sender.name == "timebot"]
        self.assertEqual(len(answers), 8)
        self.assertNoResult(self.running)
