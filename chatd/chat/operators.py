"""What operators of the server do."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from twisted.internet.defer import DeferredLock

from chatd.chat.account import Account, Role
from chatd.chat.audit import note
from chatd.chat.bans import ACCOUNT, NETWORK, covers
from chatd.chat.durations import in_words
from chatd.chat.errors import BadRequest, NotAllowed, NotFound
from chatd.chat.events import (
    Announced,
    Killed,
    LockdownChanged,
    MotdChanged,
    RoleChanged,
    ServerBanned,
    ServerUnbanned,
)
from chatd.chat.names import key_of
from chatd.chat.outside import Server
from chatd.chat.room import check_text
from chatd.chat.sentences import check_reason

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session

# The provider gives every customer at least this much of IPv6: one address of it
# is no bar to anybody.
IPV6_CUSTOMER = 64

# Of addresses of IPv4 that are written as such of IPv6, as systems do that listen for
# both; peers are always told by the short form.
MAPPED = 96

LONGEST_WAIT = 86_400.0  # seconds; a server that stops next week is a note in the motd


class Operators:
    """
    The verbs of operators.

    @ivar lock: Held while somebody might stop being the last operator.
    """

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self.lock = DeferredLock()

    # To everybody

    def announce(self, session: "Session", text: str) -> None:
        """Tell everybody something, wherever they are."""
        check_text(text, self._hub.rules)
        self._hub.publish(Announced(sender=session.somebody(), text=text), session)

    def set_motd(self, session: "Session", text: str) -> None:
        """Change the message of the day; an empty text clears it."""
        if text:
            check_text(text, self._hub.rules)
        self._hub.publish(MotdChanged(sender=session.somebody(), text=text), session)

    def lock_down(self, session: "Session", on: bool) -> None:
        """Let only members come in and nobody register, or end that."""
        if self._hub.lockdown == on:
            raise BadRequest(f"The lock-down is {'on' if on else 'off'} already.")
        self._hub.publish(LockdownChanged(sender=session.somebody(), on=on), session)

    # Other operators

    async def appoint(self, session: "Session", name: str) -> str:
        """
        Make a member an operator.

        @return: The name, as it is shown.
        """
        person = await self._hub.find(name)
        if person.guest:
            raise NotAllowed(
                f"{person.name} is a guest. An operator needs an account: /register."
            )
        if await self._hub.people.role_of(person) is Role.OPERATOR:
            raise BadRequest(f"{person.name} is an operator already.")
        sender = session.somebody()
        self._hub.publish(
            RoleChanged(sender=sender, person=person, role=Role.OPERATOR), session
        )
        return person.name

    async def dismiss(self, session: "Session", name: str) -> str:
        """
        Make an operator a member again; never the last one.

        @return: The name, as it is shown.
        """
        person = await self._hub.find(name)
        await self.lock.acquire()
        try:
            if await self._hub.people.role_of(person) is not Role.OPERATOR:
                raise BadRequest(f"{person.name} is no operator.")
            if await self._hub.store.operators() <= 1:
                raise NotAllowed(
                    f"{person.name} is the last operator: make another one first, /op."
                )
            sender = session.somebody()
            self._hub.publish(
                RoleChanged(sender=sender, person=person, role=Role.MEMBER), session
            )
            await session.caused.happened()
        finally:
            self.lock.release()
        return person.name

    async def invite(self, session: "Session") -> str:
        """A code with which one account can be registered."""
        code = await self._hub.login.invitation(session)
        note(session, "invitation")
        return code

    # Shutting out

    async def ban(
        self, session: "Session", whom: str, seconds: float = 0.0, reason: str = ""
    ) -> str:
        """
        Shut an account, an address or a network out.

        @param seconds: For how long; 0.0 means: until lifted.
        @return: The target, as people write it.
        """
        check_reason(reason, self._hub.rules)
        target = read_network(whom)
        if target:
            shown = _shown(target)
            self._check_network(session, target, shown)
        else:
            target, shown = await self._account_target(session, whom)
        self._hub.publish(
            ServerBanned(
                sender=session.somebody(),
                target=target,
                shown=shown,
                until=self._hub.now() + seconds if seconds else 0.0,
                reason=reason,
            ),
            session,
        )
        return shown

    def lift(self, session: "Session", whom: str) -> str:
        """
        Let an account, an address or a network in again.

        @return: The target, as people write it.
        """
        targets = (read_network(whom), f"{ACCOUNT}{key_of(whom.removeprefix('@'))}")
        for ban in self._hub.bans.in_force():
            if ban.target in targets:
                sender = session.somebody()
                self._hub.publish(
                    ServerUnbanned(sender=sender, target=ban.target, shown=ban.shown),
                    session,
                )
                return ban.shown
        raise NotFound(f"{whom[:40]} is not banned. /serverbans lists who is.")

    def kill(self, session: "Session", name: str, reason: str = "") -> str:
        """
        End all sessions of somebody.

        @return: The name, as it is shown.
        """
        check_reason(reason, self._hub.rules)
        person = self._hub.here(name).person
        sender = session.somebody()
        if person.id == sender.id:
            raise BadRequest("That would be yourself. /quit is kinder.")
        self._hub.publish(Killed(sender=sender, person=person, reason=reason), session)
        return person.name

    def cut(self, session: "Session", number: int, reason: str = "") -> str:
        """
        End one connection, also one by which nobody has come in.

        @param number: C{Session.number}.
        @return: Whose it was.
        """
        check_reason(reason, self._hub.rules)
        for other in self._hub.connections:
            if other.number == number:
                name = other.person.name if other.person else other.address
                note(session, "disconnect", name)
                why = f": {reason}" if reason else "."
                other.close(f"An operator ended this session{why}")
                return name
        raise NotFound("This connection is gone already.")

    # Accounts of others

    async def reset(self, session: "Session", name: str) -> tuple[str, str]:
        """
        Give an account another password, and end its sessions.

        @return: The name as it is shown, and the password.
        """
        account = await self._account_of_another(session, name)
        password = await self._hub.login.reset(account)
        note(session, "reset the password of", account.name)
        self._see_off(account, f"The password of {account.name} was changed.")
        return account.name, password

    async def delete(self, session: "Session", name: str) -> str:
        """
        Take an account away; its sessions end, its name stays reserved.

        @return: The name, as it is shown.
        """
        account = await self._account_of_another(session, name)
        await self._hub.login.remove(account)
        note(session, "delete the account", account.name)
        self._see_off(account, f"The account {account.name} is gone.")
        return account.name

    async def _account_of_another(self, session: "Session", name: str) -> Account:
        account = await self._hub.login.owner(name)
        if account is None:
            raise NotFound(f"There is no account {name[:40]}.")
        if account.id == session.somebody().id:
            raise BadRequest("That would be yourself. /password and /unregister do.")
        if account.role is Role.OPERATOR:
            raise NotAllowed(f"{account.name} is an operator: end that first, /deop.")
        return account

    def _see_off(self, account: Account, words: str) -> None:
        for session in self._hub.connections.of(account.id):
            session.close(words)

    async def _account_target(self, session: "Session", name: str) -> tuple[str, str]:
        person = await self._hub.find(name)
        if person.id == session.somebody().id:
            raise BadRequest("That would be yourself.")
        if person.guest:
            sessions = self._hub.connections.of(person.id)
            where = sorted({one.address for one in sessions if one.address})
            raise NotAllowed(
                f"{person.name} is a guest and would come back under another name. "
                f"/serverban {where[0] if where else 'ADDRESS'} shuts out everybody "
                f"from there, /kill {person.name} ends what there is."
            )
        if await self._hub.people.role_of(person) is Role.OPERATOR:
            raise NotAllowed(f"{person.name} is an operator: end that first, /deop.")
        account = await self._hub.store.account(person.id)
        if account is None:
            raise NotFound(f"There is no account {name[:40]}.")
        return f"{ACCOUNT}{account.key}", account.name

    def _check_network(self, session: "Session", target: str, shown: str) -> None:
        if covers(target, session.address):
            raise BadRequest(f"{shown} is where you are yourself.")
        if ip_network(target.removeprefix(NETWORK)).is_loopback:
            raise BadRequest(
                "That is this machine itself, from where operators can always come in."
            )
        for other in self._hub.connections:
            if other.role is Role.OPERATOR and covers(target, other.address):
                name = other.somebody().name
                raise NotAllowed(f"{shown} is where {name} is, who is an operator.")

    # The process

    def stats(self) -> dict[str, str | int | float]:
        """Figures of the chat, and of the process if it tells."""
        hub = self._hub
        figures: dict[str, str | int | float] = {
            "up": in_words(hub.now() - hub.started),
            "people": len(hub.presence),
            "rooms": len(hub.rooms),
            "connections": len(hub.admission),
            "not yet come in": hub.admission.waiting,
            "connections refused": hub.admission.refused.total(),
            "limits met": hub.refusals.counts.total(),
            "events delivered": hub.delivered,
            "events waiting to be stored": len(hub.journal),
            "store": "well" if hub.journal.well else "nothing can be stored",
            "unread bytes": hub.connections.backlog,
        }
        if hub.server is not None:
            figures.update(hub.server.stats())
        return figures

    def reload(self, session: "Session") -> str:
        """
        Read the settings again.

        @return: One sentence: what changed.
        """
        server = self._server()
        note(session, "reload")
        return server.reload()

    def shut_down(self, session: "Session", seconds: float, reason: str) -> None:
        """Stop the server, after so many seconds."""
        if not 0 <= seconds <= LONGEST_WAIT:
            raise BadRequest(
                "That is more than a day: announce it, and come back then."
            )
        server = self._server()
        note(session, f"shutdown in {seconds:.0f} s")
        server.shut_down(seconds, reason)

    def go_on(self, session: "Session") -> None:
        """End a shutdown that was to come."""
        self._server().go_on()
        note(session, "shutdown off")

    async def stop(self, session: "Session", reason: str) -> None:
        """See everybody off and let nobody in; only the console can start again."""
        check_reason(reason, self._hub.rules)
        server = self._server()
        if server.running:
            note(session, "stop")
        await server.stop(reason)

    def start(self, session: "Session") -> None:
        """Let people in again."""
        self._server().start()
        note(session, "start")

    async def move(self, session: "Session", port: int) -> str:
        """
        Listen on another port; those who are here stay.

        @return: One sentence: what came of it.
        """
        if not 0 < port < 65_536:
            raise BadRequest("A port is a number from 1 to 65535.")
        words = await self._server().move(port)
        note(session, f"change the port to {port}")
        return words

    def _server(self) -> Server:
        if self._hub.server is None:
            raise NotAllowed("This server can only be managed from where it runs.")
        return self._hub.server


def read_network(text: str) -> str:
    """
    The target of a ban from an address or network; C{""} if it is neither.

    An address of IPv4 stands for itself, one of IPv6 for its customer's network.
    """
    try:
        network = _network(text)
    except ValueError:
        return ""
    return f"{NETWORK}{network}"


def _network(text: str) -> IPv4Network | IPv6Network:
    if "/" in text:
        network = ip_network(text, strict=False)
        mapped = getattr(network.network_address, "ipv4_mapped", None)
        if mapped is not None and network.prefixlen >= MAPPED:
            return ip_network((mapped, network.prefixlen - MAPPED))
        return network
    address = ip_address(text)
    if address.version == 4:
        return ip_network(address)
    if address.ipv4_mapped is not None:
        return ip_network(address.ipv4_mapped)
    return ip_network(f"{address}/{IPV6_CUSTOMER}", strict=False)


def _shown(target: str) -> str:
    network = ip_network(target.removeprefix(NETWORK))
    if network.prefixlen == network.max_prefixlen:
        return str(network.network_address)
    return str(network)
