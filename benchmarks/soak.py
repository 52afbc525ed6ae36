"""
Whether a server that runs for long stays as it is: memory, descriptors, tables.

C{python -m benchmarks.soak [--minutes 10]}: people join, leave, talk and fail in every
way. Now and then all but a few go, and what the server holds is counted: it must be
what it held the time before.
"""

import argparse
import os
import random
import socket
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.durability.people import Client, Crowd
from benchmarks.durability.server import Failed, Server, check

PASSWORD = "correct-horse-battery"
ROOMS = [f"room{number}" for number in range(20)]
STAYING = 5
WARM = 0.25  # of the time: caches and allocators fill meanwhile

# What may differ between two counts, of things that come and go by the thousand.
SLACK = 50

# Growth of memory in the second half that is not taken for a leak.
GROWTH = 5.0  # MB

OPTIONS = (
    "--limits-throttle=no",
    "--limits-entering=3 s",
    "--limits-undecided=3 s",
    # On a busy machine programs say late what they are.
    "--text-greet-after=3 s",
    "--limits-unread=64 KiB",
    "--limits-unread-pause=16 KiB",
    "--commands=benchmarks.tables",
)

COMMANDS = (
    *("/back", "/away at lunch", "/me waves", "/topic all about us", "/nosuch"),
    *("/who", "/search words", "/history 50", "/catchup", "/getlog"),
)
# What those who stay must not do: it would change what is counted.
LEAVING = (
    "/leave",
    "/ignore stay1",
    "/unignore stay1",
    "/nick other{}",
    "/set bell on",
)

GARBAGE = (
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"SSH-2.0-x\r\n",
    b"\x16\x03\x01\x00\xa5\x01\x00",
    b"NICK x\r\nUSER x 0 * :x\r\n",
    b"\xff\xfb\x1f\xff\xfa\x1f" + b"\x0a" * 40,
    b"\x00\xff\xfe\r\n" * 20,
    b"{" * 500 + b"\n",
    b'{"do":"say","text":"half a li',
    b"x" * 100_000,
)


class Soak:
    """A busy server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.crowd = Crowd()
        self.did: Counter[str] = Counter()
        self._sockets: list[tuple[float, socket.socket]] = []
        self._staying: list[Client] = []
        self._number = 0

    def begin(self) -> None:
        """Let those in who stay."""
        for number in range(STAYING):
            client = self.crowd.connect(self.server.port)
            name = f"stay{number}"
            client.must(client.command(f"/register {name} {PASSWORD}"))
            client.name = name
            for room in ROOMS:
                client.must(client.command(f"/join {room}"))
            self._staying.append(client)
        boss = self._staying[0]
        boss.must(boss.command(f"/claim {self.server.code()}"))

    def run(self, seconds: float) -> None:
        """Let all sorts of things happen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if len(self.crowd.clients) < 60:
                self._arrive()
            for client in random.sample(self.crowd.clients, 5):
                self._act(client)
            if random.random() < 0.3:
                self._fail()
            self._hang_up(time.monotonic())
            self.crowd.pump(0.01)

    def count(self) -> tuple[Mapping[str, int], float, int]:
        """
        Let all go but those who stay.

        @return: What the server holds: objects, megabytes, descriptors.
        """
        self._hang_up(float("inf"))
        for client in [*self.crowd.clients]:
            if client not in self._staying:
                client.close()
        boss = self._staying[0]
        for client in self._staying:
            self.crowd.until(lambda client=client: not client.waiting())  # type: ignore[misc]
        self.crowd.until(
            lambda: _tables(boss)["Connections._connections"] == STAYING, 60.0
        )
        self.crowd.run(6.0)  # read marks are stored, timers are over
        row = _tables(boss)
        for client in self._staying:
            client.lines.clear()
            client.asked = {
                ref: asked for ref, asked in client.asked.items() if ref > 1_000_000
            }
        process = Path(f"/proc/{self.server.process.pid}")
        status = dict(
            line.split(":\t") for line in (process / "status").read_text().splitlines()
        )
        memory = int(status["VmRSS"].split()[0]) / 1024
        return row, memory, len(os.listdir(process / "fd"))

    def _arrive(self) -> None:
        self._number += 1
        client = self.crowd.connect(self.server.port)
        kind = random.random()
        if kind < 0.05:
            client.command(f"/register soak{self._number} {PASSWORD}")
            self.did["registered"] += 1
        elif kind < 0.15:
            client.ask("enter", name=f"stay{random.randrange(STAYING)}", password="no")
            self.did["wrong passwords"] += 1
        elif kind < 0.25:
            client.ask(
                "enter", name=f"stay{random.randrange(1, STAYING)}", password=PASSWORD
            )
            self.did["came in again"] += 1
        else:
            client.ask("enter", name=f"guest{self._number}")
            self.did["came in"] += 1

    def _act(self, client: Client) -> None:
        if client.waiting() > 10:
            return
        act, staying = random.random(), client in self._staying
        text = f"{time.monotonic()} {'words ' * random.randrange(20)}"
        if act < 0.5:
            client.ask("say", room="lobby", text=text, key=f"{time.monotonic_ns()}")
            self.did["said"] += 1
        elif act < 0.6:
            name = f"stay{random.randrange(STAYING)}"
            client.ask("whisper", to=name, text=text)
            self.did["whispered"] += 1
        elif act < 0.7:
            client.command(f"/join {random.choice(ROOMS)}")
            self.did["joined"] += 1
        elif act < 0.9:
            lines = COMMANDS if staying else (*COMMANDS, *LEAVING)
            client.command(random.choice(lines).format(self._number))
            self.did["commands"] += 1
        elif not staying:
            if act < 0.95:
                client.command("/quit")
            else:
                client.close()
            self.did["left"] += 1

    def _fail(self) -> None:
        connection = socket.create_connection(("127.0.0.1", self.server.port))
        connection.setblocking(False)
        kind = random.random()
        try:
            if kind < 0.5:
                connection.send(random.choice(GARBAGE))
                self.did["garbage"] += 1
            elif kind < 0.7:
                connection.send(b"soak%d\r\nhello\r\nhal" % time.monotonic_ns())
                self.did["by text"] += 1
            elif kind < 0.9:
                # Comes in, and reads nothing of what the others say.
                name = b"deaf%d" % time.monotonic_ns()
                connection.send(b'{"do":"enter","name":"%s"}\n' % name[:20])
                connection.send(b'{"do":"history","limit":200}\n' * 50)
                self.did["never read"] += 1
            else:
                self.did["silent"] += 1
        except OSError:
            pass
        if random.random() < 0.5:  # a reset, not an end
            off = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, off)
        self._sockets.append((time.monotonic() + random.random() * 5, connection))

    def _hang_up(self, now: float) -> None:
        for due, connection in self._sockets:
            if due < now:
                connection.close()
        self._sockets = [one for one in self._sockets if one[0] >= now]


