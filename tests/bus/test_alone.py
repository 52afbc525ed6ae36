"""Tests for L{chatd.bus.alone}."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.bus.alone import Alone
from chatd.chat.account import Person
from chatd.chat.events import Event, Said


class AloneTests(SynchronousTestCase):
    """A server that is the only one."""

    def test_nothing(self) -> None:
        """What it publishes does not come back: everybody was shown it already."""
        bus = Alone()
        heard: list[Event] = []
        bus.connect(heard.append)
        bus.publish([Said(room="lobby", sender=Person(1, "ann"), text="hi")])
        self.assertEqual(heard, [])
