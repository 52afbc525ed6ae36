"""Backups that are made while people chat, and put back."""

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.durability.kill import PASSWORD, Trial
from benchmarks.durability.people import Client
from benchmarks.durability.server import ROOT, Server, check
from chatd.chat.account import Person
from chatd.chat.events import Said
from chatd.secrets.database_key import check_value, database_key
from chatd.store.sql import SqlStore

MESSAGES = 200_000  # in the database before
ROUNDS = 3


def run(folder: Path) -> None:
    """Back up a busy server, and restore it elsewhere."""
    print(f"backup: with {MESSAGES:,} messages, while people chat")
    trial = Trial(folder / "busy")
    try:
        trial.begin()
        trial.server.stop()
        trial.end()
        _fill(trial.server)
        trial.again()
        boss = trial.here["boss"]
        quiet = _delays(boss, lambda: time.monotonic() > end) if (end := _in(2)) else []
        seconds, delays = [], []
        for number in range(ROUNDS):
            trial.load(0.3)
            trial.pause()
            shown = set(trial.ledger.shown)
            file = folder / f"backup-{number}.tar"
            begun = time.monotonic()
            making = _tool(trial.server, "backup", file)
            delays += _delays(boss, lambda m=making: m.poll() is not None)  # type: ignore[misc]
            seconds.append(time.monotonic() - begun)
            check(making.returncode == 0, f"the backup fails: {_said(making)}")
            check(_tool(trial.server, "backup", file).wait() == 1, "it was overwritten")
            _restored(trial, folder / f"restored-{number}", file, shown)
        trial.server.stop()
        trial.server.check_log()
    finally:
        trial.server.kill()
    size = file.stat().st_size / 1e6
    print(
        f"  {ROUNDS} backups of {size:.0f} MB in {min(seconds):.1f} to "
        f"{max(seconds):.1f} s, each restored, with all that was shown before"
    )
    for what, found in (("without", quiet), ("during a backup", delays)):
        print(
            f"  a message was stored after {statistics.median(found) * 1000:.1f} ms "
            f"(worst {max(found) * 1000:.0f} ms) {what}"
        )
    check(max(delays) < 1.0, "a backup holds the chat up")


def _in(seconds: float) -> float:
    return time.monotonic() + seconds


def _fill(server: Server) -> None:
    key = database_key(server.keys / "database.key")
    path = server.data / "chatd.db"
    store = SqlStore(path, key=key, check=check_value(key), call=None)
    store.open()
    ann = Person(1, "ann", guest=False)
    for start in range(1, MESSAGES, 1_000):
        store.append(
            [
                Said(id=id, time=float(id), room="old", sender=ann, text=f"{id} " * 20)
                for id in range(start, start + 1_000)
            ]
        )
    store.close()


def _tool(server: Server, name: str, file: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "chatd", name, str(file)],
        cwd=server.folder,
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _said(process: "subprocess.Popen[bytes]") -> str:
    assert process.stdout is not None
    return process.stdout.read().decode()


def _delays(client: Client, over: object) -> list[float]:
    """How long each of many messages takes to be stored."""
    found = []
    while not over():  # type: ignore[operator]
        begun = time.monotonic()
        client.must(client.ask("say", room="lobby", text=f"{begun}"))
        found.append(time.monotonic() - begun)
        client.crowd.run(0.01)
    return found


def _restored(trial: Trial, folder: Path, file: Path, shown: set[str]) -> None:
    server = Server(folder)
    refusing = _tool(server, "restore", file)
    check(refusing.wait() == 1, "it was restored without a key")
    check(not server.data.exists(), "something was restored without a key")
    shutil.copytree(trial.server.keys, server.keys)
    restoring = _tool(server, "restore", file)
    check(restoring.wait() == 0, f"it is not restored: {_said(restoring)}")
    check(_tool(server, "restore", file).wait() == 1, "data was overwritten")
    try:
        server.start()
        boss = trial.crowd.connect(server.port)
        boss.enter("boss", password=PASSWORD)
        for room in {fact.get("room") for fact in trial.ledger.shown.values()} - {None}:
            expected = [
                id
                for id in shown
                if trial.ledger.shown[id].get("room") == room
                and trial.ledger.shown[id]["event"] not in ("opened", "invited")
            ]
            found = boss.pages(room=str(room))
            trial.ledger.check_read(found, expected, f"{room} restored")
        boss.close()
        server.stop()
    finally:
        server.kill()
