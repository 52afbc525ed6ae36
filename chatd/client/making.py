"""A client of a server that somebody named."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import (
    HostnameEndpoint,
    clientFromString,
    wrapClientTLS,
)
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IStreamClientEndpoint,
)

from chatd.client.client import Client
from chatd.client.credentials import KNOWN, Credentials, folder
from chatd.client.entering import Ask
from chatd.client.memory import Memory
from chatd.client.place import Place, read_place
from chatd.client.trust import Certificates, Known

# Seconds for a connection to be there.
TIMEOUT = 15

# Endpoints that are encrypted already, or do not leave the machine.
_SAFE = ("tls:", "unix:")


class Way:
    """
    The way to a server.

    @ivar check: Judges it; C{None} if the connection is not encrypted by us.
    """

    def __init__(
        self,
        reactor: Any,
        place: Place,
        *,
        plain: bool = False,
        trust: str = "",
        first_use: Callable[[str, str], bool] | None = None,
    ) -> None:
        """
        @param plain: Whether the connection may be NOT encrypted.
        @param trust: The fingerprint of the only certificate that is right.
        @param first_use: See L{Certificates}.
        """
        self._reactor = reactor
        self._place = place
        self._certificates: Certificates | None = None
        self.check: Callable[[object], None] | None = None
        if not plain and not place.endpoint.startswith(_SAFE):
            known = Known(folder() / KNOWN)
            certificates = self._certificates = Certificates(
                str(place), place.host, known, trust=trust, first_use=first_use
            )
            self.check = certificates.check

    @property
    def base(self) -> str:
        """What stands before the paths of HTTP."""
        scheme = "https" if self._certificates else "http"
        host = "localhost" if self._place.endpoint else str(self._place)
        return f"{scheme}://{host}"

    def endpoint(self) -> IStreamClientEndpoint:
        """To come in by."""
        return self._wrap(self._certificates)

    def again(self) -> IStreamClientEndpoint:
        """To the server that was met, once more."""
        return self._wrap(self._certificates.same() if self._certificates else None)

    def _wrap(
        self, creator: IOpenSSLClientConnectionCreator | None
    ) -> IStreamClientEndpoint:
        place, reactor = self._place, self._reactor
        endpoint: IStreamClientEndpoint
        if place.endpoint:
            endpoint = clientFromString(reactor, place.endpoint)
        else:
            endpoint = HostnameEndpoint(
                reactor, place.host, place.port, timeout=TIMEOUT
            )
        if creator is None:
            return endpoint
        endpoint = wrapClientTLS(creator, endpoint, clock=reactor)
        return endpoint


def make_client(
    reactor: Any,
    way: Way | Place | str,
    credentials: Credentials,
    *,
    tries: int = 0,
    ask: Ask | None = None,
    memory: Memory | None = None,
) -> Client:
    """
    Make a client; it is not started, and is stopped with the reactor.

    @param way: To the server.
    @param memory: Where it went away, and as whom.
    """
    if isinstance(way, str):
        way = read_place(way)
    if isinstance(way, Place):
        way = Way(reactor, way)
    if memory is not None:
        credentials = memory.recall(credentials)
    client = Client(
        way.endpoint(),
        credentials,
        clock=reactor,
        check=way.check,
        cursor=memory.cursor if memory else "",
        tries=tries,
        ask=ask,
        changed=memory.keep if memory else None,
    )
    reactor.addSystemEventTrigger(
        "before", "shutdown", lambda: Deferred.fromCoroutine(client.stop())
    )
    return client
