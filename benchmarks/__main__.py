"""
Puts the same load on chatd and on servers of its kind, and prints a table.

    python -m benchmarks                     every load, each server that is installed
    python -m benchmarks rooms-tls           any load with TLS
    python -m benchmarks busy-100 alone      only these loads
    python -m benchmarks --servers chatd,ngircd --seconds 3 --runs 3
    python -m benchmarks --plot speed.png    a picture as well (needs matplotlib)

The server is pinned to one processor, the load generator to another. What counts is
the processor time of the server per delivery: one line put into one member's socket.
Machines are noisy: the servers take turns, and ratios of medians are what to quote.
"""

import argparse
import resource
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.generator import Generator, churn, idle, measure, start
from benchmarks.growth import growth
from benchmarks.loads import ENCRYPTED, IDLE, LOADS, OTHERS, Load
from benchmarks.marks import verdicts
from benchmarks.plot import bars, picture
from benchmarks.servers import SERVERS
from benchmarks.waiting import PEOPLE, waiting

# By server: what was measured.
Table = dict[str, dict[str, float]]


def main() -> None:
    """Measure what the command line asks for."""
    loads = LOADS | ENCRYPTED
    known = (*loads, *OTHERS)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=(__doc__ or "").split("\n")[1]
    )
    parser.add_argument("loads", nargs="*", metavar="LOAD", help=", ".join(known))
    parser.add_argument("--servers", default=",".join(SERVERS))
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--plot", type=Path, help="draw a PNG")
    options = parser.parse_args()
    unknown = set(options.loads) - set(known)
    if unknown:
        parser.error(f"there is no load {', '.join(sorted(unknown))}")
    names = [name for name in options.servers.split(",") if SERVERS[name].there]
    missing = [name for name in options.servers.split(",") if name not in names]
    if missing:
        print(f"not installed, and left out: {', '.join(missing)}")
    results: dict[str, Table] = {}
    with tempfile.TemporaryDirectory() as folder:
        generator = Generator(Path(folder))
        for what in options.loads or (*LOADS, *OTHERS):
            if what in loads:
                results[what] = table(generator, loads[what], names, options)
            else:
                results[what] = other(generator, what, names, options)
    print()
    print("\n".join((*bars(results), "", *verdicts(results))))
    if options.plot is not None:
        picture(results, options.plot)
    wrong = sum(
        figures.get("wrong", 0)
        for servers in results.values()
        for figures in servers.values()
    )
    sys.exit(1 if wrong else 0)


def table(
    generator: Generator, load: Load, names: list[str], options: argparse.Namespace
) -> Table:
    """Measure one load on all servers in turn, and print what came out."""
    names = [name for name in names if SERVERS[name].tls or not load.tls]
    print(f"\n{load.name}: {load.about}")
    print(
        f"{'server':12} {'us/delivery':>12} {'deliveries/s':>13} {'p50 ms':>8} "
        f"{'p99 ms':>8} {'p99.9':>8} {'wrong':>6}",
        flush=True,
    )
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(max(options.runs, load.runs)):
        for name in names:
            runs[name].append(measure(generator, name, load, options.seconds))
    found: Table = {}
    for name in names:
        middle = found[name] = {
            key: median(run[key] for run in runs[name])
            for key in ("us", "rate", "p50", "p99", "p999")
        }
        middle["wrong"] = sum(run["wrong"] for run in runs[name])
        print(
            f"{name:12} {middle['us']:12.3f} {middle['rate']:13,.0f} "
            f"{middle['p50']:8.2f} {middle['p99']:8.2f} {middle['p999']:8.2f} "
            f"{middle['wrong']:6.0f}",
            flush=True,
        )
    return found


def other(
    generator: Generator, what: str, names: list[str], options: argparse.Namespace
) -> Table:
    """Measure what is no stream of messages."""
    print(f"\n{what}", flush=True)
    if what == "growth":
        for line in growth(generator, options.seconds):
            print(line, flush=True)
        return {}
    if what == "waiting":
        figures = waiting(generator, options.seconds)
        print(
            f"chatd        {figures['usual']:8.2f} ms for an answer in another room, "
            f"p99 {figures['p99']:.2f}, at most {figures['most']:.2f}, "
            f"while {PEOPLE:,} are written to"
        )
        return {"chatd": figures}
    kind, _, more = what.partition("-")
    tls = more == "tls"
    # Each is a descriptor, of the server and of the generator.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 500
    found: Table = {}
    for name in names:
        server = SERVERS[name]
        if tls and not server.tls:
            continue
        if kind == "idle":
            for people in (min(int(more), most),) if more.isdigit() else IDLE:
                size = idle(generator, name, people, tls) / 1024
                found[name] = {"kib": size}
                print(f"{name:12} {size:8.1f} KiB a person ({people:,} idle people)")
        elif kind == "churn" and server.visits:
            visits = [
                churn(generator, name, tls, options.seconds)
                for _ in range(options.runs)
            ]
            found[name] = {"us": median(visits)}
            print(f"{name:12} {median(visits):8.0f} us to connect, come in and leave")
        elif kind == "start":
            times = [start(name) for _ in range(options.runs)]
            first, again = (median(each) for each in zip(*times, strict=True))
            found[name] = {"first": first, "again": again}
            print(
                f"{name:12} {again:8.2f} s from nothing to listening; "
                f"{first:.2f} s the first time, with keys and tables to make"
            )
        sys.stdout.flush()
    return found


if __name__ == "__main__":
    main()
