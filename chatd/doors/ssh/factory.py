"""Makes connections of SSH, and the doors that their channels lead to."""

from typing import TypedDict

from twisted.conch.ssh import factory
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.service import SSHService
from twisted.internet.interfaces import IAddress

from chatd.chat.errors import BadRequest
from chatd.chat.hub import Hub
from chatd.chat.throttle import Throttles
from chatd.doors.connection import Exempt
from chatd.doors.ssh.authentication import NO_KEY_SECONDS, Authentication
from chatd.doors.ssh.channel import Door, SessionChannel
from chatd.doors.ssh.command import CommandDoor
from chatd.doors.ssh.connection import Connection
from chatd.doors.ssh.files import FilesDoor
from chatd.doors.ssh.sftp import OLD_SCP, is_old_scp
from chatd.doors.ssh.shell import ShellDoor
from chatd.doors.ssh.transport import Transport


class SSHFactory(factory.SSHFactory):
    """
    The SSH door.

    @ivar paste_from: So many lines found in one read are one paste; may be changed
        while running.
    @ivar gave_up: Who had nothing to show a moment ago, by address and name.
    """

    noisy = False

    def __init__(
        self, hub: Hub, host_key: bytes, *, exempt: Exempt, paste_from: int = 5
    ) -> None:
        """
        @param host_key: The private key of the server, as PEM.
        """
        self.hub = hub
        self.exempt = exempt
        self.paste_from = paste_from
        self.gave_up = Throttles(1, NO_KEY_SECONDS)
        key = Key.fromString(host_key)
        # As Conch asks for them.
        self.privateKeys = {key.sshType(): key}
        self.publicKeys = {key.sshType(): key.public()}

    def buildProtocol(self, addr: IAddress | None) -> Transport:
        transport = Transport(self)
        transport.factory = self
        transport.supportedPublicKeys = list(self.privateKeys)
        return transport

    def startFactory(self) -> None:
        """There is nothing to look for."""

    def getService(
        self, transport: Transport, service: bytes
    ) -> type[SSHService] | None:
        """What Conch begins when a client asks for it."""
        if service == Authentication.name:
            return None if hasattr(transport, "avatar") else Authentication
        if service == Connection.name and hasattr(transport, "avatar"):
            return Connection
        return None

    def shell(self, channel: SessionChannel) -> Door:
        """For C{ssh HOST}: a terminal; without one, lines."""
        if channel.terminal is None:
            return CommandDoor(self.hub, channel, "", **self._given)
        return ShellDoor(self.hub, channel, **self._given)

    def command(self, channel: SessionChannel, command: str) -> Door:
        """For C{ssh HOST COMMAND}."""
        asked = BadRequest(OLD_SCP) if is_old_scp(command) else command
        return CommandDoor(self.hub, channel, asked, **self._given)

    def subsystem(self, channel: SessionChannel, name: str) -> Door | None:
        """For C{ssh -s} and what builds on it."""
        if name != "sftp":
            return None
        return FilesDoor(self.hub, channel, **self._given)

    @property
    def _given(self) -> "_Given":
        return {"exempt": self.exempt, "paste_from": self.paste_from}


class _Given(TypedDict):
    """What all doors are given."""

    exempt: Exempt
    paste_from: int
