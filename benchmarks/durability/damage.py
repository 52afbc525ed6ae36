"""Damaged and missing files, upgrades that fail, and two servers on the same data."""

import hashlib
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.durability.disk import fill, small_disk
from benchmarks.durability.kill import Trial
from benchmarks.durability.people import Client, Crowd
from benchmarks.durability.server import Failed, Server, check
from chatd.secrets.database_key import database_key
from chatd.store import sqlite
from chatd.store.schema import REVISIONS

FLIPS = 12  # places of each kind that are damaged

ANSWER = 12.0  # seconds in which there must be one, whatever the database does

# A later version of the server, for which the database needs one more step.
LATER = """
import time
from functools import partial
import chatd.store.sql as sql
sql.prepare = partial(
    sql.prepare, migrations={migrations!r}, revisions={revisions!r}
)
"""
STEP = """
import time
from alembic import op

revision = "9999"
down_revision = {last!r}


def upgrade():
    op.execute("CREATE TABLE colours (name TEXT)")
    op.execute("CREATE TABLE copied AS SELECT * FROM events")
    time.sleep({seconds})
    op.execute("DROP TABLE nowhere" if {broken} else "DROP TABLE copied")
"""


def run(folder: Path) -> None:
    """Damage what there is, in every way."""
    print("damage: files are damaged, swapped or removed")
    trial = Trial(folder / "whole")
    try:
        trial.begin()
        trial.load(2.0)
        trial.pause()
        trial.server.kill()
        trial.end()
        killed = set(trial.ledger.shown)
        shutil.copytree(trial.server.folder, folder / "killed")
        trial.again()
        trial.pause()
        _while_running(trial)
        trial.server.stop()
        shutil.copytree(trial.server.folder, folder / "stopped")
    finally:
        trial.server.kill()
    for state in ("killed", "stopped"):
        _refusals(folder / state)
    _flips(folder, trial, killed)
    _two(folder / "stopped", trial)
    _upgrades(folder, trial)


def contents(server: Server) -> dict[str, str]:
    """All files, and what is in them."""
    return {
        str(file): hashlib.sha256(file.read_bytes()).hexdigest()
        for folder in (server.data, server.keys)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def flip(path: Path, at: int) -> None:
    """Change one byte."""
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ random.randrange(1, 256)]))


