"""Who has come by a connection, as far as SSH could prove it."""

from twisted.logger import ILogObserver, LogEvent, Logger
from zope.interface import implementer

from chatd.chat.account import Account, Person
from chatd.chat.store import PublicKey


@implementer(ILogObserver)
def _unheard(event: LogEvent) -> None:
    """Nobody wants to know."""


# For Conch, which tells of every packet, and of every mistake of a peer as an error.
QUIET = Logger(namespace="conch", observer=_unheard)


class Visitor:
    """
    What was proved when a connection began.

    @ivar name: As the client gave it; C{user} in C{ssh user@host}.
    @ivar proved: The owner of the name, or a guest who may have it; C{None} for names
        that nobody may have: then another one is asked for.
    @ivar key: With which a guest came, or which the account does not have.
    """

    def __init__(
        self,
        name: str,
        proved: Account | Person | None,
        key: PublicKey | None = None,
    ) -> None:
        self.name = name
        self.proved = proved
        self.key = key
