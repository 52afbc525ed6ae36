"""What operators are shown of the process: C{chatd.chat.outside.Instruments}."""

import shutil
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThread

from chatd import __version__
from chatd.chat.account import Person
from chatd.chat.errors import ChatError
from chatd.chat.events import SPOKEN
from chatd.chat.hub import Hub
from chatd.control import Control
from chatd.operate.addresses import addresses, hardware_addresses
from chatd.operate.decided import ways_in
from chatd.operate.minutes import Minutes
from chatd.operate.tail import Tail

_NOBODY = Person(0, "")


class Instruments:
    """Reads the dials of hub, process and machine."""

    def __init__(
        self,
        *,
        hub: Hub,
        control: Control,
        tail: Tail,
        reactor: Any,
        data: Path,
        fingerprints: Callable[[], Mapping[str, str]],
        console: Callable[[], str],
    ) -> None:
        """
        @param fingerprints: By what they are of.
        @param console: Where the console listens by itself; C{""} for nowhere.
        """
        self.log = tail
        self.figures = Minutes(hub.now, lambda: len(hub.presence), self._said)
        self._hub = hub
        self._control = control
        self._reactor = reactor
        self._data = data
        self._fingerprints = fingerprints
        self._console = console

    def status(self) -> Mapping[str, Any]:
        """What there is to know at a glance."""
        hub, control = self._hub, self._control
        return {
            "server": hub.rules.server,
            "host": socket.gethostname(),
            "version": __version__,
            "state": control.state,
            "port": control.port,
            "addresses": addresses(),
            "hardware": hardware_addresses(),
            "public_asks": control.settings.public_address_url,
            "ways": ways_in(control.settings) if control.running else [],
            "fingerprints": self._fingerprints(),
            "console": self._console(),
            "uptime": hub.now() - hub.started,
            "people": len(hub.presence),
            "connections": len(hub.connections),
            "rooms": len(hub.rooms),
            "motd": hub.motd,
            "lockdown": hub.lockdown,
            "ending_in": control.ending_in,
            "why": control.why,
            "delivered": hub.delivered,
            "said": self._said(),
        }

    def _said(self) -> int:
        return sum(self._hub.events[kind] for kind in SPOKEN)

    def minutes(self) -> Sequence[tuple[float, int, int]]:
        """Time, people and messages of each minute of the last hour."""
        return self.figures.all()

    async def health(self) -> Mapping[str, Any]:
        """How the store is, and the disk."""
        hub = self._hub
        journal, files = hub.journal, None
        with suppress(ChatError):  # the rest can be told all the same
            _, files = await hub.store.space(_NOBODY)
        database, free = await deferToThread(self._measure)
        stored = journal.stored
        return {
            "well": journal.well and files is not None,
            "waiting": len(journal),
            "stored_ago": (
                None if stored is None else self._reactor.seconds() - stored
            ),
            "database": database,
            "files": files,
            "free": free,
            "unread": hub.connections.backlog,
        }

    def _measure(self) -> tuple[int, int | None]:
        database = sum(
            path.stat().st_size
            for path in self._data.glob("chatd.db*")
            if path.is_file()
        )
        try:
            return database, shutil.disk_usage(self._data).free
        except OSError:
            return database, None

    async def public_address(self) -> str:
        """Ask the service that the settings name."""
        # A client of HTTP takes long to import, and is seldom needed.
        from chatd.operate.public_address import public_address

        url = self._control.settings.public_address_url
        return await public_address(url, self._reactor)
