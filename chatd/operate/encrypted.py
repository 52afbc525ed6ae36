"""Encrypted connections that send at once, as L{chatd.operate.direct} does."""

from functools import partial
from socket import socket

from OpenSSL import SSL
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import connectionDone
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure

from chatd.operate.direct import DirectServer, Reader

# What fits into one record; see RFC 8446, section 5.1.
_RECORD = 2**14
_MORE = 2**15  # than one record takes when it is encrypted

_CUT = Failure(ConnectionLost())


class Encrypted(TLSMemoryBIOProtocol):
    """A connection whose records go straight to the socket while nothing waits."""

    def straight(self, reader: Reader) -> "Records | None":
        """
        What encrypts and sends at once; C{None} while something waits.

        @param reader: Is told when it may not be used any more.
        """
        transport, connection = self.transport, self.getHandle()
        if connection is None or not isinstance(transport, DirectServer):
            return None
        direct = transport.straight(reader)
        return direct and Records(connection, direct, transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        # Who did not say that it is the end was cut off.
        connection = self.getHandle()
        if not (connection and connection.get_shutdown() & SSL.RECEIVED_SHUTDOWN):
            reason = _CUT
        super().connectionLost(reason)


class Records:
    """Makes one record of what one reader is sent."""

    __slots__ = ("_encrypt", "_send", "_take", "_transport")

    def __init__(
        self, connection: SSL.Connection, socket: socket, transport: DirectServer
    ) -> None:
        # Not the objects: pyOpenSSL's looks for its methods in a roundabout way. Nor is
        # anything held back any more.
        self._encrypt = connection.send
        self._take = partial(SSL.Connection.bio_read, connection)
        self._send = socket.send
        self._transport = transport

    def send(self, data: bytes) -> int:
        """
        @return: All of it or nothing; then it has to be written as usual.
        """
        if len(data) > _RECORD:
            return 0
        try:
            self._encrypt(data)
        except SSL.Error:  # also where something has to be read first
            return 0
        record = self._take(_MORE)
        try:
            sent = self._send(record)
        except OSError:
            sent = 0
        if sent < len(record):
            self._transport.write(record[sent:])
        return len(data)
