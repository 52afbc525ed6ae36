"""
Puts the same load on chatd and on servers of its kind, and prints a table.

    python -m benchmarks                     every load, each server that is installed
    python -m benchmarks busy-100 alone      only these loads
    python -m benchmarks --servers chatd,ngircd --seconds 3 --runs 3

The server is pinned to one processor, the load generator to another. What counts is
the processor time of the server per delivery: one line put into one member's socket.
Machines are noisy: the servers take turns, and ratios of medians are what to quote.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.programs import switch_history_off
from benchmarks.servers import LOAD_CPU, SERVERS, Running, running

HERE = Path(__file__).parent

IDLE = (1_000, 5_000)


@dataclass(frozen=True)
class Load:
    """
    What people do.

    @ivar rate: Messages a second in all; 0: as fast as C{window} in flight allows.
    """

    name: str
    about: str
    people: int = 100
    talkers: int = 10
    window: int = 4
    rooms: int = 1
    rate: float = 0
    tls: bool = False
    history: bool = True


LOADS = {
    load.name: load
    for load in (
        Load("busy-100", "100 people, 10 talk, 4 messages in flight each"),
        Load("busy-100-off", "the same, history off", history=False),
        Load("busy-1000", "1,000 people, 10 talk", people=1000),
        Load("busy-1000-100", "1,000 people, 100 talk", people=1000, talkers=100),
        Load("alone", "1,000 people, one message at a time", 1000, 1, 1),
        Load("steady", "1,000 people, 100 messages a second", 1000, rate=100),
        Load("rooms", "50 rooms of 20, one talks in each", 1000, 50, rooms=50),
        Load("busy-500-tls", "500 people, 10 talk, TLS", people=500, tls=True),
        Load("alone-tls", "500 people, one at a time, TLS", 500, 1, 1, tls=True),
    )
}


class Generator:
    """The load generator, built from load.c."""

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


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=(__doc__ or "").split("\n")[1]
    )
    others = ("idle", "idle-tls", "churn", "churn-tls", "start")
    parser.add_argument(
        "loads", nargs="*", metavar="LOAD", help=", ".join((*LOADS, *others))
    )
    parser.add_argument("--servers", default=",".join(SERVERS))
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    wanted = options.loads or [*LOADS, *others]
    names = [name for name in options.servers.split(",") if SERVERS[name].there]
    missing = [name for name in options.servers.split(",") if name not in names]
    if missing:
        print(f"not installed, and left out: {', '.join(missing)}")
    wrong = 0.0
    with tempfile.TemporaryDirectory() as folder:
        generator = Generator(Path(folder))
        for load in wanted:
            if load in LOADS:
                wrong += table(generator, LOADS[load], names, options)
            else:
                other(generator, load, names, options)
    sys.exit(1 if wrong else 0)


def table(
    generator: Generator, load: Load, names: list[str], options: argparse.Namespace
) -> float:
    """Measure one load on all servers in turn, and print what came out."""
    names = [name for name in names if SERVERS[name].tls or not load.tls]
    print(f"\n{load.name}: {load.about}")
    print(
        f"{'server':12} {'us/delivery':>12} {'deliveries/s':>13} {'p50 ms':>8} "
        f"{'p99 ms':>8} {'p99.9':>8} {'wrong':>6}"
    )
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(options.runs):
        for name in names:
            runs[name].append(measure(generator, name, load, options.seconds))
    for name in names:
        middle = {
            key: median(run[key] for run in runs[name])
            for key in ("us", "rate", "p50", "p99", "p999")
        }
        wrong = sum(run["wrong"] for run in runs[name])
        print(
            f"{name:12} {middle['us']:12.3f} {middle['rate']:13,.0f} "
            f"{middle['p50']:8.2f} {middle['p99']:8.2f} {middle['p999']:8.2f} "
            f"{wrong:6.0f}",
            flush=True,
        )
    return sum(run["wrong"] for name in names for run in runs[name])


def other(
    generator: Generator, what: str, names: list[str], options: argparse.Namespace
) -> None:
    """Measure what is no stream of messages."""
    print(f"\n{what}")
    tls = what.endswith("-tls")
    for name in names:
        if tls and not SERVERS[name].tls:
            continue
        if what.startswith("idle"):
            for people in IDLE:
                size = idle(generator, name, people, tls) / 1024
                print(f"{name:12} {size:8.1f} KiB a person ({people:,} idle people)")
        elif what.startswith("churn"):
            cost = median(
                churn(generator, name, tls, options.seconds)
                for _ in range(options.runs)
            )
            print(f"{name:12} {cost:8.0f} us to connect, come in and leave")
        elif what == "start":
            with running(SERVERS[name]) as server:
                print(f"{name:12} {server.started:8.2f} s from nothing to listening")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
