"""What transports of Twisted need to be told."""

from twisted.internet.interfaces import ITCPTransport, ITransport


def abort(transport: ITransport | None) -> None:
    """Cut a connection off, if it can be."""
    if ITCPTransport.providedBy(transport):
        transport.abortConnection()
    elif transport is not None:
        transport.loseConnection()
