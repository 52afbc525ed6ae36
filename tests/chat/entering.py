"""What the tests of the entrance share: people who ask to come in."""

from chatd.chat.account import Account
from chatd.chat.request import Enter
from chatd.chat.session import Session
from chatd.testing import FakeDoor, connect, result, turn
from tests.chatting import Chatting


class EntranceCase(Chatting):
    """Nobody is here yet."""

    def enter(self, *requests: Enter) -> list[tuple[Session, FakeDoor]]:
        """All ask in one turn, each by a connection of their own."""
        come = [connect(self.hub) for _ in requests]
        for (session, _), request in zip(come, requests, strict=True):
            session.submit(request)
        return come

    def entered(self, request: Enter) -> tuple[Session, FakeDoor]:
        """Somebody who has asked, and was answered."""
        ((session, door),) = self.enter(request)
        turn(self.hub)
        return session, door

    def account(self, name: str) -> Account:
        """An account whose owner is not here."""
        self.absent(name)
        account = result(self.hub.login.owner(name))
        assert account is not None
        return account

    def names(self) -> list[str]:
        """Who is here."""
        return [here.person.name for here in self.hub.presence]

    def check_tidy(self) -> None:
        """Places are those of the people who are here."""
        self.assertEqual(len(self.hub.places), len(self.hub.presence))
