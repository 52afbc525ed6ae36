"""The clock of the wall is set, by a day, back and forward, while the chat goes on."""

import struct
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.durability.kill import Trial
from benchmarks.durability.people import Crowd
from benchmarks.durability.server import Server, check

DAY = 86_400.0  # seconds

# The server finds this before anything else asks for the time. The monotonic clock
# stays as it is, as it does when a real clock is set.
MODULE = """
import mmap, struct, time
with open({file!r}, "rb") as file:
    step = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
real = time.time
time.time = lambda: real() + struct.unpack("d", step)[0]
"""


class Clock:
    """
    What a server takes for the time of day.

    @ivar path: A folder for the server's modules.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder
        folder.mkdir(parents=True)
        self._file = folder / "step"
        self._now = 0.0
        self._file.write_bytes(struct.pack("d", 0.0))
        (folder / "sitecustomize.py").write_text(MODULE.format(file=str(self._file)))

    def set(self, seconds: float) -> None:
        """Move it: so many seconds from where it is now."""
        self._now += seconds
        with self._file.open("r+b") as file:
            file.write(struct.pack("d", self._now))


def run(folder: Path) -> None:
    """Set clocks."""
    print("clock: the clock is set by a day while people chat")
    _chat(folder / "chat")
    _timers(folder / "timers")


def _chat(folder: Path) -> None:
    clock = Clock(folder / "clock")
    trial = Trial(folder, path=clock.path)
    steps = (DAY, -DAY, -DAY, 2 * DAY, -2 * DAY, DAY)
    try:
        trial.begin()
        times = []
        for step in steps:
            trial.load(0.4)
            clock.set(step)
            trial.load(0.8)
            trial.pause()
            times.append(trial.last_time())
        check(
            max(times) - min(times) > 1.9 * DAY, "the clock of the server did not move"
        )
        for step in (-DAY, DAY / 2):  # a restart after it was set
            trial.load(0.3)
            trial.server.kill()
            trial.end()
            clock.set(step)
            trial.again()
        trial.load(0.4)
        trial.pause()
        read = trial.check_everything()
        trial.server.stop()
        trial.server.check_log()
    finally:
        trial.server.kill()
    print(
        f"  set {len(steps) + 2} times: {len(trial.ledger.shown)} stored events shown, "
        f"each under an id of its own, in order; {read} read back; nobody was cut off"
    )


def _timers(folder: Path) -> None:
    """What should take some seconds takes them, whatever the clock does meanwhile."""
    clock = Clock(folder / "clock")
    server = Server(folder, "--limits-entering=2 s", path=clock.path)
    waits: dict[str, list[float]] = {}

    def timed(what: str, seconds: float, act: Callable[[float], None]) -> None:
        for step in (DAY, -DAY, -DAY, DAY):
            begun = time.monotonic()
            act(step)
            took = time.monotonic() - begun
            waits.setdefault(what, []).append(took)
            check(
                seconds - 0.25 <= took <= seconds + 1.5,
                f"{what} took {took:.1f} s instead of {seconds:.1f} s",
            )

    try:
        server.start()
        crowd = Crowd()

        def come_in_late(step: float) -> None:
            client = crowd.connect(server.port)
            crowd.until(lambda: client.lines)
            clock.set(step)
            crowd.until(lambda: not client.open)

        timed("the time to come in", 2.0, come_in_late)

        def be_greeted(step: float) -> None:
            client = crowd.connect(server.port, silent=True)
            crowd.run(0.1)
            clock.set(step)
            crowd.until(lambda: client.received)
            client.close()

        timed("the greeting", 0.5, be_greeted)

        def talk_fast(step: float) -> None:
            client = crowd.connect(server.port)
            client.enter(f"fast{abs(hash(str(time.monotonic()))) % 10**9}")
            for number in range(31):  # 20 at once (2 are gone), then 5 a second
                client.ask("say", room="lobby", text=str(number))
            crowd.run(0.3)
            clock.set(step)
            crowd.until(lambda: not client.waiting())
            check(all(x.done for x in client.asked.values()), "a message was dropped")
            client.close()

        timed("slowing down", 2.6, talk_fast)
        boss = crowd.connect(server.port)
        boss.must(boss.command("/register boss correct-horse-battery"))
        boss.must(boss.command(f"/claim {server.code()}"))
        boss.must(boss.command("/shutdown 2"))
        begun = time.monotonic()
        clock.set(-DAY)
        status = server.wait()
        took = time.monotonic() - begun
        check(status == 0 and 1.7 < took < 6.0, f"/shutdown 2 took {took:.1f} s")
        server.check_log()
    finally:
        server.kill()
    figures = "; ".join(
        f"{what} {min(took):.1f} to {max(took):.1f} s" for what, took in waits.items()
    )
    print(f"  timers, with a step in each: {figures}; /shutdown 2 {took:.1f} s")
