"""Which connections are let in, and which must go when there are too many."""

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address, ip_network

from chatd.chat.bans import Bans
from chatd.chat.durations import try_again
from chatd.chat.errors import ChatError, Full, TooFast
from chatd.chat.rules import Rules
from chatd.chat.throttle import Throttles

MINUTE = 60.0  # seconds

# Connections that are refused, and stay open for a moment to be told why. More are
# just ended, so that refusing costs little.
EXPLAINING = 32

# Connections beyond all limits from the machine itself, where an operator sits who has
# to do something about it.
SPARE = 8

# Seconds in which nobody is sent away who types a name, however many do.
TIME_TO_TYPE = 15.0

# A customer of an IPv6 provider has at least so large a network, all to themselves.
IPV6_CUSTOMER = 64


class Visit:
    """
    One connection, from its first moment to its last.

    @ivar since: When it began, by a clock that does not go back.
    @ivar address: Where it comes from, as people write it; C{""} as long as it is not
        known.
    @ivar place: See L{place_of}; likewise.
    @ivar decided: Whether it is known what it speaks, also inside TLS.
    @ivar waiting: Whether nobody has come in by it yet.
    @ivar cut: Ends it while it waits; is told why, as in "because too many wait".
    """

    __slots__ = (
        "_admission",
        "_counted",
        "_refused",
        "address",
        "cut",
        "decided",
        "place",
        "since",
        "waiting",
    )

    def __init__(
        self, admission: "Admission", since: float, cut: Callable[[str], None]
    ) -> None:
        self._admission = admission
        self.since = since
        self.cut = cut
        self.address = self.place = ""
        self.decided = False
        self.waiting = True
        self._counted = False  # among those of its address
        self._refused = False

    def came_in(self) -> None:
        """Somebody has come in by it, or need not: it waits no longer."""
        self.cut = _stays
        self._admission.came_in(self)


