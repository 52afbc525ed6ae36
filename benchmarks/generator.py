"""The load generator, and what is measured while it runs."""

import json
import subprocess
import time
from pathlib import Path

from benchmarks.loads import Load
from benchmarks.programs import switch_history_off
from benchmarks.servers import LOAD_CPU, SERVERS, Running, running

HERE = Path(__file__).parent


class Generator:
    """Built from load.c."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "load"
        subprocess.run(
            ["cc", "-O2", "-o", self.path, HERE / "load.c", "-lssl", "-lcrypto"],
            check=True,
        )

    def start(self, server: Running, **words: float) -> "subprocess.Popen[str]":
        """Let people come in."""
        tls = bool(words.get("tls"))
        port = server.tls_port if tls else server.port
        given = {"port": port, "proto": server.server.proto, **words}
        arguments = [str(word) for pair in given.items() for word in pair]
        return subprocess.Popen(
            ["taskset", "-c", LOAD_CPU, str(self.path), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def expect(process: "subprocess.Popen[str]", word: str) -> list[str]:
    """Read lines until one is the word; the others are returned."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        if line.strip() == word:
            return lines
        lines.append(line.strip())
    raise RuntimeError(f"the load generator ended before it said {word}: {lines}")


def answer(process: "subprocess.Popen[str]") -> None:
    """Let the load generator go on."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def measure(
    generator: Generator, name: str, load: Load, seconds: float
) -> dict[str, float]:
    """Put one load on one server, once."""
    with running(SERVERS[name]) as server:
        if not load.history and server.server.proto != "irc":
            switch_history_off(server)
        process = generator.start(
            server,
            people=load.people,
            talkers=load.talkers,
            window=load.window,
            rooms=load.rooms,
            rate=load.rate,
            tls=int(load.tls),
            seconds=seconds,
        )
        expect(process, "ready")
        expect(process, "measuring")
        before = server.cpu()
        answer(process)
        expect(process, "measured")
        used = server.cpu() - before
        answer(process)
        result: dict[str, float] = json.loads(expect(process, "done")[-1])
        process.wait()
    result["us"] = used * 1e6 / max(1, result["lines"])
    result["rate"] = result["lines"] / result["seconds"]
    result["wrong"] = result["lost"] + result["doubled"] + result["reordered"]
    return result


def idle(generator: Generator, name: str, people: int, tls: bool) -> float:
    """Bytes of the server's memory per person who is in a room and says nothing."""
    with running(SERVERS[name]) as server:
        process = generator.start(server, people=10, hold=1, tls=int(tls))
        expect(process, "ready")
        before = server.memory()
        many = generator.start(server, people=people, hold=1, tls=int(tls), first=10)
        expect(many, "ready")
        after = server.memory()
        for each in (many, process):
            answer(each)
            each.wait()
    return (after - before) / people


def churn(generator: Generator, name: str, tls: bool, seconds: float) -> float:
    """Microseconds of processor time for one who connects, comes in and leaves."""
    with running(SERVERS[name]) as server:
        process = generator.start(
            server, people=2, churn=1, tls=int(tls), seconds=seconds
        )
        expect(process, "ready")
        before = server.cpu()
        answer(process)
        result = json.loads(expect(process, "done")[-1])
        used = server.cpu() - before
        process.wait()
    return used * 1e6 / max(1, result["cycles"])


def start(name: str) -> tuple[float, float]:
    """Seconds to listening: the first time, with keys made, and once more."""
    with running(SERVERS[name]) as server:
        first = server.started
        server.stop()
        began = time.monotonic()
        server.start()
        return first, time.monotonic() - began
