"""How questions are answered that are asked of memory: at once, when told, or not."""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from chatd.chat.store import StoreDown


class Answering:
    """
    What all questions have in common.

    @ivar failing: Whether it behaves like a database that cannot be reached.
    @ivar full: Whether it behaves like one whose disk is full, which answers questions
        and keeps nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failing = False
        self.full = False
        self._held: list[Callable[[], object]] | None = None
        self._held_questions = False

    def hold(self, *, questions: bool = False) -> None:
        """
        From now on answer nothing until L{release}.

        @param questions: Hold all questions, not only L{append}.
        """
        self._held = self._held or []
        self._held_questions = questions

    def release(self) -> None:
        """Answer what was held, in order, and hold no longer."""
        held, self._held = self._held or [], None
        for answer in held:
            answer()

    async def _turn(self, *, writes: bool = False) -> None:
        if self._held is not None and self._held_questions:
            released: Deferred[None] = Deferred()
            self._held.append(lambda: released.callback(None))
            await released
        if self.failing or (self.full and writes):
            raise StoreDown
