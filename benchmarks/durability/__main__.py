"""C{python -m benchmarks.durability [kill|disk|clock|damage|stop|backup|all]}."""

import argparse
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from benchmarks.durability.server import Failed

PARTS = ("kill", "disk", "clock", "damage", "stop", "backup")


def main() -> int:
    """
    Run what was asked for.

    @return: The exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.durability")
    parser.add_argument("part", nargs="?", default="all", choices=[*PARTS, "all"])
    parser.add_argument("--rounds", type=int, default=50, help="of kill -9")
    options = parser.parse_args()
    failed = []
    begun = time.monotonic()
    for part in PARTS if options.part == "all" else (options.part,):
        module = import_module(f"benchmarks.durability.{part}")
        more = {"rounds": options.rounds} if part == "kill" else {}
        with tempfile.TemporaryDirectory(prefix="chatd-durability-") as folder:
            try:
                module.run(Path(folder), **more)
            except Failed as problem:
                print(f"  FAILED: {problem}")
                failed.append(part)
    seconds = time.monotonic() - begun
    print(f"{', '.join(failed)} failed" if failed else "all is well", end="")
    print(f", in {seconds:.0f} s")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
