"""With what people come in again."""

from typing import TYPE_CHECKING

from chatd.chat.account import Person
from chatd.chat.errors import BadRequest
from chatd.chat.store import StoreDown

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session


class Tokens:
    """Tokens stand for a password, or for a guest's name."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub

    async def give(self, session: "Session", given: str = "") -> str:
        """
        A token with which to come in again.

        @param given: That with which one came in; it is good for longer now.
        @return: C{""} if none could be kept: one can talk without it.
        """
        token = given or self._hub.secrets.new_token()
        digest = self._hub.secrets.digest(token)
        try:
            await self.keep(digest, session.somebody())
        except StoreDown:
            return given
        session.token = digest
        return token

    async def keep(self, digest: str, person: Person) -> None:
        """Let whoever has this token come in as this person from now on."""
        rules = self._hub.rules
        seconds = rules.guest_token_seconds if person.guest else rules.token_seconds
        await self._hub.store.add_token(digest, person, self._hub.now() + seconds)

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
