"""The address by which others see this machine, as somebody else says."""

from ipaddress import ip_address
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol as Receiver
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent
from twisted.web.http_headers import Headers

from chatd import __version__
from chatd.chat.errors import ChatError, NotAllowed, NotFound

# How long somebody else may take to say what our address is, in seconds, and how much
# may be said.
PATIENCE = 5.0
ANSWER = 1_024  # bytes


class Asking(Protocol):
    """C{twisted.web.client.Agent}."""

    def request(self, method: bytes, uri: bytes, headers: Headers) -> Any:
        """Ask."""


async def public_address(url: str, reactor: Any, agent: Asking | None = None) -> str:
    """
    Ask a service from which address this machine is seen.

    It is asked because somebody wants to know now, never by the server itself. What it
    answers is not trusted to be more than an address.

    @raise ChatError: if that cannot be found out.
    """
    if not url:
        raise NotAllowed(
            "No service is asked: the setting public_address_url names none."
        )
    if agent is None:
        agent = Agent(reactor, connectTimeout=PATIENCE)
    headers = Headers(
        {"User-Agent": [f"chatd/{__version__}"], "Accept": ["text/plain"]}
    )

    async def ask() -> bytes:
        response = await agent.request(b"GET", url.encode(), headers)
        if response.code != 200:
            raise NotFound(f"{url} answers with status {response.code}.")
        body: Deferred[bytes] = Deferred()
        response.deliverBody(_Body(body))
        return await body

    waiting = Deferred.fromCoroutine(ask())
    waiting.addTimeout(PATIENCE, reactor)
    try:
        text = (await waiting).decode("ascii", "replace").strip()
    except ChatError:
        raise
    except Exception as problem:
        why = str(problem) or type(problem).__name__
        raise NotFound(f"{url} does not answer: {why[:200]}") from None
    try:
        return str(ip_address(text))
    except ValueError:
        raise NotFound(f"What {url} answers is no address: {text[:60]}") from None


class _Body(Receiver):
    """Reads as much of an answer as an address can be long."""

    def __init__(self, done: "Deferred[bytes]") -> None:
        self._done = done
        self._data = b""

    def dataReceived(self, data: bytes) -> None:
        self._data += data
        if len(self._data) > ANSWER and self.transport is not None:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self._done.called:
            self._done.callback(self._data[:ANSWER])
