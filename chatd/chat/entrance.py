"""How people come in: as guests, or by password, token or what a door proved."""

import re
import sys
from typing import TYPE_CHECKING

from chatd.chat.account import Account, Person, Role
from chatd.chat.errors import (
    BadRequest,
    ChatError,
    Closed,
    PasswordNeeded,
    WrongPassword,
)
from chatd.chat.login import Login
from chatd.chat.names import PERSON_LONGEST, Name, person_name
from chatd.chat.ownership import Ownership
from chatd.chat.request import Enter

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session

_CURSOR = re.compile(r"[0-9]{1,18}")


class Entrance:
    """Lets people in, by name, password or token."""

    def __init__(self, hub: "Hub", login: Login, names: Ownership) -> None:
        self._hub = hub
        self._login = login
        self._names = names

    async def enter(self, session: "Session", request: Enter) -> None:
        """
        Come in as the request says, and be shown what goes on.

        @raise ChatError: if that cannot be.
        """
        if session.person is not None:
            raise BadRequest(f"You are here already, as {session.person.name}.")
        if request.resume and not _CURSOR.fullmatch(request.resume):
            raise BadRequest("That cursor was not made by this server.")
        asked, session.asking = session.asking, ""
        session.door.secret(False)
        if asked and not request.password:
            raise BadRequest("Type another name to come in.")
        try:
            if request.proved is not None:
                await self._as_proved(session, request.proved, request)
            elif request.token:
                await self._by_token(session, request)
            elif request.password is not None:
                await self._by_password(session, request)
            else:
                await self._as_guest(session, request)
        except PasswordNeeded:
            if request.show:
                self._ask(session, request.name)
            raise
        except ChatError as error:
            if asked and self._login.takes_passwords(session):
                # The next line is the password once more: never take it for a name.
                self._ask(session, asked)
                error.text += (
                    " Type the password again, or press Enter to take another name."
                )
            raise

    def _ask(self, session: "Session", name: str) -> None:
        session.asking = name
        session.door.secret(True)

    async def log_in(self, session: "Session", name: str, password: str) -> None:
        """Come in with an account; a guest stops being one."""
        if session.account is not None:
            raise BadRequest(f"You are logged in already, as {session.account.name}.")
        show = session.look.shows_latest
        await self._by_password(session, Enter(name, password, show=show))
        self._hub.membership.offer_to_keep_key(session)

    async def log_out(self, session: "Session") -> None:
        """Let nobody come in with the session's token, and end whoever has."""
        person = session.somebody()
        token = await self._hub.tokens.take_back(session)
        for one in self._hub.connections.of(person.id):
            if one.token == token:
                one.close("You have logged out.")

    # Who it is

    async def _by_token(self, session: "Session", request: Enter) -> None:
        hub = self._hub
        digest = hub.secrets.digest(request.token)
        person = await hub.store.token(digest, hub.now())
        # A guest may have become a member since.
        account = await hub.store.account(person.id) if person else None
        gone = account is not None and not account.secret
        if person is None or gone or (account is None and not person.guest):
            session.failed_logins += 1
            raise WrongPassword("This token is not, or no longer, good.")
        person = await self._take(session, person, account)
        session.token = digest
        await hub.reception.come_in(session, person, account, request)

    async def _as_proved(
        self, session: "Session", proved: Account | Person, request: Enter
    ) -> None:
        """Let in whom a door knows, which may have been a while ago."""
        account: Account | None = None
        if isinstance(proved, Account):
            account = await self._hub.store.account(proved.id)
            if account is None or account.secret != proved.secret:
                raise WrongPassword(
                    f"The password of {proved.name} was changed: log in again."
                )
            proved = account.person
        person = await self._take(session, proved, account)
        await self._hub.reception.come_in(session, person, account, request)
        if account is not None:
            self._hub.membership.offer_to_keep_key(session)

    async def _by_password(self, session: "Session", request: Enter) -> None:
        hub = self._hub
        password = request.password or ""
        account = await self._login.prove(session, request.name, password)
        hub.bans.check_account(account, session.address)
        name = Name(account.name, account.key, account.skeleton)
        # A guest's own place will be free.
        limit = self._most(account) + (session.person is not None)
        hub.places.take(name, account.id, limit)
        if session.person is not None:
            hub.connections.step_out(session, "is coming back with an account")
        await hub.reception.come_in(session, account.person, account, request)

    async def _as_guest(self, session: "Session", request: Enter) -> None:
        person = self.guest(request.name)
        await self._take_as_guest(session, person)
        await self._hub.reception.come_in(session, person, None, request)

    def guest(self, text: str) -> Person:
        """
        Somebody new, for whom nothing is taken yet.

        @raise ChatError: if nobody may be called so.
        """
        name = self._names.check_name(text)
        return Person(self._hub.stamps.next()[0], name.shown)

    # Whether they may

    async def _take(
        self, session: "Session", person: Person, account: Account | None
    ) -> Person:
        """
        Take name and place for somebody who is known.

        @return: Who it is now: guests may have another name than they had.
        """
        hub = self._hub
        if account is not None:
            hub.bans.check_account(account, session.address)
            name = Name(account.name, account.key, account.skeleton)
            hub.places.take(name, account.id, self._most(account))
            return account.person
        here = hub.presence.get(person.id)
        if here is not None:
            person = here.person
        await self._take_as_guest(session, person)
        return person

    async def _take_as_guest(self, session: "Session", person: Person) -> None:
        """Take name and place, if a guest may have them."""
        hub = self._hub
        hub.bans.check(address=session.address)
        name = person_name(person.name, PERSON_LONGEST)
        # Asked first: not even for a moment may a guest hold what is somebody's own.
        if self._login.takes_passwords(session):
            await self._names.check_free(name)
        else:
            await self._names.check_unowned(session, name)
        self._check_guests(session)
        hub.places.take(name, person.id, hub.rules.max_people)

    def _check_guests(self, session: "Session") -> None:
        if self._hub.lockdown:
            raise Closed("The server is locked down: only members come in now.")
        if not self._hub.rules.guests:
            ways = f"/login NAME PASSWORD{_REGISTER[self._hub.rules.registration]}."
            if not self._login.takes_passwords(session):
                ways = self._login.how_encrypted(session)
            raise Closed(f"This server takes no guests. {ways}")

    def _most(self, account: Account) -> int:
        """How many people there may be for somebody to come in."""
        if account.role is Role.OPERATOR:
            return sys.maxsize  # who else could put out those who fill the chat
        return self._hub.rules.max_people


# How to make an account, by who may.
_REGISTER = {
    "open": ", or /register NAME PASSWORD",
    "invitation": ", or /register NAME PASSWORD CODE",
    "closed": "",
}
