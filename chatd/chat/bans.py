"""Who is shut out of the whole chat."""

from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network

from chatd.chat.errors import Banned
from chatd.chat.events import ServerBanned, ServerUnbanned
from chatd.chat.store import ServerBan

ACCOUNT = "account:"
NETWORK = "network:"


class Bans:
    """The bans from the whole chat, by their targets."""

    def __init__(self, bans: Iterable[ServerBan], now: Callable[[], float]) -> None:
        """
        @param now: POSIX seconds.
        """
        self._bans = {ban.target: ban for ban in bans}
        self._now = now

    def apply(self, event: ServerBanned | ServerUnbanned) -> None:
        """Change as the event says."""
        self._bans.pop(event.target, None)
        if isinstance(event, ServerBanned):
            self._bans[event.target] = ServerBan(
                event.target, event.shown, event.until, event.reason, event.sender.name
            )

    def in_force(self) -> list[ServerBan]:
        """Those that have not ended."""
        now = self._now()
        return [ban for ban in self._bans.values() if not ban.until or ban.until > now]

    def check(self, *, account: str = "", address: str = "") -> None:
        """
        @param account: The key of an account's name.
        @param address: Where somebody comes from.
        @raise Banned: if either is shut out.
        """
        for ban in self.in_force():
            if ban.target == f"{ACCOUNT}{account}" or covers(ban.target, address):
                reason = f": {ban.reason}" if ban.reason else "."
                raise Banned(f"You are banned from this server{reason}")


def covers(target: str, address: str) -> bool:
    """Whether a target is a network and an address lies in it."""
    if not target.startswith(NETWORK):
        return False
    try:
        return ip_address(address) in ip_network(target.removeprefix(NETWORK))
    except ValueError:  # a UNIX socket has no address
        return False
