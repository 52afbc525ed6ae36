"""Carries out one attack: C{python -m benchmarks.abuse.attacker NAME PORT CODE}."""

import asyncio
import json
import resource
import sys

from benchmarks.abuse import attacks
from benchmarks.abuse.attack import ATTACKS, Target


async def main(name: str, port: int, code: str) -> None:
    """Attack, and print what was counted."""
    attack = ATTACKS[name]
    target = Target(port, code, attack.seconds)
    await attack.run(target)
    print(json.dumps(target.figures))


if __name__ == "__main__":
    assert attacks
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
