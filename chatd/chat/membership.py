"""What an account keeps, and how its owner changes it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from twisted.internet.defer import DeferredLock

from chatd.chat.account import Account, Preferences
from chatd.chat.errors import Full, NotAllowed, NotFound, Usage
from chatd.chat.events import Notice
from chatd.chat.store import PublicKey

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session


class Membership:
    """Choices, passwords, SSH keys, and the end of an account."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        # Two sessions of an account must not overwrite each other's changes.
        self._saving = DeferredLock()

    async def save(
        self, session: "Session", change: Callable[[Account], Account]
    ) -> None:
        """
        Change what is kept of the session's account.

        @param change: Perhaps called twice, with accounts that differ elsewhere.
        """
        await self._saving.acquire()
        try:
            await self._hub.store.keep_choices(change(_own(session)))
            if session.account is not None:  # it may have a new role by now
                self._hub.connections.update_account(change(session.account))
        finally:
            self._saving.release()

    async def prefer(self, session: "Session", name: str, value: object) -> None:
        """
        Keep one preference; a guest's until leaving.

        @param name: As in C{Preferences}; what it may be is the caller's business.
        """

        def change(old: Preferences) -> Preferences:
            # The others may be changed by another session meanwhile.
            return replace(old, **{name: value})  # type: ignore[arg-type]

        if session.account is None:
            for other in self._hub.connections.of(session.somebody().id):
                other.prefer(change(other.preferences))
            return
        await self.save(
            session,
            lambda account: replace(account, preferences=change(account.preferences)),
        )

    async def change_password(
        self, session: "Session", old: str, new: str
    ) -> tuple[int, int]:
        """
        Give the account another password, and end its other sessions.

        @return: How many those were, and how many SSH keys open it as well.
        """
        account = await self._hub.login.change_password(session, old, new)
        self._hub.desk.put_out(account.id)
        others = [s for s in self._hub.connections.of(account.id) if s is not session]
        for other in others:
            other.close(f"The password of {account.name} was changed: log in again.")
        return len(others), len(await self._hub.store.keys(account.id))

    async def unregister(self, session: "Session", password: str) -> None:
        """Take the account away; its sessions end, its name stays reserved."""
        lock = self._hub.operators.lock
        await lock.acquire()
        try:
            account = _own(session)
            await self._hub.login.unregister(session, password)
        finally:
            lock.release()
        self._hub.desk.put_out(account.id)
        for one in self._hub.connections.of(account.id):
            one.close(f"The account {account.name} is gone, and so are its sessions.")

    # SSH keys

    def offer_to_keep_key(self, session: "Session") -> None:
        """Ask whoever came with a key that the account does not have yet."""
        # Behind a pipe nobody is asked.
        if session.offered is not None and session.look.shows_latest:
            session.tell(
                Notice(
                    f"Keep your SSH key {session.offered.fingerprint}? Then it lets "
                    "you in without the password. Yes: /keys add. No: do nothing."
                )
            )

    async def keys(self, session: "Session") -> list[PublicKey]:
        """The SSH keys of the account, in the order in which they are numbered."""
        return await self._hub.store.keys(_own(session).id)

    async def add_key(self, session: "Session", line: str) -> PublicKey:
        """
        Let somebody with this key come in by SSH.

        @param line: As in C{authorized_keys}; C{""} is the key that was offered.
        """
        if line:
            return await self._keep_key(session, self._hub.secrets.public_key(line))
        if session.offered is None:
            raise Usage(
                "Type it like this: /keys add KEY, with the line in the file that "
                "ends in .pub."
            )
        key, session.offered = session.offered, None
        return await self._keep_key(session, key)

    async def _keep_key(self, session: "Session", key: PublicKey) -> PublicKey:
        account = _own(session)
        if len(await self._hub.store.keys(account.id)) >= self._hub.rules.ssh_keys:
            raise Full(
                f"You have {self._hub.rules.ssh_keys} keys, which is the most. "
                "/keys remove one first."
            )
        await self._hub.store.add_key(account.id, key)
        return key

    async def remove_key(self, session: "Session", which: str) -> PublicKey:
        """
        Let nobody come in with a key any more.

        @param which: Its fingerprint, or its number among L{keys}.
        """
        for number, key in enumerate(await self.keys(session), 1):
            if which in (str(number), key.fingerprint):
                await self._hub.store.remove_key(_own(session).id, key.fingerprint)
                return key
        raise NotFound(f"You have no key {which[:60]}. /keys lists them.")


def _own(session: "Session") -> Account:
    if session.account is None:
        raise NotAllowed("You have no account. /register NAME PASSWORD makes one.")
    return session.account
