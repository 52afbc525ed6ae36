"""Who is shut out of the whole chat."""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from chatd.chat.account import Account, Role
from chatd.chat.durations import in_words
from chatd.chat.errors import Banned
from chatd.chat.events import ServerBanned, ServerUnbanned
from chatd.chat.store import ServerBan

ACCOUNT = "account:"
NETWORK = "network:"


class Bans:
    """
    The bans from the whole chat, by their targets.

    An address is looked up once for each size of network there is, not once for each
    ban: it is asked for every connection.
    """

    def __init__(self, bans: Iterable[ServerBan], now: Callable[[], float]) -> None:
        """
        @param now: POSIX seconds.
        """
        self._bans: dict[str, ServerBan] = {}
        # By version and size of network: the bits that all addresses in it share.
        self._networks: dict[tuple[int, int], dict[int, str]] = {}
        self._now = now
        for ban in bans:
            self._add(ban)

    def apply(self, event: ServerBanned | ServerUnbanned) -> None:
        """Change as the event says."""
        self._remove(event.target)
        if isinstance(event, ServerBanned):
            self._add(
                ServerBan(
                    event.target,
                    event.shown,
                    event.until,
                    event.reason,
                    event.sender.name,
                )
            )

    def in_force(self) -> list[ServerBan]:
        """Those that have not ended; those that have are forgotten."""
        now = self._now()
        for ban in list(self._bans.values()):
            if ban.until and ban.until <= now:
                self._remove(ban.target)
        return list(self._bans.values())

    def check(self, *, account: str = "", address: str = "") -> None:
        """
        @param account: The key of an account's name.
        @param address: Where somebody comes from.
        @raise Banned: if either is shut out; says for how long, and why.
        """
        if not self._bans:
            return
        for target in (f"{ACCOUNT}{account}", *self._around(address)):
            ban = self._bans.get(target)
            if ban is None:
                continue
            if ban.until and ban.until <= self._now():
                self._remove(target)
                continue
            left = f" for {in_words(ban.until - self._now())}" if ban.until else ""
            reason = f": {ban.reason}" if ban.reason else "."
            raise Banned(f"You are banned from this server{left}{reason}")

    def check_account(self, account: Account, address: str) -> None:
        """
        @raise Banned: if somebody with this account is shut out; operators never are.
        """
        if account.role < Role.OPERATOR:
            self.check(account=account.key, address=address)

    def _around(self, address: str) -> list[str]:
        """The banned networks in which an address lies."""
        ip = _foreign(address) if self._networks else None
        if ip is None:
            return []
        found = []
        for (version, size), networks in self._networks.items():
            if version == ip.version:
                target = networks.get(int(ip) >> (ip.max_prefixlen - size))
                if target is not None:
                    found.append(target)
        return found

    def _add(self, ban: ServerBan) -> None:
        self._bans[ban.target] = ban
        place = _place(ban.target)
        if place is not None:
            version, size, bits = place
            self._networks.setdefault((version, size), {})[bits] = ban.target

    def _remove(self, target: str) -> None:
        if self._bans.pop(target, None) is None:
            return
        place = _place(target)
        if place is not None:
            version, size, bits = place
            networks = self._networks[version, size]
            networks.pop(bits, None)
            if not networks:
                del self._networks[version, size]


def covers(target: str, address: str) -> bool:
    """Whether a target is a network and an address lies in it."""
    place, ip = _place(target), _foreign(address)
    if place is None or ip is None:
        return False
    version, size, bits = place
    return version == ip.version and int(ip) >> (ip.max_prefixlen - size) == bits


def _place(target: str) -> tuple[int, int, int] | None:
    """A target's version and size of network, and the bits that say which."""
    if not target.startswith(NETWORK):
        return None
    network = ip_network(target.removeprefix(NETWORK))
    size = network.prefixlen
    return (
        network.version,
        size,
        int(network.network_address) >> (network.max_prefixlen - size),
    )


def _foreign(address: str) -> IPv4Address | IPv6Address | None:
    """
    An address that can be banned; not one of this machine: whoever sits at it can
    always come in and lift a ban.
    """
    try:
        ip = ip_address(address)
    except ValueError:  # a UNIX socket has no address
        return None
    return None if ip.is_loopback else ip
