"""What the tests of files over HTTP share."""

from typing import Any

from twisted.web.resource import Resource

from chatd.chat.events import Shared
from chatd.chat.links import Links
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.chat.sharing import Place
from chatd.doors.web.files import add_files
from chatd.doors.web.page import Folder
from chatd.testing import FakeFiles, join, result
from tests.chatting import PASSWORD
from tests.doors.web.browser import Response, WebCase

CONTENT = bytes(range(256)) * 1_000  # some chunks


class FileCase(WebCase):
    """A room, two members in it, and a browser."""

    rules = Rules(
        throttle=False,
        server="chat.example",
        web="http://{}:5050",
        file_bytes=300_000,
        files_account=700_000,
    )

    def setUp(self) -> None:
        super().setUp()
        self.files = FakeFiles()
        self.hub.sharing.files = self.files
        self.ann, self.ann_door = join(self.hub, "ann", "ops", password=PASSWORD)
        self.bob, self.bob_door = join(self.hub, "bob", "ops", password=PASSWORD)
        self.room = self.hub.rooms.find("ops")

    def make_root(self) -> Resource:
        root = Folder()
        add_files(root, self.hub)
        return root

    def up(self, place: Place | None = None, name: str = "report.txt") -> str:
        """Where ann puts a file."""
        ticket = self.hub.sharing.ticket(self.ann, place or self.room, name)
        return f"/up/{result(ticket).token}"

    def put(self, path: str, body: bytes = CONTENT, **headers: str) -> Response:
        """Put a file at once."""
        headers.setdefault("Content_Length", str(len(body)))
        return self.browser().ask("PUT", path, body, **headers)

    def share(self, body: bytes = CONTENT, name: str = "report.txt") -> Shared:
        """Put a file into the room; what bob is told."""
        response = self.put(self.up(name=name), body)
        self.assertEqual(response.status, 201, response.text)
        return self.bob_door.of(Shared)[-1]

    def url(self, event: Any, session: Session) -> str:
        """Where somebody fetches a file."""
        return Links(self.hub.sharing.key).of(event, session.somebody())

    def get(self, url: str, method: str = "GET", **headers: str) -> Response:
        """Fetch a file."""
        return self.browser().ask(method, url, **headers)
