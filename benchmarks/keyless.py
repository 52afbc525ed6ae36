"""How guests without a key come in by SSH."""

from typing import Any

from twisted.conch.ssh.userauth import SSHUserAuthClient
from twisted.internet.defer import Deferred, succeed


class Keyless(SSHUserAuthClient):
    """Has neither key nor password, and is asked for nothing at the keyboard."""

    def getPassword(self, prompt: Any = None) -> None:
        """Pass on to the next method."""

    def getGenericAnswers(
        self, name: bytes, instruction: bytes, prompts: list[tuple[bytes, bool]]
    ) -> "Deferred[list[str]]":
        return succeed(["" for _ in prompts])
