"""Which server is meant: C{[NAME@]HOST[:PORT]}, or a Twisted endpoint."""

import re
from dataclasses import dataclass

PORT = 5050

_ADDRESS = re.compile(
    r"(?:(?P<name>[^@\s]*)@)?(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^@:\s\[\]]+))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
_ENDPOINT = re.compile(r"(?:(?P<name>[^@:\s]*)@)?(?P<endpoint>[a-z0-9]+:.+)", re.S)


class BadAddress(ValueError):
    """Something that is no address of a server: one sentence for people."""


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a server is.

    @ivar name: As whom to come in; C{""} if that was not said.
    @ivar host: A name or an address; C{""} for an endpoint.
    @ivar endpoint: As Twisted understands it, C{unix:/run/chatd.sock}; mostly C{""}.
    """

    name: str
    host: str
    port: int = PORT
    endpoint: str = ""

    def __str__(self) -> str:
        """As the file of known servers has it."""
        if self.endpoint:
            return self.endpoint
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host.lower()}:{self.port}"


def read_place(text: str) -> Place:
    """
    Understand what somebody typed.

    @raise BadAddress: if it names no server.
    """
    match = _ADDRESS.fullmatch(text)
    if match is not None:
        port = int(match["port"] or PORT)
        if not 0 < port < 65_536:
            raise BadAddress(f"{port} is no port: there are 1 to 65535.")
        return Place(match["name"] or "", match["six"] or match["host"], port)
    match = _ENDPOINT.fullmatch(text)
    if match is None:
        raise BadAddress(f"{text!r} is no server: type NAME@HOST, or NAME@HOST:PORT.")
    return Place(match["name"] or "", "", 0, match["endpoint"])