def _refusals(state: Path) -> None:
    def db(server: Server) -> Path:
        return server.data / "chatd.db"

    def key(server: Server) -> Path:
        return server.keys / "database.key"

    def about(server: Server) -> Path:
        return server.data / "chatd.db.about"

    def truncate(size: float) -> Callable[[Server], None]:
        def cut(server: Server) -> None:
            whole = db(server).stat().st_size
            with db(server).open("r+b") as file:
                file.truncate(int(size * whole) // 4096 * 4096)

        return cut

    def newer(server: Server) -> None:
        connection = sqlite.connect(db(server), database_key(key(server)))
        connection.execute("UPDATE alembic_version SET version_num = 'x'")
        connection.close()

    def plain(server: Server) -> None:
        db(server).unlink()
        for end in ("-wal", "-shm"):
            db(server).with_name(f"chatd.db{end}").unlink(missing_ok=True)
        connection = sqlite3.connect(db(server))
        connection.execute("CREATE TABLE bookmarks (id)")
        connection.close()

    text = Path.write_text
    cases: dict[str, tuple[Callable[[Server], object], str]] = {
        "the database is missing": (lambda s: db(s).unlink(), "is missing"),
        "the database is empty": (truncate(0), "is damaged"),
        "the database lost its second half": (truncate(0.5), "is damaged"),
        "another database is in its place": (plain, "is damaged"),
        "the marker is missing": (lambda s: about(s).unlink(), "about is missing"),
        "the marker is empty": (lambda s: text(about(s), ""), "cannot be read"),
        "the key is missing": (lambda s: key(s).unlink(), "database.key is missing"),
        "the key is another": (lambda s: text(key(s), "5f" * 32), "another key"),
        "the key is none": (lambda s: text(key(s), "5f5f"), "does not hold a key"),
        "the schema is newer": (newer, "newer chatd"),
    }
    if state.name == "killed":
        # Recovered from its journal, or refused: decided by what is lost.
        del cases["the database lost its second half"]
    for name, (change, pattern) in cases.items():
        server = _copy(state, "case")
        change(server)
        before = contents(server)
        try:
            server.refuses(pattern)
            check(contents(server) == before, "the refusal changed something")
        except Failed as problem:
            raise Failed(f"{name} ({state.name}): {problem}") from None
        finally:
            server.kill()
    print(f"  {state.name}: {len(cases)} refused in one line, nothing was touched")
    server = _copy(state, "case", "--store-encrypted=no")
    before = contents(server)
    server.refuses("is encrypted")
    check(contents(server) == before, "the refusal changed something")


def _copy(state: Path, name: str, *options: str, path: Path | None = None) -> Server:
    folder = state.parent / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(state, folder)
    return Server(folder, "--limits-throttle=no", *options, path=path)


def _flips(folder: Path, trial: Trial, killed: set[str]) -> None:
    """One byte is wrong somewhere: refused, or of no importance; never passed over."""
    for state, name, shown in (
        ("stopped", "chatd.db", set(trial.ledger.shown)),
        ("killed", "chatd.db", killed),
        ("killed", "chatd.db-wal", killed),
    ):
        outcomes = {"refused": 0, "harmless": 0}
        path = folder / state / "data" / name
        size = _last_transactions(path) if "wal" in name else path.stat().st_size
        places = [0, 16, 4095, 4096 * 2 + 20, size - 40, size - 4096]
        while len(places) < FLIPS:
            places.append(random.randrange(size))
        for place in places:
            server = _copy(folder / state, "case")
            flip(server.data / name, place)
            before = contents(server)
            server.launch()
            try:
                outcome = _outcome(server, shown)
                server.check_log()
            except Failed as problem:
                raise Failed(f"byte {place} of {name} ({state}): {problem}") from None
            finally:
                server.kill()
            if outcome == "refused":
                check(contents(server) == before, "the refusal changed something")
            outcomes[outcome] += 1
        words = ", ".join(f"{count} {word}" for word, count in outcomes.items())
        print(
            f"  {state}: a byte of {name} is wrong, {FLIPS} times: {words}, none lost"
        )


def _last_transactions(journal: Path) -> int:
    """
    Where the last three begin: a damaged one of these cannot be told from one that a
    power failure cut short.
    """
    data = journal.read_bytes()
    salts, ends = data[16:24], []
    for at in range(32, len(data), 24 + 4096):
        if data[at + 8 : at + 16] == salts and data[at + 4 : at + 8] != bytes(4):
            ends.append(at + 24 + 4096)
    return ends[-4]


def _outcome(server: Server, shown: Iterable[str]) -> str:
    end = time.monotonic() + 30.0
    while server.process.poll() is None and time.monotonic() < end:
        if "is running" in server.output():
            break
        time.sleep(0.02)
    if server.process.poll() is not None:
        lines = server.output().splitlines()
        check(
            len(lines) == 1 and "is damaged" in lines[0],
            f"it does not refuse in one clear line:\n{server.output()}",
        )
        return "refused"
    _all_there(server, shown)
    return "harmless"


def _all_there(server: Server, shown: Iterable[str]) -> None:
    """The server has all that was ever shown."""
    key = database_key(server.keys / "database.key")
    connection = sqlite.connect(server.data / "chatd.db", key, how="mode=ro")
    kinds = dict(connection.execute("SELECT id, kind FROM events").fetchall())
    (result,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    connection.close()
    lost = [id for id in shown if int(id) not in kinds]
    check(not lost, f"{len(lost)} events that were shown are lost")
    check(result == "ok", f"it runs on a damaged database: {result}")


def _while_running(trial: Trial) -> None:
    """Pages are damaged under a running server: whoever asks for them is told."""
    server, told = trial.server, 0
    trial.load(0.3)
    trial.pause()
    server.stop()
    trial.end()
    server.start()  # which has nothing in its journal, nor in memory
    path = server.data / "chatd.db"
    whole = path.read_bytes()
    crowd = Crowd()
    boss = crowd.connect(server.port)
    boss.enter("boss", password="correct-horse-battery")
    shown = [event for event in trial.ledger.shown.values() if "room" in event]
    with path.open("r+b") as file:
        for page in range(1, len(whole) // 4096):
            file.seek(page * 4096 + 100)
            file.write(b"\x55" * 16)
    for event in random.sample(shown, 20):
        asked = boss.ask("history", room=event["room"], around=event["id"], limit=50)
        crowd.until(lambda asked=asked: asked.answer)  # type: ignore[misc]
        assert asked.answer is not None
        if asked.done:
            page = next(x for x in boss.lines[::-1] if x["event"] == "history")
            found = event["id"] in [each["id"] for each in page["events"]]
            check(found, "an event is missing, and nobody says why")
        else:
            check(asked.answer["code"] == "store-down", f"told {asked.answer}")
            told += 1
    meanwhile = _talk_meanwhile(crowd, server, boss)
    log = (server.data / "log" / "chatd.log").read_text()
    check(not told or "failed" in log, "the log says nothing")
    path.write_bytes(whole)
    boss.close()
    server.kill()
    server.check_log()
    (server.data / "chatd.db-shm").unlink(missing_ok=True)
    trial.again()
    print(f"  under a running server: 20 questions, {told} told that it cannot be read")
    words = ", ".join(f"{count} {word}" for word, count in meanwhile.items())
    print(f"  meanwhile everybody had an answer; of what was said: {words}")


def _talk_meanwhile(crowd: Crowd, server: Server, boss: Client) -> dict[str, int]:
    """
    Whoever says a line, asks who is here or comes in has an answer.

    @return: What those who spoke were told, and how often.
    """
    told = Counter[str]()
    for number in range(3):
        said = boss.ask("say", room="lobby", text=f"is anything stored? {number}")
        crowd.until(lambda said=said: said.answer, ANSWER)  # type: ignore[misc]
        assert said.answer is not None
        told["stored" if said.done else said.answer["code"]] += 1
        boss.must(boss.command("/who"))
    check(
        told.keys() <= {"stored", "not-stored", "unsure"},
        f"who spoke was told {dict(told)}",
    )
    newcomer = crowd.connect(server.port)
    entering = newcomer.ask("enter", name="newcomer")
    crowd.until(lambda: entering.answer, ANSWER)
    boss.must(boss.ask("ping"))
    newcomer.close()
    return told


def _two(state: Path, trial: Trial) -> None:
    first = _copy(state, "case")
    second = Server(first.folder)
    try:
        first.start()
        second.refuses("another chatd runs on it")
        crowd = Crowd()
        boss = crowd.connect(first.port)
        boss.enter("boss", password="correct-horse-battery")
        boss.must(boss.ask("say", room="lobby", text="still here"))
        first.kill()  # a lock that a dead server left behind is none
        second.start()
        _all_there(second, trial.ledger.shown)
        second.stop()
    finally:
        first.kill()
        second.kill()
    print("  a second server on the same data is refused, the first goes on")


def _upgrades(folder: Path, trial: Trial) -> None:
    from chatd.store import migrations

    steps = folder / "steps"
    shutil.copytree(Path(str(migrations.__file__)).parent, steps)
    (folder / "later.py").write_text(
        LATER.format(migrations=str(steps), revisions=(*REVISIONS, "9999"))
    )

    def later(*, seconds: float = 0.0, broken: bool = False) -> Server:
        step = STEP.format(seconds=seconds, broken=broken, last=REVISIONS[-1])
        (steps / "versions" / "r9999_later.py").write_text(step)
        return _copy(folder / "stopped", "case", "--commands=later", path=folder)

    def earlier(server: Server) -> Server:
        return Server(server.folder, "--limits-throttle=no")

    server = later(broken=True)
    before = contents(server)
    server.refuses("no such table: nowhere")
    copy = server.data / "chatd.db.before-9999"
    check(
        {name: was for name, was in contents(server).items() if name != str(copy)}
        == before,
        "a failed upgrade changed something",
    )
    _runs(earlier(server), trial)
    killed = 0
    for seconds in (0.3, 0.8, 1.2, 1.6, 2.0, 2.4):
        server = later(seconds=0.8)
        server.launch()
        time.sleep(seconds)
        killed += "is running" not in server.output()
        server.kill()
        _runs(server, trial)
    check(copy.exists(), "there is no copy of what was before the upgrade")
    earlier(server).refuses("newer chatd")
    about = server.data / "chatd.db.about"
    copy.replace(server.data / "chatd.db")
    about.write_text(about.read_text().replace("9999", REVISIONS[-1]))
    _runs(earlier(server), trial)
    print(
        f"  an upgrade that fails leaves the old state; {killed} killed half-way are "
        f"done again; with the copy the earlier version runs again"
    )
    try:
        with small_disk(folder / "small" / "data", "8m"):
            full = Server(folder / "small", "--commands=later", path=folder)
            shutil.copytree(folder / "stopped" / "keys", full.keys)
            shutil.copytree(folder / "stopped" / "data", full.data, dirs_exist_ok=True)
            ballast = fill(full.data)
            before = contents(full)
            full.refuses("make room|look at the free space")
            check(before.items() <= contents(full).items(), "the refusal changed data")
            ballast.unlink()
            _runs(full, trial)
            print("  no upgrade where there is no room for a copy, until there is")
    except OSError as problem:
        print(f"  SKIPPED: no small disk can be mounted here ({problem})")


def _runs(server: Server, trial: Trial) -> None:
    try:
        server.start()
        _all_there(server, trial.ledger.shown)
        server.stop()
    finally:
        server.kill()
