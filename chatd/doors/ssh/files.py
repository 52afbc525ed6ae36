"""The subsystem for files: sftp, and the scp of OpenSSH 9 and newer."""

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from chatd.doors.ssh.pipe import PipeDoor
from chatd.doors.ssh.sftp import Sftp

_SLOW = "slow reader"


class FilesDoor(PipeDoor):
    """Comes in like a command, and then leaves the channel to sftp."""

    _sftp: Sftp | None = None
    _early = b""  # what comes while the person is coming in; the window bounds it

    async def carry_out(self) -> None:
        await self.enter()
        assert self.session is not None
        self._sftp = Sftp(self.hub, self.session, self.channel)
        self.channel.watch(self._check)
        self.resume()
        early, self._early = self._early, b""
        self._sftp.dataReceived(early)
        await self.finished

    def _check(self, blocked: bool) -> None:
        """Answer nothing more while the client does not read."""
        if self._sftp is not None:
            (self._sftp.stop if blocked else self._sftp.go)(_SLOW)

    def dataReceived(self, data: bytes) -> None:
        if self._sftp is None:
            self._early += data
        else:
            self._sftp.dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        if self._sftp is not None:
            self._sftp.connectionLost(reason)
