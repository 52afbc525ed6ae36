"""Proves who somebody is."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.chat.account import Account, Role
from chatd.chat.admission import place_of
from chatd.chat.durations import try_again
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
from chatd.chat.events import Notice
from chatd.chat.names import Name, key_of
from chatd.chat.outside import Passwords, Secrets
from chatd.chat.password_rules import check_password
from chatd.chat.rules import Rules
from chatd.chat.seldom import Seldom
from chatd.chat.session import Session
from chatd.chat.store import PublicKey, Store, StoreDown
from chatd.chat.throttle import Throttles

MINUTE = 60.0  # seconds

# How long somebody waits who was wrong; twice as long each time.
SHORTEST_PAUSE = 0.5  # seconds
LONGEST_PAUSE = 8.0
PAUSES = 8  # more make no difference


# Kinds of sessions of people who type an address in place of a command.
BROWSERS = ("web", "console")


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
        seldom: Seldom,
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
        self._seldom = seldom
        self._being_made = 0  # accounts on their way into the store
        self._claim = ""  # digest
        self._first_invited = True  # whether the claim code is still an invitation
        # By place, see admission.place_of; those on accounts by name and place.
        self._from_address = Throttles(1, MINUTE)
        self._on_account = Throttles(1, 10 * MINUTE)
        self._codes = Throttles(1, MINUTE)
        self._registering = Throttles(1, 10 * MINUTE)
        self._all_registering = Throttles(1, 10 * MINUTE)

    async def prove(self, session: Session, name: str, password: str) -> Account:
        """
        The account of a name and its password.

        @raise WrongPassword: if they do not belong together; an unknown name sounds
            and takes the same.
        @raise TooFast: if there were too many wrong ones.
        """
        self._check_line(session)
        place, key = place_of(session.address), key_of(name)
        account = await self._store.account_named(key)
        # An unknown name takes as long and is counted like an account: nothing must
        # say which it is.
        known = place in await self._store.addresses(account.id if account else 0)
        # From where its owner has logged in before, nobody else's attempts count: a
        # stranger must not lock anybody out.
        who = (key, place if known else "")
        if not known:
            self._check_place(
                session, self._from_address, self._rules().failed_logins_address
            )
        failed = self._take_attempt(who, refuse=not known)
        try:
            secret = account.secret if account is not None and account.secret else None
            good = await self._passwords.verify(password, secret)
        except BaseException:
            self._on_account.give_back(who, self._seconds())
            raise
        if not good or account is None:
            if not known and not session.exempt:
                self._from_address.spend(place, self._seconds())
            # Of a name that is none: it may be a password in its place.
            whose = account.name if account is not None else "an unknown name"
            self._seldom.wrong(f"password for {whose}", session.address)
            await self._failed(session, failed)
            raise WrongPassword("Name and password do not belong together.")
        session.failed_logins = 0
        self._on_account.give_back(who, self._seconds())
        self._warn(session)
        await self.keep_address(session, account)
        if self._passwords.outdated(account.secret):
            secret = await self._passwords.hash(password)
            with suppress(StoreDown):  # the next time will do
                was = account.secret
                if await self._store.keep_secret(account.id, secret, was=was):
                    account = replace(account, secret=secret)
        return account

    # SSH keys

    async def owner(self, name: str) -> Account | None:
        """Whose name it is, if it needs a password or a key."""
        account = await self._store.account_named(key_of(name))
        return account if account is not None and account.secret else None

    async def key_owner(self, key: PublicKey) -> int:
        """The id of the account that has an SSH key; 0 for none."""
        return await self._store.key_owner(key.fingerprint)

    async def keep_address(self, session: Session, account: Account) -> None:
        """Somebody has proved there who they are."""
        with suppress(StoreDown):  # a full disk must keep nobody out
            await self._store.keep_address(account.id, place_of(session.address))

    async def register(
        self,
        session: Session,
        name: Name,
        password: str,
        code: str,
        id: int,
        ignored: frozenset[int] = frozenset(),
        *,
        first: bool = False,
    ) -> Account:
        """
        Make an account; what a guest has chosen so far is kept.

        @param code: The invitation's, where one is needed.
        @param first: Whether it is the first operator's, who decides who else may.
        @param id: The id of whoever registers.
        @param ignored: Whom they ignore.
        @raise ChatError: if that cannot be.
        """
        rules = self._rules()
        invited = rules.registration != "open" and not first
        first_code = self._first_invited and bool(self._claim and code)
        if invited and rules.registration == "closed" and not first_code:
            raise Closed(
                "Registration is closed on this server. Its operator opens accounts."
            )
        self._check_line(session)
        if invited and not code:
            raise Closed(
                "Registration is by invitation: /register NAME PASSWORD CODE. "
                "Operators and their /invitation make codes."
            )
        self._check_password(password, name.shown)
        if await self._store.account_named(name.key):
            raise NameTaken(f"The name {name.shown} has an owner. Take another name.")
        if await self._store.account_like(name.skeleton):
            raise NameTaken(
                f"{name.shown} looks like the name of somebody else. Take another name."
            )
        if invited:
            self._check_place(session, self._codes, rules.wrong_codes_address)
        now, place = self._seconds(), place_of(session.address)
        self._registering.resize(rules.registrations_address)
        self._all_registering.resize(rules.registrations)
        wait = 0.0 if session.exempt else self._registering.take(place, now)
        if self._limited(wait):
            raise TooFast(
                f"There were too many new accounts from your address. {try_again(wait)}"
            )
        wait = self._all_registering.take("", now)
        if self._limited(wait):
            raise TooFast(f"There were too many new accounts. {try_again(wait)}")
        count = await self._store.accounts()
        if count + self._being_made >= rules.max_accounts:
            raise Full(
                f"This server has all the {rules.max_accounts} accounts it may have. "
                "Its operator can help."
            )
        self._being_made += 1
        try:
            secret = await self._passwords.hash(password)
            if invited and not await self._is_invitation(code):
                # Strangers without a code must not use up what is for all.
                self._all_registering.give_back("", self._seconds())
                await self._wrong_code(session)
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
            if self._digest(code) == self._claim:
                self._first_invited = False
        finally:
            self._being_made -= 1
        self._warn(session)
        await self.keep_address(session, account)
        _log.info(
            "{name} registered from {address}", name=name.shown, address=session.address
        )
        return account

    async def change_password(self, session: Session, old: str, new: str) -> Account:
        """Give the session's account another password; all its tokens are forgotten."""
        account = self.own(session)
        account = await self.prove(session, account.name, old)
        self._check_password(new, account.name)
        await self._replace_secret(account, await self._passwords.hash(new))
        return account

    async def unregister(self, session: Session, password: str) -> None:
        """Take the session's account away; its name stays reserved."""
        account = self.own(session)
        account = await self.prove(session, account.name, password)
        if account.role is Role.OPERATOR and await self._store.operators() <= 1:
            raise NotAllowed("You are the last operator: make another one first, /op.")
        await self.remove(account)

    # By operators

    async def reset(self, account: Account) -> str:
        """
        Give an account another password; all its tokens and SSH keys are forgotten.

        @return: The password.
        """
        password = self._secrets.new_code()
        await self._replace_secret(account, await self._passwords.hash(password))
        await self._remove_keys(account)
        return password

    async def remove(self, account: Account) -> None:
        """Let nobody log in with it any more; its name stays reserved."""
        await self._replace_secret(account, "")
        await self._remove_keys(account)

    async def _remove_keys(self, account: Account) -> None:
        for key in await self._store.keys(account.id):
            await self._store.remove_key(account.id, key.fingerprint)

    async def _replace_secret(self, account: Account, secret: str) -> None:
        """
        @raise TooFast: if somebody else did so meanwhile: hashing takes a while.
        """
        kept = await self._store.keep_secret(account.id, secret, was=account.secret)
        if not kept:
            raise TooFast(changed_meanwhile(account))
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
        self._first_invited = True
        return code

    @property
    def claimable(self) -> bool:
        """Whether there is no operator, and a code to become one."""
        return bool(self._claim)

    async def claim(self, session: Session, code: str) -> None:
        """
        Use the claim code up.

        @raise WrongPassword: if it is not the one.
        """
        if not self._claim:
            raise NotFound(
                "There is an operator already; operators make others by /op."
            )
        self._check_place(session, self._codes, self._rules().wrong_codes_address)
        if self._digest(code) != self._claim:
            await self._wrong_code(session)
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
        giver, most = session.somebody().id, self._rules().invitations
        if await self._store.invitations(giver, self._now()) >= most:
            raise Full(
                f"{most} of your invitations wait to be used, which is the most. They "
                "end by themselves."
            )
        code = self._secrets.new_code()
        await self._store.add_invitation(
            self._secrets.digest(code),
            giver,
            self._now() + self._rules().invitation_seconds,
        )
        return code

    async def _is_invitation(self, code: str) -> bool:
        """
        Use an invitation up, if it is one.

        As long as there is no operator who makes some, one account may be registered
        with the code for C{/claim}; for that it stays good.
        """
        digest = self._digest(code)
        if self._first_invited and self._claim and digest == self._claim:
            return True
        if self._rules().registration == "closed":
            return False
        return await self._store.take_invitation(digest, self._now())

    def _digest(self, code: str) -> str:
        return self._secrets.digest(self._secrets.read_code(code))

    def own(self, session: Session) -> Account:
        """
        The session's account.

        @raise NotAllowed: if it has none.
        """
        if session.account is None:
            raise NotAllowed("You have no account. /register NAME PASSWORD makes one.")
        return session.account

    def _check_password(self, password: str, name: str) -> None:
        rules = self._rules()
        check_password(password, name, rules.password_min, rules.password_max)

    # Lines that others can read

    def takes_passwords(self, session: Session) -> bool:
        """Whether a password may come over the session's line."""
        return self._rules().insecure_passwords or not self._open_to_others(session)

    def _check_line(self, session: Session) -> None:
        if not self.takes_passwords(session):
            raise BadRequest(self.how_encrypted(session))

    def how_encrypted(self, session: Session) -> str:
        """What is said where no password is taken."""
        way = self._rules().encrypt
        how = f" Connect like this: {way}" if way else ""
        if way and session.kind in BROWSERS:
            how = " Use https:// in the address."
        return f"This server takes passwords over encrypted lines only.{how}"

    def _warn(self, session: Session) -> None:
        """Say so if others could read the password."""
        if self._open_to_others(session):
            encrypt = self._rules().encrypt
            if session.kind in BROWSERS:
                encrypt = encrypt and "use https:// in the address."
            how = f" To encrypt it: {encrypt}" if encrypt else ""
            session.tell(
                Notice(
                    "Your password came over a line that is not encrypted: others on "
                    f"the way could read it.{how}"
                )
            )

    def _open_to_others(self, session: Session) -> bool:
        if session.secure:
            return False
        try:
            return not ip_address(session.address).is_loopback
        except ValueError:  # a UNIX socket has no address
            return False

    # Guessing

    def _check_place(self, session: Session, throttles: Throttles, count: int) -> None:
        """
        @raise TooFast: if too much was wrong that came from there.
        """
        throttles.resize(count)
        wait = throttles.wait(place_of(session.address), self._seconds())
        if not session.exempt and self._limited(wait):
            what = "passwords" if throttles is self._from_address else "codes"
            raise TooFast(
                f"There were too many wrong {what} from your address. {try_again(wait)}"
            )

    def _take_attempt(self, who: tuple[str, str], *, refuse: bool) -> float:
        """
        Count an attempt at once, so that many at the same time are all counted.

        @param refuse: Whether there may be too many of them.
        @return: How many failed lately, and how many are being made.
        """
        now, count = self._seconds(), self._rules().failed_logins_account
        self._on_account.resize(count)
        failed = self._on_account.spent(who, now)
        wait = self._on_account.wait(who, now)
        if refuse and self._limited(wait):
            raise TooFast(
                f"There were too many wrong passwords for this name. {try_again(wait)}"
            )
        self._on_account.spend(who, now)
        return failed

    async def _wrong_code(self, session: Session) -> None:
        if not session.exempt:
            self._codes.spend(place_of(session.address), self._seconds())
        self._seldom.wrong("code", session.address)
        await self._failed(session, 0)

    async def _failed(self, session: Session, before: float) -> None:
        """Let whoever was wrong wait, the longer the more often it happens."""
        session.failed_logins += 1
        if not self._rules().throttle:
            return
        times = max(session.failed_logins - 1, min(before, PAUSES))
        pause: Deferred[None] = Deferred()
        self._clock.callLater(
            min(SHORTEST_PAUSE * 2**times, LONGEST_PAUSE), pause.callback, None
        )
        await pause

    def _limited(self, wait: float) -> bool:
        return wait > 0 and self._rules().throttle

    def _seconds(self) -> float:
        return self._clock.seconds()


def changed_meanwhile(account: Account) -> str:
    """What is said when somebody was quicker."""
    return f"The password of {account.name} was changed just now: log in again."


_log = Logger()
