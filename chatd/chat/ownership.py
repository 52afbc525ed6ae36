"""Which names are somebody's own."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from chatd.chat.command import Commands
from chatd.chat.errors import BadName, NameTaken, PasswordNeeded
from chatd.chat.login import Login
from chatd.chat.names import Name, is_reserved, person_name
from chatd.chat.rules import Rules
from chatd.chat.store import Store

if TYPE_CHECKING:
    from chatd.chat.session import Session


class Ownership:
    """Tells who may be called what."""

    def __init__(
        self, store: Store, commands: Commands, login: Login, rules: Callable[[], Rules]
    ) -> None:
        self._store = store
        self._commands = commands
        self._login = login
        self._rules = rules

    def check_name(self, text: str) -> Name:
        """
        A name that somebody may have, whosever it is.

        @raise ChatError: if nobody may be called so.
        """
        if len(text.split()) > 1:
            raise BadName(
                "A name has no spaces. Type one word, or /help: it says how members "
                "come in."
            )
        name = person_name(text, self._rules().name_chars)
        if is_reserved(name, self._commands.words()):
            raise NameTaken(f"{name.shown} is a reserved word. Take another name.")
        return name

    async def check_free(self, name: Name) -> None:
        """
        @raise ChatError: if the name, or a look-alike, belongs to an account.
        """
        account = await self._store.account_named(name.key)
        if account is not None and account.secret:
            raise PasswordNeeded(
                f"{account.name} belongs to somebody. If it is you, type the password; "
                "if not, press Enter and take another name."
            )
        if account is not None:
            raise NameTaken(f"{account.name} is reserved. Take another name.")
        like = await self._store.account_like(name.skeleton)
        if like is not None:
            raise NameTaken(
                f"{name.shown} looks like the name of somebody else. Take another name."
            )

    async def check_unowned(self, session: "Session", name: Name) -> None:
        """
        As L{check_free}, where no password would help.

        @raise NameTaken: if the name, or a look-alike, belongs to an account.
        """
        try:
            await self.check_free(name)
        except PasswordNeeded:
            how = f"If it is you: /login {name.shown} PASSWORD"
            if not self._login.takes_passwords(session):
                how = f"Take another name. {self._login.how_encrypted(session)}"
            raise NameTaken(f"{name.shown} belongs to somebody. {how}") from None
