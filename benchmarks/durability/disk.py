"""A disk that is full, and has room again: the database's, and the log's."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.durability.kill import Trial
from benchmarks.durability.server import check

CYCLES = 5
RECOVERY = 15.0  # seconds in which the chat must go on by itself


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own at this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs"]
    subprocess.run([*words, str(folder)], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no room on a disk."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    return ballast


def run(folder: Path) -> None:
    """Fill disks."""
    print("disk: the disk of the database is full")
    try:
        with small_disk(folder / "probe", "1m"):
            pass
    except (OSError, subprocess.CalledProcessError) as problem:
        print(f"  SKIPPED: no small disk can be mounted here ({problem})")
        return
    _database(folder / "database")
    _log(folder / "log")


def _database(folder: Path) -> None:
    with small_disk(folder / "data", "24m"):
        trial = Trial(folder)
        waits = []
        try:
            trial.begin()
            for _ in range(CYCLES):
                trial.load(0.5)
                before = trial.ledger.refused["not-stored"]
                ballast = fill(trial.server.data)
                trial.load(1.5)
                refused = trial.ledger.refused["not-stored"] - before
                check(refused, "on a full disk nobody was told that nothing is sent")
                check(trial.server.process.poll() is None, "the server died")
                ballast.unlink()
                waits.append(_goes_on(trial))
                trial.pause()
            # Ended in every way while the disk is full.
            for end in (trial.server.kill, trial.server.stop):
                fill(trial.server.data)
                trial.load(0.5)
                end()
                trial.end()
                trial.server.check_log()
                _start_on_full_disk(trial)
                (trial.server.data / "ballast").unlink()
                trial.again()
            read = trial.check_everything()
            trial.server.stop()
            trial.server.check_log()
        finally:
            trial.server.kill()
    ledger = trial.ledger
    print(
        f"  {CYCLES + 2} times full: {ledger.refused['not-stored']} senders told that "
        f"nobody was shown it, {ledger.refused['store-down']} that nothing was "
        f"changed; none of it was shown or kept"
    )
    print(
        f"  {len(ledger.shown)} stored events shown, none lost, {read} read back; it "
        f"went on {max(waits):.1f} s after there was room, at the latest"
    )


def _goes_on(trial: Trial) -> float:
    begun = time.monotonic()
    boss = trial.here["boss"]
    while time.monotonic() < begun + RECOVERY:
        asked = boss.ask("say", room="lobby", text=f"is it well? {time.monotonic()}")
        trial.crowd.until(lambda asked=asked: asked.answer)  # type: ignore[misc]
        if asked.done:
            return time.monotonic() - begun
        trial.crowd.run(0.1)
    check(False, f"{RECOVERY:.0f} s after there was room nothing is stored")
    return 0.0


def _start_on_full_disk(trial: Trial) -> None:
    """It may refuse, in one line; nothing may be lost by it."""
    server = trial.server
    server.launch()
    end = time.monotonic() + 3.0
    while server.process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    if server.process.poll() is None:
        server.kill()
    else:
        lines = server.output().splitlines()
        check(
            len(lines) == 1 and lines[0].startswith("chatd: "),
            f"on a full disk it does not refuse in one line:\n{server.output()}",
        )


def _log(folder: Path) -> None:
    trial = Trial(folder)
    log = folder / "data" / "log"
    try:
        with small_disk(log, "256k"):
            trial.begin()
            ballast = fill(log)
            trial.load(1.0)
            trial.pause()
            ballast.unlink()
            trial.crowd.run(5.5)
            trial.load(0.5)
            trial.pause()
            text = (log / "chatd.log").read_text("utf-8", "replace")
            check("lines are missing here" in text, "the log does not say what misses")
            trial.server.stop()
            trial.end()
        shutil.rmtree(log)
        trial.again()
        trial.load(0.3)
        shutil.rmtree(log)
        trial.load(1.0)
        trial.pause()
        check(os.path.exists(log / "chatd.log"), "the log did not come back")
        check(not trial.ledger.refused["not-stored"], "the chat suffered from the log")
        trial.server.stop()
        trial.server.check_log()
    finally:
        trial.server.kill()
    print(
        f"  the log's disk full, its folder removed: {len(trial.ledger.shown)} events "
        f"shown and kept meanwhile, and the log came back"
    )
