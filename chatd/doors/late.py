"""Doors that are built when the server listens already."""

from collections.abc import Callable
from importlib import import_module
from threading import Lock
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol

# Whoever imports what another thread is about to import may be given half of it.
_IMPORTING = Lock()


def load(module: str) -> None:
    """Import what a door needs, in any thread."""
    with _IMPORTING:
        import_module(module)


class Late(Factory):
    """
    Stands for a door that takes long to import.

    It is built when somebody comes who speaks its language, or before, when there is
    time for it.
    """

    noisy = False

    def __init__(self, build: "Callable[[], Factory[Any]]") -> None:
        self._build = build
        self._built: Factory[Any] | None = None

    @property
    def door(self) -> "Factory[Any]":
        """What it stands for."""
        if self._built is None:
            with _IMPORTING:
                self._built = self._build()
            if self.numPorts:
                self._built.doStart()
        return self._built

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        return self.door.buildProtocol(addr)

    def startFactory(self) -> None:
        if self._built is not None:
            self._built.doStart()

    def stopFactory(self) -> None:
        if self._built is not None:
            self._built.doStop()
