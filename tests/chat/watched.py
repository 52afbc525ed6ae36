"""What the tests of sessions share: somebody does things, and another watches."""

from types import ModuleType

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.command import Call, Command, command
from chatd.chat.rules import Rules
from chatd.store.memory import MemoryStore
from chatd.testing import join, make_hub


def commands(*found: Command) -> ModuleType:
    """A module of commands."""
    module = ModuleType("strange")
    for one in found:
        setattr(module, one.name, one)
    return module


waiting: list["Deferred[None]"] = []


@command("wait")
async def wait(call: Call) -> None:
    """Wait until the test says so."""
    done: Deferred[None] = Deferred()
    waiting.append(done)
    await done
    call.reply("waited")


@command("bug", secret=True)
async def bug(call: Call) -> None:
    """Say something, and fail."""
    call.room.emote(call.session, "stumbles", call.hub.rules)
    raise ZeroDivisionError("a bug")


@command("praise", usage="TEXT...")
async def praise(call: Call) -> None:
    """Say something, and that it was said."""
    call.room.emote(call.session, call.rest, call.hub.rules)
    await call.happened()
    call.reply("said")


@command("count")
async def count(call: Call) -> None:
    """Answer at length."""
    for number in range(10):
        call.reply(f"{number}")
        if not await call.taken():
            counted.append(number)
            return


counted: list[int] = []


class Watched(SynchronousTestCase):
    """Ann, and bob who watches."""

    rules = Rules(throttle=False)

    def setUp(self) -> None:
        waiting.clear()
        counted.clear()
        self.clock = Clock()
        self.store = MemoryStore()
        self.hub = make_hub(
            store=self.store,
            clock=self.clock,
            rules=Rules(throttle=False),
            commands=[commands(wait, bug, praise, count)],
        )
        self.ann, self.ann_door = join(self.hub, "ann")
        self.bob, self.bob_door = join(self.hub, "bob")
        self.hub.rules = self.rules
        self.ann_door.take()
        self.bob_door.take()