class Admission:
    """
    Counts connections, and decides.

    @ivar most: How many connections the system can hold; 0 for any number.
    @ivar left: How many have ended since the start.
    @ivar refused: How many were refused since the start, by the code of the reason.
    """

    def __init__(
        self,
        rules: Callable[[], Rules] = Rules,
        bans: Callable[[], Bans] = lambda: Bans((), lambda: 0.0),
    ) -> None:
        """
        @param rules: Those that hold at the moment; C{bans} likewise.
        """
        self._rules = rules
        self._bans = bans
        self.most = 0
        self.left = 0
        self.refused: Counter[str] = Counter()
        self._visits: set[Visit] = set()
        self._explaining = 0
        self._at: Counter[str] = Counter()  # connections by place
        # By place, and there the oldest first.
        self._waiting: dict[str, dict[Visit, None]] = {}
        self._waiting_count = 0
        self._new = Throttles(1, MINUTE)

    def __len__(self) -> int:
        return len(self._visits)

    @property
    def waiting(self) -> int:
        """How many have not come in yet."""
        return self._waiting_count

    def arrive(self, now: float, cut: Callable[[str], None]) -> Visit:
        """A connection begins; L{check} comes next, and L{leave} last, in any case."""
        visit = Visit(self, now, cut)
        self._visits.add(visit)
        self._wait(visit)
        if len(self._waiting[""]) > self._rules().entering_all:
            self._cut_oldest(self._waiting[""])
        return visit

    def check(self, visit: Visit, address: str, now: float, *, exempt: bool) -> None:
        """
        Decide about a connection, once it is known where it comes from.

        @param exempt: Whether the limits per address do not apply to it.
        @raise ChatError: if it is refused.
        """
        self._stop_waiting(visit)
        visit.address, visit.place = address, place_of(address)
        try:
            self._check(visit, address, now, exempt)
        except ChatError as error:
            visit._refused = True
            self._explaining += 1
            self.refused[error.code] += 1
            raise
        self._at[visit.place] += 1
        visit._counted = True
        self._wait(visit)
        self._make_room()

    def may_explain(self) -> bool:
        """Whether one that is refused can be told so, or has to be cut off."""
        return self._explaining <= EXPLAINING

    def came_in(self, visit: Visit) -> None:
        """As L{Visit.came_in}."""
        self._stop_waiting(visit)

    def leave(self, visit: Visit) -> None:
        """The connection is gone."""
        if visit not in self._visits:
            return
        self._visits.remove(visit)
        self.left += 1
        self._stop_waiting(visit)
        self._explaining -= visit._refused
        self._uncount(visit)

    def _check(self, visit: Visit, address: str, now: float, exempt: bool) -> None:
        rules, place = self._rules(), visit.place
        self._bans().check(address=address)
        if not exempt and rules.throttle:
            self._new.resize(rules.new_address)
            wait = self._new.take(place, now)
            if wait:
                raise TooFast(
                    "There are too many new connections from your address. "
                    f"{try_again(wait)}"
                )
        limit, spare = self._limit, SPARE if _is_here(address) else 0
        if limit and len(self._visits) - self._explaining > limit + spare:
            raise Full(
                "The server has all the connections it can have. Try again soon."
            )
        if not exempt:
            self._check_place(place, now)

    def _check_place(self, place: str, now: float) -> None:
        """
        Of too many from one address who wait, the oldest goes, if it had its time: a
        class that begins all at once gets in, and so does whoever comes beside those
        who never will.
        """
        rules = self._rules()
        waiting = self._waiting.get(place, {})
        crowded = rules.throttle and len(waiting) >= rules.entering_address
        full = self._at[place] >= rules.connections_address
        if crowded and (full or now - next(iter(waiting)).since >= TIME_TO_TYPE):
            self._cut_oldest(waiting, "too many from its address wait to come in")
        elif full:
            raise Full(
                f"There are {rules.connections_address} connections from your address "
                "already, which is the most. End one of them first."
            )

    @property
    def _limit(self) -> int:
        """Connections in all; 0 for any number."""
        most, ruled = self.most, self._rules().connections
        return min(most, ruled) if most and ruled else most or ruled

    def _make_room(self) -> None:
        """
        Too many wait to come in: the oldest of the place with most of them goes.

        Those who wait never have more than half of all connections.
        """
        most, limit = self._rules().entering_all, self._limit
        if limit:
            most = min(most, limit // 2 or 1)
        if self._waiting_count > most and self._rules().throttle:
            self._cut_oldest(max(self._waiting.values(), key=len))

    def _cut_oldest(
        self, waiting: dict[Visit, None], why: str = "too many wait to come in"
    ) -> None:
        oldest = next(iter(waiting))
        self._stop_waiting(oldest)
        self._uncount(oldest)
        oldest.cut(why)

    def _uncount(self, visit: Visit) -> None:
        if visit._counted:
            visit._counted = False
            self._at[visit.place] -= 1
            if not self._at[visit.place]:
                del self._at[visit.place]

    def _wait(self, visit: Visit) -> None:
        visit.waiting = True
        self._waiting.setdefault(visit.place, {})[visit] = None
        self._waiting_count += 1

    def _stop_waiting(self, visit: Visit) -> None:
        if not visit.waiting:
            return
        visit.waiting = False
        self._waiting_count -= 1
        waiting = self._waiting[visit.place]
        del waiting[visit]
        if not waiting:
            del self._waiting[visit.place]


def _stays(why: str) -> None:
    """Those who have come in are not cut."""


@lru_cache(maxsize=1024)
def _is_here(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:  # a UNIX socket has no address
        return True


@lru_cache(maxsize=1024)
def place_of(address: str) -> str:
    """
    What counts as one address: an address of IPv4, a customer's network of IPv6.

    @param address: As people write it, or a word for what has none.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:
        return address
    return str(ip_network((ip, IPV6_CUSTOMER), strict=False))
