"""A program at the other end of a real WebSocket."""

import contextlib
import json
import socket
import ssl
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Message,
    Ping,
    Request,
    TextMessage,
)

from tests.e2e.running import HOST, PATIENCE

Fields = dict[str, Any]


class Page:
    """
    As a page, without the browser.

    @ivar closed: The code and reason with which the server closed it.
    """

    def __init__(self, port: int, *, encrypted: bool = False, origin: str = "") -> None:
        self.socket = socket.create_connection((HOST, port), PATIENCE)
        if encrypted:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.closed: tuple[int, str] | None = None
        self._parts: list[str] = []
        self._events: list[Fields] = []
        self._wire = WSConnection(ConnectionType.CLIENT)
        headers = [(b"Origin", origin.encode())] if origin else []
        self._send(Request(f"{HOST}:{port}", "/ws", extra_headers=headers))
        self._open = False
        while not self._open:
            self._read()

    def do(self, **request: object) -> Fields:
        """Ask for something, and wait for its answer."""
        self._send(Message(json.dumps({"ref": "x", **request})))
        return self.expect("done", "failed")

    def expect(self, *kinds: str) -> Fields:
        """Wait for an event of one of these kinds; others are passed over."""
        while True:
            while self._events:
                event = self._events.pop(0)
                if event["event"] in kinds:
                    return event
            if self.closed is not None:
                raise AssertionError(f"closed ({self.closed}) without any of {kinds}")
            self._read()

    def expect_end(self) -> tuple[int, str]:
        """Wait until the server closes it."""
        while self.closed is None:
            self._read()
        return self.closed

    def leave(self) -> None:
        """Say that it is over, as browsers do when a page is closed."""
        self._send(CloseConnection(1001))
        self.expect_end()

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _send(self, event: Any) -> None:
        self.socket.sendall(self._wire.send(event))

    def _read(self) -> None:
        data = self.socket.recv(65_536)
        if not data and self.closed is not None:
            raise AssertionError(f"nothing more comes: closed ({self.closed})")
        self._wire.receive_data(data or None)
        for event in self._wire.events():
            self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case AcceptConnection():
                self._open = True
            case TextMessage():
                self._parts.append(event.data)
                if event.message_finished:
                    self._events.append(json.loads("".join(self._parts)))
                    self._parts.clear()
            case Ping():
                self._send(event.response())
            case CloseConnection():
                if self.closed is None:
                    self.closed = int(event.code), event.reason or ""
                    with contextlib.suppress(Exception):
                        self._send(event.response())
            case _:
                raise AssertionError(f"unexpected: {event}")