def _tables(boss: Client) -> Mapping[str, int]:
    boss.lines.clear()
    return boss.listing("/tables")[0]


def grown(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, str]:
    """What there is more of."""
    return {
        name: f"{before.get(name, 0)} -> {after[name]}"
        for name in after
        if after[name] > before.get(name, 0) + SLACK
    }


def soak(folder: Path, minutes: float) -> None:
    """Soak a server."""
    print(f"soak: {minutes:g} minutes of coming, going, talking and failing")
    server = Server(folder, *OPTIONS)
    rounds = max(4, round(minutes * 60 / 45))
    counts = []
    try:
        server.start()
        run = Soak(server)
        run.begin()
        run.run(minutes * 60 * WARM)
        for _ in range(rounds):
            counts.append(run.count())
            tables, memory, descriptors = counts[-1]
            print(
                f"  {sum(run.did.values()):7,} acts: {memory:6.1f} MB, {descriptors} "
                f"descriptors, {sum(tables.values()):,} objects and entries"
            )
            run.run(max(3.0, minutes * 60 * (1 - WARM) / rounds - 7.0))
        counts.append(run.count())
        server.stop()
        server.check_log()
    finally:
        server.kill()
    print(f"  {', '.join(f'{n:,} {what}' for what, n in run.did.most_common())}")
    (first, memory, descriptors), (last, memory_now, descriptors_now) = (
        counts[0],
        counts[-1],
    )
    more = grown(first, last)
    more.pop("SqlStore._names", None)  # of accounts, which stay
    print(
        f"  memory {memory:.1f} -> {memory_now:.1f} MB, descriptors {descriptors} -> "
        f"{descriptors_now}, tables that grew: {more or 'none'}"
    )
    check(not more, "some tables grow")
    check(descriptors_now <= descriptors + SLACK, "descriptors leak")
    half = counts[len(counts) // 2][1]
    check(memory_now - half < GROWTH, f"memory still grows: {half:.1f} MB at half time")


def main() -> int:
    """
    Run it.

    @return: The exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatd-soak-") as folder:
        try:
            soak(Path(folder), options.minutes)
        except Failed as problem:
            print(f"  FAILED: {problem}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
