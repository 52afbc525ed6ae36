"""Whatever happens, the database and the store in memory answer alike."""

import shutil
from collections.abc import Coroutine, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Person, Role
from chatd.chat.events import KEPT, Act, Event
from chatd.chat.store import Query, Store
from chatd.store.memory import MemoryStore
from chatd.store.sql import SqlStore
from tests.store.asking import account

PEOPLE = [Person(1, "Ann", False), Person(2, "böb", False), Person(3, "你好")]
ROOMS = ["ops", "Ops", ""]
WORDS = ["ann", "Bob!", "böb", "你好吗", "😀", "a-b", "NOT", '"', "\n", "_", "é"]
texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
names = {
    "id": st.integers(1, 40),
    "node": st.just("n"),
    "room": st.sampled_from(ROOMS),
    "text": texts | st.just("\ud800"),
    "key": st.sampled_from(["", "", "k", "l"]),
    "file": st.sampled_from(["f1", "f2", "f3", "f4", "f5", "f6"]),
    "target": st.sampled_from(["account:ann", "network:::/0"]),
}
types = {
    int: st.integers(1, 40),
    str: texts,
    bool: st.booleans(),
    float: st.integers(0, 40).map(float),
    Person: st.sampled_from(PEOPLE),
    Act: st.sampled_from(Act),
    Role: st.sampled_from(Role),
    tuple[int, ...]: st.lists(st.integers(1, 3), max_size=2).map(tuple),
}
happenings = st.one_of(
    st.builds(
        kind,
        **{
            field.name: names.get(field.name, types[get_type_hints(kind)[field.name]])
            for field in fields(kind)
        },
    )
    for kind in KEPT
)
bounds = st.integers(0, 41)
limits = st.integers(1, 9)


def questions(store: Store, draw: Any) -> Iterator[Coroutine[Any, Any, Any]]:
    """Ask everything about what happened."""
    person = draw(types[Person])
    before, after, limit = draw(bounds), draw(bounds), draw(limits)
    near = {"before": before, "after": after, "limit": limit}
    marks = dict.fromkeys(ROOMS, draw(bounds))
    rooms = draw(st.lists(st.sampled_from(ROOMS), unique=True).map(tuple))
    yield store.stored(range(50))
    yield store.last_id()
    yield store.by_key(person.id, "k")
    yield store.history("ops", **near)
    yield store.whispers(person.id, draw(types[Person]).id, **near)
    yield store.keep_marks(person.id, {f"@{person.id}": after, "": before})
    yield store.unseen_whispers(person.id, limit=limit)
    yield store.missed(person.id, rooms, after=after, upto=before, limit=limit)
    yield store.search(
        Query(
            tuple(draw(st.lists(st.sampled_from(WORDS), max_size=2))),
            draw(st.sampled_from(["", "ANN", "BÖB"])),
            rooms,
            draw(st.sampled_from([0, 1, 2, 3])),
            float(draw(bounds)),
            before,
            limit,
        )
    )
    yield store.unread(person, marks)
    yield store.mentions(person, marks, limit=limit)
    old = {"before": float(before), "beyond": draw(st.integers(0, 3)), "limit": limit}
    yield store.outdated(draw(st.sampled_from(ROOMS)), **old)
    yield store.forget(draw(st.lists(types[int], max_size=3)))
    yield store.stored(range(50))
    yield store.files_in("ops", limit=limit)
    yield store.files_between(person.id, draw(types[Person]).id, limit=limit)
    yield store.file("f1")
    yield store.file_of(after)
    yield store.space(person)
    yield store.expired_files(float(before), limit=100)
    yield store.remove_file("f1")
    yield store.file_ids()
    yield store.server()
    yield store.operators()


class AlikeTests(SynchronousTestCase):
    """What holds for one store holds for the other."""

    def setUp(self) -> None:
        self.made = Path(self.mktemp())
        first = SqlStore(self.made / "chatd.db", key=None, call=None)
        first.open()
        for number, name in enumerate(("ann", "bob", "cho"), 1):
            adding = Deferred.fromCoroutine(first.add_account(account(number, name)))
            self.successResultOf(adding)
        self.successResultOf(first.close())

    @given(st.lists(st.lists(happenings, max_size=8), max_size=4), st.data())
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    def test_alike(self, batches: list[list[Event]], data: st.DataObject) -> None:
        """After the same events both give the same answers."""
        folder = Path(self.mktemp())
        shutil.copytree(self.made, folder)
        memory, sql = MemoryStore(), SqlStore(folder / "chatd.db", key=None, call=None)
        sql.open()
        try:
            for number, name in enumerate(("ann", "bob", "cho"), 1):
                self.ask(memory.add_account(account(number, name)))
            for batch in batches:
                kept = [
                    [result is None for result in self.successResultOf(answer)]
                    for answer in (memory.append(batch), sql.append(batch))
                ]
                self.assertEqual(*kept)
            drawn: list[Any] = []

            def draw(strategy: st.SearchStrategy[Any]) -> Any:
                drawn.append(data.draw(strategy))
                return drawn[-1]

            first = [plain(self.ask(q)) for q in questions(memory, draw)]
            again = iter(drawn)
            second = [plain(self.ask(q)) for q in questions(sql, lambda _: next(again))]
            self.assertEqual(first, second)
            self.assertEqual(*(self.rooms(store) for store in (memory, sql)))
        finally:
            self.successResultOf(sql.close())

    def rooms(self, store: Store) -> list[Any]:
        """All rooms, with mutes and bans in any order."""
        return [
            replace(room, mutes=frozenset(room.mutes), bans=frozenset(room.bans))
            for room in self.ask(store.rooms())
        ]

    def ask(self, question: Coroutine[Any, Any, Any]) -> Any:
        """The answer to a question."""
        return self.successResultOf(Deferred.fromCoroutine(question))


def plain(answer: Any) -> Any:
    """An answer in which order is left out where it means nothing."""
    if isinstance(answer, list) and all(isinstance(one, str) for one in answer):
        return sorted(answer)
    if hasattr(answer, "bans"):
        return replace(answer, bans=frozenset(answer.bans))
    return answer
