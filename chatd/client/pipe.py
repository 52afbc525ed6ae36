"""What C{chatd say} and C{chatd tail} have in common."""

import getpass
from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from chatd.client.client import Client
from chatd.client.credentials import Credentials
from chatd.client.making import make_client
from chatd.client.options import ServerOptions
from chatd.client.reasons import NotReached

# Seconds to try for, if the server is not there.
PATIENCE = 30.0


class PipeOptions(ServerOptions):
    """A server, named by an option."""

    optParameters: Sequence[Sequence[Any]] = (
        ("server", "s", None, "[NAME@]HOST[:PORT]; or CHATD_SERVER, or the file."),
    )

    def credentials(self) -> Credentials:
        found = super().credentials()
        if found.name or found.token:
            return found
        return Credentials(getpass.getuser(), found.password)


def pipe_client(reactor: Any, options: PipeOptions) -> Client:
    """A client of the server that is meant."""
    return make_client(reactor, options.way(reactor), options.credentials())


async def go_to(client: Client, target: str) -> None:
    """
    Be in a room, if there is such a room.

    @raise RequestFailed: if there is none, or one may not be in it.
    """
    if target.startswith("@"):
        return
    room = target.removeprefix("#")
    await client.request("ping")
    if client.state.room(room) is None:
        await client.history(room, limit=1)  # for /join would open one
        await client.command(f"/join {room}")


class Limit:
    """Gives up when the server is not there for long."""

    def __init__(self, reactor: Any, client: Client, options: PipeOptions) -> None:
        self._client = client
        self._reactor = reactor
        self._place = options.place
        self._call = reactor.callLater(PATIENCE, self._look)

    def _look(self) -> None:
        if self._client.ready:
            self._call = self._reactor.callLater(PATIENCE, self._look)
            return
        reason = self._client.reason or "The server does not answer."
        problem = NotReached(f"{self._place}: {reason}")
        Deferred.fromCoroutine(self._client.stop(problem))

    def end(self) -> None:
        """It is of no use any more."""
        if self._call.active():
            self._call.cancel()
