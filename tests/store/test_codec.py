"""Tests for writing events as rows and reading them again."""

from dataclasses import fields
from typing import get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Person, Role
from chatd.chat.events import KEPT, Act, Event, Said, Whispered
from chatd.store.codec import KIND_OF, KINDS, Row, to_event, to_row

ids = st.integers(min_value=1, max_value=2**63 - 1)
people = st.builds(Person, ids, st.text(), st.booleans())
VALUES = {
    int: ids,
    str: st.text(),
    bool: st.booleans(),
    float: st.integers(min_value=0, max_value=2**42).map(lambda ms: ms / 1000),
    Person: people,
    Act: st.sampled_from(Act),
    Role: st.sampled_from(Role),
    tuple[int, ...]: st.lists(ids, max_size=3).map(tuple),
}
events = st.one_of(
    st.builds(
        kind,
        **{
            field.name: VALUES[get_type_hints(kind)[field.name]]
            for field in fields(kind)
        },
    )
    for kind in KEPT
)
ANN = Person(1, "Ann", guest=False)
BOB = Person(2, "bob")


class CodecTests(SynchronousTestCase):
    """An event is the same after it was kept."""

    def test_all_kinds(self) -> None:
        """Whatever the chat keeps has a kind of its own in the database."""
        self.assertEqual(set(KIND_OF), set(KEPT))
        self.assertEqual(len(KINDS), len(KEPT))

    @given(events)
    @settings(max_examples=300, deadline=None)
    def test_round_trip(self, event: Event) -> None:
        """What is read is what was written, to the millisecond."""
        self.assertEqual(to_event(to_row(event)), event)

    def test_said(self) -> None:
        """A message needs nothing but columns."""
        row = to_row(
            Said(id=7, time=1.5, node="n", room="ops", sender=ANN, text="hi", key="k")
        )
        self.assertEqual(
            row,
            Row(7, 1500, "n", "said", "ops", 1, "Ann", "ann", False, 0, "k", "hi", ""),
        )

    def test_whispered(self) -> None:
        """Whom something was told has a column, and is read with the name."""
        event = Whispered(id=7, sender=ANN, to=BOB, text="psst")
        row = to_row(event)
        self.assertEqual((row.other, row.body), (2, '{"to":[2,"bob",true]}'))
        self.assertEqual(to_event(row), event)

    def test_later_version(self) -> None:
        """A field that this version does not know is passed over; none is needed."""
        row = to_row(Whispered(sender=ANN, to=BOB, text=""))._replace(
            body='{"to":[2,"bob",true],"colour":"red"}'
        )
        self.assertEqual(to_event(row), Whispered(sender=ANN, to=BOB, text=""))
        said = to_row(Said(room="ops", sender=ANN, text=""))._replace(body='{"a":1}')
        self.assertEqual(to_event(said), Said(room="ops", sender=ANN, text=""))
