"""Operators at the console: they are not in the chat, and not seen there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from chatd.chat.account import Account, Person, Preferences, Role
from chatd.chat.door import Writer
from chatd.chat.errors import ChatError, NotAllowed
from chatd.chat.events import Answer, Event, RoleChanged
from chatd.chat.look import Look, look
from chatd.chat.session import Session
from chatd.chat.store import StoreDown

if TYPE_CHECKING:
    from chatd.chat.hub import Hub

KIND = "console"

# How many an operator may have at once; the oldest go.
SEATS = 8


@dataclass(frozen=True, slots=True)
class Visitor:
    """
    A browser that asks something of the console.

    @ivar exempt: Whether the limits per address do not apply to it.
    """

    address: str
    secure: bool
    exempt: bool = False


@dataclass(eq=False, slots=True)
class Seat:
    """
    An operator who is logged in.

    @ivar expiry: Ends that.
    @ivar ended: Called once it has ended.
    """

    account: Account
    expiry: IDelayedCall
    ended: dict[Callable[[], None], None] = field(default_factory=dict)


class Desk:
    """Lets operators in, and puts them out when they are none any more."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._seats: dict[str, Seat] = {}  # by digest of the token, the oldest first

    async def log_in(self, visitor: Visitor, name: str, password: str) -> str:
        """
        @return: A token for L{seat}.
        @raise ChatError: if name and password are not an operator's.
        """
        session = self._session(visitor)
        account = await self._hub.login.prove(session, name, password)
        if account.role is not Role.OPERATOR:
            _log.warn(
                "{name} from {address} is no operator, and was refused at the console",
                name=account.name,
                address=visitor.address,
            )
            raise NotAllowed(
                f"{account.name} is no operator of this server. An operator can change "
                f"that: /op {account.name}"
            )
        return self._sit(visitor, account)

    async def claim(self, visitor: Visitor, name: str, password: str, code: str) -> str:
        """
        Become the first operator; an account is made, unless there is one.

        @return: A token for L{seat}.
        """
        hub = self._hub
        session = self._session(visitor)
        account = await hub.login.owner(name)
        if account is not None:
            account = await hub.login.prove(session, name, password)
        await hub.login.claim(session, code)
        try:
            if account is None:
                account = await hub.registry.first(session, name, password)
            session = self._session(visitor, account)
            person = account.person
            hub.publish(
                RoleChanged(sender=person, person=person, role=Role.OPERATOR), session
            )
            await session.caused.happened()
        except ChatError:
            hub.login.not_claimed(code)
            raise
        return self._sit(visitor, await hub.store.account(account.id) or account)

    async def seat(self, token: str) -> Seat | None:
        """
        Who has this token, if they are an operator still.

        While the store does not answer, what was known last counts: it is then that
        the console is needed.
        """
        digest = self._hub.secrets.digest(token)
        seat = self._seats.get(digest)
        if seat is None:
            return None
        try:
            account = await self._hub.store.account(seat.account.id)
        except StoreDown:
            account = seat.account
        if (
            account is None
            or account.secret != seat.account.secret
            or account.role is not Role.OPERATOR
        ):
            self._end(digest)
            return None
        seat.account = account
        return seat

    def session(self, seat: Seat, visitor: Visitor) -> Session:
        """What acts of an operator are done with; one for each, so none waits."""
        return self._session(visitor, seat.account)

    def leave(self, token: str) -> None:
        """Log out."""
        self._end(self._hub.secrets.digest(token))

    def put_out(self, person: int) -> None:
        """An account is gone, or has another role or password."""
        for digest, seat in list(self._seats.items()):
            if seat.account.id == person:
                self._end(digest)

    def _sit(self, visitor: Visitor, account: Account) -> str:
        own = [d for d, seat in self._seats.items() if seat.account.id == account.id]
        for digest in own[: max(0, len(own) + 1 - SEATS)]:
            self._end(digest)
        token = self._hub.secrets.new_token()
        digest = self._hub.secrets.digest(token)
        seconds = self._hub.rules.console_seconds
        expiry = self._hub.clock.callLater(seconds, self._end, digest)
        self._seats[digest] = Seat(account, expiry)
        _log.info(
            "{name} is at the console, from {address}",
            name=account.name,
            address=visitor.address,
        )
        return token

    def _end(self, digest: str) -> None:
        seat = self._seats.pop(digest, None)
        if seat is None:
            return
        if seat.expiry.active():
            seat.expiry.cancel()
        _log.info("{name} left the console", name=seat.account.name)
        for ended in list(seat.ended):
            ended()

    def _session(self, visitor: Visitor, account: Account | None = None) -> Session:
        session = Session(
            self._hub,
            _Nobody(),
            kind=KIND,
            address=visitor.address,
            secure=visitor.secure,
            exempt=visitor.exempt,
        )
        if account is not None:
            session.account, session.person = account, account.person
        return session


class _Nobody:
    """A door without anybody behind it: the console answers by itself."""

    def look(self, preferences: Preferences) -> Look:
        return look(_silence)

    def send(self, data: bytes) -> None:
        pass

    def straight(self, writer: Writer) -> None:
        return None

    def hang_up(self) -> None:
        pass

    def pause(self) -> None:
        pass

    def resume(self) -> None:
        pass

    def secret(self, on: bool) -> None:
        pass


def _silence(
    event: Event | Answer, look: Look, here: bool, reader: Person | None
) -> bytes:
    return b""


_log = Logger()
