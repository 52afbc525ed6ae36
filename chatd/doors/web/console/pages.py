"""Where the console is: on the one port beside the chat, and by itself."""

from collections.abc import Callable, Collection
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from twisted.web.resource import Resource

from chatd.chat.hub import Hub
from chatd.doors.web.console.api import API
from chatd.doors.web.errors import HTTPError
from chatd.doors.web.page import Folder, StaticFile
from chatd.doors.web.request import Request

STATIC = Path(__file__).parent / "static"
PAGE = "console.html"


def make_console(
    hub: Hub, exempt: Callable[[str], bool], *, own: bool = False
) -> Resource:
    """
    The console, to be put at C{/console}.

    @param exempt: Whether the limits per address do not apply to one.
    @param own: Whether it is behind a listener of its own.
    """
    root = Folder()
    for path in sorted(STATIC.iterdir()):
        root.putChild(path.name.encode(), StaticFile(path))
    page = _Page(STATIC / PAGE)
    for name, child in root.children.items():
        page.putChild(name, child)
    page.putChild(b"api", API(hub, exempt, own=own))
    return page


class _Page(StaticFile):
    """The page, with what it needs below it."""

    isLeaf = False

    def getChild(self, path: bytes, request: Request) -> Resource:
        raise HTTPError(HTTPStatus.NOT_FOUND, "There is nothing at this address.")


class Alone(Folder):
    """
    What is behind the console's own listener: the console, and nothing of the chat.

    A page of another site can have its own name lead to this machine and then ask here
    as if it were the same site. The name tells: it is none of ours.
    """

    def __init__(self, console: Resource, names: Callable[[], Collection[str]]) -> None:
        """
        @param names: What this machine is called, besides its addresses.
        """
        super().__init__()
        self._names = names
        self.putChild(b"console", console)
        self.putChild(b"", _Towards(b"/console"))

    def getChildWithDefault(self, path: bytes, request: Request) -> Resource:
        host = urlsplit(f"//{request.header('host')}").hostname or ""
        if not _is_ours(host, self._names()):
            raise HTTPError(
                HTTPStatus.MISDIRECTED_REQUEST,
                "The console is not asked by this name. Use localhost or an address, "
                "or give the server its name (--name).",
            )
        child: Resource = super().getChildWithDefault(path, request)
        return child


def _is_ours(host: str, names: Collection[str]) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ip_address(host)
    except ValueError:
        return host in {name.lower() for name in names if name}
    return True


class _Towards(Resource):
    """Leads to another address."""

    isLeaf = True

    def __init__(self, where: bytes) -> None:
        super().__init__()
        self._where = where

    def render_GET(self, request: Request) -> bytes:
        request.redirect(self._where)
        return b""
