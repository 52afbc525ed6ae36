"""A client of a server that somebody named."""

from collections.abc import Callable
from typing import Any

from twisted.internet.endpoints import (
    HostnameEndpoint,
    clientFromString,
    wrapClientTLS,
)
from twisted.internet.interfaces import IStreamClientEndpoint

from chatd.client.client import Ask, Client, Credentials
from chatd.client.credentials import KNOWN, folder
from chatd.client.memory import Memory
from chatd.client.place import Place
from chatd.client.trust import Certificates, Known

# Seconds for a connection to be there.
TIMEOUT = 15

# Endpoints that are encrypted already, or do not leave the machine.
_SAFE = ("tls:", "unix:")


def make_client(
    reactor: Any,
    place: Place,
    credentials: Credentials,
    *,
    plain: bool = False,
    trust: str = "",
    first_use: Callable[[str, str], bool] | None = None,
    tries: int = 0,
    ask: Ask | None = None,
    memory: Memory | None = None,
) -> Client:
    """
    Make a client; it is not started.

    @param plain: Whether the connection may be NOT encrypted.
    @param trust: The fingerprint of the only certificate that is right.
    @param first_use: See L{Certificates}.
    @param memory: Where it went away, and as whom.
    """
    endpoint: IStreamClientEndpoint
    if place.endpoint:
        endpoint = clientFromString(reactor, place.endpoint)
    else:
        endpoint = HostnameEndpoint(reactor, place.host, place.port, timeout=TIMEOUT)
    check = None
    if not plain and not place.endpoint.startswith(_SAFE):
        known = Known(folder() / KNOWN)
        certificates = Certificates(
            str(place), place.host, known, trust=trust, first_use=first_use
        )
        endpoint = wrapClientTLS(certificates, endpoint, clock=reactor)
        check = certificates.check
    if memory is not None:
        credentials = memory.recall(credentials)
    return Client(
        endpoint,
        credentials,
        clock=reactor,
        check=check,
        cursor=memory.cursor if memory else "",
        tries=tries,
        ask=ask,
        changed=memory.keep if memory else None,
    )
