"""The bus of a server that is the only one."""

from collections.abc import Callable, Sequence

from chatd.chat.events import Event


class Alone:
    """There is nobody to tell."""

    def publish(self, events: Sequence[Event]) -> None:
        """Nothing to do."""

    def connect(self, deliver: Callable[[Event], None]) -> None:
        """Nothing will be heard."""
