"""Programs that chat, all in one thread."""

import json
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.durability.server import PATIENCE, Failed, check

Line = dict[str, Any]


@dataclass
class Asked:
    """
    A request, and its answer when it is there.

    @ivar aim: What should be true of the chat once it is done; for the ledger.
    """

    request: Line
    aim: Any = None
    answer: Line | None = None

    @property
    def done(self) -> bool:
        """Whether it was carried out."""
        return self.answer is not None and self.answer["event"] == "done"


@dataclass(eq=False)
class Client:
    """
    One connection.

    @ivar name: Who is at it, once they have come in.
    @ivar received: How many bytes.
    @ivar lines: All that was received, in order; nothing of it by one who is silent.
    @ivar asked: Requests, by their C{ref}.
    @ivar listener: Is given each line when it is received.
    """

    crowd: "Crowd"
    socket: socket.socket
    name: str = ""
    token: str = ""
    lines: list[Line] = field(default_factory=list)
    asked: dict[int, Asked] = field(default_factory=dict)
    listener: Callable[["Client", Line], None] | None = None
    open: bool = True
    reading: bool = True
    received: int = 0
    _half: bytes = b""
    _out: bytes = b""

    def ask(self, do: str, aim: Any = None, **fields: Any) -> Asked:
        """Send a request."""
        ref = len(self.asked) + 1
        asked = self.asked[ref] = Asked({"do": do, **fields}, aim)
        self.write(json.dumps({"do": do, "ref": ref, **fields}).encode() + b"\n")
        return asked

    def command(self, line: str, room: str = "", aim: Any = None) -> Asked:
        """Send a slash-command."""
        more = {"room": room} if room else {}
        return self.ask("command", aim, line=line, **more)

    def must(self, asked: Asked) -> Line:
        """Wait until a request is done."""
        self.crowd.until(lambda: asked.answer is not None or not self.open)
        check(
            asked.done,
            f"{self.name or 'somebody'} asked {asked.request} and was told "
            f"{asked.answer or 'nothing'}",
        )
        assert asked.answer is not None
        return asked.answer

    def waiting(self) -> int:
        """How many requests have no answer yet."""
        return sum(asked.answer is None for asked in self.asked.values())

    def enter(self, name: str = "", **fields: Any) -> Line:
        """Come in, and wait for it."""
        if name:
            fields["name"] = name
        answer = self.must(self.ask("enter", **fields))
        self.name, self.token = answer["name"], answer["token"]
        return answer

    def listing(self, line: str, room: str = "") -> list[Mapping[str, Any]]:
        """Ask for a table."""
        start = len(self.lines)
        self.must(self.command(line, room))
        for found in self.lines[start:]:
            if found["event"] == "listing":
                rows: list[Mapping[str, Any]] = found["rows"]
                return rows
        raise Failed(f"{line} shows no table")

    def pages(self, **where: str) -> list[Line]:
        """Read a whole conversation back, a page at a time."""
        events: list[Line] = []
        after = where.pop("after", "1")
        while True:
            start = len(self.lines)
            asked = self.ask("history", after=after, limit=200, **where)
            self.must(asked)
            page = next(x for x in self.lines[start:] if x["event"] == "history")
            events += page["events"]
            if not page["more"]:
                return events
            after = page["events"][-1]["id"]

    def write(self, data: bytes) -> None:
        """Send bytes as far as the socket takes them, and the rest later."""
        self._out += data
        self.flush()

    def flush(self) -> None:
        """Send what waits."""
        try:
            while self._out and self.open:
                self._out = self._out[self.socket.send(self._out) :]
        except BlockingIOError:
            pass
        except OSError:
            self._out = b""  # what was received already is still to be read

    def receive(self) -> None:
        """Read what is there."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self.received += len(data)
        if not self.asked:
            return
        *whole, self._half = (self._half + data).split(b"\n")
        for line in whole:
            self._take(json.loads(line))

    def _take(self, line: Line) -> None:
        self.lines.append(line)
        if line["event"] in ("done", "failed") and line["ref"] is not None:
            self.asked[line["ref"]].answer = line
        if self.listener is not None:
            self.listener(self, line)

    def close(self) -> None:
        """Hang up."""
        if self.open:
            self.open = False
            self.crowd.forget(self)
            self.socket.close()


class Crowd:
    """Everybody who is connected."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.clients: list[Client] = []

    def connect(
        self,
        port: int,
        listener: Callable[[Client, Line], None] | None = None,
        *,
        silent: bool = False,
    ) -> Client:
        """
        One more connection of a program.

        @param silent: Say nothing, so that the server takes it for a person.
        """
        connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
        connection.setblocking(False)
        client = Client(self, connection, listener=listener)
        self.clients.append(client)
        self._selector.register(connection, selectors.EVENT_READ, client)
        if not silent:
            client.ask("ping")  # the door knows by it whom it has before it
        return client

    def forget(self, client: Client) -> None:
        """One connection less."""
        self.clients.remove(client)
        if client.reading:
            self._selector.unregister(client.socket)

    def stop_reading(self, client: Client) -> None:
        """Let a client receive nothing any more."""
        client.reading = False
        self._selector.unregister(client.socket)

    def pump(self, seconds: float = 0.0) -> None:
        """Read and write once, waiting at most so long for something to read."""
        for client in list(self.clients):
            client.flush()
        for key, _ in self._selector.select(seconds):
            key.data.receive()

    def run(self, seconds: float) -> None:
        """Read for some time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.pump(min(left, 0.05))

    def until(self, holds: Callable[[], object], seconds: float = PATIENCE) -> None:
        """
        Read until something holds.

        @raise Failed: if it does not within this time.
        """
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                last = [(c.name, c.lines[-1:]) for c in self.clients]
                raise Failed(f"waited {seconds:.0f} s in vain; last shown: {last}")
            self.pump(0.02)

    def drain(self) -> None:
        """Read all that a dead server has sent, and hang up."""
        for client in list(self.clients):
            end = time.monotonic() + 5.0
            while client.open and time.monotonic() < end:
                client.receive()
            client.close()
