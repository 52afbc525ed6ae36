"""Proves who somebody is."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.chat.account import Account, Role
from chatd.chat.errors import (
    BadRequest,
    Closed,
    Full,
    NameTaken,
    NotAllowed,
    NotFound,
    TooFast,
    WrongPassword,
)
from chatd.chat.names import Name, key_of
from chatd.chat.outside import Passwords, Secrets
from chatd.chat.password_rules import check_password
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.chat.store import Store
from chatd.chat.throttle import Throttles

MINUTE = 60.0  # seconds


class Login:
    """Accounts: made, proved and changed."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        secrets: Secrets,
        clock: IReactorTime,
        now: Callable[[], float],
        rules: Callable[[], Rules],
    ) -> None:
        """
        @param now: POSIX seconds.
        @param rules: Those that hold at the moment.
        """
        self._store = store
        self._passwords = passwords
        self._secrets = secrets
        self._clock = clock
        self._now = now
        self._rules = rules
        self._being_made = 0  # accounts on their way into the store
        self._claim = ""  # digest
        limits = rules()
        self._from_address = Throttles(limits.failed_logins_address, MINUTE)
        self._on_account = Throttles(limits.failed_logins_account, 10 * MINUTE)
        self._registering = Throttles(limits.registrations_address, 10 * MINUTE)
        self._all_registering = Throttles(limits.registrations, 10 * MINUTE)

    async def prove(self, session: Session, name: str, password: str) -> Account:
        """
        The account of a name and its password.

        @raise WrongPassword: if they do not belong together; an unknown name sounds
            and takes the same.
        @raise TooFast: if there were too many wrong ones.
        """
        self._check_line(session)
        self._check_address(session)
        account = await self._store.account_named(key_of(name))
        known = account is not None and (
            session.address in await self._store.addresses(account.id)
        )
        # An unknown name is counted like an account: the answer must not say which.
        who = key_of(name)
        if not known and self._limited(self._on_account.wait(who, self._seconds())):
            raise TooFast(
                "There were too many wrong passwords for this name. "
                "Try again in some minutes."
            )
        secret = account.secret if account is not None and account.secret else None
        good = await self._passwords.verify(password, secret)
        if not good or account is None:
            if not session.exempt:
                self._from_address.take(session.address, self._seconds())
            if not known:
                self._on_account.take(who, self._seconds())
            session.failed_logins += 1
            _log.info(
                "wrong password for {name} from {address}",
                name=name[:64],
                address=session.address,
            )
            raise WrongPassword("Name and password do not belong together.")
        session.failed_logins = 0
        await self._store.keep_address(account.id, session.address)
        if self._passwords.outdated(account.secret):
            account = replace(account, secret=await self._passwords.hash(password))
            await self._store.save_account(account)
        return account

    async def register(
        self,
        session: Session,
        name: Name,
        password: str,
        code: str,
        id: int,
        ignored: frozenset[int] = frozenset(),
    ) -> Account:
        """
        Make an account; what a guest has chosen so far is kept.

        @param code: The invitation's, where one is needed.
        @param id: The id of whoever registers.
        @param ignored: Whom they ignore.
        @raise ChatError: if that cannot be.
        """
        rules = self._rules()
        if rules.registration == "closed":
            raise Closed(
                "Registration is closed on this server. Its operator opens accounts."
            )
        if rules.registration == "invitation" and not code:
            raise Closed(
                "Registration is by invitation: /register NAME PASSWORD CODE. "
                "Operators and their /invitation make codes."
            )
        self._check_line(session)
        check_password(password, name.shown)
        if await self._store.account_named(name.key):
            raise NameTaken(f"The name {name.shown} has an owner. Take another name.")
        if await self._store.account_like(name.skeleton):
            raise NameTaken(
                f"{name.shown} looks like the name of somebody else. Take another name."
            )
        if not session.exempt and self._limited(
            self._registering.take(session.address, self._seconds())
        ):
            raise TooFast("Too many new accounts from your address; try again later.")
        if self._limited(self._all_registering.take("", self._seconds())):
            raise TooFast("Too many new accounts at the moment; try again later.")
        count = await self._store.accounts()
        if count + self._being_made >= rules.max_accounts:
            raise Full(
                f"This server has all the {rules.max_accounts} accounts it may have. "
                "Its operator can help."
            )
        self._being_made += 1
        try:
            secret = await self._passwords.hash(password)
            if rules.registration == "invitation":
                self._check_address(session)
                if not await self._store.take_invitation(
                    self._digest(code), self._now()
                ):
                    self._from_address.take(session.address, self._seconds())
                    raise WrongPassword("This invitation is not, or no longer, good.")
            account = Account(
                id,
                name.shown,
                name.key,
                name.skeleton,
                secret,
                self._now(),
                preferences=session.preferences,
                ignored=ignored,
            )
            await self._store.add_account(account)
        finally:
            self._being_made -= 1
        await self._store.keep_address(account.id, session.address)
        _log.info(
            "{name} registered from {address}", name=name.shown, address=session.address
        )
        return account

    async def change_password(self, session: Session, old: str, new: str) -> Account:
        """Give the session's account another password; all its tokens are forgotten."""
        account = self._own(session)
        account = await self.prove(session, account.name, old)
        check_password(new, account.name)
        secret = await self._passwords.hash(new)
        # Hashing takes a while: another session may have changed something.
        account = replace(self._own(session), secret=secret)
        await self._store.save_account(account)
        await self._store.remove_tokens(account.id)
        return account

    async def unregister(self, session: Session, password: str) -> None:
        """Take the session's account away; its name stays reserved."""
        account = self._own(session)
        account = await self.prove(session, account.name, password)
        if account.role is Role.OPERATOR and await self._store.operators() <= 1:
            raise NotAllowed("You are the last operator: make another one first, /op.")
        await self._store.save_account(replace(account, secret=""))
        await self._store.remove_tokens(account.id)

    # The first operator

    async def open_claim(self) -> str:
        """
        @return: A code for C{/claim}, or C{""} if there is an operator.
        """
        if await self._store.operators():
            return ""
        code = self._secrets.new_code()
        self._claim = self._secrets.digest(code)
        return code

    async def claim(self, session: Session, code: str) -> None:
        """
        Use the claim code up.

        @raise WrongPassword: if it is not the one.
        """
        self._own(session)
        if not self._claim:
            raise NotFound(
                "There is an operator already; operators make others by /op."
            )
        self._check_address(session)
        if self._digest(code) != self._claim:
            self._from_address.take(session.address, self._seconds())
            raise WrongPassword(
                "This is not the code that the server printed when it started."
            )
        self._claim = ""

    def not_claimed(self, code: str) -> None:
        """The code was not used after all: it stays good."""
        self._claim = self._digest(code)

    # Invitations

    async def invitation(self, session: Session) -> str:
        """A code with which one account can be registered."""
        code = self._secrets.new_code()
        await self._store.add_invitation(
            self._secrets.digest(code),
            session.somebody().id,
            self._now() + self._rules().invitation_seconds,
        )
        return code

    def _digest(self, code: str) -> str:
        return self._secrets.digest(self._secrets.read_code(code))

    def _own(self, session: Session) -> Account:
        if session.account is None:
            raise NotAllowed("You have no account. /register NAME PASSWORD makes one.")
        return session.account

    def _check_line(self, session: Session) -> None:
        if session.secure or self._rules().insecure_passwords:
            return
        try:
            local = ip_address(session.address).is_loopback
        except ValueError:  # a UNIX socket has no address
            local = True
        if not local:
            raise BadRequest(
                "This server takes passwords over encrypted lines only. "
                f"Connect like this: {self._rules().encrypt}"
            )

    def _check_address(self, session: Session) -> None:
        wait = self._from_address.wait(session.address, self._seconds())
        if not session.exempt and self._limited(wait):
            raise TooFast(
                "There were too many wrong passwords from your address. "
                f"Try again in {wait:.0f} seconds."
            )

    def _limited(self, wait: float) -> bool:
        return wait > 0 and self._rules().throttle

    def _seconds(self) -> float:
        return self._clock.seconds()


_log = Logger()
