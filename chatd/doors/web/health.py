"""Whether the server is well, for machines that look after it."""

from http import HTTPStatus

from twisted.web.resource import Resource

from chatd.chat.hub import Hub
from chatd.doors.web.request import Request


class Health(Resource):
    """C{200} if people can come in and talk; C{503} and why if not."""

    isLeaf = True

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self._hub = hub

    def render_GET(self, request: Request) -> bytes:
        problem = self._problem()
        if problem:
            request.setResponseCode(
                HTTPStatus.SERVICE_UNAVAILABLE,
                HTTPStatus.SERVICE_UNAVAILABLE.phrase.encode(),
            )
        return f"{problem or 'well'}\n".encode()

    def _problem(self) -> str:
        hub = self._hub
        if hub.closing or (hub.server is not None and not hub.server.running):
            return "nobody can come in"
        if not hub.journal.well:
            return "nothing can be stored"
        return ""
