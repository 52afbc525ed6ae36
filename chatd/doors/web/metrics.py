"""Figures about the server, for Prometheus."""

import hmac
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Protocol

from twisted.web.resource import Resource

from chatd.chat.hub import Hub
from chatd.chat.spread import Spread
from chatd.doors.web.errors import HTTPError
from chatd.doors.web.request import Request
from chatd.render.prometheus import KIND, Figure, render

# A proxy adds one of these: who is behind it is not known by the address.
_PROXIED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class MayLook(Protocol):
    """Whether figures are shown to an address."""

    def __call__(self, address: str) -> bool: ...


class Metrics(Resource):
    """
    Shows how many and how fast, and never who or what.

    Everything is read when it is asked for, so there is nothing to keep in step.
    """

    isLeaf = True

    def __init__(
        self,
        hub: Hub,
        *,
        lag: Spread,
        process: Callable[[], Mapping[str, float]],
        may_look: MayLook,
        token: Callable[[], str],
    ) -> None:
        """
        @param process: Figures of the process, by their names.
        @param token: With which everybody may look; C{""} for none.
        """
        super().__init__()
        self._hub = hub
        self._lag = lag
        self._process = process
        self._may_look = may_look
        self._token = token

    def render_GET(self, request: Request) -> bytes:
        self._check(request)
        request.setHeader(b"content-type", KIND)
        return render(self._figures(request))

    def _check(self, request: Request) -> None:
        token = self._token()
        given = request.header("authorization").removeprefix("Bearer ")
        if token and hmac.compare_digest(token.encode(), given.encode()):
            return
        proxied = any(request.header(name) for name in _PROXIED)
        if proxied or not self._may_look(request.address):
            raise HTTPError(
                HTTPStatus.FORBIDDEN,
                "Figures are shown to web.metrics_from, and to whoever has "
                "web.metrics_token.",
            )

    def _figures(self, request: Request) -> Iterator[Figure]:
        hub = self._hub
        by_door = Counter(session.kind for session in hub.connections)
        by_kind = {kind.__name__.lower(): n for kind, n in hub.events.items()}
        yield Figure(
            "chatd_info",
            "gauge",
            "The version that runs.",
            {hub.rules.version: 1},
            "version",
        )
        yield Figure("chatd_people", "gauge", "People present.", len(hub.presence))
        yield Figure(
            "chatd_sessions", "gauge", "Sessions, by door.", by_door, label="door"
        )
        yield Figure("chatd_rooms", "gauge", "Rooms.", len(hub.rooms))
        yield Figure(
            "chatd_connections",
            "gauge",
            "Connections, also those that are no session.",
            len(hub.admission),
        )
        yield Figure(
            "chatd_connections_waiting",
            "gauge",
            "Connections by which nobody has come in.",
            hub.admission.waiting,
        )
        yield Figure(
            "chatd_connections_refused_total",
            "counter",
            "Connections that were refused, by why.",
            hub.admission.refused,
            label="code",
        )
        yield Figure(
            "chatd_limits_met_total",
            "counter",
            "Requests that met a limit, by which.",
            hub.refusals.counts,
            label="limit",
        )
        yield Figure(
            "chatd_events_total",
            "counter",
            "Events that were delivered, by kind.",
            by_kind,
            label="kind",
        )
        yield Figure(
            "chatd_http_responses_total",
            "counter",
            "Responses by HTTP, by status.",
            {f"{status:d}": n for status, n in request.channel.site.responses.items()},
            label="status",
        )
        yield Figure(
            "chatd_store_up", "gauge", "Whether things can be stored.", hub.journal.well
        )
        yield Figure(
            "chatd_journal_waiting",
            "gauge",
            "Events that wait to be stored.",
            len(hub.journal),
        )
        yield Figure(
            "chatd_commit_seconds",
            "histogram",
            "How long transactions took.",
            hub.journal.commits,
        )
        yield Figure(
            "chatd_unread_bytes",
            "gauge",
            "Bytes that wait for those who read slowly.",
            hub.connections.backlog,
        )
        yield Figure(
            "chatd_lag_seconds",
            "histogram",
            "How late the server was, each second.",
            self._lag,
        )
        for name, value in self._process().items():
            grows = name.endswith("_total")
            yield Figure(name, "counter" if grows else "gauge", "The process.", value)
