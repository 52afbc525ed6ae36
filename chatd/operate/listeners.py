"""Everything the chat listens on: closed, opened again, and moved to another port."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from twisted.internet.defer import DeferredList, maybeDeferred
from twisted.internet.interfaces import IListeningPort

from chatd.operate.listening import NotListening, Place, accept, listen


class Listeners:
    """
    The places where people come in; the first of them is the one port.

    Connections that are there already stay, whatever happens to the listeners.
    """

    def __init__(self, reactor: Any, places: Sequence[Place]) -> None:
        self._reactor = reactor
        self._main, *self._more = places
        self._main_ports: list[IListeningPort] = []
        self._more_ports: list[IListeningPort] = []

    @property
    def port(self) -> int:
        """The one port, as a number; as the system chose it where the settings did."""
        for port in self._main_ports:
            return int(getattr(port.getHost(), "port", 0))
        return int(self._main.where)

    @property
    def where(self) -> str:
        """The address of a page here, for a browser on this machine."""
        for port in self._main_ports:
            host = getattr(port.getHost(), "host", "")
            if host in ("", "0.0.0.0", "::"):  # noqa: S104
                host = "localhost"
            target = f"[{host}]" if ":" in host else host
            return f"http://{target}:{self.port}/console"
        return ""

    def open(self) -> None:
        """
        Listen everywhere, or nowhere; nobody is let in before L{accept}.

        @raise NotListening: if one of the places cannot be had.
        """
        main = listen(self._reactor, [self._main])
        try:
            self._more_ports = listen(self._reactor, self._more)
        except NotListening:
            for port in main:
                port.stopListening()
            raise
        self._main_ports = main

    def accept(self) -> None:
        """Let people in from now on."""
        accept([*self._main_ports, *self._more_ports])

    async def close(self) -> None:
        """Listen nowhere."""
        ports = [*self._main_ports, *self._more_ports]
        self._main_ports, self._more_ports = [], []
        await _stop(ports)

    async def move(self, port: int) -> None:
        """
        Make another port the one port; while closed, it is only tried.

        @raise NotListening: if it cannot be had; then nothing has changed.
        """
        place = replace(self._main, where=port)
        new = listen(self._reactor, [place])
        self._main = place
        old = new
        if self._main_ports:
            accept(new)
            old, self._main_ports = self._main_ports, new
        await _stop(old)


async def _stop(ports: Sequence[IListeningPort]) -> None:
    await DeferredList([maybeDeferred(port.stopListening) for port in ports])
