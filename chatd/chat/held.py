"""What is kept back from a session until it was shown what came before."""

from chatd.chat.events import Past, Stamped
from chatd.chat.told import Item

# Events held back for a session before it is shown them, ready or not.
MOST = 10_000


class Held:
    """Events that wait; answers go through."""

    __slots__ = ("_items", "_released", "_shown")

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._released: int | None = None  # up to where in the order
        self._shown: frozenset[int] = frozenset()  # not again

    def hold(self) -> None:
        """Wait for another release."""
        self._released = None

    def release(self, order: int, shown: tuple[Past, ...]) -> None:
        """
        Let them pass with what is shown next, behind all that was put before.

        @param order: The place of what was put last.
        @param shown: In these they were shown already.
        """
        self._shown |= {event.id for past in shown for event in past.events}
        self._released = order

    @property
    def full(self) -> bool:
        """Whether they can wait no longer."""
        return len(self._items) > MOST

    def sift(self, items: list[Item]) -> list[Item]:
        """
        Keep events back.

        @return: What is left: answers.
        """
        self._items += [i for i in items if isinstance(i.event, Stamped)]
        return [i for i in items if not isinstance(i.event, Stamped)]

    def pass_on(self, answers: list[Item]) -> list[Item] | None:
        """
        @return: The answers with all that waited, in the order in which it is shown;
            C{None} if it is not released.
        """
        order = self._released
        if order is None:
            return None
        held = [i for i in self._items if _id(i) not in self._shown]

        def place(item: Item) -> tuple[bool, bool, int]:
            # Of what was put up to the release, the answers come first.
            late = item.order > order
            return late, not late and isinstance(item.event, Stamped), item.order

        return sorted(answers + held, key=place)


def _id(item: Item) -> int:
    return item.event.id if isinstance(item.event, Stamped) else 0
