"""What the tests of talks share: ann and bob in the lobby."""

from chatd.chat.events import Event, Said
from tests.chatting import Chatting


class TalkCase(Chatting):
    """Ann and bob have read everything so far."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.ann_door = self.guest("ann")
        self.bob, self.bob_door = self.guest("bob")
        self.clear()

    def clear(self) -> None:
        """Forget what was shown so far."""
        self.ann_door.take()
        self.bob_door.take()

    def stored(self) -> list[Event]:
        """What is kept, in order."""
        return [event for _, event in sorted(self.store._events.items())]

    def said(self) -> list[str]:
        """What was said of all that is kept."""
        return [event.text for event in self.stored() if isinstance(event, Said)]
