"""How people take names and accounts of their own."""

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from twisted.logger import Logger

from chatd.chat.account import Account, Person, Role
from chatd.chat.errors import BadRequest, ChatError, Closed, NotAllowed
from chatd.chat.events import Notice, Renamed, RoleChanged
from chatd.chat.login import Login
from chatd.chat.names import Name
from chatd.chat.ownership import Ownership
from chatd.chat.request import Enter
from chatd.chat.store import StoreDown

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session


class Registry:
    """Gives names to guests, accounts to members, and the server to its operator."""

    def __init__(self, hub: "Hub", login: Login, names: Ownership) -> None:
        self._hub = hub
        self._login = login
        self._names = names

    async def register(
        self, session: "Session", text: str, password: str, code: str
    ) -> None:
        """Make an account of a name, and come in with it."""
        hub = self._hub
        if session.account is not None:
            raise BadRequest(f"You have an account already: {session.account.name}.")
        if hub.lockdown:
            raise Closed("The server is locked down: nobody can register now.")
        hub.bans.check(address=session.address)
        name = self._names.check_name(text)
        await self._names.check_unowned(session, name)
        if session.ended:
            return
        guest = session.person
        id = guest.id if guest else hub.stamps.next()[0]
        if guest is None:
            hub.places.take(name, id, hub.rules.max_people)
        else:
            hub.places.reserve(name, id)
        try:
            account = await self._login.register(
                session, name, password, code, id, hub.ignores.whom(id)
            )
        except BaseException:
            if guest is None:
                hub.places.release(id)
            else:
                hub.places.drop(name, id)
            raise
        hub.archive.begin(account.id)
        if guest is None:
            show = session.look.shows_latest
            await hub.reception.come_in(
                session, account.person, account, Enter(show=show)
            )
        else:
            hub.connections.update_account(account)
            self._rename(session, guest, account.person, name)
            hub.places.drop(name, id)
            await hub.moves.keep(session.person)
        session.tell(
            Notice(
                f"{account.name} is yours from now on: /login {account.name} PASSWORD."
            )
        )
        self._hub.membership.offer_to_keep_key(session)

    async def first(self, session: "Session", text: str, password: str) -> Account:
        """Make the account of the first operator, who does not come in with it."""
        hub = self._hub
        name = self._names.check_name(text)
        await self._names.check_unowned(session, name)
        id = hub.stamps.next()[0]
        hub.places.take(name, id, hub.rules.max_people + 1)
        try:
            account = await self._login.register(
                session, name, password, "", id, first=True
            )
        finally:
            hub.places.release(id)
        hub.archive.begin(account.id)
        return account

    async def rename(self, session: "Session", text: str) -> None:
        """Give a guest another name."""
        session.somebody()
        name = self._names.check_name(text)
        await self._names.check_unowned(session, name)
        guest = session.somebody()
        if not guest.guest:
            raise NotAllowed("An account keeps its name: it is how others know you.")
        if name.shown == guest.name:
            raise BadRequest(f"You are called {name.shown} already.")
        self._hub.people.check_speaker(session)
        self._hub.pace.rename(session)
        now = replace(guest, name=name.shown)
        self._rename(session, guest, now, name)
        if session.token:
            with suppress(StoreDown):  # it goes on opening the chat by the old name
                await self._hub.tokens.keep(session.token, now)

    def _rename(self, session: "Session", was: Person, now: Person, name: Name) -> None:
        hub = self._hub
        hub.places.rename(name, now.id)
        if now.name != was.name:
            _log.info(
                "{was} is called {now} now, from {address}",
                was=was.name,
                now=now.name,
                address=session.address,
            )
        if hub.connections.of(now.id):
            hub.publish(Renamed(person=was, now=now), session)

    async def claim(self, session: "Session", code: str) -> None:
        """Become the first operator."""
        self._login.own(session)
        await self._login.claim(session, code)
        person = session.somebody()
        try:
            self._hub.publish(
                RoleChanged(sender=person, person=person, role=Role.OPERATOR), session
            )
            await session.caused.happened()
        except ChatError:
            self._login.not_claimed(code)
            raise


_log = Logger()
