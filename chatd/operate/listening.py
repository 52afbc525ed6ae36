"""Where the server listens: its port, and any endpoint that Twisted knows."""

import errno
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from twisted.internet.endpoints import (
    TCP4ServerEndpoint,
    TCP6ServerEndpoint,
    serverFromString,
)
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IReactorCore,
    IStreamServerEndpoint,
)
from twisted.python.failure import Failure

from chatd.operate import proxied
from chatd.operate.direct import send_directly, stay_in_touch, take_few

# Connections that the kernel holds until they are accepted. Twisted's own 50 turn
# people away when everybody comes back at once.
BACKLOG = 4096


class NotListening(Exception):
    """The server cannot listen somewhere; one sentence says where and why."""


@dataclass(frozen=True, slots=True)
class Place:
    """
    Somewhere to listen.

    @ivar where: A port number, or an endpoint string of Twisted.
    @ivar interface: For a port number: the address; C{""} for all, IPv4 and IPv6.
    """

    where: int | str
    factory: IProtocolFactory
    interface: str = ""


def listen(reactor: Any, places: Sequence[Place]) -> list[IListeningPort]:
    """
    Listen at all places, or at none.

    Nobody is let in before L{accept}.

    @raise NotListening: if one of them cannot be had.
    """
    ports: list[IListeningPort] = []
    try:
        for place in places:
            if isinstance(place.where, str):
                ports.append(_listen(_endpoint(reactor, place.where), place))
            elif place.interface:
                ports.append(_listen(_tcp(reactor, place, place.interface), place))
            else:
                ports += _listen_everywhere(reactor, place)
    except NotListening:
        for port in ports:
            port.stopListening()
        raise
    return ports


def accept(ports: Sequence[IListeningPort]) -> None:
    """Let people in from now on."""
    for port in ports:
        if hasattr(port, "startReading"):
            port.startReading()


def _listen_everywhere(reactor: Any, place: Place) -> list[IListeningPort]:
    """On all addresses of both kinds; by one socket where the system has such."""
    try:
        ports = [_listen(_tcp(reactor, place, "::"), place)]
    except NotListening as problem:
        if not isinstance(problem.__cause__, OSError):
            raise
        if problem.__cause__.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            raise
        return [_listen(_tcp(reactor, place, "0.0.0.0"), place)]  # noqa: S104
    if sys.platform != "linux":
        with suppress(NotListening):  # the first socket may take both kinds
            ports.append(_listen(_tcp(reactor, place, "0.0.0.0"), place))  # noqa: S104
    return ports


def _tcp(reactor: Any, place: Place, interface: str) -> IStreamServerEndpoint:
    kind = TCP6ServerEndpoint if ":" in interface else TCP4ServerEndpoint
    endpoint = kind(reactor, place.where, backlog=BACKLOG, interface=interface)
    return cast(IStreamServerEndpoint, endpoint)


def _endpoint(reactor: IReactorCore, where: str) -> IStreamServerEndpoint:
    try:
        plain = where.removeprefix(proxied.PREFIX)
        return cast(IStreamServerEndpoint, serverFromString(reactor, plain))
    except Exception as problem:  # plugins may raise anything
        raise NotListening(
            f"{where} is no endpoint that Twisted knows: {problem}"
        ) from problem


def _listen(endpoint: IStreamServerEndpoint, place: Place) -> IListeningPort:
    got: list[IListeningPort] = []
    failed: list[Failure] = []
    factory = place.factory
    if isinstance(place.where, str) and place.where.startswith(proxied.PREFIX):
        factory = proxied.proxied(factory)
    endpoint.listen(factory).addCallbacks(got.append, failed.append)
    if failed and failed[0].value is not None:
        raise _explained(failed[0].value, place) from _cause(failed[0].value)
    if not got:
        raise NotListening(f"{place.where} does not begin to listen")
    port = got[0]
    if hasattr(port, "stopReading"):
        port.stopReading()
    send_directly(port)
    stay_in_touch(port)
    take_few(port)
    return port


def _cause(problem: BaseException) -> BaseException:
    return problem.socketError if isinstance(problem, CannotListenError) else problem


def _explained(problem: BaseException, place: Place) -> NotListening:
    what = f"port {place.where}" if isinstance(place.where, int) else place.where
    if place.interface:
        what += f" on {place.interface}"
    cause = _cause(problem)
    if isinstance(cause, OSError):
        if cause.errno == errno.EADDRINUSE:
            return NotListening(
                f"{what} is in use by another program; stop that, or choose another "
                "port with --port"
            )
        if cause.errno == errno.EACCES:
            return NotListening(
                f"{what} may not be used by this user; ports below 1024 need a right "
                "of their own"
            )
        if isinstance(cause, socket.gaierror):
            return NotListening(f"{place.interface} is no address of this machine")
        return NotListening(f"{what} cannot be listened on: {cause.strerror}")
    return NotListening(f"{what} cannot be listened on: {cause}")
