"""How many files move over HTTP at the same time."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatd.chat.errors import TooFast

if TYPE_CHECKING:
    from chatd.chat.hub import Hub


class Transfers:
    """Counts what moves, in both directions."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._of: Counter[int] = Counter()

    def __len__(self) -> int:
        return self._of.total()

    def begin(self, person: int) -> Callable[[], None]:
        """
        One more.

        @param person: In whose name.
        @return: To be called once when it is over.
        @raise TooFast: if there are as many as may be.
        """
        rules = self._hub.rules
        if self._of[person] >= rules.files_transfers_person:
            raise TooFast(
                f"{rules.files_transfers_person} files at the same time are the most. "
                "Wait until one of them is through."
            )
        if len(self) >= rules.files_transfers:
            raise TooFast("Too many files move at this moment. Try again soon.")
        self._of[person] += 1

        def end() -> None:
            self._of[person] -= 1
            if not self._of[person]:
                del self._of[person]

        return end
