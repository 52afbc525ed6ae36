"""What transports of Twisted need to be told, and what is known of them."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import cast

from twisted.internet.interfaces import IAddress, ITCPTransport, ITransport

from chatd.chat.admission import Visit
from chatd.chat.door import Straight, Writer


def abort(transport: ITransport | None) -> None:
    """Cut a connection off, if it can be."""
    if ITCPTransport.providedBy(transport):
        transport.abortConnection()
    elif transport is not None:
        transport.loseConnection()


def straight(transport: object, writer: Writer) -> Straight | None:
    """
    What sends past a transport, as long as nothing waits in it; C{None} if it has not.

    Its class is asked: TLS and other wrappers pass on to the socket's transport what
    they do not know, and clear text would be sent in the middle of theirs.
    """
    ask = getattr(type(transport), "straight", None)
    return None if ask is None else cast("Straight | None", ask(transport, writer))


def address_of(peer: IAddress) -> str:
    """
    Where a connection comes from, as people write it.

    @return: An IP address, IPv4 also where the socket is one of both kinds; C{local}
        for UNIX sockets.
    """
    return _in_words(getattr(peer, "host", ""))


@lru_cache(maxsize=1024)
def _in_words(host: str) -> str:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return "local"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


def host_of(here: IAddress) -> str:
    """
    By which address somebody came in, as it stands in an URL.

    @param here: This side of a connection.
    """
    address = address_of(here)
    if address == "local":
        return "localhost"
    return f"[{address}]" if ":" in address else address


# By the transports that the system gave us, as long as they are open.
visits: dict[object, Visit] = {}


def visit_of(transport: object) -> Visit | None:
    """The visit to which a transport belongs, also inside TLS or another wrapper."""
    while transport is not None:
        visit = visits.get(transport)
        if visit is not None:
            return visit
        transport = getattr(transport, "transport", None)
    return None
