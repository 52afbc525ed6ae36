"""
Sockets that send at once what can be sent at once, and take few newcomers at a time.

The outbox makes one write per reader and turn. Twisted's own transport would register
each with the poller, wait for the next round and take it out again, which costs more
than the sending itself; and the lines that come meanwhile make another write.
"""

import socket
from functools import lru_cache
from typing import Any, Protocol

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IConsumer,
    IHalfCloseableDescriptor,
    IListeningPort,
    ILoggingContext,
    IPushProducer,
    IReadWriteDescriptor,
    ISystemHandle,
    ITLSTransport,
)
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Port, Server
from zope.interface import implementer_only


class Reader(Protocol):
    """Who is sent something."""

    def hindered(self) -> None:
        """Something waits to be sent: more must queue behind it."""


class IDirect(
    ITLSTransport,
    ISystemHandle,
    IPushProducer,
    IReadWriteDescriptor,
    IConsumer,
    IHalfCloseableDescriptor,
    ILoggingContext,
):
    """
    All that Twisted's connections provide, as one interface.

    TLS takes over what it is put around, one after the other: 30 us for nine of them.
    """


@implementer_only(IDirect)
class DirectServer(Server):
    """
    A connection that was accepted. As long as nothing waits, writing is sending.

    C{startWriting} and C{stopWriting} frame the time in which something waits.
    """

    _waiting = False
    _reader: Reader | None = None

    def straight(self, reader: Reader) -> socket.socket | None:
        """
        What sends at once; C{None} while something waits.

        @param reader: Is told when it may not be used any more.
        """
        if self._waiting or self.TLS or not self.connected or self.disconnecting:
            return None
        self._reader = reader
        return self.socket

    def getHost(self) -> IPv4Address | IPv6Address:
        return _here(self.socket.getsockname())

    def startWriting(self) -> None:
        self._waiting = True
        self._hinder()
        super().startWriting()

    def stopWriting(self) -> None:
        self._waiting = False
        super().stopWriting()

    def write(self, data: bytes) -> None:
        if self._waiting or self.TLS or not self.connected or self.disconnecting:
            super().write(data)
            return
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            # The poller will notice too, and end the connection in its own time: it
            # must not be lost in the middle of a write.
            super().write(data)
            return
        if sent < len(data):
            super().write(data[sent:])

    def loseConnection(self) -> None:
        # Mostly nothing waits: Twisted would ask the poller when nothing can be sent.
        pulled = self.producer is not None and not self.streamingProducer
        if self._waiting or pulled or self.TLS or self.disconnecting:
            super().loseConnection()
        elif self.connected:
            self._hinder()
            self.stopReading()
            self.disconnecting = True
            self.reactor.callLater(0, self._end)  # type: ignore[attr-defined]

    def _end(self) -> None:
        # What was written meanwhile goes first; the poller ends it then.
        if not self._waiting:
            self.connectionLost(connectionDone)

    def _hinder(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.hindered()


@lru_cache(maxsize=256)
def _here(name: tuple[Any, ...]) -> IPv4Address | IPv6Address:
    """An address of this machine, as Twisted has it; made once."""
    if len(name) == 2:
        return IPv4Address("TCP", *name)
    host, _ = socket.getnameinfo(name, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
    return IPv6Address("TCP", host, *name[1:])


# New connections that a port takes in one turn of the reactor. Twisted takes ever more
# if there are: under a flood of them those who are here waited for all of these. To ask
# for a second one mostly is in vain, and costs as much as another round.
AT_ONCE = 1


def take_few(port: IListeningPort) -> None:
    """
    Let a port take few connections at a time; the others wait in the system.

    C{Port.numberAccepts} is where Twisted counts how many there may be.
    """
    if not isinstance(port, Port):
        return
    take = port.doRead

    def take_some() -> None:
        port.numberAccepts = AT_ONCE
        take()

    port.doRead = take_some  # type: ignore[method-assign]


# How the kernel finds out that a peer is gone while nothing is said, and while
# something is: within two minutes. Not every system has all of them.
_PROBES = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3}
_UNANSWERED = {"TCP_USER_TIMEOUT": 120_000}  # milliseconds

_INTERNET = (socket.AF_INET, socket.AF_INET6)


def stay_in_touch(port: IListeningPort) -> None:
    """
    Have a port's connections send without delay, and notice when the peer is gone.

    The system gives each connection what the socket has that it was accepted from, so
    that nothing is left to do for each.
    """
    if not isinstance(port, Port) or port.addressFamily not in _INTERNET:
        return
    listening = port.socket
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (_PROBES | _UNANSWERED).items():
        if hasattr(socket, name):
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def send_directly(port: IListeningPort) -> None:
    """
    Let a port make such connections from now on.

    C{Port.transport} is documented as replaceable. Ports of other kinds stay as they
    are: Twisted's for UNIX sockets is a C{Port}, too, with a transport of its own.
    """
    if isinstance(port, Port) and port.transport is Server:
        port.transport = DirectServer
