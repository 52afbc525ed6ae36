"""How often people may do what everybody else sees."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IReactorTime

from chatd.chat.admission import place_of
from chatd.chat.durations import try_again
from chatd.chat.errors import TooFast
from chatd.chat.rules import Rules
from chatd.chat.throttle import Throttles

if TYPE_CHECKING:
    from chatd.chat.session import Session

MINUTE, HOUR = 60.0, 3_600.0  # seconds


class Pace:
    """Coming and going, new names, new rooms: as often as others can bear."""

    def __init__(self, clock: IReactorTime, rules: Callable[[], Rules]) -> None:
        """
        @param rules: Those that hold at the moment.
        """
        self._clock = clock
        self._rules = rules
        self._entering = Throttles(1, MINUTE)
        self._renaming = Throttles(1, MINUTE)
        self._opening = Throttles(1, HOUR)

    def enter(self, session: "Session") -> None:
        """
        Somebody enters a room.

        @raise TooFast: if they have entered too many lately.
        """
        who = session.somebody().id
        self._take(self._entering, self._rules().joins, who, "You enter rooms")

    def rename(self, session: "Session") -> None:
        """
        A guest takes another name.

        @raise TooFast: if they have had too many lately.
        """
        who = session.somebody().id
        self._take(self._renaming, self._rules().renames, who, "You change your name")

    def open(self, session: "Session") -> None:
        """
        Somebody opens a room; guests, who are new with each connection, share what one
        address has.

        @raise TooFast: if they have opened too many lately.
        """
        person = session.somebody()
        own = session.exempt or not person.guest
        who = person.id if own else place_of(session.address)
        self._take(self._opening, self._rules().new_rooms, who, "You open rooms")

    def _take(
        self, throttles: Throttles, count: int, who: int | str, what: str
    ) -> None:
        throttles.resize(count)
        wait = throttles.take(who, self._clock.seconds())
        if wait and self._rules().throttle:
            raise TooFast(f"{what} too often. {try_again(wait)}")
