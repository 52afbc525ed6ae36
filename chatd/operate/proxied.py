"""Connections that a proxy hands on, telling where they come from (PROXY protocol)."""

from twisted.internet.interfaces import IProtocolFactory

# Twisted makes only endpoints of these public, and they cannot be changed.
from twisted.protocols.haproxy._wrapper import (
    HAProxyProtocolWrapper,
    HAProxyWrappingFactory,
)

# How an endpoint string begins that is meant for a proxy.
PREFIX = "haproxy:"


class _Proxied(HAProxyProtocolWrapper):
    """
    One that is ended if it does not begin as a proxy does.

    Twisted's own raises ValueError for some of what is no port and no UTF-8.
    """

    def dataReceived(self, data: bytes) -> None:
        try:
            super().dataReceived(data)
        except ValueError:
            if self._proxyInfo is not None:
                raise
            self.loseConnection()


def proxied(factory: IProtocolFactory) -> IProtocolFactory:
    """What takes connections from a proxy, for what takes those from people."""
    wrapping = HAProxyWrappingFactory(factory)
    wrapping.protocol = _Proxied  # type: ignore[assignment]
    return wrapping
