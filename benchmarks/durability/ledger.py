"""What people were shown and told, to be compared with what is there afterwards."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import Any

from benchmarks.durability.people import Client, Line
from benchmarks.durability.server import check

# Events that are stored, as programs read them.
KEPT = frozenset(
    (
        *("said", "emoted", "whispered", "announced", "opened", "topic", "room"),
        *("invited", "moderated", "role", "banned", "unbanned", "killed"),
        *("lockdown", "motd"),
    )
)

# Those that are read back by history and by cursor.
READABLE = frozenset(
    ("said", "emoted", "whispered", "announced", "topic", "room", "moderated")
)

# What depends on the reader, or on how it was read.
_OWN = ("cursor", "mention", "ref", "do")


class Ledger:
    """
    All that was shown to anybody.

    @ivar shown: Of each stored event that was shown, what was seen of it, by id.
    @ivar unsent: Texts of which their senders were told that nobody was shown them.
    @ivar refused: How often something was refused, by the code of the refusal.
    """

    def __init__(self) -> None:
        self.shown: dict[str, Line] = {}
        self.unsent: set[str] = set()
        self.refused: Counter[str] = Counter()
        self._streams: list[list[str]] = []
        self._by_client: dict[Client, list[str]] = {}
        self._states: dict[Any, list[tuple[Any, bool]]] = {}

    # What happens

    def listen(self, client: Client, line: Line) -> None:
        """Take note of what a client was shown; C{Client.listener}."""
        match line["event"]:
            case "history":
                for event in line["events"]:
                    self.saw(event)
            case "done":
                self._done(client, line)
            case "failed":
                self._failed(client, line)
            case kind if kind in KEPT:
                self.saw(line)
                self.stream(client).append(line["id"])

    def stream(self, client: Client) -> list[str]:
        """Which events a client was shown as they happened, in this order."""
        if client not in self._by_client:
            self._streams.append([])
            self._by_client[client] = self._streams[-1]
        return self._by_client[client]

    def saw(self, event: Line) -> None:
        """Somebody was shown an event."""
        fact = {name: event[name] for name in event if name not in _OWN}
        known = self.shown.setdefault(event["id"], fact)
        for name in known.keys() & fact.keys():
            check(known[name] == fact[name], f"shown differently: {known}, {fact}")
        known.update(fact)
        if "text" in event and not event.get("key"):
            words = f"shown after it was called not sent: {fact}"
            check(event["text"] not in self.unsent, words)
        self._learn(event)

    def _done(self, client: Client, line: Line) -> None:
        asked = client.asked.get(line["ref"])
        if asked is None:
            return
        kind = {"say": "said", "whisper": "whispered"}.get(asked.request["do"])
        if kind:
            fact = {"event": kind, "id": line["id"], "time": line["time"]}
            self.saw({**asked.request, **fact, "sender": client.name})
            self.unsent.discard(asked.request["text"])  # sent again under its key
        if asked.aim is not None:
            self.confirm(*asked.aim)

    def _failed(self, client: Client, line: Line) -> None:
        self.refused[line["code"]] += 1
        asked = client.asked.get(line["ref"])
        if asked is None:
            return
        if line["code"] == "not-stored":
            request = asked.request
            self.unsent.add(request.get("text") or request["line"].partition(" ")[2])
        # Without a store it may be that only the last step of several failed.
        if asked.aim is not None and line["code"] != "store-down":
            key, value = asked.aim
            self._states[key].remove((value, False))

    def _learn(self, event: Line) -> None:
        """What an event says of how things are."""
        match event:
            case {"event": "topic"}:
                self.confirm(("topic", event["room"]), event["text"])
            case {"event": "motd"}:
                self.confirm(("motd",), event["text"])
            case {"event": "opened"}:
                self.confirm(("opened", event["room"]), True)

    # How things should be

    def aim(self, key: Any, value: Any) -> tuple[Any, Any]:
        """Somebody tries to make it so; values for a key are tried in order."""
        self._states.setdefault(key, []).append((value, False))
        return key, value

    def confirm(self, key: Any, value: Any) -> None:
        """Somebody was told that it is so."""
        tries = self._states.get(key, [])
        if (value, False) in tries:
            # The first: a later try for the same may still be under way.
            tries[tries.index((value, False))] = (value, True)

    def allowed(self, key: Any, first: Any) -> list[Any]:
        """
        What may be so now: what was confirmed last, or tried after that.

        @param first: How it was at first.
        """
        values = [first]
        for value, confirmed in self._states.get(key, []):
            values = [value] if confirmed else [*values, value]
        return values

    def settle(self, key: Any, value: Any) -> None:
        """It was found to be so."""
        self._states[key] = [(value, True)]

    def keys(self, what: str) -> list[Any]:
        """Those of one kind."""
        return [key for key in self._states if key[0] == what]

    def check_state(self, key: Any, value: Any, first: Any) -> None:
        """It is so: it should be."""
        allowed = self.allowed(key, first)
        check(value in allowed, f"{key} is {value!r}, and should be one of {allowed}")
        self.settle(key, value)

    # Comparing

    def check_order(self) -> None:
        """Everybody was shown everything once, and all in the same order."""
        for stream in self._streams:
            by_place: dict[Any, int] = {}
            check(len(set(stream)) == len(stream), "something was shown twice")
            for id in stream:
                place = self.shown[id].get("room", self.shown[id]["event"])
                check(
                    by_place.get(place, 0) < int(id), f"{id} came too late in {place}"
                )
                by_place[place] = int(id)
        self._streams.clear()
        self._by_client.clear()

    def check_stored(self, ids: Mapping[int, str], since: int = 0) -> int:
        """
        Compare with what the database holds.

        @param ids: The kinds of events in it.
        @return: How many were shown.
        """
        shown = [int(id) for id in self.shown if int(id) > since]
        lost = [self.shown[str(id)] for id in shown if id not in ids]
        check(
            not lost, f"{len(lost)} events were shown and are lost, such as {lost[:1]}"
        )
        return len(shown)

    def check_read(
        self, read: Iterable[Line], expected: Collection[str], where: str
    ) -> int:
        """
        Compare with what the door reads back.

        @param expected: The ids that must be there.
        @return: How many were read.
        """
        read = list(read)
        ids = [event["id"] for event in read]
        check(
            all(int(a) < int(b) for a, b in pairwise(ids)),
            f"the history of {where} is not in order",
        )
        lost = set(expected) - set(ids)
        check(not lost, f"{where}: {len(lost)} were shown and are not in the history")
        for event in read:
            for name, value in self.shown.get(event["id"], {}).items():
                check(
                    event.get(name) == value,
                    f"{where}: shown {self.shown[event['id']]}, kept {event}",
                )
        texts = Counter(event["text"] for event in read if "text" in event)
        twice = [text for text, count in texts.items() if count > 1]
        check(not twice, f"{where}: kept twice: {twice[:3]}")
        wrong = self.unsent & texts.keys()
        check(not wrong, f"{where}: called not sent, and kept: {list(wrong)[:3]}")
        return len(read)
