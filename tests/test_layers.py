"""The arrows of the house: who may import whom."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import chatd

ROOT = Path(chatd.__file__).parent

VALUES = {
    f"chatd.chat.{name}"
    for name in [
        "account",
        "admission",
        "bans",
        "clean",
        "durations",
        "errors",
        "events",
        "file",
        "ignores",
        "links",
        "look",
        "names",
        "outside",
        "password_rules",
        "places",
        "presence",
        "request",
        "roll",
        "rules",
        "sentences",
        "short_ids",
        "spread",
        "stamps",
        "store",
        "throttle",
        "value",
    ]
}

# What a folder may import of chatd besides itself; longer names come first.
ALLOWED: dict[str, set[str]] = {
    "chatd.chat": set(),
    "chatd.commands": {"chatd.chat.command", *VALUES},
    "chatd.api": {"chatd.chat.command", *VALUES},
    "chatd.render": VALUES,
    "chatd.wire": VALUES,
    "chatd.doors": {"chatd.chat", "chatd.render", "chatd.wire"},
    "chatd.store": VALUES,
    "chatd.files": VALUES,
    "chatd.bus": VALUES,
    "chatd.secrets": VALUES,
    "chatd.operate": {"chatd.secrets", "chatd.store", *VALUES},
    "chatd.client": {"chatd.wire", "chatd.render", *VALUES},
    "chatd.testing": {"chatd.chat", "chatd.commands", "chatd.store.memory"},
    "chatd.ways": {
        "chatd.chat",
        "chatd.doors",
        "chatd.operate",
        "chatd.secrets",
        "chatd.wire",
    },
    "chatd.control": {"chatd.chat", "chatd.operate", "chatd.secrets", "chatd.ways"},
    "chatd.instruments": {"chatd.chat", "chatd.control", "chatd.operate"},
    "chatd.service": {"chatd"},
    "chatd.__main__": {"chatd.operate", "chatd.client"},
}

# What the values, the renderers and the parsers may use of the world.
PURE = ("chatd.render", "chatd.wire", *sorted(VALUES))

# What the chat may use of Twisted.
TWISTED = {
    "twisted.internet.defer",
    "twisted.internet.interfaces",
    "twisted.internet.task",
    "twisted.logger",
    "twisted.python.failure",
}


def modules() -> Iterator[tuple[str, Path]]:
    """All modules of the package, by name."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        yield ".".join(parts).removesuffix(".__init__"), path


@cache
def imports(path: Path) -> tuple[str, ...]:
    """What a module imports, wherever it does so; not what only the types need."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in [*ast.walk(tree)]:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = []
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the arrow"
            found.append(node.module or "")
    return tuple(found)


def within(name: str, places: set[str]) -> bool:
    """Whether a module is one of the places, or inside one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


class LayerTests(SynchronousTestCase):
    """Imports point the way that docs and reviews rely on."""

    def test_arrows(self) -> None:
        """No module imports what its folder may not know."""
        wrong = []
        for name, path in modules():
            if name == "chatd":
                continue
            home = max(
                (place for place in ALLOWED if within(name, {place})),
                key=len,
                default="",
            )
            self.assertTrue(home, f"{name} is in no layer: say where it belongs")
            allowed = ALLOWED[home] | {home}
            for other in imports(path):
                ours = within(other, {"chatd"}) and other != "chatd"
                if ours and not within(other, allowed):
                    wrong.append(f"{name} imports {other}")
        self.assertEqual(wrong, [])

    def test_values(self) -> None:
        """Values, renderers and parsers know nothing but each other."""
        wrong = []
        for name, path in modules():
            if not within(name, set(PURE)):
                continue
            for other in imports(path):
                # The store's protocol gives what its caller waits for.
                if within(other, {"twisted"}) and other != "twisted.internet.defer":
                    wrong.append(f"{name} imports {other}")
                if within(other, {"chatd"}) and not within(
                    other, {*VALUES, "chatd.render", "chatd.wire"}
                ):
                    wrong.append(f"{name} imports {other}")
        self.assertEqual(wrong, [])

    def test_core(self) -> None:
        """The chat itself knows no socket, no SQL and no wire format."""
        wrong = []
        for name, path in modules():
            if within(name, {"chatd.chat"}):
                wrong += [
                    f"{name} imports {other}"
                    for other in imports(path)
                    if within(other, {"twisted", "sqlalchemy", "socket", "json"})
                    and other not in TWISTED
                ]
        self.assertEqual(wrong, [])

    def test_service(self) -> None:
        """Nobody imports the file that knows all."""
        for name, path in modules():
            self.assertNotIn("chatd.service", imports(path), name)

    def test_ways_in(self) -> None:
        """The ways in share parts, but none knows another."""
        ways = {
            f"chatd.doors.{name}" for name in ("irc", "json", "sftp", "ssh", "text")
        } | {"chatd.doors.web"}
        for name, path in modules():
            if within(name, {"chatd.doors"}):
                home = {way for way in ways if within(name, {way})}
                for other in imports(path):
                    self.assertFalse(
                        within(other, ways - home), f"{name} imports {other}"
                    )

    def test_clocks(self) -> None:
        """The chat, the renderers and the parsers are told the time."""
        told = {"chatd.chat", "chatd.render", "chatd.wire"}
        for name, path in modules():
            # The hub's own clock is only what it takes when it is given none.
            if within(name, told) and name != "chatd.chat.hub":
                self.assertNotIn("time", imports(path), name)
