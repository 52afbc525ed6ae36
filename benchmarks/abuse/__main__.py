"""
Attacks a real server while well-behaved people talk: C{python -m benchmarks.abuse}.

Each attack has a server of its own, on loopback. Fails if anything that the
well-behaved say is lost, out of order or late, if the server does not become again
what it was, or if its log does not say what happened, or says it too often.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.abuse import attacks
from benchmarks.abuse.attack import ATTACKS
from benchmarks.abuse.trial import Result, run, take_precedence
from benchmarks.durability.server import Failed

# Runs on a machine that is too busy to say anything are repeated.
TRIES = 3

HEAD = (
    f"{'attack':16} {'quiet ms':>12} {'attacked ms':>14} {'newcomer':>8} "
    f"{'memory MiB':>13} {'fds':>6} {'CPU %':>6} {'log':>5}  result"
)


def main() -> int:
    """
    Run what was asked for.

    @return: The exit status.
    """
    assert attacks
    parser = argparse.ArgumentParser(prog="python -m benchmarks.abuse")
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--list", action="store_true", help="name them, and exit")
    parser.add_argument("--keep", type=Path, help="a folder for the servers' files")
    options = parser.parse_args()
    if options.list:
        for one in ATTACKS.values():
            print(f"{one.name:16} {one.about}")
        return 0
    unknown = set(options.names) - ATTACKS.keys()
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; --list names them all")
    take_precedence()
    print("quiet, attacked: median and worst; memory: growth, and what stayed of it")
    print(HEAD, flush=True)
    failed = []
    table = []
    begun = time.monotonic()
    for name in options.names or ATTACKS:
        well, row = _attempt(name, options.keep)
        table.append(row)
        if not well:
            failed.append(name)
    seconds = time.monotonic() - begun
    print("\n".join(["", HEAD, *table, ""]))
    words = f"FAILED: {', '.join(failed)}" if failed else "all attacks were withstood"
    print(f"{words}, in {seconds:.0f} s")
    return bool(failed)


def _attempt(name: str, keep: Path | None) -> tuple[bool, str]:
    """
    @return: Whether it was withstood, and the last row of the table.
    """
    for left in reversed(range(TRIES)):
        with tempfile.TemporaryDirectory(prefix="chatd-abuse-") as folder:
            where = keep / f"{name}-{TRIES - left}" if keep else Path(folder)
            try:
                result = run(ATTACKS[name], where)
            except Failed as problem:
                row = f"{name:16} {problem}"
                print(row)
                return False, row
        again = bool(result.problems) and result.noisy and left > 0
        row = _row(result, "noise, again" if again else "")
        _print(result, row)
        if not again:
            return not result.problems, row
    raise AssertionError


def _row(result: Result, word: str) -> str:
    figures = result.figures
    quiet, late = figures.get("quiet", (0, 0)), figures.get("late", (0, 0))
    word = word or ("FAILED" if result.problems else "withstood")
    return (
        f"{result.attack.name:16} {quiet[0]:5.1f} {quiet[1]:6.1f} "
        f"{late[0]:7.1f} {late[1]:6.1f} {figures.get('newcomer', 0):8.1f} "
        f"{figures.get('growth', 0):6.1f} {figures.get('kept', 0):6.1f} "
        f"{figures.get('descriptors', 0):6} {figures.get('cpu', 0):6} "
        f"{figures.get('log', 0):5}  {word}"
    )


def _print(result: Result, row: str) -> None:
    print(row)
    figures = result.figures
    more = [f"{count:,} {what}" for what, count in figures.get("attack", {}).items()]
    more += [
        f"{figures.get('starved', 0)} % of the time no processor was free",
        f"canaries themselves were {figures.get('noise', 0):.0f} ms late",
        f"load {os.getloadavg()[0]:.1f}",
    ]
    print(f"{'':16} {'; '.join(more)}")
    for problem in result.problems:
        print(f"{'':16} ! {problem}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
