"""How long somebody else waits for an answer while very many are written to."""

import socket
import time
from collections.abc import Iterator

from benchmarks.generator import Generator, answer, expect
from benchmarks.servers import SERVERS, running

# People in the room that is written to, and messages a second that are said in it.
PEOPLE = 5_000
RATE = 10.0

EVERY = 0.0013  # seconds between questions: no multiple of what else happens


def waiting(generator: Generator, seconds: float) -> dict[str, float]:
    """
    Ask in a small room while a large one is busy.

    @return: Milliseconds: as C{usual} is half of all, C{p99}, and the longest, C{most}.
    """
    with (
        running(SERVERS["chatd"]) as server,
        socket.create_connection(("127.0.0.1", server.port)) as other,
    ):
        other.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        other.sendall(b"other\n/join quiet\n/leave lobby\n")
        process = generator.start(
            server, people=PEOPLE, talkers=1, window=1, rate=RATE, seconds=seconds + 1
        )
        expect(process, "ready")
        _drain(other)
        expect(process, "measuring")
        answer(process)
        times = sorted(_ask(other, seconds))
        expect(process, "measured")
        answer(process)
        process.wait()
    last = len(times) - 1
    return {
        "usual": times[last // 2] * 1e3,
        "p99": times[last * 99 // 100] * 1e3,
        "most": times[last] * 1e3,
    }


def _drain(connection: socket.socket) -> None:
    connection.settimeout(0.5)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        connection.settimeout(30)


def _ask(connection: socket.socket, seconds: float) -> Iterator[float]:
    end = time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        connection.sendall(b"/topic\n")
        connection.recv(65536)
        yield time.monotonic() - began
        time.sleep(EVERY)
