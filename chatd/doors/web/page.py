"""The page itself: files that come with chatd, kept in memory."""

import gzip
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from twisted.web.resource import Resource

from chatd.doors.web.errors import HTTPError
from chatd.doors.web.headers import HTML
from chatd.doors.web.request import Request

STATIC = Path(__file__).parent / "static"

_KINDS: Mapping[str, bytes] = {
    ".html": HTML,
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".webmanifest": b"application/manifest+json",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".ico": b"image/x-icon",
    ".txt": b"text/plain; charset=utf-8",
}


class StaticFile(Resource):
    """
    A file of the page.

    Browsers keep it, and ask each time whether it has changed: after an update of the
    server nobody has an old half of the page.
    """

    isLeaf = True

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._kind = _KINDS[path.suffix]
        self._body = path.read_bytes()
        self._packed = gzip.compress(self._body, mtime=0)
        self._tag = b'"%s"' % sha256(self._body).hexdigest()[:32].encode()

    def render_GET(self, request: Request) -> bytes:
        if request.postpath:
            raise not_found()
        request.setHeader(b"content-type", self._kind)
        request.setHeader(b"cache-control", b"no-cache")
        request.setHeader(b"vary", b"accept-encoding")
        if request.setETag(self._tag) is not None:
            return b""  # the browser has it
        if len(self._packed) < len(self._body) and _unpacks(request):
            request.setHeader(b"content-encoding", b"gzip")
            return self._packed
        return self._body


class Folder(Resource):
    """Where nothing is but its children."""

    def getChild(self, path: bytes, request: Request) -> Resource:
        raise not_found()

    def render(self, request: Request) -> bytes:
        raise not_found()


def make_page(folder: Path = STATIC) -> Folder:
    """
    Serve the files of a folder by their names, and C{index.html} also without.
    """
    root = Folder()
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        where = root
        for name in path.relative_to(folder).parts[:-1]:
            child = where.children.setdefault(name.encode(), Folder())
            assert isinstance(child, Folder)
            where = child
        file = StaticFile(path)
        where.putChild(path.name.encode(), file)
        if path.name == "index.html":
            where.putChild(b"", file)
    return root


def not_found() -> HTTPError:
    """Nothing is at this address."""
    return HTTPError(HTTPStatus.NOT_FOUND, "There is nothing at this address.")


def _unpacks(request: Request) -> bool:
    offered = request.header("accept-encoding").lower().split(",")
    return any(one.strip() == "gzip" for one in offered)
