"""kill -9 at random moments under load."""

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks.durability.ledger import READABLE, Ledger
from benchmarks.durability.people import Client, Crowd, Line
from benchmarks.durability.server import Server, check
from chatd.secrets.database_key import database_key
from chatd.store import sqlite
from chatd.store.schema import events, room_people

PASSWORD = "correct-horse-battery"
MEMBERS = ("boss", "mia", "max")
GUESTS = ("gus", "gil", "gia", "gerd", "gwen")
OUTSTANDING = 6  # requests of one client at a time

# Seconds of load before the end, at most.
LOAD = 1.2


class Trial:
    """A server that is ended again and again, and all that was seen of it."""

    def __init__(self, folder: Path, *options: str, path: Path | None = None) -> None:
        self.server = Server(folder, "--limits-throttle=no", *options, path=path)
        self.ledger = Ledger()
        self.crowd = Crowd()
        self.here: dict[str, Client] = {}
        self.round = 0
        self._cursors: dict[str, tuple[str, int]] = {}
        self._tokens: dict[str, str] = {}
        self._number = 0
        self._since = 0
        self._newcomers: list[str] = []
        self._kept = 0  # events of this and earlier rounds that were compared

    # A round

    def begin(self) -> None:
        """Start for the first time, and let everybody in."""
        self.server.start()
        for name in MEMBERS:
            client = self._connect()
            client.must(client.command(f"/register {name} {PASSWORD}"))
            client.close()
            self._enter(name)
        boss = self.here["boss"]
        boss.must(boss.command(f"/claim {self.server.code()}"))
        for name in GUESTS:
            self._enter(name)
        self._gather()

    def load(self, seconds: float) -> None:
        """Let everybody do all sorts of things."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for client in list(self.here.values()):
                while client.open and client.waiting() < OUTSTANDING:
                    self._act(client)
            if random.random() < 0.1:
                self._register()
            self.crowd.pump(0.005)

    def pause(self) -> None:
        """Let everybody have their answers, and compare while the server runs on."""
        for client in self.here.values():
            self.crowd.until(lambda client=client: not client.waiting())  # type: ignore[misc]
            check(client.open, f"the connection of {client.name} was ended")
        self.ledger.check_order()
        self._check_database()
        self._check_history()
        self._since = max(int(id) for id in self.ledger.shown)

    def last_time(self) -> float:
        """When the last event happened, in the eyes of the server."""
        last: float = self.ledger.shown[max(self.ledger.shown, key=int)]["time"]
        return last

    def end(self) -> None:
        """The server is dead: read what it has sent."""
        self.crowd.drain()
        for name, client in self.here.items():
            self._tokens[name] = client.token
            self._cursors[name] = self._some_cursor(client)
        self._streams = {
            name: list(self.ledger.stream(client)) for name, client in self.here.items()
        }
        self._unanswered = {
            name: [
                asked.request
                for asked in client.asked.values()
                if asked.request.get("key") and asked.answer is None
            ]
            for name, client in self.here.items()
        }
        self.ledger.check_order()

    def again(self) -> None:
        """Start again, let everybody come back, and compare."""
        self.server.check_log()
        self.server.start()
        self.here.clear()
        self._check_lockdown()
        for name in (*MEMBERS, *GUESTS):
            self._resume(name)
        self._check_database()
        self._check_rooms()
        self._check_people()
        for name, client in self.here.items():
            client.must(client.command("/join den"))
            for request in self._unanswered[name]:
                more = {key: request[key] for key in request if key != "do"}
                client.must(client.ask(request["do"], **more))
        self._check_history()
        self.round += 1
        self._gather()

    # Coming in

    def _connect(self) -> Client:
        return self.crowd.connect(self.server.port, self.ledger.listen)

    def _enter(self, name: str) -> None:
        client = self.here[name] = self._connect()
        client.enter(name, **({"password": PASSWORD} if name in MEMBERS else {}))

    def _gather(self) -> None:
        """Everybody goes to the den; members open a room of their own."""
        self._since = max((int(id) for id in self.ledger.shown), default=0)
        self._newcomers.clear()
        for name, client in self.here.items():
            client.must(client.command("/join den"))
            if name in MEMBERS and self.round:
                old = self._own(name, self.round - 1)
                asked = client.command(f"/leave {old}")
                self.crowd.until(lambda asked=asked: asked.answer)  # type: ignore[misc]
            if name in MEMBERS:
                room = self._own(name)
                aim = self.ledger.aim(("opened", room), True)
                client.command(f"/join {room}", aim=aim)

    def _own(self, name: str, round: int | None = None) -> str:
        return f"{name}-{self.round if round is None else round}"

    # Load

    def _act(self, client: Client) -> None:
        acts = [self._say] * 8 + [self._whisper, self._emote, self._away]
        if client.name in MEMBERS:
            acts += [self._topic, self._moderate, self._change, self._set, self._invite]
        if client.name == "boss":
            acts += [self._announce, self._motd, self._server_ban, self._role]
            if random.random() < 0.05:
                acts = [self._lock_down]
        random.choice(acts)(client)

    def _text(self) -> str:
        self._number += 1
        return f"{self.round}.{self._number} " + "words " * random.randrange(12)

    def _say(self, client: Client) -> None:
        key = f"{self.round}.{self._number}" if random.random() < 0.5 else ""
        more = {"key": key} if key else {}
        room = random.choice(("lobby", "den"))
        client.ask("say", room=room, text=self._text().strip(), **more)

    def _whisper(self, client: Client) -> None:
        other = random.choice([name for name in self.here if name != client.name])
        client.ask("whisper", to=other, text=self._text().strip())

    def _emote(self, client: Client) -> None:
        client.command(f"/me {self._text().strip()}", random.choice(("lobby", "den")))

    def _away(self, client: Client) -> None:
        client.command(random.choice(("/away at lunch", "/back")))

    def _topic(self, client: Client) -> None:
        room, text = self._own(client.name), self._text().strip()
        aim = self.ledger.aim(("topic", room), text)
        client.command(f"/topic {text}", room, aim)

    def _moderate(self, client: Client) -> None:
        if not self._newcomers:
            return
        room, name = self._own(client.name), random.choice(self._newcomers)
        kind = random.choice(("ban", "mute"))
        on = random.random() < 0.7
        aim = self.ledger.aim((kind, room, name), on)
        client.command(f"/{'' if on else 'un'}{kind} {name}", room, aim)

    def _change(self, client: Client) -> None:
        room = self._own(client.name)
        if random.random() < 0.5:
            on = random.random() < 0.5
            aim = self.ledger.aim(("private", room), on)
            client.command("/private" if on else "/public", room, aim)
        else:
            on = random.random() < 0.5
            aim = self.ledger.aim(("history", room), on)
            client.command(f"/history {'on' if on else 'off'}", room, aim)

    def _set(self, client: Client) -> None:
        value = random.choice(("full", "short", "off"))
        aim = self.ledger.aim(("set", client.name), value)
        client.command(f"/set timestamps {value}", aim=aim)

    def _invite(self, client: Client) -> None:
        if self._newcomers:
            room, name = self._own(client.name), random.choice(self._newcomers)
            aim = self.ledger.aim(("member", room, name), True)
            client.command(f"/invite {name}", room, aim)

    def _announce(self, client: Client) -> None:
        client.command(f"/announce {self._text().strip()}")

    def _motd(self, client: Client) -> None:
        text = self._text().strip()
        client.command(f"/motd {text}", aim=self.ledger.aim(("motd",), text))

    def _server_ban(self, client: Client) -> None:
        if self._newcomers:
            name = random.choice(self._newcomers)
            on = random.random() < 0.7
            aim = self.ledger.aim(("serverban", name), on)
            client.command(f"/server{'' if on else 'un'}ban {name}", aim=aim)

    def _role(self, client: Client) -> None:
        on = random.random() < 0.5
        aim = self.ledger.aim(("role", "max"), "operator" if on else "member")
        client.command(f"/{'' if on else 'de'}op max", aim=aim)

    def _lock_down(self, client: Client) -> None:
        on = random.random() < 0.3
        aim = self.ledger.aim(("lockdown",), on)
        client.command(f"/lockdown {'on' if on else 'off'}", aim=aim)

    def _register(self) -> None:
        self._number += 1
        name = f"new{self.round}x{self._number}"
        client = self._connect()

        def listen(client: Client, line: Line) -> None:
            self.ledger.listen(client, line)
            if line["event"] == "done" and line["ref"] == 2:
                self._newcomers.append(name)
                client.command("/quit")

        client.listener = listen
        aim = self.ledger.aim(("account", name), True)
        client.command(f"/register {name} {PASSWORD}", aim=aim)

    # Comparing

    def _some_cursor(self, client: Client) -> tuple[str, int]:
        """
        A cursor that a client was given, early or late.

        @return: The cursor, and how many of its stream it had been shown by then.
        """
        shown, cursors = 0, []
        for line in client.lines:
            shown += line.get("id") in self.ledger.shown and line["event"] != "done"
            if "cursor" in line:
                cursors.append((line["cursor"], shown))
        return random.choice(cursors)

    def _check_lockdown(self) -> None:
        boss = self.here["boss"] = self._connect()
        self.crowd.until(lambda: boss.lines)
        on = not boss.lines[0]["guests"]
        self.ledger.check_state(("lockdown",), on, False)
        if on:
            boss.enter("boss", password=PASSWORD)
            boss.must(boss.command("/lockdown off"))
            self.ledger.settle(("lockdown",), False)
        boss.close()

    def _resume(self, name: str) -> None:
        cursor, shown = self._cursors[name]
        client = self.here[name] = self._connect()
        welcome = client.enter(token=self._tokens[name], resume=cursor)
        check(welcome["name"] == name, f"{name} came back as {welcome['name']}")
        self.ledger.check_state(("motd",), welcome["motd"], "")
        self.crowd.until(
            lambda: any(line["event"] == "caught-up" for line in client.lines)
        )
        missed: list[Line] = []
        for line in client.lines:
            if line["event"] == "history":
                missed += line["events"]
            elif line["event"] in READABLE:
                missed.append(line)
            elif line["event"] == "caught-up":
                if line["gap"]:
                    return
                break
        rooms = {room["name"] for room in welcome["rooms"]}
        expected = [
            id
            for id in self._streams[name][shown:]
            if self.ledger.shown[id]["event"] in READABLE
            and self.ledger.shown[id].get("room", "lobby") in rooms
        ]
        self.ledger.check_read(missed, expected, f"what {name} missed")

    def _check_database(self) -> None:
        """Compare with the database itself: some kinds are not read by anybody."""
        data, keys = self.server.data, self.server.keys
        engine = sqlite.reading(data / "chatd.db", database_key(keys / "database.key"))
        with engine.connect() as connection:
            question = select(events.c.id, events.c.kind)
            if self._since:
                question = question.where(events.c.id > self._since)
            kinds = {id: kind for id, kind in connection.execute(question)}
            members = set(
                connection.execute(
                    select(room_people.c.room, room_people.c.name).where(
                        room_people.c.part == "member"
                    )
                ).tuples()
            )
        engine.dispose()
        self._kept += self.ledger.check_stored(kinds, self._since)
        banned = {key[1:] for key in self.ledger.keys("ban")}
        for _, room, name in self.ledger.keys("member"):
            if (room, name) not in banned:  # a ban ends the membership
                key = ("member", room, name)
                self.ledger.check_state(key, (room, name) in members, False)

    def _check_rooms(self) -> None:
        boss = self.here["boss"]
        for name in MEMBERS:
            room, client = self._own(name), self.here[name]
            there = boss.ask("history", room=room, limit=1)
            self.crowd.until(lambda there=there: there.answer)  # type: ignore[misc]
            self.ledger.check_state(("opened", room), there.done, False)
            if not there.done:
                continue
            start = len(client.lines)
            client.must(client.command(f"/join {room}"))
            found = next(x for x in client.lines[start:] if x["event"] == "entered")
            for what, first in (("topic", ""), ("private", False), ("history", True)):
                self.ledger.check_state((what, room), found[what], first)
            rows = client.listing("/bans", room)
            sentences = {(row["kind"], room, row["name"]) for row in rows}
            for kind in ("ban", "mute"):
                for key in self.ledger.keys(kind):
                    if key[1] == room:
                        self.ledger.check_state(key, key in sentences, False)

    def _check_people(self) -> None:
        boss = self.here["boss"]
        banned = {row["target"] for row in boss.listing("/serverbans")}
        for key in self.ledger.keys("serverban"):
            self.ledger.check_state(key, key[1] in banned, False)
        role = boss.listing("/whois max")[0]["role"]
        self.ledger.check_state(("role", "max"), role, "member")
        for name in MEMBERS:
            rows = self.here[name].listing("/set")
            now = next(row["value"] for row in rows if row["name"] == "timestamps")
            self.ledger.check_state(("set", name), now, "full")
        prefix = f"new{self.round}x"
        for key in self.ledger.keys("account"):
            if key[1].startswith(prefix):
                client = self._connect()
                asked = client.ask("enter", name=key[1], password=PASSWORD)
                self.crowd.until(lambda asked=asked: asked.answer)  # type: ignore[misc]
                assert asked.answer is not None
                known = asked.done or asked.answer["code"] != "wrong-password"
                self.ledger.check_state(key, known, False)
                client.close()

    def _check_history(self, since: int | None = None) -> int:
        """Read everything back."""
        since = self._since if since is None else since
        after = str(max(since, 1))
        shown = {
            id: fact
            for id, fact in self.ledger.shown.items()
            if int(id) > since and fact["event"] in READABLE
        }
        boss, read = self.here["boss"], 0
        rooms = {fact["room"] for fact in shown.values() if "room" in fact}
        for room in rooms:
            expected = [id for id, fact in shown.items() if fact.get("room") == room]
            events = boss.pages(room=room, after=after)
            read += self.ledger.check_read(events, expected, room)
        pairs = {
            tuple(sorted((fact["sender"], fact["to"])))
            for fact in shown.values()
            if fact["event"] == "whispered"
        }
        for one, other in pairs:
            expected = [
                id
                for id, fact in shown.items()
                if fact["event"] == "whispered"
                and {fact["sender"], fact["to"]} == {one, other}
            ]
            events = self.here[one].pages(person=other, after=after)
            read += self.ledger.check_read(events, expected, f"{one} and {other}")
        return read

    def check_everything(self) -> int:
        """
        Read back all that was ever said.

        @return: How many events.
        """
        return self._check_history(0)


def run(folder: Path, rounds: int = 50) -> None:
    """Kill it again and again."""
    begun = time.monotonic()
    seed = random.randrange(10**6)
    random.seed(seed)
    print(f"kill: {rounds} rounds of kill -9 under load (seed {seed})")
    trial = Trial(folder / "kill")
    trial.begin()
    starts: list[float] = []
    try:
        for round in range(rounds):
            trial.load(random.uniform(0.05, LOAD))
            trial.server.kill()
            trial.end()
            trial.again()
            starts.append(trial.server.started)
            if sys.stdout.isatty() or round % 10 == 9:
                print(f"  round {round + 1}: {len(trial.ledger.shown)} events shown")
        read = trial.check_everything()
        trial.server.stop()
        trial.server.check_log()
    finally:
        trial.server.kill()
    accounts = len(trial.ledger.keys("account"))
    print(
        f"  {rounds} kills, {len(trial.ledger.shown)} stored events shown, none lost; "
        f"{read} read back through the JSON door, in order, once"
    )
    print(
        f"  {accounts} registrations, {len(trial.ledger.keys('opened'))} rooms, "
        f"{len(trial.ledger.keys('serverban')) + len(trial.ledger.keys('ban'))} bans, "
        f"{len(trial.ledger.keys('topic'))} topics and every /set as confirmed"
    )
    print(
        f"  a start took {sorted(starts)[len(starts) // 2]:.1f} s "
        f"(worst {max(starts):.1f} s); {time.monotonic() - begun:.0f} s in all"
    )
    first_starts(folder)


def first_starts(folder: Path, rounds: int = 10) -> None:
    """Kill the very first start at random moments: the second must work."""
    for round in range(rounds):
        server = Server(folder / f"first-{round}")
        try:
            server.launch()
            time.sleep(random.uniform(0.3, 1.6))
            server.kill()
            server.start()
            server.stop()
        finally:
            server.kill()
    print(f"  {rounds} first starts killed half-way: the next start always worked")


Act = Callable[[Client], Any]
