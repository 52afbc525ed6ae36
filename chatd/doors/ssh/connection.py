"""The channels of one connection, and what is refused in it."""

import struct
from typing import TYPE_CHECKING

from twisted.conch.ssh.common import NS, getNS
from twisted.conch.ssh.connection import (
    MSG_CHANNEL_OPEN_FAILURE,
    MSG_CHANNEL_WINDOW_ADJUST,
    OPEN_ADMINISTRATIVELY_PROHIBITED,
    OPEN_RESOURCE_SHORTAGE,
    SSHConnection,
)

from chatd.doors.ssh.channel import SessionChannel
from chatd.doors.ssh.visitor import QUIET

if TYPE_CHECKING:
    from chatd.doors.ssh.transport import Transport

# Channels at the same time; OpenSSH has the same limit for its MaxSessions.
CHANNELS = 10


class Connection(SSHConnection):
    """Opens channels for people, and refuses quietly what is not for them."""

    _log = QUIET
    transport: "Transport"
    channels: dict[int, SessionChannel]

    def serviceStarted(self) -> None:
        """Nobody else needs to know."""

    def packetReceived(self, messageNum: int, packet: bytes) -> None:
        if messageNum >= MSG_CHANNEL_WINDOW_ADJUST:
            (number,) = struct.unpack_from(">L", packet)
            if number not in self.channels and number < self.localChannelID:
                return  # it was cut off while this was on its way
        super().packetReceived(messageNum, packet)

    def ssh_CHANNEL_OPEN(self, packet: bytes) -> None:
        kind, rest = getNS(packet)
        if kind != SessionChannel.name:
            self._refuse(rest, OPEN_ADMINISTRATIVELY_PROHIBITED, "nothing is forwarded")
        elif len(self.channels) >= CHANNELS:
            self._refuse(rest, OPEN_RESOURCE_SHORTAGE, f"{CHANNELS} are the most")
        else:
            super().ssh_CHANNEL_OPEN(packet)

    def getChannel(
        self, channelType: bytes, windowSize: int, maxPacket: int, data: bytes
    ) -> SessionChannel:
        return SessionChannel(
            remoteWindow=windowSize, remoteMaxPacket=maxPacket, conn=self
        )

    def gotGlobalRequest(self, requestType: bytes, data: bytes) -> int:
        """Nothing is forwarded; a client that asks whether we live is content."""
        return 0

    def adjustWindow(self, channel: SessionChannel, bytesToAdd: int) -> None:
        if not channel.deaf:
            super().adjustWindow(channel, bytesToAdd)

    def channelClosed(self, channel: SessionChannel) -> None:
        super().channelClosed(channel)
        if not any(one.begun for one in self.channels.values()):
            self.transport.wait()

    def _refuse(self, rest: bytes, reason: int, text: str) -> None:
        (number,) = struct.unpack_from(">L", rest)
        failure = struct.pack(">2L", number, reason) + NS(text) + NS(b"")
        self.transport.sendPacket(MSG_CHANNEL_OPEN_FAILURE, failure)
