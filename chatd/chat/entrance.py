"""How people come in, take names, and become members."""

import re
import sys
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from twisted.logger import Logger

from chatd.chat.account import Account, Person, Role
from chatd.chat.archive import RESUMED
from chatd.chat.errors import (
    BadName,
    BadRequest,
    ChatError,
    Closed,
    NameTaken,
    NotAllowed,
    NotEntered,
    PasswordNeeded,
    TooFast,
    WrongPassword,
)
from chatd.chat.events import (
    Arrived,
    CaughtUp,
    Event,
    Notice,
    Past,
    PrivateEvent,
    Renamed,
    RoleChanged,
    Welcome,
)
from chatd.chat.login import Login, changed_meanwhile
from chatd.chat.names import PERSON_LONGEST, Name, is_reserved, person_name
from chatd.chat.request import Enter
from chatd.chat.room import Room
from chatd.chat.store import StoreDown
from chatd.chat.turnstile import Turnstile

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session


# People who are let in at a time: each is told of all who are here. When 1,000 come
# back at once, more would let everybody else wait for 200 ms.
TOGETHER = 20

_CURSOR = re.compile(r"[0-9]{1,18}")


class Entrance:
    """Lets people in, by name, password or token."""

    def __init__(self, hub: "Hub", login: Login) -> None:
        self._hub = hub
        self._login = login
        self._arriving, self._welcoming = (
            Turnstile(hub.clock, TOGETHER, lambda: hub.outbox.turn) for _ in range(2)
        )

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
        self._offer_to_keep_key(session)

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
        name = self._check_name(text)
        await self._check_unowned(session, name)
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
            await self._come_in(session, account.person, account, Enter(show=show))
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
        self._offer_to_keep_key(session)

    async def first(self, session: "Session", text: str, password: str) -> Account:
        """Make the account of the first operator, who does not come in with it."""
        hub = self._hub
        name = self._check_name(text)
        await self._check_unowned(session, name)
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
        name = self._check_name(text)
        await self._check_unowned(session, name)
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
                await self._keep_token(session.token, now)

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

    async def log_out(self, session: "Session") -> None:
        """Let nobody come in with the session's token, and end whoever has."""
        person = session.somebody()
        if not session.token:
            raise BadRequest("You came in without a token.")
        await self._hub.store.remove_token(session.token)
        for one in self._hub.connections.of(person.id):
            if one is not session and one.token == session.token:
                one.close("You have logged out.")
        session.token = ""

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
        await self._come_in(session, person, account, request)

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
        await self._come_in(session, person, account, request)
        if account is not None:
            self._offer_to_keep_key(session)

    def _offer_to_keep_key(self, session: "Session") -> None:
        # Behind a pipe nobody is asked.
        if session.offered is not None and session.look.shows_latest:
            session.tell(
                Notice(
                    f"Keep your SSH key {session.offered.fingerprint}? Then it lets "
                    "you in without the password. Yes: /keys add. No: do nothing."
                )
            )

    async def _take(
        self, session: "Session", person: Person, account: Account | None
    ) -> Person:
        """
        Take name and place for somebody who is known.

        @return: Who it is now: guests may have another name than they had.
        """
        hub = self._hub
        if account is not None:
            self._check_bans(session, account)
            name = Name(account.name, account.key, account.skeleton)
            hub.places.take(name, account.id, self._most(account))
            return account.person
        here = hub.presence.get(person.id)
        if here is not None:
            person = here.person
        await self._take_as_guest(session, person)
        return person

    async def _by_password(self, session: "Session", request: Enter) -> None:
        hub = self._hub
        password = request.password or ""
        account = await self._login.prove(session, request.name, password)
        self._check_bans(session, account)
        name = Name(account.name, account.key, account.skeleton)
        # A guest's own place will be free.
        limit = self._most(account) + (session.person is not None)
        hub.places.take(name, account.id, limit)
        if session.person is not None:
            hub.connections.step_out(session, "is coming back with an account")
        await self._come_in(session, account.person, account, request)

    async def _as_guest(self, session: "Session", request: Enter) -> None:
        person = self.guest(request.name)
        await self._take_as_guest(session, person)
        await self._come_in(session, person, None, request)

    def guest(self, text: str) -> Person:
        """
        Somebody new, for whom nothing is taken yet.

        @raise ChatError: if nobody may be called so.
        """
        name = self._check_name(text)
        return Person(self._hub.stamps.next()[0], name.shown)

    async def _take_as_guest(self, session: "Session", person: Person) -> None:
        """Take name and place, if a guest may have them."""
        hub = self._hub
        hub.bans.check(address=session.address)
        name = person_name(person.name, PERSON_LONGEST)
        # Asked first: not even for a moment may a guest hold what is somebody's own.
        if self._login.takes_passwords(session):
            await self._check_free(name)
        else:
            await self._check_unowned(session, name)
        self._check_guests(session)
        hub.places.take(name, person.id, hub.rules.max_people)

    def _most(self, account: Account) -> int:
        """How many people there may be for somebody to come in."""
        if account.role is Role.OPERATOR:
            return sys.maxsize  # who else could put out those who fill the chat
        return self._hub.rules.max_people

    def _check_bans(self, session: "Session", account: Account) -> None:
        if account.role < Role.OPERATOR:
            self._hub.bans.check(account=account.key, address=session.address)

    def _check_name(self, text: str) -> Name:
        if len(text.split()) > 1:
            raise BadName(
                "A name has no spaces. Type one word, or /help: it says how members "
                "come in."
            )
        name = person_name(text, self._hub.rules.name_chars)
        if is_reserved(name, self._hub.commands.words()):
            raise NameTaken(f"{name.shown} is a reserved word. Take another name.")
        return name

    async def _check_free(self, name: Name) -> None:
        """
        @raise ChatError: if the name, or a look-alike, belongs to an account.
        """
        account = await self._hub.store.account_named(name.key)
        if account is not None and account.secret:
            raise PasswordNeeded(
                f"{account.name} belongs to somebody. If it is you, type the password; "
                "if not, press Enter and take another name."
            )
        if account is not None:
            raise NameTaken(f"{account.name} is reserved. Take another name.")
        like = await self._hub.store.account_like(name.skeleton)
        if like is not None:
            raise NameTaken(
                f"{name.shown} looks like the name of somebody else. Take another name."
            )

    async def _check_unowned(self, session: "Session", name: Name) -> None:
        """
        As L{_check_free}, where no password would help.

        @raise NameTaken: if the name, or a look-alike, belongs to an account.
        """
        try:
            await self._check_free(name)
        except PasswordNeeded:
            how = f"If it is you: /login {name.shown} PASSWORD"
            if not self._login.takes_passwords(session):
                how = f"Take another name. {self._login.how_encrypted(session)}"
            raise NameTaken(f"{name.shown} belongs to somebody. {how}") from None

    def _ways(self, session: "Session") -> str:
        """How a member comes in."""
        if not self._login.takes_passwords(session):
            return self._login.how_encrypted(session)
        return "/login NAME PASSWORD, or /register NAME PASSWORD."

    def _check_guests(self, session: "Session") -> None:
        if self._hub.lockdown:
            raise Closed("The server is locked down: only members come in now.")
        if not self._hub.rules.guests:
            raise Closed(f"This server takes no guests. {self._ways(session)}")

    # What they see

    async def _come_in(
        self,
        session: "Session",
        person: Person,
        account: Account | None,
        request: Enter,
    ) -> None:
        """
        Put somebody whose place is taken into the chat.

        What happens meanwhile is held back until what was missed was shown.
        """
        hub = self._hub
        try:
            rooms = await self._rooms(person, account)
            if account is not None:
                await hub.archive.load(account.id)
            await self._arriving.pass_through()
            if session.ended:
                raise NotEntered("The connection is gone.")
            if account is not None:
                self._check_bans(session, account)  # there may be a new one by now
        except BaseException:
            hub.places.release(person.id)
            hub.archive.forget(person.id)
            raise
        shown: list[Past] = []
        session.hold()
        try:
            hub.connections.attach(session, person, account)
            if account is not None:
                await self._check_still(session, account)
            token = "" if request.show else await self.new_token(session, request.token)
            names = tuple(room.name for room in rooms)
            hub.publish(Arrived(person=session.somebody(), rooms=names), session)
            await session.caused.settled()
            shown = await self._welcome(session, request, token)
        except BaseException:
            # Nobody is here whom the chat did not welcome.
            hub.connections.step_out(session, "could not come in")
            raise
        finally:
            session.release(*shown)
        await hub.moves.keep(session.person)

    async def _check_still(self, session: "Session", proved: Account) -> None:
        """
        Look again at an account, as it may have changed while somebody was on the way.

        What changes from now on, the session is told of.

        @raise TooFast: if its password was changed, or it is gone.
        """
        known = session.account
        account = await self._hub.store.account(proved.id)
        if session.ended:
            raise NotEntered("The connection is gone.")
        if account is None or account.secret != proved.secret:
            raise TooFast(changed_meanwhile(proved))
        if session.account is known:
            self._hub.connections.update_account(account)

    async def _welcome(
        self, session: "Session", request: Enter, token: str
    ) -> list[Past]:
        """
        Tell somebody who has just come in how things are.

        @param token: With which they can come in again; C{""} for none.
        @return: The messages of the past that they were shown.
        """
        hub = self._hub
        person = session.somebody()
        # Somebody here already may be in more rooms than were kept.
        rooms = [hub.rooms.find(name) for name in hub.presence.rooms_of(person.id)]
        rooms = [room for room in rooms if hub.moves.admitted(session, room)]
        lobby = hub.rooms.lobby
        session.room = lobby if lobby in rooms else rooms[0] if rooms else None
        hub.archive.arrived(session)
        waiting = await hub.archive.waiting(session, hub.rules.waiting_whispers)
        views = await hub.archive.views(person, rooms)
        upto = hub.last
        missed: list[Event] = []
        if request.resume:
            missed = await self._missed(person, rooms, int(request.resume), upto)
        # Once more: the store answers many at the same moment.
        await self._welcoming.pass_through()
        session.tell(
            Welcome(
                session.somebody(),
                session.role,
                # Not beyond what is yet to be sent: the line may break before.
                request.resume or str(upto),
                views,
                hub.presence.names(),
                len(waiting),
                token,
                hub.motd,
                request.ref,
            )
        )
        if request.show:
            return await self._show_latest(session, waiting)
        if not request.resume:
            return []
        past = Past("missed", tuple(missed[-RESUMED:]))
        session.tell(past)
        session.tell(CaughtUp(len(missed) > RESUMED, str(upto)))
        return [past]

    async def _missed(
        self, person: Person, rooms: list[Room], after: int, upto: int
    ) -> list[Event]:
        names = [room.name for room in rooms]
        return await self._hub.store.missed(
            person.id, names, after=after, upto=upto, limit=RESUMED + 1
        )

    async def _rooms(self, person: Person, account: Account | None) -> list[Room]:
        hub = self._hub
        names = await hub.store.rooms_of(account.id) if account else []
        rooms = [hub.rooms.lobby]
        for name in names:
            room = hub.rooms.get(name)
            if room is not None and room not in rooms:
                rooms.append(room)
        role = account.role if account else Role.GUEST
        allowed = []
        for room in rooms:
            try:
                room.check_entry(person, role)
            except ChatError:
                continue
            allowed.append(room)
        return allowed[: hub.rules.rooms_per_person]

    async def new_token(self, session: "Session", given: str = "") -> str:
        """
        A token with which to come in again.

        @param given: That with which one came in; it is good for longer now.
        @return: C{""} if none could be kept: one can talk without it.
        """
        token = given or self._hub.secrets.new_token()
        digest = self._hub.secrets.digest(token)
        try:
            await self._keep_token(digest, session.somebody())
        except StoreDown:
            return given
        session.token = digest
        return token

    async def _keep_token(self, digest: str, person: Person) -> None:
        rules = self._hub.rules
        seconds = rules.guest_token_seconds if person.guest else rules.token_seconds
        await self._hub.store.add_token(digest, person, self._hub.now() + seconds)

    async def _show_latest(
        self, session: "Session", waiting: list[PrivateEvent]
    ) -> list[Past]:
        hub = self._hub
        shown = []
        if session.room is not None:
            shown.append(await hub.archive.latest(session, session.room))
        if waiting:
            session.correspondent = waiting[-1].sender
            most = hub.rules.history_max
            title = "Private messages that waited for you:"
            if len(waiting) > most:
                title = (
                    f"{len(waiting)} private messages waited for you; these are the "
                    f"last {most}, and /catchup shows more:"
                )
            past = Past("waiting", tuple(waiting[-most:]), title)
            session.tell(past)
            shown.append(past)
        return shown


_log = Logger()
