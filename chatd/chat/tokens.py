"""With what people come in again."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from chatd.chat.account import Person
from chatd.chat.errors import BadRequest
from chatd.chat.outside import Secrets
from chatd.chat.rules import Rules
from chatd.chat.store import Store, StoreDown

if TYPE_CHECKING:
    from chatd.chat.session import Session


class Tokens:
    """Tokens stand for a password, or for a guest's name."""

    def __init__(
        self,
        store: Store,
        secrets: Secrets,
        now: Callable[[], float],
        rules: Callable[[], Rules],
    ) -> None:
        """
        @param now: POSIX seconds.
        """
        self._store = store
        self._secrets = secrets
        self._now = now
        self._rules = rules

    async def give(self, session: "Session", given: str = "") -> str:
        """
        A token with which to come in again.

        @param given: That with which one came in; it is good for longer now.
        @return: C{""} if none could be kept: one can talk without it.
        """
        token = given or self._secrets.new_token()
        digest = self._secrets.digest(token)
        try:
            await self.keep(digest, session.somebody())
        except StoreDown:
            return given
        session.token = digest
        return token

    async def keep(self, digest: str, person: Person) -> None:
        """Let whoever has this token come in as this person from now on."""
        rules = self._rules()
        seconds = rules.guest_token_seconds if person.guest else rules.token_seconds
        await self._store.add_token(digest, person, self._now() + seconds)

    async def take_back(self, session: "Session") -> str:
        """
        Let nobody come in any more with the token of a session.

        @return: The digest of it.
        @raise BadRequest: if it has none.
        """
        digest = session.token
        if not digest:
            raise BadRequest("You came in without a token.")
        await self._store.remove_token(digest)
        session.token = ""
        return digest
