"""Everything that can be typed, at random."""

import random
import string
from collections.abc import Sequence

import chatd.commands
from benchmarks.abuse.attack import Gone, Peer, Target, attack, crowd
from chatd.chat.command import Commands

LINES = 100_000
PASSWORD = "correct-horse-battery"

# What ends the attack, or the attacker, at once: by right.
SPARED = {"shutdown", "quit", "exit", "bye", "logout", "unregister"}

PEOPLE = [f"user{number}" for number in range(12)]
WORDS = [
    *PEOPLE,
    *("lobby", "ops", "a-room", "#x", "on", "off", "10", "-1", "0", "99999999999"),
    *("10m", "1w", "127.3.0.0/16", "::/0", "1.2.3.4", "add", "remove", "colour"),
    *("timestamps", "tz", "Europe/Berlin", "bell", "@user1", "*", "--", "''", '"'),
    *("é", "\u202e", "x" * 500, "%s", "{0}", "NULL", "../..", "$HOME", "\\"),
]


@attack("commands", seconds=120, options=["--limits-throttle=no"], newcomers=False)
async def random_lines(target: Target) -> None:
    """100,000 lines: all commands, any words; 4 guests, 6 members, 2 operators."""
    commands = Commands()
    commands.add_package(chatd.commands)
    names = sorted(commands.words() - SPARED)

    async def one(number: int) -> None:
        peer = await _arrive(target, number)
        sent = 0
        while sent < LINES // 12 and target.going_on:
            batch = [_line(names) for _ in range(20)]
            try:
                await _ask(peer, batch)
            except Gone:
                target.figures["thrown out"] += 1
                peer.close()
                peer = await _arrive(target, number)
            sent += len(batch)
            target.figures["lines"] += len(batch)
        if number >= 10:
            await _ask(peer, ["/lockdown off"])
        peer.close()

    await crowd(12, one)


async def _arrive(target: Target, number: int) -> Peer:
    name = PEOPLE[number]
    peer = await target.connect(number)
    if number < 4:
        await peer.send(f"{name}{random.randrange(10**9)}\n".encode())
        return peer
    for words in (f"/register {name} {PASSWORD}", f"/login {name} {PASSWORD}"):
        await peer.send(f"{words}\n".encode())
    if number == 10:
        await peer.send(f"/claim {target.code}\n/op user11\n".encode())
    return peer


def _line(names: Sequence[str]) -> str:
    kind = random.random()
    words = random.choices(WORDS, k=random.randrange(5))
    if kind < 0.02:
        return "".join(random.choices(string.printable.replace("\n", ""), k=40))
    if kind < 0.05:
        return " ".join(words)
    name = random.choice(names)
    if kind < 0.1:
        name = name[:-1] + random.choice("xyz")
    return f"{random.choice('//////@')}{name} {' '.join(words)}".rstrip()


async def _ask(peer: Peer, lines: Sequence[str]) -> None:
    """Send lines, and wait until all were carried out."""
    mark = f"There is no command /end{random.randrange(10**9)}"
    text = "\n".join(lines).replace("\r", " ")
    await peer.send(f"{text}\n/{mark.rpartition('/')[2]}\n".encode())
    await peer.until(mark.encode())
